use serde_json::{Map, Value, json};

use crate::dialect::gather::{Events, Unfit, element, report, set_all};

/// Where a call's arguments wait until they are whole.
const PIECES: &str = "\u{1f}pieces";

/// Adds an event to the message.
pub(super) fn gather(whole: &mut Map<String, Value>, mut event: Map<String, Value>) -> Result<(), Unfit> {
    let at = event.get("index").and_then(Value::as_u64).and_then(|it| usize::try_from(it).ok()).unwrap_or(0);
    match event.get("type").and_then(Value::as_str).unwrap_or_default() {
        "message_start" => {
            // Two halves are no answer, and one of them would be lost without a word. Anthropic's own client fails, too.
            if whole.get("content").and_then(Value::as_array).is_some_and(|said| !said.is_empty()) {
                return Err("began another message before the first had ended");
            }
            if let Some(Value::Object(message)) = event.shift_remove("message") {
                set_all(whole, message);
            }
        }
        "content_block_start" => {
            let content = whole.entry("content").or_insert_with(|| json!([]));
            let block = element(content, at)?;
            if let Some(Value::Object(begun)) = event.shift_remove("content_block") {
                *block = begun;
            }
        }
        "content_block_delta" => {
            let content = whole.entry("content").or_insert_with(|| json!([]));
            let block = element(content, at)?;
            if let Some(Value::Object(delta)) = event.shift_remove("delta") {
                // Some vendors leave out how a block of text begins.
                block.entry("type").or_insert_with(|| json!("text"));
                add(block, delta);
            }
        }
        "content_block_stop" => {
            if let Some(content) = whole.get_mut("content") {
                settle(element(content, at)?);
            }
        }
        "message_delta" => {
            if let Some(Value::Object(delta)) = event.shift_remove("delta") {
                set_all(whole, delta);
            }
            report(whole, "usage", event.shift_remove("usage"));
            set_all(whole, event.into_iter().filter(|(name, _)| name != "type").collect());
        }
        _ => {}
    }
    Ok(())
}

fn add(block: &mut Map<String, Value>, mut delta: Map<String, Value>) {
    let kind = delta.shift_remove("type").unwrap_or_default();
    let mut append = |member: &str, words: Option<Value>| {
        let Some(Value::String(more)) = words else { return };
        match block.get_mut(member) {
            Some(Value::String(text)) => text.push_str(&more),
            _ => {
                block.insert(member.to_owned(), more.into());
            }
        }
    };
    match kind.as_str().unwrap_or_default() {
        "input_json_delta" => append(PIECES, delta.shift_remove("partial_json")),
        "citations_delta" => {
            let known = block.entry("citations").or_insert(Value::Null);
            if !known.is_array() {
                *known = json!([]);
            }
            if let (Some(known), Some(citation)) = (known.as_array_mut(), delta.shift_remove("citation")) {
                known.push(citation);
            }
        }
        _ => {
            for member in ["text", "thinking", "signature"] {
                append(member, delta.shift_remove(member));
            }
        }
    }
}

/// The arguments of a call that has ended. What is no JSON was cut off, and stays what it is.
fn settle(block: &mut Map<String, Value>) {
    let Some(Value::String(pieces)) = block.shift_remove(PIECES) else { return };
    let input = serde_json::from_str(&pieces).unwrap_or_else(|_| json!({"arguments": pieces}));
    block.insert("input".to_owned(), input);
}

pub(super) fn gathered(whole: &mut Map<String, Value>) {
    for block in whole.get_mut("content").and_then(Value::as_array_mut).into_iter().flatten() {
        block.as_object_mut().into_iter().for_each(settle);
    }
}

pub(super) fn spread(answer: &Map<String, Value>, out: &mut Events) {
    let mut event = |name: &str, members: Value| {
        if let Value::Object(members) = members {
            out.named(name, members);
        }
    };
    let mut begun = answer.clone();
    begun.insert("content".to_owned(), json!([]));
    for name in ["stop_reason", "stop_sequence"] {
        begun.insert(name.to_owned(), Value::Null);
    }
    event("message_start", json!({"message": begun}));
    let blocks = answer.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (number, block) in (0u64..).zip(blocks) {
        let mut begun = block.clone();
        let mut deltas = Vec::new();
        for (member, kind) in [("text", "text_delta"), ("thinking", "thinking_delta"), ("signature", "signature_delta")]
        {
            if let Some(words) = begun.get_mut(member).filter(|it| it.is_string()) {
                deltas.push(json!({"type": kind, (member): words.take()}));
                *words = json!("");
            }
        }
        if let Some(input) = begun.get_mut("input") {
            deltas.push(json!({"type": "input_json_delta", "partial_json": input.take().to_string()}));
            *input = json!({});
        }
        if let Some(Value::Array(citations)) = begun.get_mut("citations") {
            deltas.extend(citations.drain(..).map(|it| json!({"type": "citations_delta", "citation": it})));
        }
        event("content_block_start", json!({"index": number, "content_block": begun}));
        for delta in deltas {
            event("content_block_delta", json!({"index": number, "delta": delta}));
        }
        event("content_block_stop", json!({"index": number}));
    }
    let named = |name: &str| answer.get(name).cloned().unwrap_or_default();
    let delta = json!({"stop_reason": named("stop_reason"), "stop_sequence": named("stop_sequence")});
    event("message_delta", json!({"delta": delta, "usage": named("usage")}));
    event("message_stop", json!({}));
}
