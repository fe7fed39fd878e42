use bytes::Bytes;

use super::ask::Ask;
use crate::dialect::{AnswerMeter, Remainder, StreamMeter, Usage};

/// Watches a provider's answer without touching it.
#[derive(Debug)]
pub(super) enum Meter {
    Stream(Box<StreamMeter>),
    Answer(Box<AnswerMeter>),
    /// Compressed by the provider against our asking: it passes, but nobody can read it.
    Opaque,
}

impl Meter {
    pub(super) fn stream(ask: &Ask) -> Box<StreamMeter> {
        Box::new(StreamMeter::new(ask.dialect, ask.form))
    }

    pub(super) fn push(&mut self, chunk: &[u8]) {
        match self {
            Self::Stream(meter) => meter.push(chunk),
            Self::Answer(meter) => meter.push(chunk),
            Self::Opaque => {}
        }
    }

    /// The dialect's own end was seen.
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Stream(meter) if meter.remainder() == Remainder::Nothing)
    }

    /// What was reported so far, and why the model ended in the dialect's own words.
    pub(super) fn told(&self) -> (Usage, Option<String>) {
        match self {
            Self::Stream(meter) => (meter.usage(), meter.finish_reason().map(str::to_owned)),
            Self::Answer(meter) => {
                let summary = meter.summary();
                (summary.usage, summary.finish_reason.clone())
            }
            Self::Opaque => Default::default(),
        }
    }

    /// What the answer calls the model.
    pub(super) fn answered_model(&self) -> Option<String> {
        match self {
            Self::Stream(meter) => meter.answered_model().map(str::to_owned),
            Self::Answer(meter) => meter.answered_model(),
            Self::Opaque => None,
        }
    }

    /// What the record should say beside the outcome.
    pub(super) fn note(&self) -> Option<String> {
        match self {
            Self::Stream(meter) => meter.note(),
            Self::Answer(meter) => meter.summary().note.clone(),
            Self::Opaque => None,
        }
    }

    /// By which clients can go on from the answer.
    pub(super) fn response_id(&self) -> Option<String> {
        match self {
            Self::Stream(meter) => meter.response_id().map(str::to_owned),
            Self::Answer(meter) => meter.response_id(),
            Self::Opaque => None,
        }
    }
}

/// Chunks in one piece; copies only when there is more than one.
pub(super) fn joined(chunks: &[Bytes]) -> Bytes {
    match chunks {
        [] => Bytes::new(),
        [only] => only.clone(),
        many => many.concat().into(),
    }
}
