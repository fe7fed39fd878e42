//! OpenAI Chat Completions and what other vendors made of it.

pub(super) mod error;
mod inspect;
mod meter;
pub(super) mod models;
mod usage;

use super::counters::Convention;
use super::row::{AnswerPaths, Row};
use crate::wire::json::Path;

const USAGE: Path = &["usage"];
const REASONS: &[Path] = &[&["choices", "*", "finish_reason"]];

pub(super) static ROW: Row = Row {
    member: inspect::member,
    names_model: true,
    convention: Convention::Inclusive,
    event: meter::read,
    answer: AnswerPaths { usage: USAGE, read_usage: usage::read, reasons: REASONS },
    error_body: error::body,
    error_event: error::event,
    model: models::entry,
    models: models::list,
};
