use super::searches::{self, Searching};
use super::{citations, reason, usage};
use crate::dialect::hub::{Answer, Input, Ledger, Notes, Part, PartKind, Proof, list, member, note_others, text};
use crate::wire::json::Value;

/// What is read of a message.
pub(super) const MEMBERS: [&str; 8] =
    ["id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"];

pub(super) fn decode<'a>(message: &'a Value<'a>, ledger: &mut Ledger) -> Answer<'a> {
    note_others(message, &MEMBERS, ledger);
    let mut parts = Vec::new();
    let mut searching = Searching::default();
    for block in list(message, "content") {
        let words = |name| text(block, name).unwrap_or_default();
        let kind = match words("type") {
            "text" => {
                let notes = Notes { citations: citations::of_block(block, ledger), logprobs: Vec::new() };
                parts.push(Part::text(words("text")).noted(notes));
                continue;
            }
            // Thoughts go back as they came, unread.
            "thinking" => PartKind::Reasoning {
                text: words("thinking").into(),
                proof: Some(Proof::Made(block.to_string().into())),
            },
            "redacted_thinking" => {
                PartKind::Reasoning { text: "".into(), proof: Some(Proof::Made(block.to_string().into())) }
            }
            "tool_use" => {
                note_unsaid(block, ledger);
                PartKind::Call {
                    id: words("id").into(),
                    name: words("name").into(),
                    input: Input::Tree(block.get("input").unwrap_or(&Value::Null)),
                }
            }
            "server_tool_use" if searches::is_search(block) => {
                searching.begin(block);
                continue;
            }
            "web_search_tool_result" => match searching.end(block, ledger) {
                Some(searched) => PartKind::Searched(searched),
                None => continue,
            },
            other => {
                ledger.unknown(other);
                continue;
            }
        };
        parts.push(Part::new(kind));
    }
    parts.extend(searching.left(ledger).map(|searched| Part::new(PartKind::Searched(searched))));
    let sequence = text(message, "stop_sequence");
    Answer::of(text(message, "id"), parts, reason(text(message, "stop_reason").unwrap_or_default(), sequence))
        .served(usage::tier(message.get("usage"), ledger))
}

/// What is said of a call beside what it calls.
pub(super) fn note_unsaid(call: &Value<'_>, ledger: &mut Ledger) {
    note_others(call, &["type", "id", "name", "input", "caller"], ledger);
    // Called by a server's code, not by the model itself.
    if member(call, "caller").is_some_and(|caller| text(caller, "type") != Some("direct")) {
        ledger.dropped("caller");
    }
}
