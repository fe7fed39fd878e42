use std::collections::HashMap;

use serde_json::json;

use super::decode_answer::{MEMBERS, note_unsaid};
use super::searches::{self, Searching};
use super::{citations, reason, usage};
use crate::dialect::hub::{
    Block, DecodeStream, Delta, Ledger, PROOF_LIMIT, Reason, StreamPart, list, member, note_others, parse, text,
};
use crate::wire::Event;
use crate::wire::json::{InvalidJson, Value};

#[derive(Debug, Default)]
pub(super) struct Decoder {
    has_started: bool,
    /// The open blocks by the provider's index, with the hub's: a message may begin anew in mid-stream, where the provider
    /// goes on with another model.
    open: HashMap<usize, (usize, Open)>,
    /// The hub's index of the next block.
    next: usize,
    searching: Searching,
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
        // Behind the end of a message there is nothing of it.
        if self.has_ended {
            return Ok(());
        }
        let index = data.get("index").and_then(Value::as_u64).and_then(|it| usize::try_from(it).ok()).unwrap_or(0);
        match text(&data, "type").unwrap_or_default() {
            "message_start" => {
                let message = data.get("message").unwrap_or(&Value::Null);
                note_others(message, &MEMBERS, ledger);
                if let Some(tier) = usage::tier(message.get("usage"), ledger) {
                    give(StreamPart::Tier(tier));
                }
                if !std::mem::replace(&mut self.has_started, true) {
                    give(StreamPart::Start { id: text(message, "id") });
                }
                // A call that runs within a server's tool comes whole.
                for (index, block) in list(message, "content").iter().enumerate() {
                    self.open(index, block, ledger, give);
                    self.close(index, give);
                }
                self.ends(message);
            }
            "content_block_start" => {
                if let Some(block) = member(&data, "content_block") {
                    self.open(index, block, ledger, give);
                }
            }
            "content_block_delta" => self.delta(index, &data, ledger, give),
            "content_block_stop" => self.close(index, give),
            "message_delta" => {
                note_others(&data, &["type", "delta", "usage"], ledger);
                if let Some(delta) = member(&data, "delta") {
                    note_others(delta, &["stop_reason", "stop_sequence"], ledger);
                    self.ends(delta);
                }
            }
            "message_stop" => self.end(ledger, give),
            // A ping, an error, which is the meter's business, or what is news to us.
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, give: &mut dyn FnMut(StreamPart<'_>)) {
        self.end(&mut Ledger::default(), give);
    }
}

impl Decoder {
    fn end(&mut self, ledger: &mut Ledger, give: &mut dyn FnMut(StreamPart<'_>)) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        let mut left: Vec<usize> = self.open.keys().copied().collect();
        left.sort_unstable();
        for index in left {
            self.close(index, give);
        }
        self.searching.left(ledger).for_each(|searched| give(StreamPart::Searched(&searched)));
        give(StreamPart::End { reason: std::mem::take(&mut self.reason) });
    }

    /// Takes the reason that a message or delta names.
    fn ends(&mut self, named: &Value<'_>) {
        if let Some(name) = text(named, "stop_reason") {
            self.reason = reason(name, text(named, "stop_sequence")).into_owned();
        }
    }

    fn open(&mut self, number: usize, block: &Value<'_>, ledger: &mut Ledger, give: &mut dyn FnMut(StreamPart<'_>)) {
        self.close(number, give);
        let index = self.next;
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
                note_unsaid(block, ledger);
                give(StreamPart::Open {
                    index,
                    block: Block::Call { id: words("id"), name: words("name"), is_text: false },
                });
                if let Some(input) = member(block, "input").filter(|it| it.as_object().is_some_and(|it| !it.is_empty()))
                {
                    give(StreamPart::Delta { index, delta: Delta::Input(&input.to_string()) });
                }
                Open::Plain
            }
            "server_tool_use" if searches::is_search(block) => return self.searching.open(number, block),
            "web_search_tool_result" => {
                if let Some(searched) = self.searching.end(block, ledger) {
                    give(StreamPart::Searched(&searched));
                }
                return;
            }
            // What a server's tool said and did.
            other => return ledger.unknown(other),
        };
        self.next += 1;
        self.open.insert(number, (index, open));
    }

    fn delta(&mut self, number: usize, data: &Value<'_>, ledger: &mut Ledger, give: &mut dyn FnMut(StreamPart<'_>)) {
        let Some(delta) = member(data, "delta") else { return };
        let words = |name| text(delta, name).unwrap_or_default();
        if words("type") == "text_delta" && !self.open.contains_key(&number) {
            // Some vendors leave out how a block of text begins.
            self.open(number, &json!({"type": "text"}).into(), ledger, give);
        }
        let Some((index, open)) = self.open.get_mut(&number) else {
            self.searching.push(number, words("partial_json"));
            return;
        };
        let index = *index;
        match (words("type"), open) {
            ("text_delta", _) => give(StreamPart::Delta { index, delta: Delta::Text(words("text")) }),
            ("input_json_delta", _) if words("partial_json").is_empty() => {}
            ("input_json_delta", _) => {
                give(StreamPart::Delta { index, delta: Delta::Input(words("partial_json")) });
            }
            ("thinking_delta", Open::Thought { text, .. }) => {
                // What grows too long for an envelope need not grow further.
                if text.len() <= PROOF_LIMIT {
                    text.push_str(words("thinking"));
                }
                give(StreamPart::Delta { index, delta: Delta::Text(words("thinking")) });
            }
            ("signature_delta", Open::Thought { signature, .. }) => signature.push_str(words("signature")),
            ("citations_delta", _) => {
                let citation = member(delta, "citation").and_then(|it| citations::citation(it, ledger));
                if let Some(citation) = citation {
                    give(StreamPart::Delta { index, delta: Delta::Citation(&citation) });
                }
            }
            (other, _) => ledger.unknown(other),
        }
    }

    fn close(&mut self, number: usize, give: &mut dyn FnMut(StreamPart<'_>)) {
        let Some((index, open)) = self.open.remove(&number) else { return };
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
