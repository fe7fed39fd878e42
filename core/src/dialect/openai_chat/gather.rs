use serde_json::{Map, Value, json};

use crate::dialect::gather::{Events, MOST, TOO_MANY, Unfit, element, index, report, set_all};

/// Adds a chunk to the completion.
pub(super) fn gather(whole: &mut Map<String, Value>, mut chunk: Map<String, Value>) -> Result<(), Unfit> {
    let choices = chunk.shift_remove("choices").unwrap_or_default();
    chunk.insert("object".to_owned(), "chat.completion".into());
    // Some report it again and again, and zeros at the end.
    report(whole, "usage", chunk.shift_remove("usage"));
    set_all(whole, chunk);
    let all = whole.entry("choices").or_insert_with(|| json!([]));
    let Value::Array(choices) = choices else { return Ok(()) };
    for choice in choices {
        let known = element(all, index(&choice, "index"))?;
        let Value::Object(mut choice) = choice else { continue };
        let delta = choice.shift_remove("delta").or_else(|| choice.shift_remove("message"));
        if let Some(logprobs) = choice.shift_remove("logprobs") {
            add(known.entry("logprobs").or_insert(Value::Null), logprobs);
        }
        set_all(known, choice);
        let message = known.entry("message").or_insert_with(|| json!({"role": "assistant", "content": null}));
        let (Some(message), Some(Value::Object(mut delta))) = (message.as_object_mut(), delta) else { continue };
        if let Some(Value::Array(calls)) = delta.shift_remove("tool_calls") {
            let all = message.entry("tool_calls").or_insert_with(|| json!([]));
            for piece in calls {
                if let Some(all) = all.as_array_mut() {
                    add(call_of(all, &piece)?, piece);
                }
            }
        }
        for (name, value) in delta {
            if name != "role" {
                add(message.entry(name).or_insert(Value::Null), value);
            }
        }
    }
    Ok(())
}

/// The call that a piece belongs to: by its index, unless it begins another one with an id of its own; without an index by its
/// id, or it goes on with the last one.
fn call_of<'a>(all: &'a mut Vec<Value>, piece: &Value) -> Result<&'a mut Value, Unfit> {
    let word = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (id, name) = (word(piece, "id"), piece.get("function").map(|it| word(it, "name")).unwrap_or_default());
    let index = piece.get("index").filter(|index| index.is_number());
    let last = |fits: &dyn Fn(&Value) -> bool| all.iter().rposition(fits);
    let known = match index {
        Some(_) => last(&|call| call.get("index") == index).filter(|at| {
            let begins_another = !id.is_empty() && !name.is_empty();
            all.get(*at).is_some_and(|call| !begins_another || word(call, "id") == id)
        }),
        None if !id.is_empty() => last(&|call| word(call, "id") == id),
        None if name.is_empty() => all.len().checked_sub(1),
        None => None,
    };
    let at = known.unwrap_or(all.len());
    if known.is_none() && at < MOST {
        all.push(index.map_or_else(|| json!({}), |index| json!({"index": index})));
    }
    all.get_mut(at).ok_or(TOO_MANY)
}

/// Members that each piece repeats, where it has them at all.
const REPEATED: [&str; 4] = ["id", "type", "name", "index"];

/// Adds the next piece of a value: words go on, lists grow, members of objects alike.
fn add(known: &mut Value, more: Value) {
    match (known, more) {
        (_, Value::Null) => {}
        (Value::String(text), Value::String(more)) => text.push_str(&more),
        (Value::Array(all), Value::Array(more)) => all.extend(more),
        // Some tell thoughts as parts, and texts as they are.
        (Value::Array(all), Value::String(more)) => {
            let is_text = |part: &Value| part.get("text").is_some_and(Value::is_string);
            if !more.is_empty() && !all.last().is_some_and(is_text) {
                all.push(json!({"type": "text", "text": ""}));
            }
            if let Some(Value::String(text)) = all.last_mut().and_then(|last| last.get_mut("text")) {
                text.push_str(&more);
            }
        }
        (known, Value::Array(mut more)) => {
            if let Some(text) = known.as_str().filter(|text| !text.is_empty()) {
                more.insert(0, json!({"type": "text", "text": text}));
            }
            *known = Value::Array(more);
        }
        (Value::Object(all), Value::Object(more)) => {
            for (name, value) in more {
                let is_set = REPEATED.contains(&name.as_str()) && all.get(&name).is_some_and(|it| *it != "");
                if !is_set {
                    add(all.entry(name).or_insert(Value::Null), value);
                }
            }
        }
        (known, more) => *known = more,
    }
}

/// A completion has members that deltas leave out.
pub(super) fn gathered(whole: &mut Map<String, Value>) {
    for choice in whole.get_mut("choices").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(message) = choice.get_mut("message").and_then(Value::as_object_mut) {
            message.entry("refusal").or_insert(Value::Null);
            for call in message.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
                let Some(call) = call.as_object_mut() else { continue };
                call.shift_remove("index");
                if let Some(function) = call.get_mut("function").and_then(Value::as_object_mut) {
                    function.entry("arguments").or_insert_with(|| json!(""));
                }
            }
            if message.get("content") == Some(&Value::from("")) && message.contains_key("tool_calls") {
                message.insert("content".to_owned(), Value::Null);
            }
        }
    }
}

/// A chunk with all that was said, one with the reason, one with the usage.
pub(super) fn spread(answer: &Map<String, Value>, out: &mut Events) {
    let mut head = answer.clone();
    head.insert("object".to_owned(), "chat.completion.chunk".into());
    let usage = head.shift_remove("usage").filter(|usage| !usage.is_null());
    let choices = head.shift_remove("choices").unwrap_or_default();
    let choices = choices.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut chunk = |name: &str, value: Value| {
        let mut chunk = head.clone();
        chunk.insert(name.to_owned(), value);
        out.data(&Value::Object(chunk));
    };
    let said = choices.iter().map(|choice| {
        let mut choice = choice.clone();
        let mut delta = choice.as_object_mut().and_then(|it| it.shift_remove("message")).unwrap_or_default();
        for (number, call) in
            (0u64..).zip(delta.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten())
        {
            if let Some(call) = call.as_object_mut() {
                call.insert("index".to_owned(), number.into());
            }
        }
        if let Some(choice) = choice.as_object_mut() {
            choice.insert("delta".to_owned(), delta);
            choice.insert("finish_reason".to_owned(), Value::Null);
        }
        choice
    });
    chunk("choices", said.collect());
    let reasons = choices.iter().map(|choice| {
        json!({"index": choice.get("index").cloned().unwrap_or_else(|| 0.into()), "delta": {},
            "finish_reason": choice.get("finish_reason").cloned().unwrap_or_default()})
    });
    chunk("choices", reasons.collect());
    if let Some(usage) = usage {
        let mut last = head.clone();
        last.insert("choices".to_owned(), json!([]));
        last.insert("usage".to_owned(), usage);
        out.data(&Value::Object(last));
    }
    out.raw("data: [DONE]\n\n");
}
