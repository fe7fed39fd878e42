use serde_json::{Value, json};

use super::{Asked, Event, Part};
use crate::UsageSpec;
use crate::seal::seal;

pub(super) fn whole(asked: Asked<'_>) -> Value {
    let mut parts = before_text(asked);
    if asked.calls().is_empty() {
        parts.push(json!({"text": asked.behaviour.text}));
    }
    chunk(asked, &parts, Some("STOP"))
}

pub(super) fn stream(asked: Asked<'_>) -> Vec<Event> {
    let event = |chunk: Value, part| Event { bytes: format!("data: {chunk}\r\n\r\n").into(), part };
    let mut parts = before_text(asked);
    if asked.calls().is_empty() {
        parts.extend(asked.text_pieces().into_iter().map(|piece| json!({"text": piece})));
    }
    let mut events: Vec<Event> =
        parts.into_iter().map(|part| event(chunk(asked, &[part], None), Part::Output)).collect();
    events.push(event(chunk(asked, &[json!({"text": ""})], Some("STOP")), Part::Terminal));
    events
}

/// An event that promises an answer and holds nothing of it.
pub(crate) fn preamble(asked: Asked<'_>) -> Event {
    let chunk = chunk(asked, &[json!({"text": ""})], None);
    Event { bytes: format!("data: {chunk}\r\n\r\n").into(), part: Part::Preamble }
}

fn before_text(asked: Asked<'_>) -> Vec<Value> {
    let mut parts = Vec::new();
    if let Some(reasoning) = &asked.behaviour.reasoning {
        parts.push(json!({"text": reasoning, "thought": true}));
    }
    for (index, call) in asked.calls().into_iter().enumerate() {
        let id = asked.call_id("fc_", index);
        let mut part = json!({"functionCall": {"id": id, "name": call.name, "args": call.arguments}});
        if index == 0 {
            part["thoughtSignature"] = json!(seal(&format!("{} {}", call.name, part["functionCall"]["id"])));
        }
        parts.push(part);
    }
    parts
}

fn chunk(asked: Asked<'_>, parts: &[Value], finish: Option<&str>) -> Value {
    let mut candidate = json!({"content": {"parts": parts, "role": "model"}});
    if let Some(reason) = finish {
        candidate["finishReason"] = json!(reason);
    }
    // All that were asked for, alike.
    let count = asked.body["generationConfig"]["candidateCount"].as_u64().unwrap_or(1);
    let numbered = |index: u64| {
        let mut candidate = candidate.clone();
        candidate["index"] = json!(index);
        candidate
    };
    json!({
        "candidates": (0..count).map(numbered).collect::<Vec<_>>(),
        "usageMetadata": usage(asked.behaviour.usage, finish.is_some()),
        "modelVersion": asked.model,
        "responseId": asked.id("")
    })
}

/// The prompt's count holds the cached tokens; the candidates' count does not hold the thoughts.
fn usage(spec: UsageSpec, finished: bool) -> Value {
    let prompt = spec.input + spec.cache_read;
    let (output, thoughts) = if finished { (spec.output, spec.reasoning) } else { (0, 0) };
    json!({
        "promptTokenCount": prompt,
        "candidatesTokenCount": output,
        "totalTokenCount": prompt + output + thoughts,
        "cachedContentTokenCount": spec.cache_read,
        "thoughtsTokenCount": thoughts,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}]
    })
}
