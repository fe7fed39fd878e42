use std::borrow::Cow;

use super::grounding::{self, Cited};
use super::logprobs;
use super::members::{each, get, note_others, word};
use super::signatures::{of_call, of_text, of_thought};
use super::{block_reason, reason, usage};
use crate::dialect::hub::{Answer, Choice, Input, Ledger, Notes, Part, PartKind, Proof, Reason, list, own_id, text};
use crate::wire::json::Value;

pub(super) fn decode<'a>(answer: &'a Value<'a>, ledger: &mut Ledger) -> Answer<'a> {
    let id = text(answer, "responseId");
    let candidates = list(answer, "candidates");
    if candidates.is_empty() {
        let blocked = block_reason(answer).is_some();
        let words = answer.get("promptFeedback").and_then(|it| text(it, "blockReasonMessage"));
        let parts = words.map(|words| Part::new(PartKind::Refusal(words.into()))).into_iter().collect();
        return Answer::of(id, parts, if blocked { Reason::Filter } else { Reason::Stop });
    }
    let choices = candidates.iter().map(|it| choice(id, it, ledger));
    Answer::of_choices(id, choices).served(usage::tier(answer))
}

fn choice<'a>(id: Option<&'a str>, candidate: &'a Value<'a>, ledger: &mut Ledger) -> Choice<'a> {
    note_unsaid(candidate, ledger);
    let values = get(candidate, "content").and_then(|content| get(content, "parts")).map(each).unwrap_or_default();
    let (mut parts, mut calls) = (Vec::new(), 0);
    parts.extend(grounding::searched(candidate).map(PartKind::Searched).map(Part::new));
    let mut cited = grounding::citations(candidate, ledger);
    let mut tokens = logprobs::of_candidate(candidate, ledger);
    // Citations without a place of their own are of the last text, and so are all tokens.
    let is_said = |value: &&Value<'_>| !is_thought(value) && word(value, "text").is_some_and(|words| !words.is_empty());
    let last = values.iter().rposition(|value| is_said(&value));
    for (index, value) in values.iter().enumerate() {
        let signature = word(value, "thoughtSignature").filter(|it| !it.is_empty());
        let words = word(value, "text").unwrap_or_default();
        if is_thought(value) {
            parts.push(thought(words, of_thought(words, signature)));
        } else if let Some(call) = get(value, "functionCall") {
            let given = word(call, "id").filter(|id| !id.is_empty());
            let id: Cow<'a, str> = given.map_or_else(|| own_id(id, calls).into(), Into::into);
            calls += 1;
            parts.extend(signature.map(|signature| thought("", of_call(&id, signature))));
            let input = get(call, "args").map_or(Input::Json("".into()), Input::Tree);
            let name = word(call, "name").unwrap_or_default().into();
            parts.push(Part::new(PartKind::Call { id, name, input }));
        } else {
            parts.extend(signature.map(|signature| thought("", of_text(signature))));
            if words.is_empty() {
                note_unread(value, ledger);
            } else {
                let is_last = last == Some(index);
                let is_here = |it: &Cited<'_>| it.part == index || is_last && it.part > index;
                let (here, others) = cited.into_iter().partition(is_here);
                cited = others;
                let citations = Vec::from_iter(here).into_iter().map(|it: Cited<'a>| it.of_text(words)).collect();
                let tokens = if is_last { std::mem::take(&mut tokens) } else { Vec::new() };
                let logprobs = tokens.into_iter().map(Cow::Owned).collect();
                parts.push(Part::text(words).noted(Notes { citations, logprobs }));
            }
        }
    }
    if !cited.is_empty() {
        ledger.dropped("citations");
    }
    if !tokens.is_empty() {
        ledger.dropped("logprobs");
    }
    let finish = text(candidate, "finishReason").unwrap_or_default();
    Choice { parts, reason: reason(finish, text(candidate, "finishMessage"), calls > 0) }
}

fn thought<'a>(words: &'a str, proof: Proof<'a>) -> Part<'a> {
    Part::new(PartKind::Reasoning { text: words.into(), proof: Some(proof) })
}

/// A text with a signature is a text; only this makes it a thought.
pub(super) fn is_thought(part: &Value<'_>) -> bool {
    get(part, "thought") == Some(&Value::Bool(true))
}

/// What a part holds that is neither text nor a call.
pub(super) fn note_unread(part: &Value<'_>, ledger: &mut Ledger) {
    let known = ["text", "thought", "thoughtSignature"];
    for (name, value) in part.as_object().into_iter().flatten() {
        if !value.is_null() && !known.contains(&name) {
            ledger.unknown(name);
        }
    }
}

/// What a candidate says beside its content.
pub(super) fn note_unsaid(candidate: &Value<'_>, ledger: &mut Ledger) {
    let known = ["content", "finishReason", "finishMessage", "index"];
    let read = ["citationMetadata", "groundingMetadata", "logprobsResult"];
    // Those of each token say it already; ratings of what passed say nothing.
    let idle = ["avgLogprobs", "safetyRatings", "tokenCount"];
    note_others(candidate, &[&known[..], &read, &idle].concat(), ledger);
}
