use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value as Json;

use super::carrier::Carrier;
use super::encode_answer::{call, candidate, text};
use super::grounding::Grounding;
use super::{reason_name, usage, write_tail};
use crate::dialect::hub::{
    Block, Choices, Citation, Context, Delta, EncodeStream, Ledger, Reason, StreamPart, Thoughts,
};
use crate::dialect::{GatewayError, Usage, gemini};
use crate::wire::json::Writer;

/// Texts pass as they come; a call is told when it is whole, as the dialect has it.
#[derive(Debug)]
pub(super) struct Encoder {
    context: Context,
    id: Option<String>,
    tier: Option<&'static str>,
    choices: Choices<Choice>,
    /// Of an array: an element was written.
    has_begun: bool,
    ledger: Ledger,
}

#[derive(Debug, Default)]
struct Choice {
    open: HashMap<usize, Open>,
    carrier: Carrier,
    /// What the texts rest on that have ended, which the last chunk tells.
    grounding: Grounding,
    /// How many bytes those texts are.
    offset: usize,
    /// Of the tokens of the text that comes next.
    logprobs: Vec<Cow<'static, Json>>,
}

#[derive(Debug)]
enum Open {
    Text { said: String, citations: Vec<Citation<'static>> },
    Thought,
    Call { id: String, name: String, arguments: String },
}

impl EncodeStream for Encoder {
    fn part(&mut self, part: StreamPart<'_>, used: &Usage, out: &mut Writer) {
        match part {
            StreamPart::Start { id } => self.id = id.map(str::to_owned),
            StreamPart::Open { index, block } => {
                let open = match block {
                    Block::Text | Block::Refusal => Open::Text { said: String::new(), citations: Vec::new() },
                    Block::Reasoning => Open::Thought,
                    Block::Call { id, name, .. } => {
                        Open::Call { id: id.to_owned(), name: name.to_owned(), arguments: String::new() }
                    }
                };
                self.choices.now.open.insert(index, open);
            }
            StreamPart::Delta { index, delta: Delta::Text(words) | Delta::Input(words) } => {
                self.delta(index, words, out);
            }
            StreamPart::Delta { delta: Delta::Logprobs(tokens), .. } => {
                self.choices.now.logprobs.extend(tokens.iter().cloned().map(Cow::Owned));
            }
            StreamPart::Delta { index, delta: Delta::Citation(citation) } => {
                if let Some(Open::Text { citations, .. }) = self.choices.now.open.get_mut(&index) {
                    citations.push(citation.clone().into_owned());
                }
            }
            StreamPart::Close { index, proof } => self.close(index, proof, out),
            StreamPart::Searched(searched) => self.choices.now.grounding.search(searched, &mut self.ledger),
            StreamPart::Tier(name) => self.tier = usage::tier_name(name, &mut self.ledger),
            StreamPart::Choice(number) => {
                self.choices.turn_to(number);
            }
            StreamPart::ChoiceEnd { reason } => self.end(&reason, None, out),
            StreamPart::End { reason } => {
                self.end(&reason, Some(used), out);
                if self.context.as_array {
                    out.bytes(b"]");
                }
            }
        }
    }

    fn fail(&mut self, error: &GatewayError, trace_id: &str, out: &mut Writer) {
        if self.context.as_array {
            self.element(out);
            out.value(&gemini::error::body(error, trace_id));
            out.bytes(b"]");
        } else {
            out.bytes(gemini::error::ending(error, trace_id).as_bytes());
        }
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

impl Encoder {
    pub(super) fn new(context: Context) -> Self {
        Self { context, id: None, tier: None, choices: Choices::default(), has_begun: false, ledger: Ledger::default() }
    }

    fn end(&mut self, reason: &Reason<'_>, used: Option<&Usage>, out: &mut Writer) {
        let mut left: Vec<usize> = self.choices.now.open.keys().copied().collect();
        left.sort_unstable();
        left.into_iter().for_each(|index| self.close(index, None, out));
        let Choice { mut carrier, grounding, logprobs, .. } = std::mem::take(&mut self.choices.now);
        let signature = carrier.take();
        self.candidate(out, Some(reason_name(reason)), &logprobs, used, |it, _| {
            text(it, "", false, signature.as_deref());
            grounding
        });
    }

    fn delta(&mut self, index: usize, words: &str, out: &mut Writer) {
        let now = &mut self.choices.now;
        let is_thought = match now.open.get_mut(&index) {
            _ if words.is_empty() => return,
            None => return,
            Some(Open::Call { arguments, .. }) => return arguments.push_str(words),
            Some(Open::Thought) if self.context.thoughts != Thoughts::Shown => return,
            Some(Open::Thought) => true,
            Some(Open::Text { said, .. }) => {
                said.push_str(words);
                now.carrier.text();
                false
            }
        };
        let tokens = if is_thought { Vec::new() } else { std::mem::take(&mut now.logprobs) };
        self.said(out, &tokens, |it, _| text(it, words, is_thought, None));
    }

    fn close(&mut self, index: usize, proof: Option<&str>, out: &mut Writer) {
        let now = &mut self.choices.now;
        match now.open.remove(&index) {
            Some(Open::Thought) => now.carrier.thought(proof, &self.context),
            Some(Open::Call { id, name, mut arguments }) => {
                if arguments.trim().is_empty() {
                    "{}".clone_into(&mut arguments);
                }
                let signature = now.carrier.take();
                let mut ledger = std::mem::take(&mut self.ledger);
                self.said(out, &[], |it, this| {
                    call(it, (&id, &name, &arguments), signature.as_deref(), &this.context, &mut ledger);
                });
                self.ledger = ledger;
            }
            Some(Open::Text { said, citations }) => {
                for citation in &citations {
                    now.grounding.add(citation, &said, 0, now.offset);
                }
                now.offset += said.len();
            }
            None => {}
        }
    }

    /// A chunk with one part.
    fn said(&mut self, out: &mut Writer, tokens: &[Cow<'_, Json>], part: impl FnOnce(&mut Writer, &Self)) {
        self.candidate(out, None, tokens, None, |it, this| {
            part(it, this);
            Grounding::default()
        });
    }

    /// A chunk of one candidate; the last has the usage.
    fn candidate(
        &mut self,
        out: &mut Writer,
        reason: Option<&str>,
        tokens: &[Cow<'_, Json>],
        used: Option<&Usage>,
        parts: impl FnOnce(&mut Writer, &Self) -> Grounding,
    ) {
        self.chunk(out, |it, this| {
            it.key("candidates").array(|it| candidate(it, this.choices.number(), reason, tokens, |it| parts(it, this)));
            if let Some(used) = used {
                usage::write(it, used, this.tier);
            }
            write_tail(it, this.id.as_deref(), &this.context);
        });
    }

    fn chunk(&mut self, out: &mut Writer, fill: impl FnOnce(&mut Writer, &Self)) {
        if self.context.as_array {
            self.element(out);
        } else {
            out.bytes(b"data: ");
        }
        out.object(|it| fill(it, self));
        if !self.context.as_array {
            out.bytes(b"\n\n");
        }
    }

    /// What stands before the next element of an array.
    fn element(&mut self, out: &mut Writer) {
        out.bytes(if std::mem::replace(&mut self.has_begun, true) { b",\n" } else { b"[" });
    }
}
