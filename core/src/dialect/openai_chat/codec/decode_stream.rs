use std::borrow::Cow;

use serde_json::Value as Json;

use super::decode_answer::{extra_proof, note_unsaid};
use super::thoughts::{Collected, EXTRA, part_words};
use super::{notes, reason};
use crate::dialect::hub::{
    Block, Choices, Citation, DecodeStream, Delta, Ledger, StreamPart, array, list, member, own_id, parse, text,
};
use crate::wire::Event;
use crate::wire::json::{Capture, InvalidJson, Value};

/// A call of an index that nobody can use is none.
const CALL_LIMIT: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Decoder {
    has_started: bool,
    has_ended: bool,
    tier: Option<String>,
    /// What some vendors say that the whole answer rests on.
    pages: Vec<Citation<'static>>,
    choices: Choices<Choice>,
}

#[derive(Debug, Default)]
struct Choice {
    /// The answer's.
    id: Option<String>,
    /// The hub's index of the next block.
    next: usize,
    thought: Option<usize>,
    thoughts: Collected,
    /// The open text or refusal.
    text: Option<(usize, Block<'static>)>,
    /// How many characters of text there were, and how many before the open one.
    said: usize,
    before: usize,
    calls: Vec<Call>,
    has_refused: bool,
    has_cited: bool,
    finish: String,
}

/// A call as far as it has come.
#[derive(Debug)]
struct Call {
    /// The provider's.
    index: Option<u64>,
    id: String,
    /// The hub's, once the name has come.
    block: Option<usize>,
    is_open: bool,
    /// Its input is any text.
    is_text: bool,
    /// Arguments that came before the name.
    early: String,
    /// Whether the arguments are a whole object.
    arguments: Box<Capture>,
}

impl DecodeStream for Decoder {
    fn event(
        &mut self,
        event: Event<'_>,
        ledger: &mut Ledger,
        give: &mut dyn FnMut(StreamPart<'_>),
    ) -> Result<(), InvalidJson> {
        let data = event.data.trim_ascii();
        if data.is_empty() {
            return Ok(());
        }
        if data.starts_with(b"[DONE]") {
            self.finish(give);
            return Ok(());
        }
        let chunk = parse(data)?;
        let tier = text(&chunk, "service_tier");
        if let Some(name) = tier.filter(|_| tier != self.tier.as_deref()) {
            self.tier = Some(name.to_owned());
            give(StreamPart::Tier(name));
        }
        if !std::mem::replace(&mut self.has_started, true) {
            give(StreamPart::Start { id: text(&chunk, "id") });
        }
        note_unsaid(&chunk, ledger);
        let pages = notes::pages(&chunk, ledger);
        if !pages.is_empty() {
            self.pages = pages.into_iter().map(Citation::into_owned).collect();
        }
        for piece in list(&chunk, "choices") {
            if let Some(choice) = self.choices.read(piece.get("index").and_then(Value::as_u64), ledger, give) {
                choice.read(text(&chunk, "id"), piece, &self.pages, ledger, give);
            }
        }
        Ok(())
    }

    fn finish(&mut self, give: &mut dyn FnMut(StreamPart<'_>)) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        self.choices.end(give, |choice, give| {
            choice.close_thought(give);
            choice.close_text(give);
            choice.close_calls(give, false);
            reason(&choice.finish, !choice.calls.is_empty(), choice.has_refused)
        });
    }
}

impl Choice {
    fn read(
        &mut self,
        id: Option<&str>,
        choice: &Value<'_>,
        pages: &[Citation<'_>],
        ledger: &mut Ledger,
        give: &mut dyn FnMut(StreamPart<'_>),
    ) {
        if self.id.is_none() {
            self.id = id.map(str::to_owned);
        }
        let delta = member(choice, "delta").or_else(|| member(choice, "message"));
        self.logprobs(&notes::logprobs(choice, ledger), delta, ledger, give);
        if let Some(delta) = delta {
            self.delta(delta, ledger, give);
        }
        if let Some(finish) = text(choice, "finish_reason").filter(|it| !it.is_empty()) {
            finish.clone_into(&mut self.finish);
            if !self.has_cited {
                pages.iter().for_each(|page| self.cite(page, ledger, give));
            }
        }
    }

    fn delta(&mut self, delta: &Value<'_>, ledger: &mut Ledger, give: &mut dyn FnMut(StreamPart<'_>)) {
        let had_none = self.thoughts.is_empty();
        let words = self.thoughts.take(delta);
        if words.is_some() || had_none && !self.thoughts.is_empty() {
            self.thought(words.unwrap_or_default(), give);
        }
        match delta.get("content") {
            Some(Value::String(words)) => self.words(words, Block::Text, give),
            Some(content) => {
                for part in array(content) {
                    if text(part, "type") == Some("thinking") {
                        let words = part_words(part);
                        self.thoughts.words(&words);
                        self.thought(&words, give);
                    } else {
                        self.words(text(part, "text").unwrap_or_default(), Block::Text, give);
                    }
                }
            }
            None => {}
        }
        self.citations(delta, ledger, give);
        if let Some(refusal) = text(delta, "refusal").filter(|it| !it.is_empty()) {
            self.has_refused = true;
            self.words(refusal, Block::Refusal, give);
        }
        for call in list(delta, "tool_calls") {
            let tool = member(call, "custom").or_else(|| call.get("function"));
            self.call(call, tool.unwrap_or(call), give);
        }
        if let Some(function) = member(delta, "function_call") {
            self.call(&Value::Null, function, give);
        }
        if member(delta, "audio").is_some() {
            ledger.dropped("audio");
        }
    }

    /// What is known of the tokens of a delta comes before its words. A token may be a part of a letter, and no word yet.
    fn logprobs(
        &mut self,
        tokens: &[Json],
        delta: Option<&Value<'_>>,
        ledger: &mut Ledger,
        give: &mut dyn FnMut(StreamPart<'_>),
    ) {
        if tokens.is_empty() {
            return;
        }
        let says = delta.and_then(|delta| text(delta, "content")).is_some_and(|words| !words.is_empty());
        let open = self.text.filter(|(_, block)| *block == Block::Text).map(|(index, _)| index);
        match open {
            None if says => {
                let index = self.open_text(Block::Text, give);
                give(StreamPart::Delta { index, delta: Delta::Logprobs(tokens) });
            }
            Some(index) => give(StreamPart::Delta { index, delta: Delta::Logprobs(tokens) }),
            None => ledger.dropped("logprobs"),
        }
    }

    /// What the text that is open rests on.
    fn citations(&mut self, delta: &Value<'_>, ledger: &mut Ledger, give: &mut dyn FnMut(StreamPart<'_>)) {
        for mut citation in notes::citations(delta, ledger) {
            let from_here = |at: usize| at.saturating_sub(self.before);
            citation.range = citation.range.map(|(start, end)| (from_here(start), from_here(end)));
            self.cite(&citation, ledger, give);
        }
    }

    fn cite(&mut self, citation: &Citation<'_>, ledger: &mut Ledger, give: &mut dyn FnMut(StreamPart<'_>)) {
        self.has_cited = true;
        match self.text.filter(|(_, block)| *block == Block::Text) {
            Some((index, _)) => give(StreamPart::Delta { index, delta: Delta::Citation(citation) }),
            None => ledger.dropped("annotations"),
        }
    }

    fn take_index(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    fn thought(&mut self, words: &str, give: &mut dyn FnMut(StreamPart<'_>)) {
        let index = match self.thought {
            Some(index) => index,
            None => {
                self.close_text(give);
                let index = self.take_index();
                give(StreamPart::Open { index, block: Block::Reasoning });
                self.thought = Some(index);
                index
            }
        };
        if !words.is_empty() {
            give(StreamPart::Delta { index, delta: Delta::Text(words) });
        }
    }

    fn words(&mut self, words: &str, block: Block<'static>, give: &mut dyn FnMut(StreamPart<'_>)) {
        if words.is_empty() {
            return;
        }
        let index = self.open_text(block, give);
        if block == Block::Text {
            self.said += words.chars().count();
        }
        give(StreamPart::Delta { index, delta: Delta::Text(words) });
    }

    /// The hub's index of the open text or refusal.
    fn open_text(&mut self, block: Block<'static>, give: &mut dyn FnMut(StreamPart<'_>)) -> usize {
        self.close_thought(give);
        if self.text.is_some_and(|(_, open)| open != block) {
            self.close_text(give);
        }
        if let Some((index, _)) = self.text {
            return index;
        }
        self.close_calls(give, true);
        let index = self.take_index();
        give(StreamPart::Open { index, block });
        self.text = Some((index, block));
        self.before = self.said;
        index
    }

    fn call(&mut self, value: &Value<'_>, function: &Value<'_>, give: &mut dyn FnMut(StreamPart<'_>)) {
        let index = value.get("index").and_then(Value::as_u64);
        let id = text(value, "id").unwrap_or_default();
        let name = text(function, "name").unwrap_or_default();
        let known = self.known(index, id, name);
        let at = match known {
            Some(at) => at,
            None if self.calls.len() == CALL_LIMIT => return,
            None => {
                self.close_thought(give);
                self.close_text(give);
                if let Some(extra) = member(value, EXTRA) {
                    let index = self.take_index();
                    give(StreamPart::Open { index, block: Block::Reasoning });
                    give(StreamPart::Close { index, proof: extra_proof(extra).made() });
                }
                let arguments = Box::new(Capture::new([], 0));
                let (id, early, is_text) = (id.to_owned(), String::new(), member(value, "custom").is_some());
                self.calls.push(Call { index, id, block: None, is_open: false, is_text, early, arguments });
                self.calls.len() - 1
            }
        };
        if known.is_none() || self.calls.get(at).is_some_and(|call| call.block.is_none()) {
            self.begin(at, name, give);
        }
        let arguments = match function.get("arguments").or_else(|| function.get("input")) {
            Some(Value::String(arguments)) => Cow::Borrowed(&**arguments),
            Some(tree) if !tree.is_null() => Cow::Owned(tree.to_string()),
            _ => return,
        };
        let Some(call) = self.calls.get_mut(at).filter(|_| !arguments.is_empty()) else { return };
        if call.arguments.push(arguments.as_bytes()).is_err() {
            // What a model writes need be no JSON; then it is never whole.
        }
        match call.block {
            Some(index) if call.is_open => give(StreamPart::Delta { index, delta: Delta::Input(&arguments) }),
            Some(_) => {}
            None => call.early.push_str(&arguments),
        }
    }

    /// The call that a piece belongs to: by its index, unless it begins another one with an id of its own; without an index
    /// by its id, or it goes on with the last one.
    fn known(&self, index: Option<u64>, id: &str, name: &str) -> Option<usize> {
        let last = |fits: &dyn Fn(&Call) -> bool| self.calls.iter().rposition(fits);
        let begins_another = |call: &Call| !id.is_empty() && !name.is_empty() && call.id != id;
        match index {
            Some(_) => {
                last(&|call| call.index == index).filter(|at| self.calls.get(*at).is_some_and(|it| !begins_another(it)))
            }
            None if !id.is_empty() => last(&|call| call.id == id),
            None if name.is_empty() => self.calls.len().checked_sub(1),
            None => None,
        }
    }

    /// Opens a call's block, once its name is known.
    fn begin(&mut self, at: usize, name: &str, give: &mut dyn FnMut(StreamPart<'_>)) {
        if name.is_empty() {
            return;
        }
        self.close_calls(give, true);
        let index = self.take_index();
        let Some(call) = self.calls.get_mut(at) else { return };
        if call.id.is_empty() {
            call.id = own_id(self.id.as_deref(), at);
        }
        call.block = Some(index);
        call.is_open = true;
        give(StreamPart::Open { index, block: Block::Call { id: &call.id, name, is_text: call.is_text } });
        if !call.early.is_empty() {
            give(StreamPart::Delta { index, delta: Delta::Input(&std::mem::take(&mut call.early)) });
        }
    }

    fn close_thought(&mut self, give: &mut dyn FnMut(StreamPart<'_>)) {
        if let Some(index) = self.thought.take() {
            let thoughts = std::mem::take(&mut self.thoughts);
            give(StreamPart::Close { index, proof: Some(&thoughts.proof()) });
        }
    }

    fn close_text(&mut self, give: &mut dyn FnMut(StreamPart<'_>)) {
        if let Some((index, _)) = self.text.take() {
            give(StreamPart::Close { index, proof: None });
        }
    }

    /// Closes the open calls; `whole` ones alone, since the others may go on.
    fn close_calls(&mut self, give: &mut dyn FnMut(StreamPart<'_>), whole: bool) {
        for call in self.calls.iter_mut().filter(|call| call.is_open) {
            if let Some(index) = call.block.filter(|_| !whole || !call.is_text && call.arguments.is_complete_object()) {
                call.is_open = false;
                give(StreamPart::Close { index, proof: None });
            }
        }
    }
}
