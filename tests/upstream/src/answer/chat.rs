use serde_json::{Value, json};

use super::{Asked, Event, Part};
use crate::UsageSpec;

const CREATED: u64 = 1_790_000_000;

pub(super) fn whole(asked: Asked<'_>) -> Value {
    let calls = calls(asked);
    let mut message = json!({"role": "assistant", "content": asked.behaviour.text, "refusal": null, "annotations": []});
    if let Some(reasoning) = &asked.behaviour.reasoning {
        message["reasoning_content"] = json!(reasoning);
    }
    if !calls.is_empty() {
        message["content"] = Value::Null;
        message["tool_calls"] = json!(calls);
    }
    json!({
        "id": asked.id("chatcmpl-"),
        "object": "chat.completion",
        "created": CREATED,
        "model": asked.model,
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish(&calls)}],
        "usage": usage(asked.behaviour.usage),
        "service_tier": "default",
        "system_fingerprint": "fp_upstream"
    })
}

pub(super) fn stream(asked: Asked<'_>) -> Vec<Event> {
    let with_usage = asked.body["stream_options"]["include_usage"] == true;
    let event = |choices: Value, total: Option<Value>, part| {
        let mut chunk = json!({
            "id": asked.id("chatcmpl-"),
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": asked.model,
            "service_tier": "default",
            "system_fingerprint": "fp_upstream",
            "choices": choices
        });
        if with_usage {
            chunk["usage"] = total.unwrap_or_default();
        }
        Event { bytes: format!("data: {chunk}\n\n").into(), part }
    };
    let delta = |delta: Value, part| {
        event(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]), None, part)
    };
    let mut events = vec![delta(json!({"role": "assistant", "content": "", "refusal": null}), Part::Preamble)];
    if let Some(reasoning) = &asked.behaviour.reasoning {
        events.push(delta(json!({"reasoning_content": reasoning}), Part::Output));
    }
    let calls = calls(asked);
    for (index, call) in calls.iter().enumerate() {
        let mut open = call.clone();
        open["index"] = json!(index);
        open["function"]["arguments"] = json!("");
        events.push(delta(json!({"tool_calls": [open]}), Part::Output));
        let arguments = call["function"]["arguments"].as_str().unwrap_or_default();
        for piece in super::pieces(arguments, 2) {
            let fragment = json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]});
            events.push(delta(fragment, Part::Output));
        }
    }
    if calls.is_empty() {
        let pieces = asked.text_pieces();
        events.extend(pieces.into_iter().map(|piece| delta(json!({"content": piece}), Part::Output)));
    }
    let end = json!([{"index": 0, "delta": {}, "logprobs": null, "finish_reason": finish(&calls)}]);
    events.push(event(end, None, Part::Terminal));
    if with_usage {
        events.push(event(json!([]), Some(usage(asked.behaviour.usage)), Part::Terminal));
    }
    events.push(Event { bytes: "data: [DONE]\n\n".into(), part: Part::Terminal });
    events
}

fn calls(asked: Asked<'_>) -> Vec<Value> {
    let call = |(index, call): (usize, &crate::ToolCall)| {
        json!({
            "id": asked.call_id("call_", index),
            "type": "function",
            "function": {"name": call.name, "arguments": json!(call.arguments).to_string()}
        })
    };
    asked.calls().into_iter().enumerate().map(call).collect()
}

fn finish(calls: &[Value]) -> &'static str {
    if calls.is_empty() { "stop" } else { "tool_calls" }
}

fn usage(spec: UsageSpec) -> Value {
    let written = spec.cache_write_5m + spec.cache_write_1h;
    let prompt = spec.input + spec.cache_read + written;
    let completion = spec.output + spec.reasoning;
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": spec.cache_read, "cache_write_tokens": written, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": spec.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0
        }
    })
}
