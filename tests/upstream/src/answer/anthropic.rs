use serde_json::{Value, json};

use super::{Asked, Event, Part, named_event};
use crate::UsageSpec;
use crate::seal::seal;

/// How the ids of calls begin that came behind a thought.
const THOUGHTFUL: &str = "toolu_t";

/// Whether a call was made here, and without a thought.
pub(crate) fn came_without_thought(id: &str) -> bool {
    id.starts_with("toolu_") && !id.starts_with(THOUGHTFUL)
}

pub(super) fn whole(asked: Asked<'_>) -> Value {
    let blocks = blocks(asked);
    let reason = stop_reason(&blocks);
    message(asked, &blocks, Some(reason), &usage(asked.behaviour.usage, true))
}

pub(super) fn stream(asked: Asked<'_>) -> Vec<Event> {
    let spec = asked.behaviour.usage;
    let start = json!({"type": "message_start", "message": message(asked, &[], None, &usage(spec, false))});
    let mut events = vec![named_event(&start, Part::Preamble)];
    let blocks = blocks(asked);
    for (index, block) in blocks.iter().enumerate() {
        let kind = block["type"].as_str().unwrap_or_default();
        let (opened, deltas) = match kind {
            "text" => {
                let delta = |piece| json!({"type": "text_delta", "text": piece});
                let deltas: Vec<Value> = asked.text_pieces().into_iter().map(delta).collect();
                (json!({"type": "text", "text": ""}), deltas)
            }
            "thinking" => (
                json!({"type": "thinking", "thinking": "", "signature": ""}),
                vec![
                    json!({"type": "thinking_delta", "thinking": block["thinking"]}),
                    json!({"type": "signature_delta", "signature": block["signature"]}),
                ],
            ),
            _ => {
                let mut opened = block.clone();
                opened["input"] = json!({});
                let arguments = block["input"].to_string();
                let delta = |piece| json!({"type": "input_json_delta", "partial_json": piece});
                let deltas = core::iter::once("").chain(super::pieces(&arguments, 2)).map(delta).collect();
                (opened, deltas)
            }
        };
        // The start of a tool call names the tool; the start of a text says nothing.
        let part = if kind == "tool_use" { Part::Output } else { Part::Preamble };
        let start = json!({"type": "content_block_start", "index": index, "content_block": opened});
        events.push(named_event(&start, part));
        if index == 0 {
            events.push(named_event(&json!({"type": "ping"}), Part::Preamble));
        }
        for delta in deltas {
            let event = json!({"type": "content_block_delta", "index": index, "delta": delta});
            events.push(named_event(&event, Part::Output));
        }
        events.push(named_event(&json!({"type": "content_block_stop", "index": index}), Part::Output));
    }
    let delta = json!({"stop_reason": stop_reason(&blocks), "stop_sequence": null});
    let end = json!({"type": "message_delta", "delta": delta, "usage": usage(spec, true)});
    events.push(named_event(&end, Part::Terminal));
    events.push(named_event(&json!({"type": "message_stop"}), Part::Terminal));
    events
}

fn blocks(asked: Asked<'_>) -> Vec<Value> {
    let mut blocks = Vec::new();
    if let Some(reasoning) = &asked.behaviour.reasoning {
        let shown = if asked.body["thinking"]["display"] == "omitted" { "" } else { reasoning };
        blocks.push(json!({"type": "thinking", "thinking": shown, "signature": seal(reasoning)}));
    }
    let calls = asked.calls();
    for (index, call) in calls.iter().enumerate() {
        let id = asked.call_id(if asked.behaviour.reasoning.is_some() { THOUGHTFUL } else { "toolu_" }, index);
        blocks.push(json!({"type": "tool_use", "id": id, "name": call.name, "input": call.arguments}));
    }
    if calls.is_empty() {
        blocks.push(json!({"type": "text", "text": asked.behaviour.text}));
    }
    blocks
}

fn stop_reason(blocks: &[Value]) -> &'static str {
    if blocks.iter().any(|block| block["type"] == "tool_use") { "tool_use" } else { "end_turn" }
}

fn message(asked: Asked<'_>, content: &[Value], reason: Option<&str>, usage: &Value) -> Value {
    json!({
        "id": asked.id("msg_011"),
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": content,
        "stop_reason": reason,
        "stop_sequence": null,
        "usage": usage
    })
}

/// The counts are cumulative; a stream's start knows only the first output token.
fn usage(spec: UsageSpec, finished: bool) -> Value {
    let mut usage = json!({
        "input_tokens": spec.input,
        "cache_creation_input_tokens": spec.cache_write_5m + spec.cache_write_1h,
        "cache_read_input_tokens": spec.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": spec.cache_write_5m,
            "ephemeral_1h_input_tokens": spec.cache_write_1h
        },
        "output_tokens": if finished { spec.output + spec.reasoning } else { 1 },
        "service_tier": "standard"
    });
    if finished {
        usage["output_tokens_details"] = json!({"thinking_tokens": spec.reasoning});
    }
    usage
}
