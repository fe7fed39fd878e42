use std::borrow::Cow;

use super::thoughts::{Collected, EXTRA, part_words};
use super::{notes, reason};
use crate::dialect::hub::{
    Answer, Choice, Citation, Input, Ledger, Notes, Part, PartKind, Proof, array, list, member, own_id, text,
};
use crate::wire::json::Value;

pub(super) fn decode<'a>(answer: &'a Value<'a>, ledger: &mut Ledger) -> Answer<'a> {
    note_unsaid(answer, ledger);
    let pages = notes::pages(answer, ledger);
    let id = text(answer, "id");
    let choices = list(answer, "choices").iter().map(|it| choice(id, it, &pages, ledger));
    Answer::of_choices(id, choices).served(text(answer, "service_tier"))
}

/// What an answer, or a chunk of it, says beside its choices.
pub(super) fn note_unsaid(answer: &Value<'_>, ledger: &mut Ledger) {
    if member(answer, "moderation").is_some() {
        ledger.dropped("moderation");
    }
}

fn choice<'a>(id: Option<&str>, choice: &'a Value<'a>, pages: &[Citation<'a>], ledger: &mut Ledger) -> Choice<'a> {
    let message = choice.get("message").unwrap_or(&Value::Null);
    let mut thoughts = Collected::of_whole();
    thoughts.take(message);
    let mut parts = Vec::new();
    match message.get("content") {
        Some(Value::String(words)) if !words.is_empty() => parts.push(Part::text(&**words)),
        Some(content) => {
            for part in array(content) {
                match text(part, "type") {
                    Some("thinking") => thoughts.words(&part_words(part)),
                    _ => parts.extend(text(part, "text").map(Part::text)),
                }
            }
        }
        None => {}
    }
    let mut citations = notes::citations(message, ledger);
    if citations.is_empty() {
        citations.extend_from_slice(pages);
    }
    let logprobs = notes::logprobs(choice, ledger).into_iter().map(Cow::Owned).collect();
    let noted = Notes { citations, logprobs };
    match parts.first_mut() {
        Some(first) => *first = std::mem::replace(first, Part::text("")).noted(noted),
        None if !noted.logprobs.is_empty() => ledger.dropped("logprobs"),
        None if !noted.citations.is_empty() => ledger.dropped("annotations"),
        None => {}
    }
    if !thoughts.is_empty() {
        let proof = Some(Proof::Made(thoughts.proof().into()));
        let kind = PartKind::Reasoning { text: thoughts.text().to_owned().into(), proof };
        parts.insert(0, Part::new(kind));
    }
    let refusal = text(message, "refusal").filter(|it| !it.is_empty());
    if let Some(refusal) = refusal {
        parts.push(Part::new(PartKind::Refusal(refusal.into())));
    }
    let calls = list(message, "tool_calls").iter().map(|it| (it, it.get("function").unwrap_or(it)));
    let legacy = member(message, "function_call").into_iter().map(|it| (it, it));
    let mut has_calls = false;
    for (index, (call, function)) in calls.chain(legacy).enumerate() {
        has_calls = true;
        if let Some(extra) = member(call, EXTRA) {
            parts.push(Part::new(PartKind::Reasoning { text: "".into(), proof: Some(extra_proof(extra)) }));
        }
        let custom = member(call, "custom");
        let function = custom.unwrap_or(function);
        let input = match function.get("arguments") {
            _ if custom.is_some() => Input::Text(text(function, "input").unwrap_or_default().into()),
            Some(Value::String(arguments)) => Input::Json((&**arguments).into()),
            Some(tree) if !tree.is_null() => Input::Tree(tree),
            _ => Input::Json("".into()),
        };
        let own = || own_id(id, index).into();
        let name = text(function, "name").unwrap_or_default().into();
        let call_id = text(call, "id").filter(|id| !id.is_empty()).map_or_else(own, Into::into);
        parts.push(Part::new(PartKind::Call { id: call_id, name, input }));
    }
    if member(message, "audio").is_some() {
        ledger.dropped("audio");
    }
    let finish = text(choice, "finish_reason").unwrap_or_default();
    Choice { parts, reason: reason(finish, has_calls, refusal.is_some()) }
}

/// What a vendor wants back with the call that follows: Gemini's signature, as Google's Chat has it.
pub(super) fn extra_proof<'a>(extra: &Value<'_>) -> Proof<'a> {
    Proof::Made(serde_json::json!({(EXTRA): extra}).to_string().into())
}
