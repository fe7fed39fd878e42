use serde_json::{Map, Value as Json};

use super::decode_answer::{is_thought, note_unread, note_unsaid};
use super::members::{each, get, word};
use super::signatures::{of_call, of_text, of_thought};
use super::{block_reason, partial_args, reason, usage};
use super::{grounding, logprobs};
use crate::dialect::hub::{
    Block, Choices, DecodeStream, Delta, Ledger, PROOF_LIMIT, Proof, Reason, StreamPart, list, own_id, parse, text,
};
use crate::wire::Event;
use crate::wire::json::{InvalidJson, Members, Value};

#[derive(Debug, Default)]
pub(super) struct Decoder {
    has_started: bool,
    has_ended: bool,
    is_blocked: bool,
    tier: Option<&'static str>,
    choices: Choices<Choice>,
}

#[derive(Debug, Default)]
struct Choice {
    /// The answer's.
    id: Option<String>,
    /// The hub's index of the next block.
    next: usize,
    /// The open text.
    text: Option<usize>,
    /// What it has said, which citations count the bytes of.
    said: String,
    /// Of the tokens of the text that comes next.
    logprobs: Vec<Json>,
    thought: Option<Thought>,
    /// A call whose arguments come value by value.
    call: Option<Call>,
    calls: usize,
    /// What was searched for, which may be told again and again.
    queries: Vec<String>,
    finish: String,
    finish_message: Option<String>,
}

#[derive(Debug)]
struct Thought {
    index: usize,
    text: String,
    signature: Option<String>,
}

#[derive(Debug)]
struct Call {
    index: usize,
    arguments: Map<String, Json>,
}

impl DecodeStream for Decoder {
    fn event(
        &mut self,
        event: Event<'_>,
        ledger: &mut Ledger,
        give: &mut dyn FnMut(StreamPart<'_>),
    ) -> Result<(), InvalidJson> {
        let data = event.data.trim_ascii();
        if data.is_empty() || data.starts_with(b"[DONE]") || self.has_ended {
            return Ok(());
        }
        let chunk = parse(data)?;
        let tier = usage::tier(&chunk);
        if let Some(name) = tier.filter(|_| tier != self.tier) {
            self.tier = tier;
            give(StreamPart::Tier(name));
        }
        if !std::mem::replace(&mut self.has_started, true) {
            give(StreamPart::Start { id: text(&chunk, "responseId") });
        }
        let candidates = list(&chunk, "candidates");
        self.is_blocked |= candidates.is_empty() && block_reason(&chunk).is_some();
        for candidate in candidates {
            if let Some(choice) = self.choices.read(get(candidate, "index").and_then(Value::as_u64), ledger, give) {
                choice.read(text(&chunk, "responseId"), candidate, ledger, give);
            }
        }
        Ok(())
    }

    /// The usage may come behind the reason, so that the end is not told before.
    fn finish(&mut self, give: &mut dyn FnMut(StreamPart<'_>)) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        let is_blocked = self.is_blocked;
        self.choices.end(give, |choice, give| {
            choice.close(give);
            if is_blocked && choice.finish.is_empty() {
                Reason::Filter
            } else {
                reason(&choice.finish, choice.finish_message.as_deref(), choice.calls > 0)
            }
        });
    }
}

impl Choice {
    fn read(
        &mut self,
        id: Option<&str>,
        candidate: &Value<'_>,
        ledger: &mut Ledger,
        give: &mut dyn FnMut(StreamPart<'_>),
    ) {
        if self.id.is_none() {
            self.id = id.map(str::to_owned);
        }
        note_unsaid(candidate, ledger);
        let parts = get(candidate, "content").and_then(|content| get(content, "parts")).map(each).unwrap_or_default();
        self.logprobs = logprobs::of_candidate(candidate, ledger);
        for part in parts {
            self.part(part, ledger, give);
        }
        if !std::mem::take(&mut self.logprobs).is_empty() {
            ledger.dropped("logprobs");
        }
        if let Some(mut searched) = grounding::searched(candidate) {
            searched.queries.retain(|query| !self.queries.iter().any(|known| known == query));
            if !searched.queries.is_empty() {
                self.queries.extend(searched.queries.iter().map(|query| query.clone().into_owned()));
                give(StreamPart::Searched(&searched));
            }
        }
        for cited in grounding::citations(candidate, ledger) {
            match self.text {
                Some(index) => {
                    let citation = cited.of_text(&self.said);
                    give(StreamPart::Delta { index, delta: Delta::Citation(&citation) });
                }
                None => ledger.dropped("citations"),
            }
        }
        if let Some(finish) = text(candidate, "finishReason") {
            finish.clone_into(&mut self.finish);
            self.finish_message = text(candidate, "finishMessage").map(str::to_owned);
        }
    }

    fn part(&mut self, part: &Value<'_>, ledger: &mut Ledger, give: &mut dyn FnMut(StreamPart<'_>)) {
        let signature = word(part, "thoughtSignature").filter(|it| !it.is_empty());
        let words = word(part, "text").unwrap_or_default();
        if is_thought(part) {
            return self.thought(words, signature, give);
        }
        if let Some(call) = get(part, "functionCall") {
            return self.call(call, signature, ledger, give);
        }
        if let Some(signature) = signature {
            // Of a text that has begun it comes at its end.
            self.close(give);
            self.proof(&of_text(signature), give);
        }
        if words.is_empty() {
            return note_unread(part, ledger);
        }
        let index = match self.text {
            Some(index) => index,
            None => {
                self.close(give);
                let index = self.take_index();
                give(StreamPart::Open { index, block: Block::Text });
                self.said.clear();
                *self.text.insert(index)
            }
        };
        let tokens = std::mem::take(&mut self.logprobs);
        if !tokens.is_empty() {
            give(StreamPart::Delta { index, delta: Delta::Logprobs(&tokens) });
        }
        self.said.push_str(words);
        give(StreamPart::Delta { index, delta: Delta::Text(words) });
    }

    fn thought(&mut self, words: &str, signature: Option<&str>, give: &mut dyn FnMut(StreamPart<'_>)) {
        if self.thought.is_none() {
            self.close(give);
            let index = self.take_index();
            give(StreamPart::Open { index, block: Block::Reasoning });
            self.thought = Some(Thought { index, text: String::new(), signature: None });
        }
        let Some(thought) = &mut self.thought else { return };
        if !words.is_empty() {
            // What grows too long for an envelope need not grow further.
            if thought.text.len() <= PROOF_LIMIT {
                thought.text.push_str(words);
            }
            give(StreamPart::Delta { index: thought.index, delta: Delta::Text(words) });
        }
        if let Some(signature) = signature {
            thought.signature = Some(signature.to_owned());
            self.close(give);
        }
    }

    /// A call comes whole; or begins with its name, goes on without it, and ends with what does not say that it goes on.
    fn call(
        &mut self,
        call: &Value<'_>,
        signature: Option<&str>,
        ledger: &mut Ledger,
        give: &mut dyn FnMut(StreamPart<'_>),
    ) {
        if let Some(name) = word(call, "name").filter(|name| !name.is_empty()) {
            self.close(give);
            let given = word(call, "id").filter(|id| !id.is_empty()).map(str::to_owned);
            let id = given.unwrap_or_else(|| own_id(self.id.as_deref(), self.calls));
            self.calls += 1;
            if let Some(signature) = signature {
                self.proof(&of_call(&id, signature), give);
            }
            let index = self.take_index();
            give(StreamPart::Open { index, block: Block::Call { id: &id, name, is_text: false } });
            let arguments = get(call, "args").and_then(Value::as_object).map(Members::to_json).unwrap_or_default();
            self.call = Some(Call { index, arguments });
        }
        let Some(open) = &mut self.call else { return ledger.unknown("functionCall") };
        if !partial_args::take(&mut open.arguments, call) {
            ledger.dropped("functionCall.partialArgs");
        }
        if get(call, "willContinue") != Some(&Value::Bool(true)) {
            self.close(give);
        }
    }

    /// What its maker wants back, in a block of its own.
    fn proof(&mut self, proof: &Proof<'_>, give: &mut dyn FnMut(StreamPart<'_>)) {
        let index = self.take_index();
        give(StreamPart::Open { index, block: Block::Reasoning });
        give(StreamPart::Close { index, proof: proof.made() });
    }

    /// Closes whatever is open.
    fn close(&mut self, give: &mut dyn FnMut(StreamPart<'_>)) {
        if let Some(index) = self.text.take() {
            give(StreamPart::Close { index, proof: None });
        }
        if let Some(Thought { index, text, signature }) = self.thought.take() {
            give(StreamPart::Close { index, proof: of_thought(&text, signature.as_deref()).made() });
        }
        if let Some(Call { index, arguments }) = self.call.take() {
            let arguments = Json::Object(arguments).to_string();
            give(StreamPart::Delta { index, delta: Delta::Input(&arguments) });
            give(StreamPart::Close { index, proof: None });
        }
    }

    fn take_index(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }
}
