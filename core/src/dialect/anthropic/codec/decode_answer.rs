use serde_json::Value;

use super::reason;
use crate::dialect::hub::{Answer, Input, Ledger, Part, PartKind, Proof, list, text};

pub(super) fn decode<'a>(message: &'a Value, ledger: &mut Ledger) -> Answer<'a> {
    let mut parts = Vec::new();
    for block in list(message, "content") {
        let words = |name| text(block, name).unwrap_or_default();
        let kind = match words("type") {
            "text" => {
                if !list(block, "citations").is_empty() {
                    ledger.dropped("citations");
                }
                PartKind::Text(words("text").into())
            }
            // Thoughts go back as they came, unread.
            "thinking" => PartKind::Reasoning {
                text: words("thinking").into(),
                proof: Some(Proof::Made(block.to_string().into())),
            },
            "redacted_thinking" => {
                PartKind::Reasoning { text: "".into(), proof: Some(Proof::Made(block.to_string().into())) }
            }
            "tool_use" => PartKind::Call {
                id: words("id").into(),
                name: words("name").into(),
                input: Input::Tree(block.get("input").unwrap_or(&Value::Null)),
            },
            other => {
                ledger.unknown(other);
                continue;
            }
        };
        parts.push(Part::new(kind));
    }
    let sequence = text(message, "stop_sequence");
    Answer {
        id: text(message, "id"),
        parts,
        reason: reason(text(message, "stop_reason").unwrap_or_default(), sequence),
    }
}
