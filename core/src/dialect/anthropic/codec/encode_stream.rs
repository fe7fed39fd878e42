use std::collections::{HashMap, VecDeque};

use super::encode_answer::write_thought;
use super::{citations, usage, write_id, write_reason};
use crate::dialect::hub::{Block, Citation, Context, Delta, EncodeStream, Ledger, StreamPart, Thoughts};
use crate::dialect::{GatewayError, Usage, anthropic};
use crate::wire::json::Writer;

/// Writes one block after the other, as the dialect wants: what comes of another block meanwhile waits for its turn.
#[derive(Debug)]
pub(super) struct Encoder {
    context: Context,
    has_started: bool,
    tier: Option<&'static str>,
    current: Option<Current>,
    waiting: VecDeque<Waiting>,
    /// Thoughts without a text that have ended. They are written when something follows: clients take the last block of a
    /// message for what it says.
    silent: Vec<String>,
    /// Those of blocks that are open or wait, by the hub's index.
    citations: HashMap<usize, Vec<Citation<'static>>>,
    /// The index of the current block, or of the next.
    number: u64,
    ledger: Ledger,
}

#[derive(Clone, Copy, Debug)]
struct Current {
    /// The hub's.
    index: usize,
    kind: Kind,
    /// `content_block_start` was written. A text begins with its first words, a thought when it is known whether it has any.
    is_begun: bool,
    /// How many characters it has said, where it is a text.
    said: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Thought,
    Call,
}

/// A block that began while another was open.
#[derive(Debug)]
struct Waiting {
    index: usize,
    kind: Kind,
    /// Of a call.
    id: String,
    name: String,
    text: String,
    is_closed: bool,
    proof: Option<String>,
}

impl EncodeStream for Encoder {
    fn part(&mut self, part: StreamPart<'_>, used: &Usage, out: &mut Writer) {
        match part {
            StreamPart::Start { id } => self.start(id, used, out),
            StreamPart::Open { index, block } => {
                self.start(None, used, out);
                self.open(index, block, out);
            }
            StreamPart::Delta { index, delta: Delta::Text(text) | Delta::Input(text) } => {
                self.delta(index, text, out);
            }
            StreamPart::Delta { delta: Delta::Logprobs(_), .. } => self.ledger.dropped("logprobs"),
            StreamPart::Delta { index, delta: Delta::Citation(citation) } => {
                self.citations.entry(index).or_default().push(citation.clone().into_owned());
            }
            StreamPart::Close { index, proof } => self.close(index, proof, out),
            StreamPart::Searched(_) => self.ledger.dropped("searches"),
            StreamPart::Tier(name) => self.tier = usage::tier_name(name, &mut self.ledger),
            // There is one choice.
            StreamPart::Choice(_) | StreamPart::ChoiceEnd { .. } => {}
            StreamPart::End { reason } => {
                self.start(None, used, out);
                while let Some(current) = self.current {
                    self.close(current.index, None, out);
                }
                if !self.silent.is_empty() {
                    self.ledger.dropped("reasoning.last");
                }
                event(out, "message_delta", |it| {
                    it.key("delta").object(|it| write_reason(it, &reason));
                    usage::write(it, used, self.tier);
                });
                event(out, "message_stop", |_| {});
            }
        }
    }

    fn fail(&mut self, error: &GatewayError, trace_id: &str, out: &mut Writer) {
        out.bytes(b"event: error\ndata: ");
        out.value(&anthropic::error::body(error, trace_id));
        out.bytes(b"\n\n");
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

impl Encoder {
    pub(super) fn new(context: Context) -> Self {
        Self {
            context,
            has_started: false,
            tier: None,
            current: None,
            waiting: VecDeque::new(),
            silent: Vec::new(),
            citations: HashMap::new(),
            number: 0,
            ledger: Ledger::default(),
        }
    }

    fn start(&mut self, id: Option<&str>, used: &Usage, out: &mut Writer) {
        if std::mem::replace(&mut self.has_started, true) {
            return;
        }
        event(out, "message_start", |it| {
            it.key("message").object(|it| {
                write_id(it, id, &self.context.id);
                it.text_member("type", "message");
                it.text_member("role", "assistant");
                it.text_member("model", &self.context.model);
                it.key("content").array(|_| {});
                it.key("stop_reason").null();
                it.key("stop_sequence").null();
                usage::write(it, used, self.tier);
            });
        });
    }

    fn open(&mut self, index: usize, block: Block<'_>, out: &mut Writer) {
        let (kind, id, name) = match block {
            Block::Text | Block::Refusal => (Kind::Text, "", ""),
            Block::Reasoning => (Kind::Thought, "", ""),
            Block::Call { id, name, .. } => (Kind::Call, id, name),
        };
        if self.current.is_none() {
            return self.begin(index, kind, id, name, out);
        }
        let (id, name, text) = (id.to_owned(), name.to_owned(), String::new());
        self.waiting.push_back(Waiting { index, kind, id, name, text, is_closed: false, proof: None });
    }

    fn begin(&mut self, index: usize, kind: Kind, id: &str, name: &str, out: &mut Writer) {
        self.current = Some(Current { index, kind, is_begun: kind == Kind::Call, said: 0 });
        if kind == Kind::Call {
            self.silent_thoughts(out);
            self.begin_block(out, |it, context| {
                it.text_member("type", "tool_use");
                it.text_member("id", id);
                it.text_member("name", context.names.original(name));
                it.key("input").object(|_| {});
            });
        }
    }

    fn delta(&mut self, index: usize, text: &str, out: &mut Writer) {
        let Some(current) = self.current.as_mut().filter(|current| current.index == index) else {
            if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.index == index) {
                waiting.text.push_str(text);
            }
            return;
        };
        let is_new = !std::mem::replace(&mut current.is_begun, true);
        let (kind, member) = match current.kind {
            Kind::Thought if self.context.thoughts == Thoughts::Unasked => return,
            Kind::Text => {
                current.said += text.chars().count();
                ("text_delta", "text")
            }
            Kind::Thought => ("thinking_delta", "thinking"),
            Kind::Call => ("input_json_delta", "partial_json"),
        };
        if is_new {
            let is_text = current.kind == Kind::Text;
            self.silent_thoughts(out);
            self.begin_block(out, |it, _| {
                if is_text {
                    it.text_member("type", "text");
                    it.text_member("text", "");
                } else {
                    write_thought(it, "", "", false);
                }
            });
        }
        if kind == "thinking_delta" && self.context.thoughts == Thoughts::Sealed {
            return;
        }
        self.block_delta(kind, member, text, out);
    }

    fn close(&mut self, index: usize, proof: Option<&str>, out: &mut Writer) {
        let Some(current) = self.current.filter(|current| current.index == index) else {
            if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.index == index) {
                waiting.is_closed = true;
                waiting.proof = proof.map(str::to_owned);
            }
            return;
        };
        self.current = None;
        let mut is_written = current.is_begun;
        if current.kind == Kind::Thought {
            is_written = self.close_thought(current.is_begun, proof, out);
        }
        let citations = self.citations.remove(&index).unwrap_or_default();
        for citation in citations.iter().filter(|_| is_written) {
            event(out, "content_block_delta", |it| {
                it.number_member("index", self.number);
                it.key("delta").object(|it| {
                    it.text_member("type", "citations_delta");
                    it.key("citation");
                    citations::write(it, citation, current.said, &self.context, &mut self.ledger);
                });
            });
        }
        if is_written {
            self.end_block(out);
        }
        if let Some(next) = self.waiting.pop_front() {
            self.begin(next.index, next.kind, &next.id, &next.name, out);
            if !next.text.is_empty() {
                self.delta(next.index, &next.text, out);
            }
            if next.is_closed {
                self.close(next.index, next.proof.as_deref(), out);
            }
        }
    }

    /// Whether a block of it was written.
    fn close_thought(&mut self, is_begun: bool, proof: Option<&str>, out: &mut Writer) -> bool {
        if self.context.thoughts == Thoughts::Unasked {
            return false;
        }
        let signature = proof.and_then(|json| self.context.origin.wrap(json));
        match (is_begun, signature) {
            (true, Some(signature)) => self.block_delta("signature_delta", "signature", &signature, out),
            (false, Some(data)) => {
                self.silent.push(data);
                return false;
            }
            (true, None) => self.ledger.dropped("reasoning.proof"),
            (false, None) => {
                self.ledger.dropped("reasoning");
                return false;
            }
        }
        true
    }

    fn silent_thoughts(&mut self, out: &mut Writer) {
        for data in std::mem::take(&mut self.silent) {
            self.begin_block(out, |it, _| write_thought(it, "", &data, true));
            self.end_block(out);
        }
    }

    fn end_block(&mut self, out: &mut Writer) {
        let number = self.number;
        event(out, "content_block_stop", |it| it.number_member("index", number));
        self.number += 1;
    }

    fn begin_block(&self, out: &mut Writer, fill: impl FnOnce(&mut Writer, &Context)) {
        event(out, "content_block_start", |it| {
            it.number_member("index", self.number);
            it.key("content_block").object(|it| fill(it, &self.context));
        });
    }

    fn block_delta(&self, kind: &str, member: &str, text: &str, out: &mut Writer) {
        event(out, "content_block_delta", |it| {
            it.number_member("index", self.number);
            it.key("delta").object(|it| {
                it.text_member("type", kind);
                it.text_member(member, text);
            });
        });
    }
}

fn event(out: &mut Writer, name: &str, fill: impl FnOnce(&mut Writer)) {
    out.bytes(b"event: ");
    out.bytes(name.as_bytes());
    out.bytes(b"\ndata: ");
    out.object(|it| {
        it.text_member("type", name);
        fill(it);
    });
    out.bytes(b"\n\n");
}
