use super::{notes, reason_name, thoughts, usage, write_custom, write_function, write_head};
use crate::dialect::Usage;
use crate::dialect::hub::{Answer, Context, Ledger, Part, PartKind, Thoughts};
use crate::wire::json::Writer;

pub(super) fn encode(answer: &Answer<'_>, used: &Usage, context: &Context, ledger: &mut Ledger) -> Vec<u8> {
    let mut out = Writer::default();
    out.object(|it| {
        write_head(it, answer.id, answer.service_tier, context, "chat.completion");
        it.key("choices").array(|it| {
            for (index, choice) in answer.choices().enumerate() {
                it.object(|it| {
                    it.place_member("index", index);
                    it.key("message").object(|it| message(it, &choice.parts, context, ledger));
                    let noted = choice.parts.iter().filter_map(|part| part.notes.as_ref());
                    let tokens: Vec<_> = noted.flat_map(|notes| notes.logprobs.iter().cloned()).collect();
                    notes::write_logprobs(it, &tokens);
                    it.text_member("finish_reason", reason_name(&choice.reason, ledger));
                });
            }
        });
        usage::write(it, used);
    });
    out.into_bytes()
}

fn message(out: &mut Writer, parts: &[Part<'_>], context: &Context, ledger: &mut Ledger) {
    let (mut words, mut refusal, mut thought, mut proofs) = (String::new(), String::new(), String::new(), Vec::new());
    let (mut annotations, mut length) = (Writer::default(), 0);
    for part in parts {
        match &part.kind {
            PartKind::Text(text) => {
                words.push_str(text);
                let (offset, count) = (length, text.chars().count());
                length += count;
                if let Some(notes) = &part.notes {
                    notes::write_citations(&mut annotations, &notes.citations, offset, count);
                }
            }
            PartKind::Refusal(text) => refusal.push_str(text),
            PartKind::Reasoning { text, proof } if context.thoughts != Thoughts::Unasked => {
                thought.push_str(text);
                if let Some(proof) = proof.as_ref().and_then(|it| it.made()) {
                    match context.origin.wrap(proof) {
                        Some(envelope) => proofs.push(envelope),
                        None => ledger.dropped("reasoning.proof"),
                    }
                }
            }
            PartKind::Searched(_) => ledger.dropped("searches"),
            PartKind::Reasoning { .. } | PartKind::Call { .. } | PartKind::Media(_) | PartKind::Result { .. } => {}
        }
    }
    out.text_member("role", "assistant");
    text_or_null(out, "content", &words);
    text_or_null(out, "refusal", &refusal);
    if !thought.is_empty() {
        out.text_member("reasoning_content", &thought);
    }
    if !proofs.is_empty() {
        thoughts::write_details(out, &proofs, 0);
    }
    let annotations = annotations.into_bytes();
    if !annotations.is_empty() {
        out.key("annotations").array(|it| it.bytes(&annotations));
    }
    let mut calls = parts.iter().filter_map(|part| match &part.kind {
        PartKind::Call { id, name, input } => Some((id, name, input)),
        _ => None,
    });
    let Some(first) = calls.next() else { return };
    out.key("tool_calls").array(|it| {
        for (id, name, input) in std::iter::once(first).chain(calls) {
            it.object(|it| {
                it.text_member("id", id);
                let name = context.names.original(name);
                if input.is_text() || context.freeform.iter().any(|known| known == name) {
                    write_custom(it, name, &input.text());
                } else {
                    write_function(it, name, &input.json());
                }
            });
        }
    });
}

fn text_or_null(out: &mut Writer, name: &str, text: &str) {
    out.key(name);
    if text.is_empty() { out.null() } else { out.text(text) }
}
