//! Clients of Responses, agents above all, before providers of other dialects, and the reverse.

use llmio_core::dialect::Dialect;
use llmio_core::testing::check_stream;
use serde_json::{Value, json};

use crate::bed::{Bed, PROVIDER_KEY, config_of};
use crate::support::{reply, stream};
use crate::wires::{CHAT, MESSAGES, RESPONSES, Wire};

const PATCH: &str = "*** Begin Patch\n+\"é\\n\"\n*** End Patch";

async fn bed(providers: &[&Wire]) -> Bed {
    Bed::of(config_of(providers, json!({}))).await
}

fn sent(bed: &Bed) -> Value {
    serde_json::from_slice(&bed.http.sent().last().unwrap().body).unwrap()
}

/// What an agent asks: tools of each kind that it has, in a conversation.
fn asked(input: &Value) -> Value {
    json!({
        "model": "m",
        "stream": true,
        "store": false,
        "include": ["reasoning.encrypted_content"],
        "input": input,
        "tools": [
            {"type": "function", "name": "exec", "strict": false, "parameters": {"type": "object", "properties": {}}},
            {"type": "custom", "name": "apply_patch",
                "format": {"type": "grammar", "syntax": "lark", "definition": "start: hunk"}},
            {"type": "namespace", "name": "agents", "description": "d", "tools": [
                {"type": "function", "name": "spawn", "parameters": {"type": "object", "properties": {}}}]},
            {"type": "web_search"}
        ]
    })
}

fn events(text: &str) -> Vec<Value> {
    text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect()
}

fn last_response(text: &str) -> Value {
    events(text).last().unwrap()["response"].clone()
}

/// A Chat provider's stream of calls, whose arguments come in pieces and mixed.
fn calls(pieces: &[(u64, &str, &str)]) -> String {
    let chunk = |(index, name, arguments): &(u64, &str, &str)| {
        let mut call = json!({"index": index, "function": {"arguments": arguments}});
        if !name.is_empty() {
            call["id"] = json!(format!("call_{index}"));
            call["function"]["name"] = json!(name);
        }
        format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}))
    };
    let chunks: String = pieces.iter().map(chunk).collect();
    chunks + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n"
}

/// Custom tools and tools in namespaces are functions to the provider, and themselves again to the client.
#[tokio::test]
async fn an_agents_tools_come_back_as_it_knows_them() {
    let bed = bed(&[&CHAT]).await;
    let input = json!([{"role": "user", "content": "Fix it."}]);
    let arguments = json!({"input": PATCH}).to_string();
    let (half, rest) = arguments.split_at(19);
    let spawn = "agents_spawn_";
    bed.script([reply(200, "", CHAT.whole)]);
    bed.send("/openai/v1/responses", asked(&input)).answer().text();
    let told = sent(&bed);
    let names: Vec<&str> =
        told["tools"].as_array().unwrap().iter().map(|it| it["function"]["name"].as_str().unwrap()).collect();
    assert_eq!((names.len(), names[0], names[1]), (3, "exec", "apply_patch"), "{told}");
    assert!(names[2].starts_with(spawn), "{told}");
    let described = told["tools"][1]["function"]["description"].as_str().unwrap();
    assert!(described.contains("start: hunk"), "the model sees the grammar: {described}");
    let spawn = names[2].to_owned();
    bed.script([stream(calls(&[
        (0, "apply_patch", half),
        (1, &spawn, "{\"a\""),
        (0, "", rest),
        (1, "", ":1}"),
        (2, "exec", ""),
    ]))]);
    let mut answer = bed.send("/openai/v1/responses", asked(&input)).answer();
    let text = answer.text().to_owned();
    check_stream(Dialect::OpenAiResponses, &text);
    let header = answer.header("x-llmio-translation").unwrap();
    assert!(header.contains("tools.web_search") && header.contains("tools.custom"), "{header}");
    let output = last_response(&text)["output"].clone();
    let kinds: Vec<_> = output.as_array().unwrap().iter().map(|it| it["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["custom_tool_call", "function_call", "function_call"]);
    assert_eq!((&output[0]["input"], &output[0]["name"]), (&json!(PATCH), &json!("apply_patch")));
    let agent = &output[1];
    assert_eq!(
        (&agent["namespace"], &agent["name"], &agent["arguments"]),
        (&json!("agents"), &json!("spawn"), &json!("{\"a\":1}"))
    );
    assert_eq!((&output[2]["arguments"], output[2].get("namespace")), (&json!("{}"), None));
    let deltas: String = events(&text)
        .iter()
        .filter(|it| it["type"] == "response.custom_tool_call_input.delta")
        .map(|it| it["delta"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(deltas, PATCH);
    // The next turn: what came, as it came, and what came of it.
    let mut history = input.as_array().unwrap().clone();
    history.extend(output.as_array().unwrap().clone());
    for item in output.as_array().unwrap() {
        let kind = format!("{}_output", item["type"].as_str().unwrap());
        history.push(json!({"type": kind, "call_id": item["call_id"], "output": "done"}));
    }
    bed.script([stream(CHAT.stream())]);
    let text = bed.send("/openai/v1/responses", asked(&json!(history))).answer().text().to_owned();
    check_stream(Dialect::OpenAiResponses, &text);
    let messages = sent(&bed)["messages"].clone();
    let roles: Vec<_> = messages.as_array().unwrap().iter().map(|it| it["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant", "tool", "tool", "tool"]);
    let told: Vec<_> = messages[1]["tool_calls"].as_array().unwrap().iter().map(|it| it["function"].clone()).collect();
    assert_eq!(told[0], json!({"name": "apply_patch", "arguments": arguments}));
    assert_eq!((&told[1]["name"], &told[1]["arguments"]), (&json!(spawn), &json!("{\"a\":1}")));
}

/// A history with calls side by side: one turn with both, then both results.
#[tokio::test]
async fn calls_and_outputs_are_paired() {
    let call = |id: &str| json!({"type": "function_call", "call_id": id, "name": "exec", "arguments": "{}"});
    let output = |id: &str| json!({"type": "function_call_output", "call_id": id, "output": id});
    let user = json!({"role": "user", "content": "x"});
    for (provider, expected) in
        [(&CHAT, "user[] assistant[a b] tool[a] tool[b]"), (&MESSAGES, "user[] assistant[a b] user[a b]")]
    {
        let bed = bed(&[provider]).await;
        bed.script([stream(provider.stream())]);
        let input = json!([user, call("a"), call("b"), output("a"), output("b")]);
        bed.send("/openai/v1/responses", asked(&input)).answer().text();
        let told = sent(&bed);
        let ids = |message: &Value| {
            let blocks =
                message["tool_calls"].as_array().or(message["content"].as_array()).cloned().unwrap_or_default();
            let id = |it: &Value| it["id"].as_str().or(it["tool_use_id"].as_str()).map(str::to_owned);
            let ids: Vec<String> = blocks.iter().filter_map(id).collect();
            message["tool_call_id"].as_str().map_or_else(|| ids.join(" "), str::to_owned)
        };
        let messages = told["messages"].as_array().unwrap().iter();
        let shape: Vec<_> = messages.map(|it| format!("{}[{}]", it["role"].as_str().unwrap(), ids(it))).collect();
        assert_eq!(shape.join(" "), expected);
    }
}

/// A provider of Responses may fail behind its first events: another is asked, and where there is none it is an error.
#[tokio::test]
async fn a_response_that_fails_is_no_answer() {
    let failed = format!(
        "{}event: response.failed\ndata: {{\"type\":\"response.failed\",\"sequence_number\":1,\"response\":{{\"id\":\"resp_1\",\"status\":\"failed\",\
        \"error\":{{\"code\":\"server_error\",\"message\":\"we failed\"}}}}}}\n\n",
        RESPONSES.preamble
    );
    for client in [&CHAT, &MESSAGES] {
        let mut config = config_of(&[&RESPONSES], json!({"max_retry": 1}));
        config["providers"].as_array_mut().unwrap().push(json!({"name": "b", "type": "openai-res",
            "base_url": "https://b.example/v1", "api_key": PROVIDER_KEY}));
        config["models"][0]["associations"]
            .as_array_mut()
            .unwrap()
            .push(json!({"provider": "b", "model": "*", "weight": 1}));
        let both = Bed::of(config).await;
        both.script([stream(failed.clone()), stream(RESPONSES.stream())]);
        let mut answer = both.answer(client, true);
        assert_eq!((answer.status, both.asked()[1].as_str()), (200, "b"));
        assert!(answer.text().contains("hel"));
        let alone = Bed::of(config_of(&[&RESPONSES], json!({"max_retry": 0}))).await;
        alone.script([stream(failed.clone())]);
        let mut answer = alone.answer(client, true);
        assert!(answer.status >= 500, "{}", answer.status);
        assert!(answer.text().contains("we failed") && !answer.text().contains("stop"), "{}", answer.text());
    }
}

/// An answer that is cut within a call ends as the client's dialect has it.
#[tokio::test]
async fn a_cut_call_is_closed() {
    let cut = [
        RESPONSES.preamble,
        "data: {\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\"}}\n\n",
        "data: {\"type\":\"response.function_call_arguments.delta\",\"output_index\":0,\"delta\":\"{\\\"a\\\":\"}\n\n",
        "data: {\"type\":\"response.incomplete\",\"response\":{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"max_output_tokens\"}}}\n\n",
    ];
    let bed = bed(&[&RESPONSES]).await;
    bed.script([stream(cut.concat()), stream(cut.concat())]);
    let text = bed.answer(&MESSAGES, true).text().to_owned();
    check_stream(Dialect::Anthropic, &text);
    assert!(text.contains("\"stop_reason\":\"max_tokens\""), "{text}");
    let text = bed.answer(&CHAT, true).text().to_owned();
    check_stream(Dialect::OpenAiChat, &text);
    assert!(text.contains("\"finish_reason\":\"length\""), "{text}");
}

/// Encrypted reasoning goes to the client in an envelope, and back to its maker as it was.
#[tokio::test]
async fn thoughts_return_to_a_maker_of_responses() {
    const ITEM: &str = r#"{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"Hm."}],"encrypted_content":"gAAAmaker"}"#;
    let whole = format!(
        r#"{{"id":"resp_1","object":"response","status":"completed","output":[{ITEM},{{"type":"function_call","call_id":"c","name":"f","arguments":"{{}}"}}]}}"#
    );
    let tools = json!([{"name": "f", "input_schema": {"type": "object", "properties": {}}}]);
    let bed = bed(&[&RESPONSES]).await;
    let (path, mut body) = MESSAGES.request(false);
    body["thinking"] = json!({"type": "enabled", "budget_tokens": 2048});
    body["tools"] = tools;
    bed.script([reply(200, "", whole), reply(200, "", RESPONSES.whole)]);
    let content = bed.send(path, body.clone()).answer().json()["content"].clone();
    assert_eq!((&content[0]["thinking"], &content[1]["type"]), (&json!("Hm."), &json!("tool_use")), "{content}");
    assert_eq!(sent(&bed)["include"], json!(["reasoning.encrypted_content"]));
    let result = json!([{"type": "tool_result", "tool_use_id": content[1]["id"], "content": "done"}]);
    body["messages"]
        .as_array_mut()
        .unwrap()
        .extend([json!({"role": "assistant", "content": content}), json!({"role": "user", "content": result})]);
    bed.send(path, body).answer().text();
    let input = sent(&bed)["input"].clone();
    assert_eq!(input[1].to_string(), ITEM, "byte for byte");
    assert_eq!((&input[2]["type"], &input[3]["type"]), (&json!("function_call"), &json!("function_call_output")));
}

/// The reverse: a client of Responses keeps what another maker wants back.
#[tokio::test]
async fn thoughts_pass_through_a_client_of_responses() {
    const THOUGHT: &str = r#"{"type":"thinking","thinking":"Hm.","signature":"EqQBmaker"}"#;
    let bed = bed(&[&MESSAGES]).await;
    let whole = format!(
        r#"{{"id":"msg_1","type":"message","content":[{THOUGHT},{{"type":"tool_use","id":"toolu_1","name":"exec","input":{{}}}}],"stop_reason":"tool_use"}}"#
    );
    bed.script([reply(200, "", whole), stream(MESSAGES.stream())]);
    let user = json!({"role": "user", "content": "x"});
    let mut body = asked(&json!([user]));
    body["stream"] = json!(false);
    body["max_output_tokens"] = json!(9000);
    body["reasoning"] = json!({"effort": "low"});
    let output = bed.send("/openai/v1/responses", body.clone()).answer().json()["output"].clone();
    assert_eq!((&output[0]["type"], &output[0]["summary"]), (&json!("reasoning"), &json!([])), "none was asked for");
    let done = json!({"type": "function_call_output", "call_id": output[1]["call_id"], "output": "done"});
    body["input"] = json!([user, output[0], output[1], done]);
    body["stream"] = json!(true);
    bed.send("/openai/v1/responses", body).answer().text();
    let told = sent(&bed);
    assert_eq!(told["messages"][1]["content"][0].to_string(), THOUGHT, "byte for byte");
    assert_eq!(told["thinking"]["type"], "enabled");
}

/// What only a provider that keeps responses can do is refused with what to send instead.
#[tokio::test]
async fn state_that_nobody_keeps() {
    let bed = bed(&[&CHAT]).await;
    for (member, value, instead) in [
        ("previous_response_id", json!("resp_1"), "whole conversation in `input`"),
        ("background", json!(true), "`stream`"),
        ("prompt", json!({"id": "p"}), "`instructions`"),
    ] {
        let mut body = RESPONSES.request(false).1;
        body[member] = value;
        let mut answer = bed.send("/openai/v1/responses", body).answer();
        let error = answer.json()["error"].clone();
        assert_eq!((answer.status, &error["param"]), (400, &json!(member)), "{error}");
        assert!(error["message"].as_str().unwrap().contains(instead), "{error}");
    }
    let body = json!({"model": "m", "input": [{"type": "item_reference", "id": "msg_1"}]});
    let error = bed.send("/openai/v1/responses", body).answer().json()["error"].clone();
    assert_eq!(error["param"], "input[0].type", "{error}");
    assert!(error["message"].as_str().unwrap().contains("send the item itself"), "{error}");
    assert_eq!(bed.count(), 0);
}
