use serde_json::{Map, Value};

use super::carrier::Carrier;
use super::{reason_name, usage, write_tail};
use crate::dialect::Usage;
use crate::dialect::hub::{Answer, Context, Ledger, PartKind, Thoughts};
use crate::wire::json::Writer;

pub(super) fn encode(answer: &Answer<'_>, used: &Usage, context: &Context, ledger: &mut Ledger) -> Vec<u8> {
    let mut out = Writer::default();
    out.object(|it| {
        candidate(it, Some(reason_name(&answer.reason)), |it| parts(it, answer, context, ledger));
        usage::write(it, used);
        write_tail(it, answer.id, context);
    });
    out.into_bytes()
}

fn parts(out: &mut Writer, answer: &Answer<'_>, context: &Context, ledger: &mut Ledger) {
    let mut carrier = Carrier::default();
    let mut is_empty = true;
    for part in &answer.parts {
        match &part.kind {
            PartKind::Text(words) | PartKind::Refusal(words) if words.is_empty() => continue,
            PartKind::Text(words) | PartKind::Refusal(words) => {
                carrier.text();
                text(out, words, false, None);
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
            PartKind::Media(_) | PartKind::Result { .. } => {
                ledger.dropped("media");
                continue;
            }
        }
        is_empty = false;
    }
    let signature = carrier.take();
    if is_empty || signature.is_some() {
        text(out, "", false, signature.as_deref());
    }
}

/// The member `candidates`, of one.
pub(super) fn candidate(out: &mut Writer, reason: Option<&str>, parts: impl FnOnce(&mut Writer)) {
    out.key("candidates").array(|it| {
        it.object(|it| {
            it.key("content").object(|it| {
                it.key("parts").array(parts);
                it.text_member("role", "model");
            });
            if let Some(reason) = reason {
                it.text_member("finishReason", reason);
            }
            it.number_member("index", 0);
        });
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
    let is_object = serde_json::from_str::<Map<String, Value>>(arguments).is_ok();
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
