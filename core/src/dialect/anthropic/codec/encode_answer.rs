use super::{citations, usage, write_id, write_reason};
use crate::dialect::Usage;
use crate::dialect::hub::{Answer, Context, Ledger, Part, PartKind, Thoughts};
use crate::wire::json::Writer;

pub(super) fn encode(answer: &Answer<'_>, used: &Usage, context: &Context, ledger: &mut Ledger) -> Vec<u8> {
    let mut out = Writer::default();
    out.object(|it| {
        write_id(it, answer.id, &context.id);
        it.text_member("type", "message");
        it.text_member("role", "assistant");
        it.text_member("model", &context.model);
        it.key("content").array(|it| {
            // Clients take the last block of a message for what it says: no thought without a text stands there.
            let says = |part: &Part<'_>| match &part.kind {
                PartKind::Reasoning { text, .. } => !text.is_empty(),
                PartKind::Searched(_) => false,
                _ => true,
            };
            let parts = &answer.first.parts;
            let end = parts.iter().rposition(says).map_or(0, |last| last + 1);
            for (index, part) in parts.iter().enumerate() {
                if index < end || matches!(part.kind, PartKind::Searched(_)) {
                    block(it, part, context, ledger);
                } else if context.thoughts != Thoughts::Unasked {
                    ledger.dropped("reasoning.last");
                }
            }
        });
        write_reason(it, &answer.first.reason);
        let tier = answer.service_tier.and_then(|tier| usage::tier_name(tier, ledger));
        usage::write(it, used, tier);
    });
    out.into_bytes()
}

fn block(out: &mut Writer, part: &Part<'_>, context: &Context, ledger: &mut Ledger) {
    if part.notes.as_ref().is_some_and(|notes| !notes.logprobs.is_empty()) {
        ledger.dropped("logprobs");
    }
    match &part.kind {
        PartKind::Text(text) | PartKind::Refusal(text) => {
            if text.is_empty() {
                return;
            }
            out.object(|it| {
                it.text_member("type", "text");
                it.text_member("text", text);
                it.key("citations");
                let cited = part.notes.as_ref().map(|notes| &notes.citations).filter(|cited| !cited.is_empty());
                match cited {
                    Some(all) => {
                        let length = text.chars().count();
                        it.array(|it| all.iter().for_each(|one| citations::write(it, one, length, context, ledger)));
                    }
                    None => it.null(),
                }
            });
        }
        PartKind::Reasoning { text, proof } => {
            let Some(signature) = proof.as_ref().and_then(|it| it.made()).and_then(|it| context.origin.wrap(it)) else {
                if context.thoughts != Thoughts::Unasked {
                    ledger.dropped("reasoning");
                }
                return;
            };
            if context.thoughts == Thoughts::Unasked {
                return;
            }
            let shown = if context.thoughts == Thoughts::Shown { text } else { "" };
            out.object(|it| write_thought(it, shown, &signature, text.is_empty()));
        }
        PartKind::Call { id, name, input } => out.object(|it| {
            it.text_member("type", "tool_use");
            it.text_member("id", id);
            it.text_member("name", context.names.original(name));
            let input = input.json();
            let is_object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&input).is_ok();
            if is_object {
                it.key("input").raw(&input);
            } else {
                // The model wrote no JSON object: the client sees what it wrote.
                ledger.approximated("tool_use.input");
                it.key("input").object(|it| it.text_member("arguments", &input));
            }
        }),
        // Only Anthropic can write what a client must send back with a search: what it found, sealed.
        PartKind::Searched(_) => ledger.dropped("searches"),
        PartKind::Media(_) | PartKind::Result { .. } => ledger.dropped("media"),
    }
}

/// A thought's members; one that never had a text is redacted.
pub(super) fn write_thought(out: &mut Writer, shown: &str, signature: &str, is_redacted: bool) {
    if is_redacted {
        out.text_member("type", "redacted_thinking");
        out.text_member("data", signature);
    } else {
        out.text_member("type", "thinking");
        out.text_member("thinking", shown);
        out.text_member("signature", signature);
    }
}
