use super::usage;
use crate::dialect::row::AnswerForm;
use crate::wire::json::{Capture, Kind, Path};

const CHOICE: Path = &["choices", "*"];

pub(in crate::dialect) const FORM: AnswerForm = AnswerForm {
    usage: &["usage"],
    read_usage: usage::read,
    model: &["model"],
    id: None,
    reasons: &[&["choices", "*", "finish_reason"]],
    marks: &[CHOICE],
    is_answer,
    holds: "a choice in `choices`",
};

fn is_answer(answer: &Capture) -> bool {
    answer.kind(CHOICE) == Some(Kind::Object)
}
