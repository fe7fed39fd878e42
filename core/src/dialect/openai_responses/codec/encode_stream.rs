use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::items::{self, Call, Words};
use super::notes;
use super::response::{self, Status};
use crate::dialect::hub::{
    Block, Context, Delta, EncodeStream, Ledger, Notes, Searched, StreamPart, Thoughts, Unwrapping,
};
use crate::dialect::openai_responses::error;
use crate::dialect::progress::Created;
use crate::dialect::{GatewayError, Usage};
use crate::wire::json::Writer;

/// Writes items as they come; those that come at the same time are told apart by their place in the output.
#[derive(Debug)]
pub(super) struct Encoder {
    context: Context,
    id: Option<String>,
    tier: Option<String>,
    /// Of the next event.
    sequence_number: u64,
    /// Of the next item.
    output_index: u64,
    open: HashMap<usize, Open>,
    /// The items that have ended, which the last event repeats.
    output: BTreeMap<u64, Vec<u8>>,
    has_refused: bool,
    ledger: Ledger,
}

#[derive(Debug)]
struct Open {
    kind: Kind,
    /// The item's place and id. Words and thoughts have none before they say something.
    item: Option<(u64, String)>,
    /// What the item has said: words, or a call's arguments as the model writes them.
    said: String,
    /// What was said of its words.
    notes: Notes<'static>,
    /// So many of the tokens have been told of.
    told: usize,
}

#[derive(Debug)]
enum Kind {
    Words(Words),
    Thought,
    Call(Call, Unwrapping),
}

impl EncodeStream for Encoder {
    fn part(&mut self, part: StreamPart<'_>, used: &Usage, out: &mut Writer) {
        match part {
            StreamPart::Start { id } => self.start(id, out),
            StreamPart::Open { index, block } => {
                self.start(None, out);
                self.open(index, block, out);
            }
            StreamPart::Delta { index, delta: Delta::Text(text) | Delta::Input(text) } => {
                if let Some(mut open) = self.open.remove(&index) {
                    self.delta(&mut open, text, out);
                    self.open.insert(index, open);
                }
            }
            StreamPart::Delta { index, delta: Delta::Logprobs(tokens) } => {
                if let Some(open) = self.open.get_mut(&index) {
                    open.notes.logprobs.extend(tokens.iter().cloned().map(Cow::Owned));
                }
            }
            StreamPart::Delta { index, delta: Delta::Citation(citation) } => {
                if let Some(open) = self.open.get_mut(&index) {
                    open.notes.citations.push(citation.clone().into_owned());
                }
            }
            StreamPart::Close { index, proof } => {
                if let Some(open) = self.open.remove(&index) {
                    self.close(open, proof, out);
                }
            }
            StreamPart::Searched(searched) => {
                self.start(None, out);
                self.search(searched, out);
            }
            StreamPart::Tier(name) => self.tier = Some(name.to_owned()),
            // There is one choice.
            StreamPart::Choice(_) | StreamPart::ChoiceEnd { .. } => {}
            StreamPart::End { reason } => {
                self.start(None, out);
                let status = Status::of(&reason, self.has_refused, &mut self.ledger);
                let name = if status == Status::Completed { "response.completed" } else { "response.incomplete" };
                self.response(name, status, Some(used), out);
            }
        }
    }

    fn fail(&mut self, error: &GatewayError, _trace_id: &str, out: &mut Writer) {
        let created = self.id.as_ref().map(|id| Created {
            id: id.clone(),
            model: Some(self.context.model.clone()),
            created_at: Some(self.context.created.to_string()),
        });
        out.bytes(error::write(error, created.as_ref(), self.sequence_number).as_bytes());
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

impl Encoder {
    pub(super) fn new(context: Context) -> Self {
        Self {
            context,
            id: None,
            tier: None,
            sequence_number: 0,
            output_index: 0,
            open: HashMap::new(),
            output: BTreeMap::new(),
            has_refused: false,
            ledger: Ledger::default(),
        }
    }

    fn start(&mut self, id: Option<&str>, out: &mut Writer) {
        if self.id.is_none() {
            self.id = Some(response::id(id, &self.context));
            self.response("response.created", Status::InProgress, None, out);
            self.response("response.in_progress", Status::InProgress, None, out);
        }
    }

    fn open(&mut self, index: usize, block: Block<'_>, out: &mut Writer) {
        let mut open = match block {
            Block::Text => Open::new(Kind::Words(Words::Text)),
            Block::Refusal => Open::new(Kind::Words(Words::Refusal)),
            Block::Reasoning => Open::new(Kind::Thought),
            Block::Call { id, name, is_text } => {
                Open::new(Kind::Call(Call::new(&self.context, id, name, is_text), Unwrapping::of(is_text)))
            }
        };
        if matches!(open.kind, Kind::Call(..)) {
            self.begin(&mut open, out);
        }
        self.open.insert(index, open);
    }

    /// Adds the item.
    fn begin(&mut self, open: &mut Open, out: &mut Writer) {
        let place = self.output_index;
        self.output_index += 1;
        let prefix = match &open.kind {
            Kind::Words(_) => "msg",
            Kind::Thought => "rs",
            Kind::Call(call, _) => call.prefix(),
        };
        let id = items::id(&self.context, prefix, place);
        self.event(out, "response.output_item.added", |it| {
            it.number_member("output_index", place);
            it.key("item");
            match &open.kind {
                Kind::Words(_) => items::message(it, &id, items::Status::InProgress, None),
                Kind::Thought => items::reasoning(it, &id, "", None),
                Kind::Call(call, _) => call.write(it, &id, items::Status::InProgress, ""),
            }
        });
        let name = match open.kind {
            Kind::Words(_) => "response.content_part.added",
            Kind::Thought => "response.reasoning_summary_part.added",
            Kind::Call(..) => "",
        };
        open.item = Some((place, id));
        if !name.is_empty() {
            self.item_event(out, name, open, |it| open.write_part(it, ""));
        }
    }

    fn delta(&mut self, open: &mut Open, text: &str, out: &mut Writer) {
        if text.is_empty() || matches!(open.kind, Kind::Thought) && self.context.thoughts != Thoughts::Shown {
            return;
        }
        if open.item.is_none() {
            self.begin(open, out);
        }
        let (name, delta) = match &mut open.kind {
            Kind::Words(Words::Text) => ("response.output_text.delta", text.to_owned()),
            Kind::Words(Words::Refusal) => ("response.refusal.delta", text.to_owned()),
            Kind::Thought => ("response.reasoning_summary_text.delta", text.to_owned()),
            Kind::Call(call, unwrapping) if call.is_freeform => {
                ("response.custom_tool_call_input.delta", unwrapping.push(text).to_owned())
            }
            Kind::Call(..) => ("response.function_call_arguments.delta", text.to_owned()),
        };
        if !open.is_freeform() {
            open.said.push_str(text);
        }
        if !delta.is_empty() {
            self.item_event(out, name, open, |it| open.write_words(it, "delta", &delta));
            open.told = open.notes.logprobs.len();
        }
    }

    fn close(&mut self, mut open: Open, proof: Option<&str>, out: &mut Writer) {
        let mut envelope = None;
        if matches!(open.kind, Kind::Thought) && self.context.thoughts != Thoughts::Unasked {
            envelope = proof.and_then(|json| self.context.origin.wrap(json));
            if proof.is_some() && envelope.is_none() {
                self.ledger.dropped("reasoning.proof");
            }
        }
        if open.item.is_none() && envelope.is_none() {
            return;
        }
        let (name, status) = match &mut open.kind {
            Kind::Words(kind) => {
                self.has_refused |= *kind == Words::Refusal;
                let name = if *kind == Words::Text { "response.output_text.done" } else { "response.refusal.done" };
                (name, items::Status::Completed)
            }
            Kind::Thought => ("response.reasoning_summary_text.done", items::Status::Completed),
            Kind::Call(call, unwrapping) if call.is_freeform => {
                let (rest, whole) = std::mem::take(unwrapping).finish();
                if !rest.is_empty() {
                    let name = "response.custom_tool_call_input.delta";
                    self.item_event(out, name, &open, |it| open.write_words(it, "delta", &rest));
                }
                open.said = whole;
                ("response.custom_tool_call_input.done", items::Status::Completed)
            }
            Kind::Call(..) => {
                if open.said.is_empty() {
                    "{}".clone_into(&mut open.said);
                    let name = "response.function_call_arguments.delta";
                    self.item_event(out, name, &open, |it| open.write_words(it, "delta", "{}"));
                }
                ("response.function_call_arguments.done", items::status_of(&open.said))
            }
        };
        if open.item.is_some() {
            let length = if open.notes.citations.is_empty() { 0 } else { open.said.chars().count() };
            for (index, citation) in open.notes.citations.iter().enumerate() {
                self.item_event(out, "response.output_text.annotation.added", &open, |it| {
                    it.place_member("annotation_index", index);
                    it.key("annotation");
                    notes::write_citation(it, citation, length);
                });
            }
            open.told = 0;
            self.item_event(out, name, &open, |it| open.write_words(it, open.member(), &open.said));
            let name = match open.kind {
                Kind::Words(_) => "response.content_part.done",
                Kind::Thought => "response.reasoning_summary_part.done",
                Kind::Call(..) => "",
            };
            if !name.is_empty() {
                self.item_event(out, name, &open, |it| open.write_part(it, &open.said));
            }
        } else {
            // A thought that says nothing has no parts.
            let place = self.output_index;
            self.output_index += 1;
            let id = items::id(&self.context, "rs", place);
            self.event(out, "response.output_item.added", |it| {
                it.number_member("output_index", place);
                it.key("item");
                items::reasoning(it, &id, "", None);
            });
            open.item = Some((place, id));
        }
        let Some((place, id)) = &open.item else { return };
        let mut item = Writer::default();
        match &open.kind {
            Kind::Words(kind) => items::message(&mut item, id, status, Some((*kind, &open.said, &open.notes))),
            Kind::Thought => items::reasoning(&mut item, id, &open.said, envelope.as_deref()),
            Kind::Call(call, _) => call.write(&mut item, id, status, &open.said),
        }
        self.done(*place, item.into_bytes(), out);
    }

    fn search(&mut self, searched: &Searched<'_>, out: &mut Writer) {
        let place = self.output_index;
        self.output_index += 1;
        let id = items::id(&self.context, "ws", place);
        self.event(out, "response.output_item.added", |it| {
            it.number_member("output_index", place);
            it.key("item");
            items::search(it, &id, None);
        });
        for step in ["in_progress", "searching", "completed"] {
            if step != "completed" || !searched.has_failed {
                self.event(out, &format!("response.web_search_call.{step}"), |it| {
                    it.text_member("item_id", &id);
                    it.number_member("output_index", place);
                });
            }
        }
        let mut item = Writer::default();
        items::search(&mut item, &id, Some(searched));
        self.done(place, item.into_bytes(), out);
    }

    /// An item has ended.
    fn done(&mut self, place: u64, item: Vec<u8>, out: &mut Writer) {
        self.event(out, "response.output_item.done", |it| {
            it.number_member("output_index", place);
            it.key("item").bytes(&item);
        });
        self.output.insert(place, item);
    }

    fn response(&mut self, name: &str, status: Status, used: Option<&Usage>, out: &mut Writer) {
        let (id, output) = (self.id.clone().unwrap_or_default(), std::mem::take(&mut self.output));
        let (context, tier) = (std::mem::take(&mut self.context), self.tier.take());
        self.event(out, name, |it| {
            it.key("response");
            response::write(it, &id, &context, status, tier.as_deref(), used, |it| {
                for (index, item) in output.values().enumerate() {
                    if index > 0 {
                        it.bytes(b",");
                    }
                    it.bytes(item);
                }
            });
        });
        (self.context, self.tier) = (context, tier);
    }

    /// An event of an item, and of its one part.
    fn item_event(&mut self, out: &mut Writer, name: &str, open: &Open, fill: impl FnOnce(&mut Writer)) {
        let Some((place, id)) = &open.item else { return };
        self.event(out, name, |it| {
            it.text_member("item_id", id);
            it.number_member("output_index", *place);
            match open.kind {
                Kind::Words(_) => it.number_member("content_index", 0),
                Kind::Thought => it.number_member("summary_index", 0),
                Kind::Call(..) => {}
            }
            fill(it);
        });
    }

    fn event(&mut self, out: &mut Writer, name: &str, fill: impl FnOnce(&mut Writer)) {
        out.bytes(b"event: ");
        out.bytes(name.as_bytes());
        out.bytes(b"\ndata: ");
        out.object(|it| {
            it.text_member("type", name);
            it.number_member("sequence_number", self.sequence_number);
            fill(it);
        });
        out.bytes(b"\n\n");
        self.sequence_number += 1;
    }
}

impl Open {
    const fn new(kind: Kind) -> Self {
        let notes = Notes { citations: Vec::new(), logprobs: Vec::new() };
        Self { kind, item: None, said: String::new(), notes, told: 0 }
    }

    const fn is_freeform(&self) -> bool {
        matches!(&self.kind, Kind::Call(call, _) if call.is_freeform)
    }

    /// What the whole of it is called when it is done.
    const fn member(&self) -> &'static str {
        match &self.kind {
            Kind::Words(Words::Text) | Kind::Thought => "text",
            Kind::Words(Words::Refusal) => "refusal",
            Kind::Call(call, _) if call.is_freeform => "input",
            Kind::Call(..) => "arguments",
        }
    }

    fn write_words(&self, out: &mut Writer, member: &str, words: &str) {
        if let (Kind::Call(call, _), "arguments") = (&self.kind, member) {
            out.text_member("name", call.name());
        }
        out.text_member(member, words);
        if matches!(self.kind, Kind::Words(Words::Text)) {
            notes::write_logprobs(out, self.notes.logprobs.get(self.told..).unwrap_or_default());
        }
    }

    fn write_part(&self, out: &mut Writer, words: &str) {
        out.key("part");
        match self.kind {
            // A part begins with nothing.
            Kind::Words(kind) if words.is_empty() => items::words(out, kind, words, &Notes::default()),
            Kind::Words(kind) => items::words(out, kind, words, &self.notes),
            Kind::Thought | Kind::Call(..) => items::summary_part(out, words),
        }
    }
}
