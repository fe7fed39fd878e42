use serde_json::{Value, json};

use super::{Asked, Event, Part, named_event};
use crate::UsageSpec;
use crate::seal::seal;

const CREATED: u64 = 1_790_000_000;

pub(super) fn whole(asked: Asked<'_>) -> Value {
    response(asked, "completed", &items(asked), Some(asked.behaviour.usage))
}

pub(super) fn stream(asked: Asked<'_>) -> Vec<Event> {
    let mut events = Events::default();
    let pending = || response(asked, "in_progress", &[], None);
    events.push(json!({"type": "response.created", "response": pending()}), Part::Preamble);
    events.push(json!({"type": "response.in_progress", "response": pending()}), Part::Preamble);
    let items = items(asked);
    for (index, item) in items.iter().enumerate() {
        let mut opened = item.clone();
        opened["status"] = json!("in_progress");
        let added =
            |opened: &Value| json!({"type": "response.output_item.added", "output_index": index, "item": opened});
        let id = &item["id"];
        match item["type"].as_str().unwrap_or_default() {
            "message" => {
                opened["content"] = json!([]);
                events.push(added(&opened), Part::Preamble);
                text_events(asked, &mut events, index, id);
            }
            "function_call" => {
                opened["arguments"] = json!("");
                events.push(added(&opened), Part::Output);
                let arguments = item["arguments"].as_str().unwrap_or_default();
                let at = |kind: &str| json!({"type": kind, "item_id": id, "output_index": index});
                for piece in super::pieces(arguments, 2) {
                    let mut event = at("response.function_call_arguments.delta");
                    event["delta"] = json!(piece);
                    events.push(event, Part::Output);
                }
                let mut event = at("response.function_call_arguments.done");
                event["arguments"] = json!(arguments);
                events.push(event, Part::Output);
            }
            "custom_tool_call" => {
                opened["input"] = json!("");
                events.push(added(&opened), Part::Output);
                let at = |kind: &str, key: &str| json!({"type": kind, "item_id": id, "output_index": index, key: item["input"]});
                events.push(at("response.custom_tool_call_input.delta", "delta"), Part::Output);
                events.push(at("response.custom_tool_call_input.done", "input"), Part::Output);
            }
            _ => events.push(added(&opened), Part::Preamble),
        }
        let done = json!({"type": "response.output_item.done", "output_index": index, "item": item});
        events.push(done, Part::Output);
    }
    let end = response(asked, "completed", &items, Some(asked.behaviour.usage));
    events.push(json!({"type": "response.completed", "response": end}), Part::Terminal);
    events.list
}

fn text_events(asked: Asked<'_>, events: &mut Events, index: usize, id: &Value) {
    let at = |kind: &str| json!({"type": kind, "item_id": id, "output_index": index, "content_index": 0});
    let part = |text: &str| json!({"type": "output_text", "annotations": [], "logprobs": [], "text": text});
    let mut event = at("response.content_part.added");
    event["part"] = part("");
    events.push(event, Part::Preamble);
    for piece in asked.text_pieces() {
        let mut event = at("response.output_text.delta");
        event["delta"] = json!(piece);
        event["logprobs"] = json!([]);
        events.push(event, Part::Output);
    }
    let mut event = at("response.output_text.done");
    event["text"] = json!(asked.behaviour.text);
    event["logprobs"] = json!([]);
    events.push(event, Part::Output);
    let mut event = at("response.content_part.done");
    event["part"] = part(&asked.behaviour.text);
    events.push(event, Part::Output);
}

#[derive(Default)]
struct Events {
    list: Vec<Event>,
}

impl Events {
    fn push(&mut self, mut payload: Value, part: Part) {
        payload["sequence_number"] = json!(self.list.len());
        self.list.push(named_event(&payload, part));
    }
}

fn items(asked: Asked<'_>) -> Vec<Value> {
    let mut items = Vec::new();
    if let Some(reasoning) = &asked.behaviour.reasoning {
        items.push(json!({
            "id": asked.id("rs_"),
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": reasoning}],
            "encrypted_content": seal(reasoning)
        }));
    }
    let calls = asked.calls();
    for (index, call) in calls.iter().enumerate() {
        let call_id = asked.call_id("call_", index);
        if asked.is_custom(&call.name) {
            items.push(json!({
                "id": asked.call_id("ctc_", index),
                "type": "custom_tool_call",
                "status": "completed",
                "call_id": call_id,
                "name": call.name,
                "input": call.arguments.get("input").and_then(Value::as_str).unwrap_or_default()
            }));
        } else {
            items.push(json!({
                "id": asked.call_id("fc_", index),
                "type": "function_call",
                "status": "completed",
                "arguments": json!(call.arguments).to_string(),
                "call_id": call_id,
                "name": call.name
            }));
        }
    }
    if calls.is_empty() {
        items.push(json!({
            "id": asked.id("msg_"),
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "annotations": [], "logprobs": [], "text": asked.behaviour.text}]
        }));
    }
    items
}

fn response(asked: Asked<'_>, status: &str, output: &[Value], usage: Option<UsageSpec>) -> Value {
    json!({
        "id": asked.id("resp_"),
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "background": false,
        "error": null,
        "incomplete_details": null,
        "instructions": asked.body["instructions"],
        "max_output_tokens": asked.body["max_output_tokens"],
        "model": asked.model,
        "output": output,
        "parallel_tool_calls": true,
        "previous_response_id": null,
        "reasoning": {"effort": null, "summary": null},
        "store": asked.body["store"].as_bool().unwrap_or(true),
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage.map(|spec| {
            let written = spec.cache_write_5m + spec.cache_write_1h;
            let input = spec.input + spec.cache_read + written;
            let output = spec.output + spec.reasoning;
            json!({
                "input_tokens": input,
                "input_tokens_details": {"cached_tokens": spec.cache_read, "cache_write_tokens": written},
                "output_tokens": output,
                "output_tokens_details": {"reasoning_tokens": spec.reasoning},
                "total_tokens": input + output
            })
        }),
        "metadata": {}
    })
}
