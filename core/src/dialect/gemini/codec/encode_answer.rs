use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use super::carrier::Carrier;
use super::grounding::Grounding;
use super::{logprobs, reason_name, usage, write_tail};
use crate::dialect::Usage;
use crate::dialect::hub::{Answer, Context, Ledger, Part, PartKind, Thoughts};
use crate::wire::json::Writer;

pub(super) fn encode(answer: &Answer<'_>, used: &Usage, context: &Context, ledger: &mut Ledger) -> Vec<u8> {
    let mut out = Writer::default();
    out.object(|it| {
        it.key("candidates").array(|it| {
            for (index, choice) in answer.choices().enumerate() {
                let noted = choice.parts.iter().filter_map(|part| part.notes.as_ref());
                let tokens: Vec<_> = noted.flat_map(|notes| notes.logprobs.iter().cloned()).collect();
                let reason = Some(reason_name(&choice.reason));
                candidate(it, index, reason, &tokens, |it| parts(it, &choice.parts, context, ledger));
            }
        });
        let tier = answer.service_tier.and_then(|tier| usage::tier_name(tier, ledger));
        usage::write(it, used, tier);
        write_tail(it, answer.id, context);
    });
    out.into_bytes()
}

/// Writes the parts, and gives what they rest on.
fn parts(out: &mut Writer, parts: &[Part<'_>], context: &Context, ledger: &mut Ledger) -> Grounding {
    let (mut carrier, mut grounding) = (Carrier::default(), Grounding::default());
    let (mut is_empty, mut count) = (true, 0);
    for part in parts {
        match &part.kind {
            PartKind::Text(words) | PartKind::Refusal(words) if words.is_empty() => continue,
            PartKind::Text(words) | PartKind::Refusal(words) => {
                carrier.text();
                text(out, words, false, None);
                for citation in part.notes.iter().flat_map(|notes| &notes.citations) {
                    grounding.add(citation, words, count, 0);
                }
            }
            PartKind::Reasoning { text: words, proof } => {
                carrier.thought(proof.as_ref().and_then(|proof| proof.made()), context);
                if words.is_empty() || context.thoughts != Thoughts::Shown {
                    continue;
                }
                text(out, words, true, None);
            }
            PartKind::Call { id, name, input } => {
                call(out, (id, name, &input.json()), carrier.take().as_deref(), context, ledger);
            }
            PartKind::Searched(searched) => {
                grounding.search(searched, ledger);
                continue;
            }
            PartKind::Media(_) | PartKind::Result { .. } => {
                ledger.dropped("media");
                continue;
            }
        }
        is_empty = false;
        count += 1;
    }
    let signature = carrier.take();
    if is_empty || signature.is_some() {
        text(out, "", false, signature.as_deref());
    }
    grounding
}

/// An element of `candidates`. `parts` gives what its texts rest on, too.
pub(super) fn candidate(
    out: &mut Writer,
    index: usize,
    reason: Option<&str>,
    tokens: &[Cow<'_, Json>],
    parts: impl FnOnce(&mut Writer) -> Grounding,
) {
    out.object(|it| {
        let mut grounding = Grounding::default();
        it.key("content").object(|it| {
            it.key("parts").array(|it| grounding = parts(it));
            it.text_member("role", "model");
        });
        grounding.write(it);
        logprobs::write(it, tokens);
        if let Some(reason) = reason {
            it.text_member("finishReason", reason);
        }
        it.place_member("index", index);
    });
}

pub(super) fn text(out: &mut Writer, words: &str, is_thought: bool, signature: Option<&str>) {
    out.object(|it| {
        it.text_member("text", words);
        if is_thought {
            it.key("thought").flag(true);
        }
        if let Some(signature) = signature {
            it.text_member("thoughtSignature", signature);
        }
    });
}

/// A call of an id, a name and arguments.
pub(super) fn call(
    out: &mut Writer,
    (id, name, arguments): (&str, &str, &str),
    signature: Option<&str>,
    context: &Context,
    ledger: &mut Ledger,
) {
    let is_object = serde_json::from_str::<Map<String, Json>>(arguments).is_ok();
    if !is_object {
        // The model wrote no JSON object: the client sees what it wrote.
        ledger.approximated("functionCall.args");
    }
    out.object(|it| {
        it.key("functionCall").object(|it| {
            it.text_member("id", id);
            it.text_member("name", context.names.original(name));
            if is_object {
                it.key("args").raw(arguments.trim());
            } else {
                it.key("args").object(|it| it.text_member("arguments", arguments));
            }
        });
        if let Some(signature) = signature {
            it.text_member("thoughtSignature", signature);
        }
    });
}
