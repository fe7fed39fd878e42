use super::{notes, reason, reasoning};
use crate::dialect::hub::{Answer, Input, Ledger, Part, PartKind, Proof, list, member, note_others, text};
use crate::wire::json::Value;

pub(super) fn decode<'a>(response: &'a Value<'a>, ledger: &mut Ledger) -> Answer<'a> {
    let mut parts = Vec::new();
    let (mut has_calls, mut has_refused) = (false, false);
    for item in list(response, "output") {
        let words = |name| text(item, name).unwrap_or_default();
        match words("type") {
            "message" => {
                for part in list(item, "content") {
                    match content(part) {
                        ("refusal", words) => {
                            has_refused = true;
                            parts.push(Part::new(PartKind::Refusal(words.into())));
                        }
                        (_, "") => {}
                        (_, words) => parts.push(Part::text(words).noted(notes::of_part(part, ledger))),
                    }
                }
            }
            "reasoning" => {
                let proof = reasoning::proof(item).map(|json| Proof::Made(json.into()));
                parts.push(Part::new(PartKind::Reasoning { text: reasoning::words(item).into(), proof }));
            }
            "function_call" => {
                has_calls = true;
                note_unsaid(item, ledger);
                let (name, input) = (words("name").into(), Input::Json(words("arguments").into()));
                parts.push(Part::new(PartKind::Call { id: words("call_id").into(), name, input }));
            }
            "custom_tool_call" => {
                has_calls = true;
                note_unsaid(item, ledger);
                let (name, input) = (words("name").into(), Input::Text(words("input").into()));
                parts.push(Part::new(PartKind::Call { id: words("call_id").into(), name, input }));
            }
            // What a server's tool did.
            other => ledger.unknown(other),
        }
    }
    Answer::of(text(response, "id"), parts, reason(response, has_calls, has_refused))
        .served(text(response, "service_tier"))
}

/// What is said of a call beside what it calls.
pub(super) fn note_unsaid(call: &Value<'_>, ledger: &mut Ledger) {
    note_others(call, &["type", "id", "status", "call_id", "name", "arguments", "input", "caller"], ledger);
    // Called by a server's code, not by the model itself.
    if member(call, "caller").is_some_and(|caller| text(caller, "type") != Some("direct")) {
        ledger.dropped("caller");
    }
}

/// A part of a message: what it is, and its words.
pub(super) fn content<'a>(part: &'a Value<'a>) -> (&'static str, &'a str) {
    match text(part, "type") {
        Some("refusal") => ("refusal", text(part, "refusal").unwrap_or_default()),
        _ => ("text", text(part, "text").unwrap_or_default()),
    }
}
