use std::collections::BTreeMap;

use super::decode_answer::{content, note_unsaid, searched};
use super::{notes, reason, reasoning};
use crate::dialect::hub::{Block, DecodeStream, Delta, Ledger, StreamPart, list, member, parse, text};
use crate::wire::Event;
use crate::wire::json::{InvalidJson, Value};

/// Reads items by their place in the output: their ids change within a stream at some vendors.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    has_started: bool,
    has_ended: bool,
    /// The hub's index of the next block.
    next: usize,
    /// The words that have begun, by the item's place and the part's, and what they have said.
    words: BTreeMap<(u64, u64), Said>,
    thoughts: BTreeMap<u64, Begun>,
    calls: BTreeMap<u64, Begun>,
    has_refused: bool,
}

/// Words that have begun.
#[derive(Debug)]
struct Said {
    begun: Begun,
    text: String,
    has_logprobs: bool,
    /// So many citations of it have come.
    citations: usize,
}

/// A block that has begun.
#[derive(Clone, Copy, Debug)]
struct Begun {
    /// The hub's index.
    index: usize,
    is_open: bool,
    /// It has words or arguments.
    says: bool,
    /// The part of a summary that it is at.
    part: u64,
}

impl DecodeStream for Decoder {
    fn event(
        &mut self,
        event: Event<'_>,
        ledger: &mut Ledger,
        give: &mut dyn FnMut(StreamPart<'_>),
    ) -> Result<(), InvalidJson> {
        let data = event.data.trim_ascii();
        if data.is_empty() || data.starts_with(b"[DONE]") {
            return Ok(());
        }
        let data = parse(data)?;
        // Behind the end of a response there is nothing of it.
        if self.has_ended {
            return Ok(());
        }
        if let Some(tier) = member(&data, "response").and_then(|it| text(it, "service_tier")) {
            give(StreamPart::Tier(tier));
        }
        let number = |name| data.get(name).and_then(Value::as_u64).unwrap_or(0);
        let words = |name| text(&data, name).unwrap_or_default();
        let (item, part) = (number("output_index"), number("content_index"));
        match words("type") {
            "response.created" | "response.queued" | "response.in_progress" if !self.has_started => {
                self.has_started = true;
                give(StreamPart::Start { id: member(&data, "response").and_then(|it| text(it, "id")) });
            }
            "response.output_item.added" => {
                if let Some(value) = member(&data, "item") {
                    self.item_added(item, value, give);
                }
            }
            "response.output_text.delta" => {
                self.say((item, part), words("delta"), list(&data, "logprobs"), Block::Text, give);
            }
            "response.output_text.done" => {
                self.said((item, part), words("text"), list(&data, "logprobs"), Block::Text, give);
                self.close_words((item, part), give);
            }
            "response.refusal.delta" => self.say((item, part), words("delta"), &[], Block::Refusal, give),
            "response.refusal.done" => {
                self.said((item, part), words("refusal"), &[], Block::Refusal, give);
                self.close_words((item, part), give);
            }
            "response.output_text.annotation.added" => {
                if let Some(annotation) = member(&data, "annotation") {
                    self.cite((item, part), annotation, ledger, give);
                }
            }
            "response.reasoning_summary_text.delta" => {
                self.think(item, number("summary_index"), words("delta"), give);
            }
            "response.reasoning_text.delta" => self.think(item, part, words("delta"), give),
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                self.argue(item, words("delta"), give);
            }
            "response.function_call_arguments.done" => self.argued(item, words("arguments"), give),
            "response.custom_tool_call_input.done" => self.argued(item, words("input"), give),
            "response.output_item.done" => {
                if let Some(value) = member(&data, "item") {
                    self.item_done(item, value, ledger, give);
                }
            }
            "response.completed" | "response.incomplete" | "response.done" => {
                self.complete(data.get("response").unwrap_or(&Value::Null), ledger, give);
            }
            // A failure, which is the meter's business, or what is news to us.
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, give: &mut dyn FnMut(StreamPart<'_>)) {
        self.complete(&Value::Null, &mut Ledger::default(), give);
    }
}

impl Decoder {
    fn begin(&mut self, block: Block<'_>, give: &mut dyn FnMut(StreamPart<'_>)) -> Begun {
        let index = self.next;
        self.next += 1;
        give(StreamPart::Open { index, block });
        Begun { index, is_open: true, says: false, part: 0 }
    }

    fn item_added(&mut self, item: u64, value: &Value<'_>, give: &mut dyn FnMut(StreamPart<'_>)) {
        let words = |name| text(value, name).unwrap_or_default();
        let is_text = words("type") == "custom_tool_call";
        if (is_text || words("type") == "function_call") && !self.calls.contains_key(&item) {
            let call = self.begin(Block::Call { id: words("call_id"), name: words("name"), is_text }, give);
            self.calls.insert(item, call);
        }
    }

    /// Words of a part, and how likely they were.
    fn say(
        &mut self,
        at: (u64, u64),
        words: &str,
        logprobs: &[Value<'_>],
        block: Block<'_>,
        give: &mut dyn FnMut(StreamPart<'_>),
    ) {
        if words.is_empty() && logprobs.is_empty() {
            return;
        }
        self.has_refused |= block == Block::Refusal;
        if !self.words.contains_key(&at) {
            let begun = self.begin(block, give);
            self.words.insert(at, Said { begun, text: String::new(), has_logprobs: false, citations: 0 });
        }
        let Some(said) = self.words.get_mut(&at).filter(|said| said.begun.is_open) else { return };
        let index = said.begun.index;
        if !logprobs.is_empty() {
            said.has_logprobs = true;
            let tokens: Vec<_> = logprobs.iter().map(Value::to_json).collect();
            give(StreamPart::Delta { index, delta: Delta::Logprobs(&tokens) });
        }
        if !words.is_empty() {
            said.text.push_str(words);
            give(StreamPart::Delta { index, delta: Delta::Text(words) });
        }
    }

    /// What the words rest on that were said last at this place.
    fn cite(
        &mut self,
        at: (u64, u64),
        annotation: &Value<'_>,
        ledger: &mut Ledger,
        give: &mut dyn FnMut(StreamPart<'_>),
    ) {
        let Some(citation) = notes::citation(annotation, ledger) else { return };
        match self.words.get_mut(&at).filter(|said| said.begun.is_open) {
            Some(said) => {
                said.citations += 1;
                give(StreamPart::Delta { index: said.begun.index, delta: Delta::Citation(&citation) });
            }
            None => ledger.dropped("annotations"),
        }
    }

    /// A part has ended; it may not have come in pieces, or not all of it.
    fn said(
        &mut self,
        at: (u64, u64),
        words: &str,
        logprobs: &[Value<'_>],
        block: Block<'_>,
        give: &mut dyn FnMut(StreamPart<'_>),
    ) {
        let said = self.words.get(&at);
        let rest = words.strip_prefix(said.map_or("", |said| said.text.as_str())).unwrap_or_default().to_owned();
        let logprobs = if said.is_some_and(|said| said.has_logprobs) { &[] } else { logprobs };
        self.say(at, &rest, logprobs, block, give);
    }

    fn close_words(&mut self, at: (u64, u64), give: &mut dyn FnMut(StreamPart<'_>)) {
        if let Some(said) = self.words.get_mut(&at) {
            close(&mut said.begun, None, give);
        }
    }

    fn think(&mut self, item: u64, part: u64, words: &str, give: &mut dyn FnMut(StreamPart<'_>)) {
        if words.is_empty() {
            return;
        }
        if !self.thoughts.contains_key(&item) {
            let begun = self.begin(Block::Reasoning, give);
            self.thoughts.insert(item, begun);
        }
        let Some(begun) = self.thoughts.get_mut(&item).filter(|begun| begun.is_open) else { return };
        let index = begun.index;
        if begun.says && begun.part != part {
            give(StreamPart::Delta { index, delta: Delta::Text(reasoning::SEPARATOR) });
        }
        (begun.says, begun.part) = (true, part);
        give(StreamPart::Delta { index, delta: Delta::Text(words) });
    }

    fn argue(&mut self, item: u64, arguments: &str, give: &mut dyn FnMut(StreamPart<'_>)) {
        let Some(call) = self.calls.get_mut(&item).filter(|call| call.is_open) else { return };
        if !arguments.is_empty() {
            call.says = true;
            give(StreamPart::Delta { index: call.index, delta: Delta::Input(arguments) });
        }
    }

    /// A call's arguments have ended; they may not have come in pieces.
    fn argued(&mut self, item: u64, arguments: &str, give: &mut dyn FnMut(StreamPart<'_>)) {
        if self.calls.get(&item).is_some_and(|call| !call.says) {
            self.argue(item, arguments, give);
        }
    }

    /// An item has ended. It is here as a whole, of which some vendors have streamed a part or nothing.
    fn item_done(&mut self, item: u64, value: &Value<'_>, ledger: &mut Ledger, give: &mut dyn FnMut(StreamPart<'_>)) {
        match text(value, "type").unwrap_or_default() {
            "message" => {
                for (part, value) in (0..).zip(list(value, "content")) {
                    let (kind, words) = content(value);
                    let block = if kind == "refusal" { Block::Refusal } else { Block::Text };
                    self.said((item, part), words, list(value, "logprobs"), block, give);
                    let known = self.words.get(&(item, part)).map_or(0, |said| said.citations);
                    for annotation in list(value, "annotations").iter().skip(known) {
                        self.cite((item, part), annotation, ledger, give);
                    }
                    self.close_words((item, part), give);
                }
            }
            "reasoning" => {
                let proof = reasoning::proof(value);
                let words = reasoning::words(value);
                if proof.is_some() && !self.thoughts.contains_key(&item) && words.is_empty() {
                    let begun = self.begin(Block::Reasoning, give);
                    self.thoughts.insert(item, begun);
                }
                if !self.thoughts.contains_key(&item) {
                    self.think(item, 0, &words, give);
                }
                if let Some(begun) = self.thoughts.get_mut(&item) {
                    close(begun, proof.as_deref(), give);
                }
            }
            "function_call" | "custom_tool_call" => {
                note_unsaid(value, ledger);
                self.item_added(item, value, give);
                let input = text(value, "arguments").or_else(|| text(value, "input"));
                self.argued(item, input.unwrap_or_default(), give);
                if let Some(call) = self.calls.get_mut(&item) {
                    close(call, None, give);
                }
            }
            "web_search_call" => {
                if let Some(searched) = searched(value, ledger) {
                    give(StreamPart::Searched(&searched));
                }
            }
            // What a server's tool did.
            other => ledger.unknown(other),
        }
    }

    /// The response has ended: what is still open ends with it.
    fn complete(&mut self, response: &Value<'_>, ledger: &mut Ledger, give: &mut dyn FnMut(StreamPart<'_>)) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        // Some vendors tell all at once.
        if self.next == 0 {
            for (item, value) in (0..).zip(list(response, "output")) {
                self.item_done(item, value, ledger, give);
            }
        }
        let blocks = self
            .thoughts
            .values_mut()
            .chain(self.words.values_mut().map(|said| &mut said.begun))
            .chain(self.calls.values_mut());
        let mut blocks: Vec<&mut Begun> = blocks.collect();
        blocks.sort_by_key(|begun| begun.index);
        blocks.into_iter().for_each(|begun| close(begun, None, give));
        give(StreamPart::End { reason: reason(response, !self.calls.is_empty(), self.has_refused) });
    }
}

fn close(begun: &mut Begun, proof: Option<&str>, give: &mut dyn FnMut(StreamPart<'_>)) {
    if std::mem::replace(&mut begun.is_open, false) {
        give(StreamPart::Close { index: begun.index, proof });
    }
}
