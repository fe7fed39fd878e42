use super::usage;
use crate::dialect::row::AnswerForm;
use crate::wire::json::{Capture, Kind, Path};

const OUTPUT: Path = &["output"];
const STATUS: Path = &["status"];

pub(in crate::dialect) const FORM: AnswerForm = AnswerForm {
    usage: &["usage"],
    read_usage: usage::read,
    model: &["model"],
    id: Some(&["id"]),
    reasons: &[&["incomplete_details", "reason"], STATUS],
    marks: &[OUTPUT],
    is_answer,
    holds: "an `output` that has not failed",
};

/// Also a response in the background, which has only begun, and a compaction, which has no status.
fn is_answer(answer: &Capture) -> bool {
    answer.kind(OUTPUT) == Some(Kind::Array) && answer.text(STATUS).as_deref() != Some("failed")
}
