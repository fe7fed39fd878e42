//! What becomes of every field that the official SDKs know of an answer, when it goes to a client of another dialect: the
//! second half of `docs/fields.md`.

use llmio_core::dialect::hub::{Ledger, Transcoder, transcode_answer};
use llmio_core::dialect::{Dialect, Usage, spread};
use serde_json::{Map, Value, json};

use crate::bench::{self, others};
use crate::fields::{Fates, Try, none_is_silent, sdk};

/// Members of an answer with those of a try: what stands around them says as little as can be.
fn answer(dialect: Dialect, members: &Map<String, Value>) -> Value {
    let mut body = match dialect {
        Dialect::Gemini => json!({"responseId": "r", "candidates": [
            {"content": {"role": "model", "parts": [{"text": "the words"}]}, "finishReason": "STOP"}]}),
        Dialect::OpenAiChat => json!({"id": "c", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "the words"}, "finish_reason": "stop"}]}),
        Dialect::OpenAiResponses => json!({"id": "r", "status": "completed", "output": [
            {"type": "message", "content": [{"type": "output_text", "text": "the words"}]}]}),
        Dialect::Anthropic => json!({"id": "m", "content": [{"type": "text", "text": "the words"}],
            "stop_reason": "end_turn"}),
    };
    body.as_object_mut().unwrap().extend(members.clone());
    body
}

/// A client's answer, and what it has lost; none when the model has failed.
type Told = Option<(String, Ledger)>;

fn streamed(from: Dialect, to: Dialect, members: &Map<String, Value>) -> Told {
    let events = spread(from, answer(from, members).to_string().as_bytes())?;
    let mut transcoder = Transcoder::new(from, to, bench::context());
    let usage = Usage::default();
    let mut told = transcoder.push(&events, &usage).to_vec();
    told.extend_from_slice(&transcoder.finish(&usage));
    Some((String::from_utf8(told).unwrap(), transcoder.ledger()))
}

fn whole(from: Dialect, to: Dialect, members: &Map<String, Value>) -> Told {
    let mut ledger = Ledger::default();
    let body = answer(from, members).to_string();
    let (provider, client) = (from.codec(), to.codec());
    let usage = Usage::default();
    let told = transcode_answer(provider, client, body.as_bytes(), &usage, &bench::context(), &mut ledger).ok()?;
    Some((String::from_utf8(told).unwrap(), ledger))
}

fn fate(tell: fn(Dialect, Dialect, &Map<String, Value>) -> Told, from: Dialect, to: Dialect, it: &Try) -> String {
    let Some((with, ledger)) = tell(from, to, &it.body) else { return "an error".to_owned() };
    let without = tell(from, to, &it.without);
    let before = without.as_ref().map(|(_, ledger)| ledger.clone()).unwrap_or_default();
    let fates: Vec<String> = ledger
        .entries()
        .filter(|entry| !before.entries().any(|known| known == *entry))
        .map(|(fate, code)| format!("{}: `{code}`", format!("{fate:?}").to_lowercase()))
        .collect();
    if !fates.is_empty() {
        return fates.join(", ");
    }
    if without.is_none_or(|(without, _)| without != with) {
        return "exact".to_owned();
    }
    // What is around it is told to be lost, and so is this.
    let around = ledger.entries().next().map(|(fate, code)| format!("{fate:?}: `{code}`").to_lowercase());
    around.unwrap_or_else(|| "silent".to_owned())
}

/// Why a field need not be told, by how its path begins or ends.
const NOTHING_TO_TELL: [(&str, &str); 47] = [
    // The gateway writes its own.
    ("object", OWN),
    ("created", OWN),
    ("created_at", OWN),
    ("model", OWN),
    ("modelVersion", OWN),
    ("createTime", OWN),
    ("completed_at", OWN),
    ("role", OWN),
    ("type", OWN),
    ("index", OWN),
    ("(function_call).id", OWN),
    ("(custom_tool_call).id", OWN),
    ("(reasoning).id", OWN),
    // What the request has said.
    ("access_programs", REQUEST),
    ("background", REQUEST),
    ("image", REQUEST),
    ("max_output_tokens", REQUEST),
    ("max_tool_calls", REQUEST),
    ("metadata", REQUEST),
    ("parallel_tool_calls", REQUEST),
    ("previous_response_id", REQUEST),
    ("prompt_cache_key", REQUEST),
    ("prompt_cache_options", REQUEST),
    ("prompt_cache_retention", REQUEST),
    ("safety_identifier", REQUEST),
    ("temperature", REQUEST),
    ("top_logprobs", REQUEST),
    ("top_p", REQUEST),
    ("truncation", REQUEST),
    ("user", REQUEST),
    // What the provider counts for itself; usage is told by the meter.
    ("system_fingerprint", BOOKS),
    ("input_transformations", BOOKS),
    ("prompt_cache_diagnostics", BOOKS),
    ("tool_usage", BOOKS),
    ("avgLogprobs", BOOKS),
    ("tokenCount", BOOKS),
    ("safetyRatings[]", BOOKS),
    ("initialPromptTokenCount", BOOKS),
    ("modelStatus", BOOKS),
    // How an answer ended is known by what is in it.
    ("status", CONTENT),
    ("stop_reason", CONTENT),
    ("finishReason", CONTENT),
    ("finishMessage", CONTENT),
    ("output_text", CONTENT),
    // What another member, or a stream alone, gives a sense.
    ("error", "no answer"),
    ("stop_sequence", CONTENT),
    ("automaticFunctionCallingHistory", "the SDK's own"),
];
const OWN: &str = "the gateway's own";
const REQUEST: &str = "said by the request";
const BOOKS: &str = "the provider's books";
const CONTENT: &str = "seen in the content";

/// What says nothing alone, or nothing at all, as the types let it be.
const SAYS_NOTHING: [&str; 18] = [
    "candidates[].content.parts[].functionCall.partialArgs[]",
    "candidates[].content.parts[].functionCall.willContinue",
    "candidates[].content.parts[].thought",
    "candidates[].groundingMetadata.groundingSupports[].groundingChunkIndices[]",
    "candidates[].groundingMetadata.groundingSupports[].segment.endIndex",
    "candidates[].groundingMetadata.groundingSupports[].segment.partIndex",
    "candidates[].groundingMetadata.groundingSupports[].segment.startIndex",
    "candidates[].groundingMetadata.groundingSupports[].segment.text",
    "candidates[].groundingMetadata.retrievalMetadata",
    "candidates[].groundingMetadata.searchEntryPoint",
    "candidates[].logprobsResult",
    "candidates[].urlContextMetadata",
    "promptFeedback.blockReason",
    "promptFeedback.blockReasonMessage",
    "promptFeedback.safetyRatings[]",
    "content[](tool_use).caller(direct)",
    "output[](function_call).caller(direct)",
    "output[](custom_tool_call).caller(direct)",
];

/// The fates of all fields of a dialect's answers as `tell` tells them, in the order of the SDK's.
fn fates(tell: fn(Dialect, Dialect, &Map<String, Value>) -> Told, from: Dialect, to: Dialect) -> Fates {
    let told = |path: &str, it: &Try| match fate(tell, from, to, it) {
        silent if silent == "silent" => {
            let steps = path.split(['.', '[', '(']).collect::<Vec<_>>();
            let is = |part: &str| steps.first() == Some(&part) || path.rsplit('.').next() == Some(part);
            let known =
                NOTHING_TO_TELL.iter().find(|(part, _)| is(part) || part.starts_with('(') && path.ends_with(part));
            let name = path.rsplit('.').next().unwrap_or_default();
            let body = Value::from(it.body.clone()).to_string();
            let is_off = ["false", "\"auto\""].iter().any(|value| body.contains(&format!("\"{name}\":{value}")));
            let known = known.map(|(_, why)| *why).or(is_off.then_some("default"));
            let known = known.or(SAYS_NOTHING.contains(&path).then_some("nothing alone"));
            known.map_or(silent, str::to_owned)
        }
        told => told,
    };
    let answers = sdk(from).answers.into_iter();
    let row = |path: String, tries: &[Try]| {
        let fates = tries.iter().map(|it| (Value::from(it.body.clone()), told(&path, it))).collect();
        (path, fates)
    };
    answers.map(|field| row(field.path, &field.tries)).collect()
}

#[test]
fn nothing_of_an_answer_is_lost_silently() {
    none_is_silent(|from, to| fates(whole, from, to));
}

#[test]
fn nothing_of_a_streamed_answer_is_lost_silently() {
    none_is_silent(|from, to| fates(streamed, from, to));
}

/// The tables of what answers have.
pub(crate) fn table(from: Dialect) -> String {
    let columns: Vec<_> = others(from).map(|to| (to, fates(whole, from, to))).collect();
    let names: Vec<String> = columns.iter().map(|(to, _)| format!("to `{to}`")).collect();
    let mut table = format!("\n## Answers of `{from}`\n\n| field | {} |\n|---|---|---|---|\n", names.join(" | "));
    for (row, (path, _)) in columns[0].1.iter().enumerate() {
        table += &format!("| `{path}` |");
        for (_, fates) in &columns {
            let mut told: Vec<&str> = Vec::new();
            for (_, fate) in &fates[row].1 {
                if !told.contains(&fate.as_str()) {
                    told.push(fate);
                }
            }
            table += &format!(" {} |", told.join("; "));
        }
        table.push('\n');
    }
    table
}
