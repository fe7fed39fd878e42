use super::usage;
use crate::dialect::row::AnswerForm;
use crate::wire::json::{Capture, Kind, Path};

const CANDIDATE: Path = &["candidates", "*"];
const PROMPT_FEEDBACK: Path = &["promptFeedback"];

pub(in crate::dialect) const FORM: AnswerForm = AnswerForm {
    usage: &["usageMetadata"],
    read_usage: usage::read,
    model: &["modelVersion"],
    id: None,
    reasons: &[&["candidates", "*", "finishReason"], &["promptFeedback", "blockReason"]],
    marks: &[CANDIDATE, PROMPT_FEEDBACK],
    is_answer,
    holds: "a candidate in `candidates`",
};

/// A blocked prompt is an answer: another provider of the model would block it, too.
fn is_answer(answer: &Capture) -> bool {
    [CANDIDATE, PROMPT_FEEDBACK].iter().any(|path| answer.kind(path) == Some(Kind::Object))
}
