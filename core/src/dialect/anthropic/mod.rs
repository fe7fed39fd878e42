//! Anthropic Messages.

mod answer;
mod codec;
pub(super) mod error;
mod gather;
mod inspect;
mod meter;
mod models;
mod usage;

use super::counters::Convention;
use super::row::Row;

pub(super) static ROW: Row = Row {
    member: inspect::member,
    names_model: true,
    convention: Convention::CacheApart,
    event: meter::read,
    event_paths: &[
        &["type"],
        &["error"],
        &["usage"],
        &["message", "usage"],
        &["message", "model"],
        &["delta"],
        &["content_block"],
    ],
    answer: answer::FORM,
    count: &["input_tokens"],
    error_body: error::body,
    error_event: error::event,
    filler: "event: ping\ndata: {\"type\": \"ping\"}\n\n",
    model: models::entry,
    models: models::list,
    codec: &codec::CODEC,
    gather: gather::gather,
    gathered: gather::gathered,
    spread: gather::spread,
};
