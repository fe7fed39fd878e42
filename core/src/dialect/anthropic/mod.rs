//! Anthropic Messages.

mod error;
mod inspect;
mod meter;
mod models;
mod usage;

use super::counters::Convention;
use super::row::{AnswerPaths, Row};
use crate::wire::json::Path;

const USAGE: Path = &["usage"];
const REASONS: &[Path] = &[&["stop_reason"]];

pub(super) static ROW: Row = Row {
    member: inspect::member,
    names_model: true,
    convention: Convention::CacheApart,
    event: meter::read,
    answer: AnswerPaths { usage: USAGE, read_usage: usage::read, reasons: REASONS },
    error_body: error::body,
    error_event: error::event,
    model: models::entry,
    models: models::list,
};
