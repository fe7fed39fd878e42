//! Thoughts on their way between clients of one dialect and providers of another: back to their maker, and to nobody else.

use llmio_core::testing::Reply;
use serde_json::{Value, json};

use crate::bed::{Bed, config_of};
use crate::support::{failure, reply};
use crate::translation::{bed, sent};
use crate::wires::{CHAT, GEMINI, MESSAGES};

/// A provider's thought comes back to it as it was, and to nobody else.
#[tokio::test]
async fn thoughts_return_to_their_maker_alone() {
    const THOUGHT: &str = r#"{"type":"thinking","thinking":"Hm.","signature":"EqQBmaker"}"#;
    let model = json!({"associations": [
        {"provider": "anthropic", "model": "claude-opus-5", "weight": 2},
        {"provider": "openai", "model": "gpt-5", "weight": 1}]});
    let bed = bed(&[&MESSAGES, &CHAT], model.clone()).await;
    let whole = format!(
        r#"{{"id":"msg_1","type":"message","content":[{THOUGHT},{{"type":"tool_use","id":"toolu_1","name":"f","input":{{}}}}],"stop_reason":"tool_use","usage":{{"input_tokens":1,"output_tokens":2}}}}"#
    );
    let mut config = config_of(&[&MESSAGES, &CHAT], model);
    config["models"][0]["associations"][0]["priority"] = json!(5);
    bed.api("PUT /api/config", config).await;
    let (path, mut body) = CHAT.request(false);
    body["reasoning_effort"] = json!("high");
    body["tools"] =
        json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]);
    bed.script([reply(200, "", whole)]);
    let answer = bed.send(path, body.clone()).answer().json();
    let message = answer["choices"][0]["message"].clone();
    assert_eq!(message["reasoning_content"], "Hm.");
    // What a client echoes: the message as it came, and the result.
    let call = message["tool_calls"][0]["id"].clone();
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(message);
    messages.push(json!({"role": "tool", "tool_call_id": call, "content": "done"}));
    bed.script([failure(403, ""), reply(200, "", CHAT.whole)]);
    bed.send(path, body).answer().text();
    assert_eq!(sent(&bed, 1).1["messages"][1]["content"][0].to_string(), THOUGHT, "byte for byte");
    let told = sent(&bed, 2).1;
    assert_eq!((bed.asked()[2].as_str(), &told["messages"][1]["role"]), ("openai", &json!("assistant")));
    assert!(!told.to_string().contains("EqQBmaker") && !told.to_string().contains("llmio1."), "{told}");
}

/// A client that alters what it was given brings nothing of its own to the maker.
#[tokio::test]
async fn an_altered_envelope_is_left_out() {
    let bed = bed(&[&MESSAGES], json!({})).await;
    let whole = r#"{"id":"msg_1","content":[{"type":"thinking","thinking":"Hm.","signature":"s"},{"type":"text","text":"a"}],"stop_reason":"end_turn"}"#;
    let (path, mut body) = CHAT.request(false);
    body["reasoning_effort"] = json!("low");
    bed.script([reply(200, "", whole), reply(200, "", MESSAGES.whole), reply(200, "", MESSAGES.whole)]);
    let message = bed.send(path, body.clone()).answer().json()["choices"][0]["message"].clone();
    body["messages"].as_array_mut().unwrap().extend([message, json!({"role": "user", "content": "and?"})]);
    let answer = bed.send(path, body.clone()).answer();
    assert_eq!(answer.header("x-llmio-translation"), Some("to=anthropic; added=cache_control"));
    assert_eq!(sent(&bed, 1).1["messages"][1]["content"][0]["signature"], "s");
    let envelope = &mut body["messages"][1]["reasoning_details"][0]["data"];
    let (head, json) = envelope.as_str().unwrap().rsplit_once('.').unwrap();
    *envelope = json!(format!("{head}.{}", json.replacen("e", "f", 1)));
    let answer = bed.send(path, body).answer();
    let lost = "to=anthropic; dropped=reasoning.history; added=cache_control";
    assert_eq!(answer.header("x-llmio-translation"), Some(lost));
    assert_eq!(sent(&bed, 2).1["messages"][1]["content"].as_array().map(Vec::len), Some(1));
}

/// Whoever made a thought goes on with it, though others of the client's own dialect are awake.
#[tokio::test]
async fn the_maker_of_a_thought_is_asked_first() {
    let bed = bed(&[&CHAT, &MESSAGES], json!({})).await;
    let whole = r#"{"id":"msg_1","content":[{"type":"thinking","thinking":"Hm.","signature":"s"},{"type":"text","text":"a"}],"stop_reason":"end_turn"}"#;
    let (path, mut body) = CHAT.request(false);
    bed.script([
        failure(403, ""),
        reply(200, "", whole),
        reply(200, "", MESSAGES.whole),
        failure(500, ""),
        reply(200, "", CHAT.whole),
    ]);
    let message = bed.send(path, body.clone()).answer().json()["choices"][0]["message"].clone();
    body["messages"].as_array_mut().unwrap().extend([message, json!({"role": "user", "content": "and?"})]);
    bed.send(path, body.clone()).answer().text();
    assert_eq!(bed.asked(), ["openai", "anthropic", "anthropic"]);
    // When it fails the others take the conversation, without the thought.
    bed.send(path, body).answer().text();
    assert_eq!(bed.asked()[3..], ["anthropic", "openai"]);
    assert!(!sent(&bed, 4).1.to_string().contains("llmio1."));
}

/// A relay in the midst of a turn that another provider has begun: without its thoughts models with a budget refuse to think.
#[tokio::test]
async fn a_turn_goes_on_elsewhere_without_thinking() {
    let bed = bed(&[&MESSAGES, &CHAT], json!({})).await;
    let call = r#"{"id":"c","choices":[{"message":{"reasoning_content":"Hm.","tool_calls":[{"id":"t","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#;
    let (path, mut body) = MESSAGES.request(false);
    body["thinking"] = json!({"type": "enabled", "budget_tokens": 1024});
    body["context_management"] = json!({"edits": [{"type": "clear_thinking_20251015"}, {"type": "other"}]});
    bed.script([failure(403, ""), reply(200, "", call)]);
    let content = bed.send(path, body.clone()).answer().json()["content"].clone();
    assert_eq!(content[0]["type"], "thinking", "{content}");
    let result = json!([{"type": "tool_result", "tool_use_id": content[1]["id"], "content": "done"}]);
    let more = [json!({"role": "assistant", "content": content}), json!({"role": "user", "content": result})];
    body["messages"].as_array_mut().unwrap().extend(more);
    for (kind, lost) in [
        ("enabled", "dropped=reasoning.history,reasoning.this_turn"),
        // These do not ask what a turn began with.
        ("adaptive", "dropped=reasoning.history"),
    ] {
        body["thinking"]["type"] = json!(kind);
        bed.script([failure(500, ""), reply(200, "", MESSAGES.whole)]);
        let answer = bed.send(path, body.clone()).answer();
        assert_eq!(answer.header("x-llmio-translation"), Some(&*format!("to=anthropic; {lost}")));
        let told = sent(&bed, bed.count() - 1).1;
        assert_eq!(told.get("thinking").is_some(), kind == "adaptive", "{told}");
        let edits = told["context_management"]["edits"].as_array().unwrap().len();
        assert_eq!(edits, if kind == "adaptive" { 2 } else { 1 });
    }
}

#[tokio::test]
async fn a_model_that_cannot_think_is_asked_without_and_remembered() {
    let bed = bed(&[&CHAT], json!({})).await;
    let (path, mut body) = MESSAGES.request(false);
    body["thinking"] = json!({"type": "adaptive"});
    let refusal =
        || Reply::json(400, r#"{"error":{"message":"Unrecognized request argument supplied: reasoning_effort"}}"#);
    bed.script([refusal(), reply(200, "", CHAT.whole), reply(200, "", CHAT.whole)]);
    let answer = bed.send(path, body.clone()).answer();
    assert_eq!(answer.header("x-llmio-translation"), Some("to=openai_chat; dropped=reasoning"));
    bed.send(path, body).answer().text();
    let told: Vec<bool> = (0..3).map(|index| sent(&bed, index).1.get("reasoning_effort").is_some()).collect();
    assert_eq!(told, [true, false, false]);
}

/// A client's mistake that mentions thinking is none of the provider's.
#[tokio::test]
async fn a_refusal_is_remembered_only_once_it_was_one() {
    let refusal = || Reply::json(400, r#"{"error":{"message":"`thinking` in messages[3] cannot be modified"}}"#);
    let (path, mut body) = MESSAGES.request(false);
    let thinks = |bed: &Bed, index: usize| sent(bed, index).1.get("reasoning_effort").is_some();
    // Nobody asked it to think.
    let bed = bed(&[&CHAT], json!({"max_retry": 0})).await;
    bed.script([refusal(), reply(200, "", CHAT.whole)]);
    assert_eq!(bed.send(path, body.clone()).answer().status, 400);
    assert_eq!(bed.count(), 1);
    body["thinking"] = json!({"type": "adaptive"});
    bed.send(path, body.clone()).answer().text();
    assert!(thinks(&bed, 1));
    // It refuses the request without, too: something else is wrong with it.
    bed.script([refusal(), refusal(), reply(200, "", CHAT.whole)]);
    assert_eq!(bed.send(path, body.clone()).answer().status, 400);
    bed.send(path, body).answer().text();
    assert_eq!([2, 3, 4].map(|index| thinks(&bed, index)), [true, false, true]);
}

/// A Claude's thought goes through a client of Gemini, on the call that follows, and back.
#[tokio::test]
async fn thoughts_go_through_a_client_of_gemini() {
    const THOUGHT: &str = r#"{"type":"thinking","thinking":"Hm.","signature":"EqQBmaker"}"#;
    let whole = format!(
        r#"{{"id":"msg_1","type":"message","content":[{THOUGHT},{{"type":"text","text":"I call."}},{{"type":"tool_use","id":"toolu_1","name":"f","input":{{}}}}],"stop_reason":"tool_use","usage":{{"input_tokens":1,"output_tokens":2}}}}"#
    );
    let bed = bed(&[&GEMINI, &MESSAGES], json!({"max_retry": 3})).await;
    let (path, mut body) = GEMINI.request(false);
    body["generationConfig"] = json!({"thinkingConfig": {"includeThoughts": true, "thinkingBudget": 4096}});
    bed.script([
        failure(403, ""),
        reply(200, "", whole),
        reply(200, "", MESSAGES.whole),
        failure(500, ""),
        reply(200, "", GEMINI.whole),
    ]);
    let answer = bed.send(path, body.clone()).answer().json();
    let mut content = answer["candidates"][0]["content"].clone();
    // Clients drop thoughts, but not what stands on a call.
    content["parts"].as_array_mut().unwrap().retain(|part| part["thought"] != true);
    let response = json!({"functionResponse": {"id": "toolu_1", "name": "f", "response": {"output": "done"}}});
    body["contents"].as_array_mut().unwrap().extend([content, json!({"role": "user", "parts": [response]})]);
    bed.send(path, body.clone()).answer().text();
    assert_eq!(bed.asked(), ["gemini", "anthropic", "anthropic"], "its maker goes on");
    let told = sent(&bed, 2).1;
    assert_eq!(told["messages"][1]["content"][0].to_string(), THOUGHT, "{told}");
    assert_eq!(told["messages"][1]["content"][1]["text"], "I call.", "in its order");
    // Who only relays gets the documented word for what it cannot have.
    let answer = bed.send(path, body).answer();
    assert_eq!(bed.asked()[3..], ["anthropic", "gemini"]);
    let told = sent(&bed, 4).1;
    assert_eq!(told["contents"][1]["parts"][1]["thoughtSignature"], "skip_thought_signature_validator", "{told}");
    let lost = "to=gemini; dropped=reasoning.history; added=thought_signature";
    assert_eq!(answer.header("x-llmio-translation"), Some(lost));
}

/// Gemini's signature goes through clients of others, and back to its call.
#[tokio::test]
async fn geminis_signatures_return_to_their_calls() {
    let whole = r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"c2lnMQ=="},{"functionCall":{"name":"g","args":{}}}]},"finishReason":"STOP"}],"responseId":"r"}"#;
    for client in [&CHAT, &MESSAGES] {
        let bed = bed(&[&GEMINI], json!({})).await;
        let (path, mut body) = client.request(false);
        body["max_tokens"] = json!(9000);
        bed.script([reply(200, "", whole), reply(200, "", GEMINI.whole)]);
        let messages = |body: &mut Value, more: Vec<Value>| body["messages"].as_array_mut().unwrap().extend(more);
        if client.kind == "openai" {
            let message = bed.send(path, body.clone()).answer().json()["choices"][0]["message"].clone();
            let result = |call: usize| json!({"role": "tool", "tool_call_id": message["tool_calls"][call]["id"], "content": "done"});
            let more = vec![message.clone(), result(0), result(1)];
            messages(&mut body, more);
        } else {
            body["thinking"] = json!({"type": "enabled", "budget_tokens": 2048});
            let content = bed.send(path, body.clone()).answer().json()["content"].clone();
            let ids = content.as_array().unwrap().iter().filter_map(|block| block["id"].as_str());
            let results: Vec<Value> =
                ids.map(|id| json!({"type": "tool_result", "tool_use_id": id, "content": "done"})).collect();
            messages(
                &mut body,
                vec![json!({"role": "assistant", "content": content}), json!({"role": "user", "content": results})],
            );
        }
        let answer = bed.send(path, body).answer();
        assert_eq!(answer.status, 200);
        let parts = sent(&bed, 1).1["contents"][1]["parts"].clone();
        assert_eq!(
            (&parts[0]["functionCall"]["name"], &parts[0]["thoughtSignature"]),
            (&json!("f"), &json!("c2lnMQ==")),
            "{parts}"
        );
        assert_eq!(
            (&parts[1]["functionCall"]["name"], &parts[1]["thoughtSignature"]),
            (&json!("g"), &Value::Null),
            "{parts}"
        );
    }
}
