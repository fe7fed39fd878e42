//! What gateways are known to get wrong, each with the right values written out.

use llmio_core::dialect::Dialect::{Anthropic, Gemini, OpenAiChat, OpenAiResponses};
use llmio_core::dialect::hub::{Context, Ledger, Names, Target, transcode_answer};
use llmio_core::dialect::{Dialect, Usage};
use serde_json::{Value, json};

use crate::bench;

/// Events as a provider sends them.
fn events(payloads: &[Value]) -> String {
    payloads.iter().map(|it| format!("data: {it}\n\n")).collect()
}

/// What the client of a stream gets, event by event, by all its data.
fn streamed(from: Dialect, to: Dialect, stream: &str) -> Vec<Value> {
    let (text, _) = bench::stream(from, to, stream.as_bytes(), std::iter::once(stream.as_bytes()));
    text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect()
}

fn whole(from: Dialect, to: Dialect, answer: &Value) -> Value {
    bench::answer(from, to, answer.to_string().as_bytes()).0
}

fn request(from: Dialect, to: Dialect, body: &Value) -> Value {
    bench::request(from, to, "model", body).unwrap().0
}

/// Whose input excludes what a cache gave.
#[test]
fn what_a_cache_gave_is_counted_once() {
    let usage = json!({"prompt_tokens": 2623, "completion_tokens": 5, "total_tokens": 2628,
        "prompt_tokens_details": {"cached_tokens": 2600}});
    let choice = |members: Value| json!({"id": "c", "choices": [members]});
    let stream = events(&[
        choice(json!({"index": 0, "delta": {"role": "assistant", "content": "Hi"}, "finish_reason": null})),
        choice(json!({"index": 0, "delta": {}, "finish_reason": "stop"})),
        json!({"id": "c", "choices": [], "usage": usage}),
    ]) + "data: [DONE]\n\n";
    let events = streamed(OpenAiChat, Anthropic, &stream);
    let end = events.iter().find(|event| event["type"] == "message_delta").unwrap();
    let mut answer = choice(json!({"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}));
    answer["usage"] = usage;
    for told in [&end["usage"], &whole(OpenAiChat, Anthropic, &answer)["usage"]] {
        let figures = ["input_tokens", "cache_read_input_tokens", "output_tokens"].map(|name| told[name].as_u64());
        assert_eq!(figures, [Some(23), Some(2600), Some(5)], "{told}");
    }
}

#[test]
fn calls_whose_arguments_come_by_turns_stay_apart() {
    let delta = |calls: Value| json!({"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": calls}}]});
    let piece = |index: u64, text: &str| json!({"index": index, "function": {"arguments": text}});
    let begin = |index: u64, id: &str| json!({"index": index, "id": id, "type": "function", "function": {"name": "f", "arguments": ""}});
    let stream = events(&[
        delta(json!([begin(0, "a"), begin(1, "b")])),
        delta(json!([piece(0, "{\"x\":")])),
        delta(json!([piece(1, "{\"y\":")])),
        delta(json!([piece(0, "1}"), piece(1, "2}")])),
        json!({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1}}),
    ]) + "data: [DONE]\n\n";
    let call = |id: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}});
    let answer = json!({"id": "c", "usage": {"prompt_tokens": 1, "completion_tokens": 1}, "choices": [{"index": 0,
        "finish_reason": "tool_calls", "message": {"tool_calls": [call("a", "{\"x\":1}"), call("b", "{\"y\":2}")]}}]});
    let events = streamed(OpenAiChat, OpenAiResponses, &stream);
    let done: Vec<&Value> = events.iter().filter(|it| it["type"] == "response.output_item.done").collect();
    let done = done.iter().map(|it| it["item"].clone()).collect::<Vec<_>>();
    let last = events.last().unwrap()["response"]["output"].as_array().unwrap().clone();
    let unstreamed = whole(OpenAiChat, OpenAiResponses, &answer)["output"].as_array().unwrap().clone();
    for items in [done, last, unstreamed] {
        let [first, second] = &items[..] else { panic!("{items:?}") };
        for (item, id, arguments) in [(first, "a", json!({"x": 1})), (second, "b", json!({"y": 2}))] {
            assert_eq!((&item["type"], &item["call_id"]), (&json!("function_call"), &json!(id)));
            assert_eq!(serde_json::from_str::<Value>(item["arguments"].as_str().unwrap()).unwrap(), arguments);
        }
        assert_ne!(first["id"], second["id"]);
    }
}

#[test]
fn calls_of_one_turn_are_one_message_and_their_results_follow() {
    let call = |id: &str| json!({"type": "function_call", "call_id": id, "name": "f", "arguments": "{}"});
    let output = |id: &str| json!({"type": "function_call_output", "call_id": id, "output": id});
    let history = json!({"input": [{"role": "user", "content": "x"}, call("a"), call("b"), output("a"), output("b")]});
    let told = request(OpenAiResponses, OpenAiChat, &history);
    let messages = told["messages"].as_array().unwrap();
    let roles: Vec<&str> = messages.iter().map(|it| it["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant", "tool", "tool"]);
    let calls = messages[1]["tool_calls"].as_array().unwrap();
    assert_eq!((calls.len(), &calls[0]["id"], &calls[1]["id"]), (2, &json!("a"), &json!("b")));
    assert_eq!((&messages[2]["tool_call_id"], &messages[3]["tool_call_id"]), (&json!("a"), &json!("b")));
}

#[test]
fn an_answer_that_is_cut_in_a_call_still_ends() {
    let call = json!({"type": "function_call", "id": "fc", "call_id": "a", "name": "f", "arguments": "", "status": "in_progress"});
    let response = json!({"id": "resp", "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"},
        "usage": {"input_tokens": 1, "output_tokens": 1}});
    let stream = events(&[
        json!({"type": "response.created", "response": {"id": "resp", "status": "in_progress"}}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": call}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 0, "delta": "{\"x\":"}),
        json!({"type": "response.incomplete", "response": response}),
    ]);
    let events = streamed(OpenAiResponses, Anthropic, &stream);
    let names: Vec<&str> = events.iter().map(|it| it["type"].as_str().unwrap()).collect();
    let closed = ["content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"];
    assert_eq!(names, [&["message_start"], &closed[..]].concat());
    assert_eq!(events[4]["delta"]["stop_reason"], "max_tokens");
    let mut answer = response;
    answer["output"] = json!([call]);
    answer["output"][0]["arguments"] = json!("{\"x\":");
    assert_eq!(whole(OpenAiResponses, Anthropic, &answer)["stop_reason"], "max_tokens");
}

#[test]
fn schemas_say_what_their_target_wants() {
    let tool = |parameters: Value| {
        json!({"messages": [{"role": "user", "content": "x"}],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": parameters}}]})
    };
    let told = request(OpenAiChat, Anthropic, &tool(json!({"properties": {}})));
    assert_eq!(told["tools"][0]["input_schema"], json!({"type": "object", "properties": {}}));
    let told = request(OpenAiChat, Gemini, &tool(json!({"properties": {}})));
    assert_eq!(told["tools"][0]["functionDeclarations"][0], json!({"name": "f"}), "no schema for no arguments");
    let unknown = json!({"properties": {"a": {"type": "string", "x-vendor": 1, "contentEncoding": "base64"}}});
    let told = request(OpenAiChat, Gemini, &tool(unknown));
    let schema = &told["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"];
    assert_eq!((&schema["type"], &schema["properties"]["a"]["type"]), (&json!("object"), &json!("string")), "{schema}");
    assert!(schema["properties"]["a"].get("x-vendor").is_none(), "{schema}");
    assert!(schema["properties"]["a"].get("contentEncoding").is_none(), "{schema}");
}

/// Vendors of Chat know functions alone; what is meant by a call of one comes back as the text.
#[test]
fn tools_of_any_text_are_functions_where_nobody_knows_them() {
    let body = json!({"input": [
        {"role": "user", "content": "x"},
        {"type": "custom_tool_call", "call_id": "a", "name": "patch", "input": "say \"hi\""},
        {"type": "custom_tool_call_output", "call_id": "a", "output": "done"}],
        "tools": [{"type": "custom", "name": "patch"}], "tool_choice": {"type": "custom", "name": "patch"}})
    .into();
    let mut ledger = Ledger::default();
    let request = (OpenAiResponses.codec().decode_request)(&body, &mut ledger).unwrap();
    let target = Target { model: "openai/gpt-5", host: "vendor.example", ..Target::default() };
    let told = (OpenAiChat.codec().encode_request)(&request, &target, &mut Names::default(), &mut ledger).unwrap();
    let told: Value = serde_json::from_slice(&told.body).unwrap();
    let call = &told["messages"][1]["tool_calls"][0];
    assert_eq!((&call["type"], &told["tools"][0]["type"]), (&json!("function"), &json!("function")));
    assert_eq!((&told["tool_choice"]["type"], &told["messages"][2]["role"]), (&json!("function"), &json!("tool")));
    assert_eq!(call["function"]["arguments"], "{\"input\":\"say \\\"hi\\\"\"}");
    assert_eq!(ledger.to_string(), "approximated=tools.custom");
    let context = Context { freeform: request.freeform(), ..bench::context() };
    let arguments = json!({"input": "say \"ho\""}).to_string();
    let answer = json!({"id": "c", "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {"tool_calls": [
        {"id": "b", "type": "function", "function": {"name": "patch", "arguments": arguments}}]}}]});
    let (provider, client) = (OpenAiChat.codec(), OpenAiResponses.codec());
    let answer = answer.to_string();
    let back = transcode_answer(provider, client, answer.as_bytes(), &Usage::default(), &context, &mut ledger).unwrap();
    let item = serde_json::from_slice::<Value>(&back).unwrap()["output"][0].clone();
    assert_eq!((&item["type"], &item["input"]), (&json!("custom_tool_call"), &json!("say \"ho\"")));
}
