use serde_json::Value;

use super::{reason, reasoning};
use crate::dialect::hub::{Answer, Input, Ledger, Part, PartKind, Proof, list, text};

pub(super) fn decode<'a>(response: &'a Value, ledger: &mut Ledger) -> Answer<'a> {
    let mut parts = Vec::new();
    let (mut has_calls, mut has_refused) = (false, false);
    for item in list(response, "output") {
        let words = |name| text(item, name).unwrap_or_default();
        match words("type") {
            "message" => {
                for part in list(item, "content") {
                    match content(part, ledger) {
                        ("refusal", words) => {
                            has_refused = true;
                            parts.push(Part::new(PartKind::Refusal(words.into())));
                        }
                        (_, "") => {}
                        (_, words) => parts.push(Part::text(words)),
                    }
                }
            }
            "reasoning" => {
                let proof = reasoning::proof(item).map(|json| Proof::Made(json.into()));
                parts.push(Part::new(PartKind::Reasoning { text: reasoning::words(item).into(), proof }));
            }
            "function_call" => {
                has_calls = true;
                let (name, input) = (words("name").into(), Input::Json(words("arguments").into()));
                parts.push(Part::new(PartKind::Call { id: words("call_id").into(), name, input }));
            }
            // What a server's tool did.
            other => ledger.unknown(other),
        }
    }
    Answer { id: text(response, "id"), parts, reason: reason(response, has_calls, has_refused) }
}

/// A part of a message: what it is, and its words.
pub(super) fn content<'a>(part: &'a Value, ledger: &mut Ledger) -> (&'static str, &'a str) {
    for name in ["annotations", "logprobs"] {
        if !list(part, name).is_empty() {
            ledger.dropped(name);
        }
    }
    match text(part, "type") {
        Some("refusal") => ("refusal", text(part, "refusal").unwrap_or_default()),
        _ => ("text", text(part, "text").unwrap_or_default()),
    }
}
