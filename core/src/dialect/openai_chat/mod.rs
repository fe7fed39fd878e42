//! OpenAI Chat Completions and what other vendors made of it.

mod answer;
mod codec;
pub(super) mod error;
mod gather;
mod inspect;
mod meter;
pub(super) mod models;
mod usage;

use super::counters::Convention;
use super::row::Row;

pub(super) use codec::{of_url, write_url};

pub(super) static ROW: Row = Row {
    member: inspect::member,
    names_model: true,
    convention: Convention::Inclusive,
    event: meter::read,
    event_paths: &[
        &["error"],
        &["usage"],
        &["model"],
        &["choices", "*", "finish_reason"],
        &["choices", "*", "delta"],
        &["choices", "*", "message"],
    ],
    answer: answer::FORM,
    count: &["input_tokens"],
    error_body: error::body,
    error_event: error::event,
    filler: ": keep-alive\n\n",
    model: models::entry,
    models: models::list,
    codec: &codec::CODEC,
    gather: gather::gather,
    gathered: gather::gathered,
    spread: gather::spread,
};
