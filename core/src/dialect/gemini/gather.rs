use serde_json::{Map, Value, json};

use crate::dialect::gather::{Events, Unfit, element, index, report, set_all};

/// Adds a chunk to the response.
pub(super) fn gather(whole: &mut Map<String, Value>, mut chunk: Map<String, Value>) -> Result<(), Unfit> {
    let candidates = chunk.shift_remove("candidates");
    report(whole, "usageMetadata", chunk.shift_remove("usageMetadata"));
    set_all(whole, chunk);
    let Some(Value::Array(candidates)) = candidates else { return Ok(()) };
    let all = whole.entry("candidates").or_insert_with(|| json!([]));
    for candidate in candidates {
        let known = element(all, index(&candidate, "index"))?;
        let Value::Object(mut candidate) = candidate else { continue };
        let content = candidate.shift_remove("content");
        if let Some(Value::Object(more)) = candidate.shift_remove("logprobsResult") {
            tokens(known.entry("logprobsResult").or_insert_with(|| json!({})), more);
        }
        set_all(known, candidate);
        let Some(Value::Object(mut content)) = content else { continue };
        let said = content.shift_remove("parts");
        let known = known.entry("content").or_insert_with(|| json!({"parts": []}));
        let Some(known) = known.as_object_mut() else { continue };
        set_all(known, content);
        let parts = known.entry("parts").or_insert_with(|| json!([]));
        if let (Some(parts), Some(Value::Array(said))) = (parts.as_array_mut(), said) {
            said.into_iter().for_each(|part| add(parts, part));
        }
    }
    Ok(())
}

/// Each chunk tells how likely its own tokens were.
fn tokens(known: &mut Value, more: Map<String, Value>) {
    let Some(known) = known.as_object_mut() else { return };
    for (name, more) in more {
        match (known.get_mut(&name), more) {
            (Some(Value::Array(all)), Value::Array(more)) => all.extend(more),
            (_, more) => {
                known.insert(name, more);
            }
        }
    }
}

/// Texts that have nothing else are one.
fn add(parts: &mut Vec<Value>, part: Value) {
    let is_plain =
        |part: &Value| part.as_object().is_some_and(|it| it.keys().all(|name| name == "text" || name == "thought"));
    let last =
        parts.last_mut().filter(|last| is_plain(last) && is_plain(&part) && last.get("thought") == part.get("thought"));
    match (last.and_then(|last| last.get_mut("text")), part.get("text")) {
        (Some(Value::String(text)), Some(Value::String(more))) => text.push_str(more),
        _ => parts.push(part),
    }
}

pub(super) const fn gathered(_whole: &mut Map<String, Value>) {}

/// The whole answer is a chunk.
pub(super) fn spread(answer: &Map<String, Value>, out: &mut Events) {
    out.data(&Value::Object(answer.clone()));
}
