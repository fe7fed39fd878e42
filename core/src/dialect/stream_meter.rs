use bytes::Bytes;

use super::progress::{Phase, Progress};
use super::provider_error::ProviderError;
use super::what_came::what_came;
use super::{Dialect, GatewayError, Usage};
use crate::wire::json::{Capture, Elements, InvalidJson};
use crate::wire::sse::Decoder;
use crate::wire::{Event, Frame};

/// An event that spans chunks and is longer is not held, but read as it passes. The last event of Responses repeats the
/// whole answer, images included.
const EVENT_LIMIT: usize = 1 << 20;
/// So much is kept of one value in such an event.
const VALUE_LIMIT: usize = 64 * 1024;
const FOREIGN_LIMIT: usize = 8 * 1024;

/// How a stream is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamForm {
    /// Server-sent events.
    Sse,
    /// A JSON array whose elements arrive one by one: Gemini without `alt=sse`.
    JsonArray,
}

/// Watches a provider's stream: how far it has come, what it used, why it ended. It changes nothing, and nothing that it
/// cannot read is an error once there was output.
///
/// The stream is [`Phase::Complete`] with `[DONE]` (Chat), `response.completed` or `response.incomplete` (Responses),
/// `message_stop` (Anthropic), a `finishReason` or a blocked prompt (Gemini). One that ends without these, but after it
/// said why the model stopped, is complete, too, as several vendors leave them out; that is known in
/// [`StreamMeter::finish`].
#[derive(Debug)]
pub struct StreamMeter {
    dialect: Dialect,
    framing: Framing,
    progress: Progress,
    /// The event that is coming in pieces.
    long: Option<Box<Capture>>,
    failed_foreign: bool,
    /// A stream that is complete ended with an event that only lacked its blank line.
    ended_unterminated: bool,
}

#[derive(Debug)]
enum Framing {
    Sse(Decoder),
    JsonArray(Elements, Vec<u8>),
}

impl StreamMeter {
    pub fn new(dialect: Dialect, form: StreamForm) -> Self {
        let framing = match form {
            StreamForm::Sse => Framing::Sse(Decoder::new(EVENT_LIMIT)),
            StreamForm::JsonArray => Framing::JsonArray(Elements::new(EVENT_LIMIT), Vec::new()),
        };
        let progress = Progress::new();
        Self { dialect, framing, progress, long: None, failed_foreign: false, ended_unterminated: false }
    }

    /// Sees the next bytes of the body, in order.
    pub fn push(&mut self, chunk: &[u8]) {
        let Self { dialect, framing, progress, long, .. } = self;
        match framing {
            Framing::Sse(decoder) => decoder.push(chunk, |frame| take(*dialect, frame, long, progress)),
            Framing::JsonArray(elements, start) => {
                let was_malformed = elements.is_malformed();
                let result = elements.push(chunk, |frame| take(*dialect, frame, long, progress));
                // What is no array is kept to be read as an error.
                if progress.phase() == Phase::Preamble {
                    let room = FOREIGN_LIMIT.saturating_sub(start.len()).min(chunk.len());
                    start.extend_from_slice(chunk.get(..room).unwrap_or_default());
                }
                if result.is_err() && !was_malformed {
                    progress.unreadable += 1;
                }
            }
        }
        self.judge_foreign(false);
    }

    /// The body ended, cleanly or not. A phase that is still `Preamble` or `Output` then means that it was cut short.
    pub fn finish(&mut self) {
        let Self { dialect, framing, progress, long, .. } = self;
        let mut ended_with_event = false;
        if let Framing::Sse(decoder) = framing {
            decoder.finish(|frame| {
                // What is cut off in the middle is no event, so it says nothing about the provider's health.
                let is_whole = match frame {
                    Frame::Whole(event) => is_readable(event.data),
                    Frame::Piece(_) => false,
                    Frame::EndOfPieces { .. } => long.as_ref().is_some_and(|capture| capture.is_complete_object()),
                };
                if is_whole || matches!(frame, Frame::Piece(_)) {
                    take(*dialect, frame, long, progress);
                }
                ended_with_event |= is_whole;
            });
        }
        self.judge_foreign(true);
        if self.progress.phase() == Phase::Output && self.progress.finish_reason.is_some() {
            self.progress.complete();
        }
        self.ended_unterminated = ended_with_event && self.phase() >= Phase::Complete;
    }

    pub fn phase(&self) -> Phase {
        self.progress.phase()
    }

    /// Why the phase is `Failed`.
    pub fn failure(&self) -> Option<&ProviderError> {
        self.progress.failure()
    }

    /// Whether there was output before the failure.
    pub fn failed_after_output(&self) -> bool {
        self.progress.failed_after_output()
    }

    /// Whether the stream failed by something that is no event, so that clients of the dialect do not notice it. Clients
    /// of Gemini do: bare JSON is how Google itself breaks a stream off.
    pub fn failed_unheard(&self) -> bool {
        self.failed_foreign && self.dialect != Dialect::Gemini
    }

    /// Whether the stream failed by something that is no event.
    pub fn failed_foreign(&self) -> bool {
        self.failed_foreign
    }

    /// What was reported so far.
    pub fn usage(&self) -> Usage {
        self.progress.counters.usage(self.dialect.row().convention)
    }

    /// By which clients can go on from the answer.
    pub fn response_id(&self) -> Option<&str> {
        self.progress.created.as_ref().map(|created| created.id.as_str())
    }

    /// What the answer calls the model.
    pub fn answered_model(&self) -> Option<&str> {
        let created = || self.progress.created.as_ref()?.model.as_deref();
        self.progress.model.as_deref().or_else(created)
    }

    /// In the dialect's own words.
    pub fn finish_reason(&self) -> Option<&str> {
        self.progress.finish_reason.as_deref()
    }

    /// How many events could not be read.
    pub fn unreadable(&self) -> u64 {
        self.progress.unreadable
    }

    /// What the record should say of a stream beside its outcome.
    pub fn note(&self) -> Option<String> {
        let malformed = match self.unreadable() {
            0 => None,
            1 => Some("1 malformed event".to_owned()),
            count => Some(format!("{count} malformed events")),
        };
        match (malformed, self.progress.counters.note()) {
            (Some(malformed), Some(counts)) => Some(format!("{malformed}; {counts}")),
            (malformed, counts) => malformed.or(counts),
        }
    }

    /// How many of the bytes that were pushed last belong to an event that has not ended. Held back, they can be dropped
    /// when the stream breaks, so that the client sees whole events alone. Once the provider has said that it failed, or
    /// has ended the stream without a last blank line, there is nothing to hold back.
    pub fn unfinished(&self) -> usize {
        if self.ended_unterminated || self.phase() == Phase::Failed && !self.failed_unheard() {
            return 0;
        }
        match &self.framing {
            Framing::Sse(decoder) => decoder.unfinished(),
            Framing::JsonArray(elements, _) => elements.unfinished(),
        }
    }

    /// What may still come.
    pub fn remainder(&self) -> Remainder {
        let is_closed = match &self.framing {
            // The LF behind a last CR belongs to the event before it.
            Framing::Sse(decoder) => self.progress.is_over() && !decoder.ends_with_cr(),
            Framing::JsonArray(elements, _) => elements.is_closed(),
        };
        match self.phase() {
            _ if is_closed => Remainder::Nothing,
            Phase::Preamble | Phase::Output => Remainder::Events,
            Phase::Complete | Phase::Failed => Remainder::Little,
        }
    }

    /// Bytes that change nothing, for a client of a stream that is silent; `None` before anything was sent, when the
    /// stream is over, and when the [`StreamMeter::unfinished`] bytes were sent, too.
    pub fn filler(&self, unfinished_sent: bool) -> Option<&'static [u8]> {
        if self.phase() >= Phase::Complete || unfinished_sent && self.unfinished() > 0 {
            return None;
        }
        match &self.framing {
            Framing::Sse(decoder) => {
                (decoder.passed_boundary() && !decoder.ends_with_cr()).then_some(self.dialect.row().filler.as_bytes())
            }
            Framing::JsonArray(elements, _) => elements.is_open().then_some(b"\n"),
        }
    }

    /// Looks at what came that is no event: a page, or an error as bare JSON, which Google sends in mid-stream.
    fn judge_foreign(&mut self, at_end: bool) {
        let is_early = self.progress.phase() == Phase::Preamble;
        let text = match &self.framing {
            Framing::Sse(decoder) => decoder.foreign(),
            Framing::JsonArray(_, start) if is_early && self.progress.unreadable > 0 => Some(start.clone()),
            Framing::JsonArray(..) => None,
        };
        let Some(text) = text.filter(|_| self.progress.phase() < Phase::Complete) else { return };
        if let Some(error) = ProviderError::read(&text) {
            self.progress.fail(error);
            self.failed_foreign = true;
            return;
        }
        // JSON may go on in the next chunk.
        let may_go_on = text.trim_ascii_start().starts_with(b"{") && text.len() < FOREIGN_LIMIT && !at_end;
        if is_early && !may_go_on {
            let message = format!("not a stream of events but {}", what_came(&text, text.len() as u64));
            self.progress.fail(ProviderError { message, ..ProviderError::default() });
        }
    }
}

/// What may still come behind what a stream has given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remainder {
    /// The answer goes on.
    Events,
    /// The answer is complete or has failed, but something may be added: Gemini's usage, the last of several errors.
    Little,
    /// The terminal event came, and nothing follows it.
    Nothing,
}

/// What closes a complete stream that its provider left open, without the [`StreamMeter::unfinished`] bytes.
pub fn stream_close(meter: &StreamMeter) -> &'static [u8] {
    match &meter.framing {
        Framing::JsonArray(elements, _) if elements.is_open() && !elements.is_closed() => b"]",
        Framing::JsonArray(..) | Framing::Sse(_) => b"",
    }
}

/// Bytes that end the stream, as far as `meter` saw it, with the dialect's error event, so that no client takes the end
/// for a good one; a JSON array stays well-formed. `unfinished_sent` tells that the [`StreamMeter::unfinished`] bytes were
/// sent, too: then what they began is closed first.
pub fn stream_error(meter: &StreamMeter, error: &GatewayError, trace_id: &str, unfinished_sent: bool) -> Bytes {
    let row = meter.dialect.row();
    let decoder = match &meter.framing {
        Framing::JsonArray(elements, _) => {
            let body = (row.error_body)(error, trace_id).to_string();
            return elements.end_with(body.as_bytes(), unfinished_sent).into();
        }
        Framing::Sse(decoder) => decoder,
    };
    let event = (row.error_event)(error, trace_id, &meter.progress);
    if unfinished_sent && !decoder.is_between_events() {
        format!("\n\n{event}").into()
    } else if decoder.ends_with_cr() {
        format!("\n{event}").into()
    } else {
        event.into()
    }
}

/// Takes what the framing gives: of an event in pieces only what its dialect reads is kept.
fn take(dialect: Dialect, frame: Frame<'_>, long: &mut Option<Box<Capture>>, progress: &mut Progress) {
    match frame {
        Frame::Whole(event) => read(dialect, event, progress),
        Frame::Piece(data) => {
            let paths = dialect.row().event_paths.iter().copied();
            let capture = long.get_or_insert_with(|| Box::new(Capture::new(paths, VALUE_LIMIT)));
            if capture.push(data).is_err() {
                // The capture remembers it.
            }
        }
        Frame::EndOfPieces { name } => {
            let capture = long.take().filter(|capture| capture.is_complete_object());
            let Some(capture) = capture else {
                let error = InvalidJson { offset: EVENT_LIMIT, message: "a long event is no JSON object" };
                return malformed(error, progress.has_output(), progress);
            };
            read(dialect, Event { name, data: capture.extract().to_string().as_bytes() }, progress);
        }
    }
}

/// Reads one event into `progress`.
fn read(dialect: Dialect, event: Event<'_>, progress: &mut Progress) {
    let had_output = progress.has_output();
    if let Err(error) = (dialect.row().event)(event, progress) {
        malformed(error, had_output, progress);
    }
}

/// A malformed event fails a stream without output before it, and is counted in others.
fn malformed(error: InvalidJson, had_output: bool, progress: &mut Progress) {
    progress.unreadable += 1;
    if !had_output {
        let message = format!("a malformed event: {error}");
        progress.fail_at_start(ProviderError { message, ..ProviderError::default() });
    }
}

fn is_readable(data: &[u8]) -> bool {
    data.starts_with(b"[DONE]") || serde_json::from_slice::<serde::de::IgnoredAny>(data).is_ok()
}

#[cfg(test)]
mod boundary_tests;
#[cfg(test)]
mod tests;
