//! OpenAI Responses.

mod answer;
mod codec;
mod error;
mod gather;
mod inspect;
mod meter;
mod usage;

use super::counters::Convention;
use super::openai_chat;
use super::row::Row;

pub(super) static ROW: Row = Row {
    member: inspect::member,
    names_model: true,
    convention: Convention::Inclusive,
    event: meter::read,
    event_paths: &[
        &["type"],
        &["sequence_number"],
        &["delta"],
        &["item", "type"],
        &["error"],
        &["code"],
        &["message"],
        &["param"],
        &["response", "id"],
        &["response", "created_at"],
        &["response", "model"],
        &["response", "status"],
        &["response", "usage"],
        &["response", "error"],
        &["response", "incomplete_details"],
    ],
    answer: answer::FORM,
    count: &["input_tokens"],
    error_body: openai_chat::error::body,
    error_event: error::event,
    filler: ": keep-alive\n\n",
    model: openai_chat::models::entry,
    models: openai_chat::models::list,
    codec: &codec::CODEC,
    gather: gather::gather,
    gathered: gather::gathered,
    spread: gather::spread,
};
