//! OpenAI Responses.

mod error;
mod inspect;
mod meter;
mod usage;

use super::counters::Convention;
use super::openai_chat;
use super::row::{AnswerPaths, Row};
use crate::wire::json::Path;

const USAGE: Path = &["usage"];
const REASONS: &[Path] = &[&["incomplete_details", "reason"], &["status"]];

pub(super) static ROW: Row = Row {
    member: inspect::member,
    names_model: true,
    convention: Convention::Inclusive,
    event: meter::read,
    answer: AnswerPaths { usage: USAGE, read_usage: usage::read, reasons: REASONS },
    error_body: openai_chat::error::body,
    error_event: error::event,
    model: openai_chat::models::entry,
    models: openai_chat::models::list,
};
