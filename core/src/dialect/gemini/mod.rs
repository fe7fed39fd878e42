//! Gemini `generateContent`.

mod answer;
mod codec;
mod error;
mod gather;
mod inspect;
mod meter;
mod models;
mod usage;

use super::counters::Convention;
use super::row::Row;

pub(super) static ROW: Row = Row {
    member: inspect::member,
    names_model: false,
    convention: Convention::ReasoningApart,
    event: meter::read,
    event_paths: &[
        &["error"],
        &["usageMetadata"],
        &["modelVersion"],
        &["candidates", "*", "finishReason"],
        &["candidates", "*", "content", "parts"],
        &["promptFeedback", "blockReason"],
    ],
    answer: answer::FORM,
    count: &["totalTokens"],
    error_body: error::body,
    error_event: error::event,
    // A blank line: older official clients take a comment for a broken event.
    filler: "\n",
    model: models::entry,
    models: models::list,
    codec: &codec::CODEC,
    gather: gather::gather,
    gathered: gather::gathered,
    spread: gather::spread,
};
