use serde_json::{Map, Value, json};

use crate::dialect::gather::{Events, Unfit};

/// Where items wait that have ended, by their places: some providers leave them out of the response at its end.
const ENDED: &str = "\u{1f}ended";

/// And the words that have come, for providers that tell of no items at all.
const WORDS: &str = "\u{1f}words";

/// Takes the response as the last event has it.
pub(super) fn gather(whole: &mut Map<String, Value>, mut event: Map<String, Value>) -> Result<(), Unfit> {
    if event.get("type").and_then(Value::as_str) == Some("response.output_item.done") {
        let place = event.get("output_index").and_then(Value::as_u64).unwrap_or(0);
        let ended = whole.entry(ENDED).or_insert_with(|| json!([]));
        if let (Some(ended), Some(item)) = (ended.as_array_mut(), event.shift_remove("item")) {
            ended.push(json!([place, item]));
        }
    }
    if event.get("type").and_then(Value::as_str) == Some("response.output_text.delta")
        && let (Value::String(words), Some(Value::String(more))) =
            (whole.entry(WORDS).or_insert_with(|| json!("")), event.get("delta"))
    {
        words.push_str(more);
    }
    if let Some(Value::Object(mut response)) = event.shift_remove("response") {
        for name in [ENDED, WORDS] {
            response.extend(whole.shift_remove(name).map(|kept| (name.to_owned(), kept)));
        }
        *whole = response;
    }
    Ok(())
}

pub(super) fn gathered(whole: &mut Map<String, Value>) {
    let (ended, words) = (whole.shift_remove(ENDED), whole.shift_remove(WORDS));
    let is_empty = whole.get("output").and_then(Value::as_array).is_none_or(Vec::is_empty);
    if !is_empty || whole.is_empty() {
        return;
    }
    let output = match (ended, words) {
        (Some(Value::Array(mut ended)), _) => {
            ended.sort_by_key(|it| it.get(0).and_then(Value::as_u64));
            ended.into_iter().filter_map(|mut it| it.get_mut(1).map(Value::take)).collect()
        }
        (_, Some(words)) => json!([{"type": "message", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": words, "annotations": []}]}]),
        _ => return,
    };
    whole.insert("output".to_owned(), output);
}

/// Numbers events.
struct Numbered<'a> {
    out: &'a mut Events,
    number: u64,
}

impl Numbered<'_> {
    fn event(&mut self, name: &str, members: Value) {
        let Value::Object(mut members) = members else { return };
        members.shift_insert(0, "sequence_number".to_owned(), self.number.into());
        self.number += 1;
        self.out.named(name, members);
    }
}

pub(super) fn spread(answer: &Map<String, Value>, out: &mut Events) {
    let mut out = Numbered { out, number: 0 };
    let mut begun = answer.clone();
    for (name, value) in [("status", json!("in_progress")), ("output", json!([])), ("usage", Value::Null)] {
        begun.insert(name.to_owned(), value);
    }
    for name in ["incomplete_details", "error"] {
        begun.insert(name.to_owned(), Value::Null);
    }
    out.event("response.created", json!({"response": begun}));
    out.event("response.in_progress", json!({"response": begun}));
    let items = answer.get("output").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (place, item) in (0u64..).zip(items) {
        spread_item(item, place, &mut out);
    }
    let name = match answer.get("status").and_then(Value::as_str) {
        Some("incomplete") => "response.incomplete",
        Some("failed") => "response.failed",
        _ => "response.completed",
    };
    out.event(name, json!({"response": answer}));
}

fn spread_item(item: &Value, place: u64, out: &mut Numbered<'_>) {
    let id = item.get("id").cloned().unwrap_or_default();
    let at = |more: Value| {
        let mut members =
            Map::from_iter([("item_id".to_owned(), id.clone()), ("output_index".to_owned(), place.into())]);
        members.extend(more.as_object().cloned().unwrap_or_default());
        Value::Object(members)
    };
    let kind = item.get("type").and_then(Value::as_str).unwrap_or_default();
    // The list or the words that come in pieces.
    let member = match kind {
        "message" => "content",
        "reasoning" => "summary",
        "function_call" => "arguments",
        "custom_tool_call" => "input",
        _ => "",
    };
    let mut begun = item.clone();
    if let Some(begun) = begun.as_object_mut() {
        if let Some(said) = begun.get_mut(member) {
            *said = if said.is_array() { json!([]) } else { json!("") };
        }
        if begun.contains_key("status") {
            begun.insert("status".to_owned(), json!("in_progress"));
        }
    }
    out.event("response.output_item.added", json!({"output_index": place, "item": begun}));
    let said = item.get(member).unwrap_or(&Value::Null);
    for (number, part) in (0u64..).zip(said.as_array().into_iter().flatten()) {
        spread_part(part, kind, number, &at, out);
    }
    if let Some(words) = said.as_str() {
        let name = if kind == "function_call" { "function_call_arguments" } else { "custom_tool_call_input" };
        out.event(&format!("response.{name}.delta"), at(json!({"delta": words})));
        let name_of_tool = item.get("name").cloned().unwrap_or_default();
        out.event(&format!("response.{name}.done"), at(json!({(member): words, "name": name_of_tool})));
    }
    out.event("response.output_item.done", json!({"output_index": place, "item": item}));
}

fn spread_part(part: &Value, kind: &str, number: u64, at: &impl Fn(Value) -> Value, out: &mut Numbered<'_>) {
    let (index, around) = match kind {
        "message" => ("content_index", "response.content_part"),
        _ => ("summary_index", "response.reasoning_summary_part"),
    };
    let (name, member) = match part.get("type").and_then(Value::as_str) {
        Some("output_text") => ("response.output_text", "text"),
        Some("refusal") => ("response.refusal", "refusal"),
        _ => ("response.reasoning_summary_text", "text"),
    };
    let words = part.get(member).cloned().unwrap_or_default();
    let logprobs = part.get("logprobs").cloned().unwrap_or_else(|| json!([]));
    let mut begun = part.clone();
    if let Some(begun) = begun.as_object_mut() {
        begun.insert(member.to_owned(), json!(""));
        for name in ["annotations", "logprobs"] {
            begun.entry(name).and_modify(|it| *it = json!([]));
        }
    }
    out.event(&format!("{around}.added"), at(json!({(index): number, "part": begun})));
    let mut delta = json!({(index): number, "delta": words});
    let mut done = json!({(index): number, (member): words});
    if name == "response.output_text" {
        for it in [&mut delta, &mut done].into_iter().filter_map(Value::as_object_mut) {
            it.insert("logprobs".to_owned(), logprobs.clone());
        }
    }
    out.event(&format!("{name}.delta"), at(delta));
    for (place, annotation) in (0u64..).zip(part.get("annotations").and_then(Value::as_array).into_iter().flatten()) {
        let members = json!({(index): number, "annotation_index": place, "annotation": annotation});
        out.event("response.output_text.annotation.added", at(members));
    }
    out.event(&format!("{name}.done"), at(done));
    out.event(&format!("{around}.done"), at(json!({(index): number, "part": part})));
}
