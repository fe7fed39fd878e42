use std::collections::HashMap;

use serde_json::{Value, json};

use super::reason;
use crate::dialect::hub::{Block, DecodeStream, Delta, Ledger, Reason, StreamPart, member, parse, text};
use crate::wire::Event;
use crate::wire::json::InvalidJson;

#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// The open blocks by the provider's index, which is the hub's, too.
    open: HashMap<usize, Open>,
    reason: Reason<'static>,
    has_ended: bool,
}

/// What must be known of an open block when it closes.
#[derive(Debug)]
enum Open {
    Plain,
    Thought { text: String, signature: String },
    Redacted { data: String },
}

impl DecodeStream for Decoder {
    fn event(
        &mut self,
        event: Event<'_>,
        ledger: &mut Ledger,
        give: &mut dyn FnMut(StreamPart<'_>),
    ) -> Result<(), InvalidJson> {
        let data: Value = parse(event.data)?;
        let index = data.get("index").and_then(Value::as_u64).and_then(|it| usize::try_from(it).ok()).unwrap_or(0);
        match text(&data, "type").unwrap_or_default() {
            "message_start" => {
                let id = member(&data, "message").and_then(|message| text(message, "id"));
                give(StreamPart::Start { id });
            }
            "content_block_start" => self.open(index, &data, ledger, give),
            "content_block_delta" => self.delta(index, &data, ledger, give),
            "content_block_stop" => self.close(index, give),
            "message_delta" => {
                if let Some(delta) = member(&data, "delta")
                    && let Some(name) = text(delta, "stop_reason")
                {
                    self.reason = reason(name, text(delta, "stop_sequence")).into_owned();
                }
            }
            "message_stop" => self.finish(give),
            // A ping, an error, which is the meter's business, or what is news to us.
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, give: &mut dyn FnMut(StreamPart<'_>)) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        let mut left: Vec<usize> = self.open.keys().copied().collect();
        left.sort_unstable();
        for index in left {
            self.close(index, give);
        }
        give(StreamPart::End { reason: std::mem::take(&mut self.reason) });
    }
}

impl Decoder {
    fn open(&mut self, index: usize, data: &Value, ledger: &mut Ledger, give: &mut dyn FnMut(StreamPart<'_>)) {
        let Some(block) = member(data, "content_block") else { return };
        let words = |name| text(block, name).unwrap_or_default();
        let open = match words("type") {
            "text" => {
                give(StreamPart::Open { index, block: Block::Text });
                if !words("text").is_empty() {
                    give(StreamPart::Delta { index, delta: Delta::Text(words("text")) });
                }
                Open::Plain
            }
            "thinking" => {
                give(StreamPart::Open { index, block: Block::Reasoning });
                if !words("thinking").is_empty() {
                    give(StreamPart::Delta { index, delta: Delta::Text(words("thinking")) });
                }
                Open::Thought { text: words("thinking").to_owned(), signature: words("signature").to_owned() }
            }
            "redacted_thinking" => {
                give(StreamPart::Open { index, block: Block::Reasoning });
                Open::Redacted { data: words("data").to_owned() }
            }
            "tool_use" => {
                give(StreamPart::Open { index, block: Block::Call { id: words("id"), name: words("name") } });
                if let Some(input) = member(block, "input").filter(|it| it.as_object().is_some_and(|it| !it.is_empty()))
                {
                    give(StreamPart::Delta { index, delta: Delta::Input(&input.to_string()) });
                }
                Open::Plain
            }
            // What a server's tool said and did.
            other => return ledger.unknown(other),
        };
        self.open.insert(index, open);
    }

    fn delta(&mut self, index: usize, data: &Value, ledger: &mut Ledger, give: &mut dyn FnMut(StreamPart<'_>)) {
        let (Some(delta), Some(open)) = (member(data, "delta"), self.open.get_mut(&index)) else { return };
        let words = |name| text(delta, name).unwrap_or_default();
        match (words("type"), open) {
            ("text_delta", _) => give(StreamPart::Delta { index, delta: Delta::Text(words("text")) }),
            ("input_json_delta", _) if words("partial_json").is_empty() => {}
            ("input_json_delta", _) => {
                give(StreamPart::Delta { index, delta: Delta::Input(words("partial_json")) });
            }
            ("thinking_delta", Open::Thought { text, .. }) => {
                text.push_str(words("thinking"));
                give(StreamPart::Delta { index, delta: Delta::Text(words("thinking")) });
            }
            ("signature_delta", Open::Thought { signature, .. }) => signature.push_str(words("signature")),
            ("citations_delta", _) => ledger.dropped("citations"),
            (other, _) => ledger.unknown(other),
        }
    }

    fn close(&mut self, index: usize, give: &mut dyn FnMut(StreamPart<'_>)) {
        let Some(open) = self.open.remove(&index) else { return };
        let proof = match open {
            Open::Plain => None,
            Open::Thought { text, signature } => {
                Some(json!({"type": "thinking", "thinking": text, "signature": signature}))
            }
            Open::Redacted { data } => Some(json!({"type": "redacted_thinking", "data": data})),
        };
        let proof = proof.map(|it| it.to_string());
        give(StreamPart::Close { index, proof: proof.as_deref() });
    }
}
