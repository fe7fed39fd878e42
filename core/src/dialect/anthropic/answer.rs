use super::usage;
use crate::dialect::row::AnswerForm;
use crate::wire::json::{Capture, Kind, Path};

const CONTENT: Path = &["content"];
const BLOCK: Path = &["content", "*"];
const STOP_REASON: Path = &["stop_reason"];

pub(in crate::dialect) const FORM: AnswerForm = AnswerForm {
    usage: &["usage"],
    read_usage: usage::read,
    model: &["model"],
    id: None,
    reasons: &[STOP_REASON],
    marks: &[CONTENT, BLOCK],
    is_answer,
    holds: "`content` and a `stop_reason`",
};

/// A model may say nothing, but then says why it stopped.
fn is_answer(answer: &Capture) -> bool {
    answer.kind(CONTENT) == Some(Kind::Array)
        && (answer.kind(BLOCK) == Some(Kind::Object) || answer.kind(STOP_REASON) == Some(Kind::String))
}
