//! Conversations that were made up, from one dialect to another and back: what comes back is what went, up to what the matrix
//! says is told otherwise.

use llmio_core::dialect::Dialect;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::bench::{self, others};

const CONVERSATIONS: u64 = 400;
const WORDS: [&str; 6] = ["yes", "Grüezi \"du\"", "line\nbreak", "{\"a\":1}", "你好", "</system>"];

fn words(rng: &mut SmallRng) -> &'static str {
    WORDS.choose(rng).unwrap()
}

/// In the form that comes back: texts in a row are one, arguments are objects, results have one text.
fn messages(rng: &mut SmallRng) -> Value {
    let mut turns = Vec::new();
    for number in 0..rng.random_range(1..6) {
        turns.push(json!({"role": "user", "content": [{"type": "text", "text": words(rng)}]}));
        let mut said = vec![json!({"type": "text", "text": words(rng)})];
        let calls: Vec<String> = (0..rng.random_range(0..3)).map(|call| format!("toolu_{number}_{call}")).collect();
        let call = |(id, place): (&String, &str)| json!({"type": "tool_use", "id": id, "name": "f", "input": {"z": place, "a": [1, 2.5, null]}});
        said.extend(calls.iter().map(|id| call((id, words(rng)))));
        turns.push(json!({"role": "assistant", "content": said}));
        if calls.is_empty() {
            continue;
        }
        let result = |id: &String| json!({"type": "tool_result", "tool_use_id": id, "content": [{"type": "text", "text": "done"}]});
        let mut answered: Vec<Value> = calls.iter().map(result).collect();
        answered.push(json!({"type": "text", "text": words(rng)}));
        turns.push(json!({"role": "user", "content": answered}));
        turns.push(json!({"role": "assistant", "content": [{"type": "text", "text": words(rng)}]}));
    }
    turns.push(json!({"role": "user", "content": [
        {"type": "text", "text": words(rng)},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}]}));
    let schema =
        json!({"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "array"}}, "required": ["z"]});
    json!({
        "model": "model",
        "max_tokens": rng.random_range(1..100_000),
        "system": [{"type": "text", "text": words(rng)}],
        "messages": turns,
        "tools": [{"name": "f", "description": words(rng), "input_schema": schema}],
        "tool_choice": {"type": *["auto", "any", "none"].choose(rng).unwrap()},
        "temperature": 0.5,
        "stop_sequences": [words(rng)],
        "metadata": {"user_id": "u"}
    })
}

/// Without what the gateway adds for a client that knows no breakpoints.
fn without_marks(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.shift_remove("cache_control");
            members.values_mut().for_each(without_marks);
        }
        Value::Array(items) => items.iter_mut().for_each(without_marks),
        _ => {}
    }
}

#[test]
fn there_and_back() {
    let mut rng = SmallRng::seed_from_u64(13);
    for number in 0..CONVERSATIONS {
        let conversation = messages(&mut rng);
        for other in others(Dialect::Anthropic) {
            // One that wants no signature of a call that others have made.
            let model = if other == Dialect::Gemini { "gemini-2.5-flash" } else { "model" };
            let mut there = conversation.clone();
            let members = there.as_object_mut().unwrap();
            if other == Dialect::Gemini {
                members.shift_remove("metadata");
            }
            if other == Dialect::OpenAiResponses {
                // It has no stop sequences, and no smaller limit.
                members.shift_remove("stop_sequences");
                let limit = members["max_tokens"].as_u64().unwrap();
                members["max_tokens"] = json!(limit.max(16));
            }
            let (told, ledger) = bench::request(Dialect::Anthropic, other, model, &there).unwrap();
            assert!(ledger.is_empty(), "{number}: {ledger}");
            let (mut back, _) = bench::request(other, Dialect::Anthropic, "model", &told).unwrap();
            without_marks(&mut back);
            assert_eq!(sorted(&back), sorted(&there), "{number}: {told}");
            // And once more from there: what has crossed once crosses unchanged.
            let (again, _) = bench::request(Dialect::Anthropic, other, model, &back).unwrap();
            assert_eq!(again.to_string(), told.to_string(), "{number}: also in the order of all members");
        }
    }
}

/// The items of a conversation in the form that comes back: a message for the words of a turn, an item for each call.
fn items(rng: &mut SmallRng, other: Dialect) -> Value {
    let message = |role: &str, kind: &str, words: &str| json!({"type": "message", "role": role, "content": [{"type": kind, "text": words}]});
    // Elsewhere they are functions, and come back as such.
    let is_custom = |id: &str| other == Dialect::OpenAiChat && id.ends_with('1');
    let mut input = Vec::new();
    for number in 0..rng.random_range(1..6) {
        input.push(message("user", "input_text", words(rng)));
        input.push(message("assistant", "output_text", words(rng)));
        let calls: Vec<String> = (0..rng.random_range(0..3)).map(|call| format!("call_{number}_{call}")).collect();
        for id in &calls {
            if is_custom(id) {
                input.push(json!({"type": "custom_tool_call", "call_id": id, "name": "c", "input": words(rng)}));
                continue;
            }
            let arguments = json!({"z": words(rng), "a": [1, 2.5, null]}).to_string();
            input.push(json!({"type": "function_call", "call_id": id, "name": "f", "arguments": arguments}));
        }
        for id in &calls {
            let kind = if is_custom(id) { "custom_tool_call_output" } else { "function_call_output" };
            input.push(json!({"type": kind, "call_id": id, "output": words(rng)}));
        }
        if !calls.is_empty() {
            input.push(message("assistant", "output_text", words(rng)));
        }
    }
    input.push(json!({"type": "message", "role": "user", "content": [
        {"type": "input_text", "text": words(rng)},
        {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo=", "detail": "auto"}]}));
    let schema = json!({"type": "object", "properties": {"z": {"type": "string"}}, "required": ["z"]});
    json!({
        "model": "model",
        "instructions": words(rng),
        "input": input,
        "store": false,
        "tools": [{"type": "function", "name": "f", "description": words(rng), "parameters": schema, "strict": false}],
        "tool_choice": *["auto", "required", "none"].choose(rng).unwrap(),
        "max_output_tokens": rng.random_range(16..100_000),
        "temperature": 0.5,
        "user": "u"
    })
}

#[test]
fn items_there_and_back() {
    let mut rng = SmallRng::seed_from_u64(27);
    for number in 0..CONVERSATIONS {
        for other in others(Dialect::OpenAiResponses) {
            let mut there = items(&mut rng, other);
            if other == Dialect::Gemini {
                there.as_object_mut().unwrap().shift_remove("user");
            }
            let (told, _) = bench::request(Dialect::OpenAiResponses, other, "model", &there).unwrap();
            let (back, _) = bench::request(other, Dialect::OpenAiResponses, "model", &told).unwrap();
            assert_eq!(sorted(&back), sorted(&there), "{number}, {other}: {told}");
        }
    }
}

/// An answer of one or more choices in the form that comes back, with what is said of its texts.
fn completion(rng: &mut SmallRng, other: Dialect) -> Value {
    let count = if other == Dialect::Gemini { rng.random_range(1..4) } else { 1 };
    let choice = |index: u64, rng: &mut SmallRng| {
        let said = words(rng);
        let length = said.chars().count();
        // A citation of Messages is of a whole text.
        let start = if other == Dialect::Anthropic { 0 } else { rng.random_range(0..length) };
        let end = if other == Dialect::Anthropic { length } else { rng.random_range(start + 1..=length) };
        let cited: Vec<Value> = (0..rng.random_range(0..3))
            .map(|page| {
                json!({"type": "url_citation", "url_citation": {
            "start_index": start, "end_index": end, "title": words(rng), "url": format!("https://{page}.example/")}})
            })
            .collect();
        let token = json!({"token": said, "logprob": -0.25, "bytes": said.as_bytes(), "top_logprobs": []});
        let logprobs =
            if other == Dialect::Anthropic { Value::Null } else { json!({"content": [token], "refusal": null}) };
        let calls: Vec<Value> = (0..rng.random_range(0..3))
            .map(|call| {
                json!({"id": format!("call_{index}_{call}"),
            "type": "function", "function": {"name": "f", "arguments": json!({"z": words(rng)}).to_string()}})
            })
            .collect();
        let mut message = json!({"role": "assistant", "content": said, "refusal": null});
        let end = if calls.is_empty() { *["stop", "length"].choose(rng).unwrap() } else { "tool_calls" };
        for (name, all) in [("annotations", cited), ("tool_calls", calls)] {
            if !all.is_empty() {
                message[name] = all.into();
            }
        }
        json!({"index": index, "message": message, "logprobs": logprobs, "finish_reason": end})
    };
    let choices: Vec<Value> = (0..count).map(|index| choice(index, rng)).collect();
    json!({"id": "chatcmpl-1", "model": "m", "choices": choices,
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}})
}

#[test]
fn answers_there_and_back() {
    let mut rng = SmallRng::seed_from_u64(41);
    for number in 0..CONVERSATIONS {
        for other in others(Dialect::OpenAiChat) {
            let there = completion(&mut rng, other);
            let (told, ledger) = bench::answer(Dialect::OpenAiChat, other, there.to_string().as_bytes());
            assert!(ledger.is_empty(), "{number}, {other}: {ledger}");
            let (back, _) = bench::answer(other, Dialect::OpenAiChat, told.to_string().as_bytes());
            assert_eq!(back["choices"], there["choices"], "{number}, {other}: {told}");
        }
    }
}

/// The members of the request by their names; what they hold keeps its order.
fn sorted(request: &Value) -> Vec<(String, String)> {
    let members = request.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.to_string()));
    let mut members: Vec<_> = members.collect();
    members.sort();
    members
}
