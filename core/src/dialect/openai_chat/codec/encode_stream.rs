use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value as Json;

use super::{notes, reason_name, thoughts, usage, write_custom, write_function, write_head};
use crate::dialect::hub::{
    Block, Choices, Citation, Context, Delta, EncodeStream, Ledger, Reason, StreamPart, Thoughts, Unwrapping,
};
use crate::dialect::{GatewayError, Usage, openai_chat};
use crate::wire::json::Writer;

#[derive(Debug)]
pub(super) struct Encoder {
    context: Context,
    id: Option<String>,
    tier: Option<String>,
    choices: Choices<Choice>,
    ledger: Ledger,
}

#[derive(Debug, Default)]
struct Choice {
    has_started: bool,
    open: HashMap<usize, Open>,
    /// Calls are numbered from 0, whatever else there is.
    calls: u64,
    /// Thoughts that had a proof.
    proofs: u64,
    /// How many characters of text there were.
    said: usize,
    /// Of the tokens of the text that comes next.
    logprobs: Vec<Json>,
}

#[derive(Debug)]
enum Open {
    Text {
        /// How many characters stand before it.
        offset: usize,
        citations: Vec<Citation<'static>>,
    },
    Refusal,
    Thought,
    Call {
        number: u64,
        /// It has arguments.
        has_input: bool,
    },
    /// Of a tool that takes any text.
    Custom {
        number: u64,
        unwrapping: Unwrapping,
    },
}

impl EncodeStream for Encoder {
    fn part(&mut self, part: StreamPart<'_>, used: &Usage, out: &mut Writer) {
        match part {
            StreamPart::Start { id } => {
                self.id = id.map(str::to_owned);
                self.start(out);
            }
            StreamPart::Open { index, block } => {
                self.start(out);
                self.open(index, block, out);
            }
            StreamPart::Delta { index, delta: Delta::Text(text) | Delta::Input(text) } => {
                self.delta(index, text, out);
            }
            StreamPart::Delta { delta: Delta::Logprobs(tokens), .. } => {
                self.choices.now.logprobs.extend_from_slice(tokens);
            }
            StreamPart::Delta { index, delta: Delta::Citation(citation) } => {
                if let Some(Open::Text { citations, .. }) = self.choices.now.open.get_mut(&index) {
                    citations.push(citation.clone().into_owned());
                }
            }
            StreamPart::Close { index, proof } => self.close(index, proof, out),
            StreamPart::Searched(_) => self.ledger.dropped("searches"),
            StreamPart::Tier(name) => self.tier = Some(name.to_owned()),
            StreamPart::Choice(number) => {
                self.choices.turn_to(number);
            }
            StreamPart::ChoiceEnd { reason } => self.end(&reason, out),
            StreamPart::End { reason } => {
                self.end(&reason, out);
                if self.context.usage {
                    out.bytes(b"data: ");
                    out.object(|it| {
                        self.head(it);
                        it.key("choices").array(|_| {});
                        usage::write(it, used);
                    });
                    out.bytes(b"\n\n");
                }
                out.bytes(b"data: [DONE]\n\n");
            }
        }
    }

    fn fail(&mut self, error: &GatewayError, trace_id: &str, out: &mut Writer) {
        out.bytes(b"data: ");
        out.value(&openai_chat::error::body(error, trace_id));
        out.bytes(b"\n\n");
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

impl Encoder {
    pub(super) fn new(context: Context) -> Self {
        Self { context, id: None, tier: None, choices: Choices::default(), ledger: Ledger::default() }
    }

    fn head(&self, out: &mut Writer) {
        write_head(out, self.id.as_deref(), self.tier.as_deref(), &self.context, "chat.completion.chunk");
    }

    fn end(&mut self, reason: &Reason<'_>, out: &mut Writer) {
        self.start(out);
        let reason = reason_name(reason, &mut self.ledger);
        self.chunk(out, Some(reason), |_| {});
    }

    fn start(&mut self, out: &mut Writer) {
        if !std::mem::replace(&mut self.choices.now.has_started, true) {
            self.chunk(out, None, |it| {
                it.text_member("role", "assistant");
                it.text_member("content", "");
            });
        }
    }

    fn open(&mut self, index: usize, block: Block<'_>, out: &mut Writer) {
        let open = match block {
            Block::Text => Open::Text { offset: self.choices.now.said, citations: Vec::new() },
            Block::Refusal => Open::Refusal,
            Block::Reasoning => Open::Thought,
            Block::Call { id, name, is_text } => {
                let number = self.choices.now.calls;
                self.choices.now.calls += 1;
                let name = self.context.names.original(name).to_owned();
                let is_custom = is_text || self.context.freeform.contains(&name);
                self.call(out, number, |it| {
                    it.text_member("id", id);
                    let write = if is_custom { write_custom } else { write_function };
                    write(it, &name, "");
                });
                if is_custom {
                    Open::Custom { number, unwrapping: Unwrapping::of(is_text) }
                } else {
                    Open::Call { number, has_input: false }
                }
            }
        };
        self.choices.now.open.insert(index, open);
    }

    fn delta(&mut self, index: usize, text: &str, out: &mut Writer) {
        let now = &mut self.choices.now;
        let Some(open) = now.open.get_mut(&index).filter(|_| !text.is_empty()) else { return };
        let name = match open {
            Open::Text { .. } => {
                now.said += text.chars().count();
                "content"
            }
            Open::Refusal => "refusal",
            Open::Thought if self.context.thoughts == Thoughts::Shown => "reasoning_content",
            Open::Thought => return,
            Open::Call { number, has_input } => {
                *has_input = true;
                let number = *number;
                return self.arguments(out, number, text);
            }
            Open::Custom { number, unwrapping } => {
                let (number, text) = (*number, unwrapping.push(text).to_owned());
                return self.input(out, number, &text);
            }
        };
        self.chunk(out, None, |it| it.text_member(name, text));
    }

    fn close(&mut self, index: usize, proof: Option<&str>, out: &mut Writer) {
        let now = &mut self.choices.now;
        match (now.open.remove(&index), proof) {
            (Some(Open::Call { number, has_input: false }), _) => self.arguments(out, number, "{}"),
            (Some(Open::Custom { number, unwrapping }), _) => self.input(out, number, &unwrapping.finish().0),
            (Some(Open::Text { offset, citations }), _) => {
                let length = now.said - offset;
                if !citations.is_empty() {
                    self.chunk(out, None, |it| {
                        it.key("annotations").array(|it| notes::write_citations(it, &citations, offset, length));
                    });
                } else if !now.logprobs.is_empty() {
                    self.chunk(out, None, |_| {});
                }
            }
            (Some(Open::Thought), Some(proof)) if self.context.thoughts != Thoughts::Unasked => {
                let Some(envelope) = self.context.origin.wrap(proof) else {
                    return self.ledger.dropped("reasoning.proof");
                };
                let number = now.proofs;
                now.proofs += 1;
                self.chunk(out, None, |it| thoughts::write_details(it, &[envelope], number));
            }
            _ => {}
        }
    }

    fn arguments(&mut self, out: &mut Writer, number: u64, text: &str) {
        self.call(out, number, |it| it.key("function").object(|it| it.text_member("arguments", text)));
    }

    fn input(&mut self, out: &mut Writer, number: u64, text: &str) {
        if !text.is_empty() {
            self.call(out, number, |it| it.key("custom").object(|it| it.text_member("input", text)));
        }
    }

    fn call(&mut self, out: &mut Writer, number: u64, fill: impl FnOnce(&mut Writer)) {
        self.chunk(out, None, |it| {
            it.key("tool_calls").array(|it| {
                it.object(|it| {
                    it.number_member("index", number);
                    fill(it);
                });
            });
        });
    }

    fn chunk(&mut self, out: &mut Writer, reason: Option<&str>, fill: impl FnOnce(&mut Writer)) {
        let logprobs: Vec<_> = self.choices.now.logprobs.drain(..).map(Cow::Owned).collect();
        out.bytes(b"data: ");
        out.object(|it| {
            self.head(it);
            it.key("choices").array(|it| {
                it.object(|it| {
                    it.place_member("index", self.choices.number());
                    it.key("delta").object(fill);
                    notes::write_logprobs(it, &logprobs);
                    it.key("finish_reason");
                    match reason {
                        Some(reason) => it.text(reason),
                        None => it.null(),
                    }
                });
            });
            if self.context.usage {
                it.key("usage").null();
            }
        });
        out.bytes(b"\n\n");
    }
}
