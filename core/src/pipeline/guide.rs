//! What a committed answer's bytes pass by.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::ask::Ask;
use super::end::{End, judge, judge_left};
use super::journal::{Ending, Journal};
use super::judgement::Judgement;
use super::meter::{Meter, joined};
use super::translation::recorded;
use crate::dialect::hub::Transcoder;
use crate::dialect::{ChatUsageFilter, ErrorKind, GatewayError, Phase, Remainder, stream_close, stream_error};
use crate::record::limits::MAX_BODY_BYTES;
use crate::record::{Operation, Outcome};
use crate::shared::Shared;

/// So much of an event that has not ended is held back. A longer one passes as it comes.
const HELD_EVENT: usize = 4 << 20;

/// What an answer's bytes are shown to on their way. Dropping it before [`Guide::end`] says that the client left.
///
/// The client of a stream gets whole events only, so that one that breaks off can be ended with an error event.
#[derive(Debug)]
pub struct Guide {
    shared: Arc<Shared>,
    journal: Option<Journal>,
    ask: Ask,
    meter: Meter,
    filter: Option<ChatUsageFilter>,
    /// Of a stream whose client speaks another dialect.
    transcoder: Option<Box<Transcoder>>,
    status: u16,
    /// The beginning of an event that has not ended.
    tail: BytesMut,
    /// A part of the event that has not ended had to be sent.
    is_torn: bool,
    /// What the client got, and its beginning where bodies are recorded.
    bytes: u64,
    keeps_bodies: bool,
    kept: Vec<u8>,
}

/// What ends the client's answer.
#[derive(Debug)]
pub enum Last {
    /// These bytes, then a good end.
    Bytes(Bytes),
    /// Nothing more, then a broken connection, with its cause: no client may take it for a good end.
    Broken(String),
}

impl Guide {
    pub(super) fn new(shared: Arc<Shared>, journal: Journal, ask: Ask, meter: Meter, status: u16) -> Self {
        let is_readable = matches!(meter, Meter::Stream(_));
        let filter = (is_readable && ask.adds_usage && !ask.translates).then(ChatUsageFilter::default);
        let translation = ask.translation.as_ref().filter(|_| is_readable);
        let transcoder = translation.map(|translation| Box::new(translation.transcoder()));
        Self {
            keeps_bodies: journal.keeps_bodies(),
            shared,
            journal: Some(journal),
            ask,
            meter,
            filter,
            transcoder,
            status,
            tail: BytesMut::new(),
            is_torn: false,
            bytes: 0,
            kept: Vec::new(),
        }
    }

    /// Sees a chunk of the provider's body, in order, and gives what the client gets now; may be empty.
    pub fn pass(&mut self, chunk: Bytes) -> Bytes {
        self.meter.push(&chunk);
        if self.transcoder.is_some() {
            return self.transcode(&chunk);
        }
        let chunk = self.whole_events(chunk, self.unfinished());
        let chunk = self.clean(chunk);
        self.give(chunk)
    }

    /// What the client gets of the chunks that were held back, which the meter has seen.
    pub(super) fn pass_held(&mut self, held: Vec<Bytes>) -> Vec<Bytes> {
        if self.transcoder.is_some() {
            return held.iter().map(|chunk| self.transcode(chunk)).collect();
        }
        // A key may lie across chunks.
        let held = if self.has_failed() { vec![joined(&held)] } else { held };
        let mut behind: usize = held.iter().map(Bytes::len).sum();
        let unfinished = self.unfinished();
        let mut passed = Vec::with_capacity(held.len());
        for chunk in held {
            behind -= chunk.len();
            let chunk = self.whole_events(chunk, unfinished.saturating_sub(behind));
            let chunk = self.clean(chunk);
            passed.push(self.give(chunk));
        }
        passed
    }

    /// Whether anything of the answer is still to come. After [`Remainder::Nothing`] the home ends it at once, after
    /// [`Remainder::Little`] when nothing comes for a moment.
    pub fn remainder(&self) -> Remainder {
        match &self.meter {
            Meter::Stream(meter) => meter.remainder(),
            Meter::Answer(_) | Meter::Opaque => Remainder::Events,
        }
    }

    /// What keeps the client's connection alive in a silence, where that may stand now.
    pub fn filler(&self) -> Option<&'static [u8]> {
        if let Some(transcoder) = &self.transcoder {
            return transcoder.filler();
        }
        match &self.meter {
            Meter::Stream(meter) => meter.filler(self.is_torn),
            Meter::Answer(_) | Meter::Opaque => None,
        }
    }

    /// The body ended. What is returned goes to the client before its own end: what was held back, or the error event
    /// that ends a broken stream.
    pub fn end(&mut self, end: &End) -> Last {
        let Some(journal) = self.journal.take() else { return Last::Bytes(Bytes::new()) };
        let judgement = judge(&mut self.meter, end, self.shared.now());
        if self.transcoder.is_some() {
            let last = self.end_transcoded(&journal, &judgement);
            self.keep(&last);
            self.close(journal, judgement);
            return Last::Bytes(last);
        }
        let mut last = Vec::new();
        let tail = std::mem::take(&mut self.tail).freeze();
        let tail = self.clean(tail);
        // Some providers leave out the line that ends their last event.
        let is_last_event = matches!(end, End::Clean) && self.unfinished() == 0;
        if let Some(filter) = &mut self.filter {
            if is_last_event {
                last.extend_from_slice(&filter.push(tail));
            }
            last.extend_from_slice(&filter.finish());
        } else if is_last_event {
            last.extend_from_slice(&tail);
        }
        let broken = match (&self.meter, &judgement.message) {
            (Meter::Stream(meter), None) => {
                last.extend_from_slice(stream_close(meter));
                None
            }
            (Meter::Stream(meter), Some(message)) if meter.phase() != Phase::Failed || meter.failed_unheard() => {
                let (error, trace) = (told(&judgement, message), journal.facts().trace.to_string());
                last.extend_from_slice(&stream_error(meter, &error, &trace, false));
                self.is_torn.then(|| message.clone())
            }
            // Whatever a provider says of its own accord is passed on as what it is.
            (Meter::Answer(_) | Meter::Opaque, Some(message)) if !matches!(end, End::Clean) => Some(message.clone()),
            _ => None,
        };
        if broken.is_none() {
            self.keep(&last);
        }
        self.close(journal, judgement);
        broken.map_or_else(|| Last::Bytes(last.into()), Last::Broken)
    }

    /// The client's bytes for a chunk that the meter has seen.
    fn transcode(&mut self, chunk: &[u8]) -> Bytes {
        let (usage, _) = self.meter.told();
        let Some(transcoder) = &mut self.transcoder else { return Bytes::new() };
        let chunk = transcoder.push(chunk, &usage);
        self.keep(&chunk);
        chunk
    }

    /// What ends the client's stream: its last events, or its dialect's error event with the provider's words.
    fn end_transcoded(&mut self, journal: &Journal, judgement: &Judgement) -> Bytes {
        let (usage, _) = self.meter.told();
        let redactor = &self.ask.candidate.redactor;
        let Some(transcoder) = &mut self.transcoder else { return Bytes::new() };
        match &judgement.message {
            None => transcoder.finish(&usage),
            Some(message) => {
                let error = told(judgement, &redactor.text(message.clone()));
                transcoder.fail(&error, &journal.facts().trace.to_string())
            }
        }
    }

    fn close(&mut self, mut journal: Journal, judgement: Judgement) {
        if let Some(transcoder) = &self.transcoder {
            journal.translated(recorded(&transcoder.ledger()));
        }
        if journal.facts().directions.pin.is_some() {
            if judgement.outcome == Outcome::Success && self.ask.operation == Operation::Generate {
                self.shared.lift(&self.ask.candidate.association_id, &*journal.background());
            }
        } else if let Some(report) = judgement.report(self.ask.operation) {
            self.shared.balancer.report(self.ask.pair(), report, self.shared.now());
        }
        if let Some(id) = self.meter.response_id() {
            self.shared.makers.remember(&id, &self.ask.candidate.association_id);
        }
        let (usage, finish_reason) = self.meter.told();
        let note = self.meter.note();
        journal.finish(Ending {
            outcome: Some(judgement.outcome),
            status: if judgement.outcome == Outcome::Cancelled { 499 } else { self.status },
            error: judgement.message.or(note),
            usage,
            finish_reason,
            answered_model: self.meter.answered_model(),
            response_bytes: self.bytes,
            response: std::mem::take(&mut self.kept),
        });
    }

    /// Holds back the last `unfinished` bytes of what has come, and gives what is before them.
    fn whole_events(&mut self, chunk: Bytes, unfinished: usize) -> Bytes {
        if self.is_torn {
            self.is_torn = unfinished > 0;
            return chunk;
        }
        if unfinished == 0 && self.tail.is_empty() {
            return chunk;
        }
        if unfinished > HELD_EVENT {
            self.is_torn = true;
            self.tail.extend_from_slice(&chunk);
            return self.tail.split().freeze();
        }
        if self.tail.is_empty() {
            let mut chunk = chunk;
            let tail = chunk.split_off(chunk.len().saturating_sub(unfinished));
            self.tail.extend_from_slice(&tail);
            return chunk;
        }
        self.tail.extend_from_slice(&chunk);
        self.tail.split_to(self.tail.len().saturating_sub(unfinished)).freeze()
    }

    /// Providers repeat keys in their errors, and what says that the stream failed is the event that has just ended.
    fn clean(&self, chunk: Bytes) -> Bytes {
        if self.has_failed() { self.ask.candidate.redactor.bytes(chunk) } else { chunk }
    }

    fn give(&mut self, chunk: Bytes) -> Bytes {
        let chunk = match &mut self.filter {
            Some(filter) => filter.push(chunk),
            None => chunk,
        };
        self.keep(&chunk);
        chunk
    }

    fn keep(&mut self, chunk: &[u8]) {
        self.bytes += chunk.len() as u64;
        if let Some(journal) = &self.journal {
            journal.passed(self.bytes);
        }
        if self.keeps_bodies {
            let room = MAX_BODY_BYTES.saturating_sub(self.kept.len()).min(chunk.len());
            self.kept.extend_from_slice(chunk.get(..room).unwrap_or_default());
        }
    }

    fn unfinished(&self) -> usize {
        match &self.meter {
            Meter::Stream(meter) => meter.unfinished(),
            Meter::Answer(_) | Meter::Opaque => 0,
        }
    }

    fn has_failed(&self) -> bool {
        matches!(&self.meter, Meter::Stream(meter) if meter.phase() == Phase::Failed)
    }

    pub(super) fn is_stream(&self) -> bool {
        matches!(self.meter, Meter::Stream(_))
    }

    pub(super) fn is_open(&self) -> bool {
        self.journal.is_some()
    }
}

/// What the client is told of why its stream broke off.
fn told(judgement: &Judgement, message: &str) -> GatewayError {
    let (kind, message) = match judgement.outcome {
        Outcome::Timeout => (ErrorKind::Timeout, message),
        Outcome::ConnectError => (ErrorKind::BadGateway, "the provider's answer broke off"),
        Outcome::ClientError => (ErrorKind::InvalidRequest, message),
        Outcome::RateLimited => (ErrorKind::RateLimited, message),
        _ => (ErrorKind::BadGateway, message),
    };
    GatewayError::new(kind, message).code("provider_error")
}

/// The client left in mid-answer: what was used until then is recorded all the same.
impl Drop for Guide {
    fn drop(&mut self) {
        if let Some(journal) = self.journal.take() {
            let judgement = judge_left(&self.meter, self.shared.now());
            self.close(journal, judgement);
        }
    }
}
