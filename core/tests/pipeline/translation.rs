//! Clients of one dialect before providers of another.

use llmio_core::dialect::Dialect;
use llmio_core::testing::{Reply, check_stream};
use serde_json::{Value, json};

use crate::bed::{Bed, PROVIDER_KEY, config_of};
use crate::support::{Feed, failure, reply, stream};
use crate::wires::{CHAT, Fault, GEMINI, MESSAGES, RESPONSES, Wire};

/// The client's side and the provider's.
const PAIRS: [(&Wire, Dialect, &Wire, Dialect); 12] = [
    (&MESSAGES, Dialect::Anthropic, &CHAT, Dialect::OpenAiChat),
    (&MESSAGES, Dialect::Anthropic, &RESPONSES, Dialect::OpenAiResponses),
    (&CHAT, Dialect::OpenAiChat, &MESSAGES, Dialect::Anthropic),
    (&CHAT, Dialect::OpenAiChat, &RESPONSES, Dialect::OpenAiResponses),
    (&RESPONSES, Dialect::OpenAiResponses, &MESSAGES, Dialect::Anthropic),
    (&RESPONSES, Dialect::OpenAiResponses, &CHAT, Dialect::OpenAiChat),
    (&GEMINI, Dialect::Gemini, &CHAT, Dialect::OpenAiChat),
    (&GEMINI, Dialect::Gemini, &MESSAGES, Dialect::Anthropic),
    (&CHAT, Dialect::OpenAiChat, &GEMINI, Dialect::Gemini),
    (&MESSAGES, Dialect::Anthropic, &GEMINI, Dialect::Gemini),
    (&GEMINI, Dialect::Gemini, &RESPONSES, Dialect::OpenAiResponses),
    (&RESPONSES, Dialect::OpenAiResponses, &GEMINI, Dialect::Gemini),
];

async fn bed(providers: &[&Wire], model: Value) -> Bed {
    Bed::of(config_of(providers, model)).await
}

fn sent(bed: &Bed, index: usize) -> (String, Value) {
    let sent = &bed.http.sent()[index];
    (sent.uri.path().to_owned(), serde_json::from_slice(&sent.body).unwrap())
}

/// The text in an answer or in the events of a stream.
fn said(client: &Wire, text: &str) -> String {
    let payloads: Vec<Value> = match serde_json::from_str(text) {
        Ok(whole) => vec![whole],
        Err(_) => text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect(),
    };
    let part = |payload: &Value| match client.kind {
        "anthropic" => {
            let whole = payload["content"][0]["text"].as_str();
            whole.or(payload["delta"]["text"].as_str()).unwrap_or_default().to_owned()
        }
        "openai-res" => {
            let whole = payload["output"][0]["content"][0]["text"].as_str();
            whole.or(payload["delta"].as_str()).unwrap_or_default().to_owned()
        }
        "gemini" => payload["candidates"][0]["content"]["parts"][0]["text"].as_str().unwrap_or_default().to_owned(),
        _ => {
            let choice = &payload["choices"][0];
            let whole = choice["message"]["content"].as_str();
            whole.or(choice["delta"]["content"].as_str()).unwrap_or_default().to_owned()
        }
    };
    payloads.iter().map(part).collect()
}

#[tokio::test]
async fn a_request_and_its_answer_cross() {
    for (client, _, provider, to) in PAIRS {
        let bed = bed(&[provider], json!({})).await;
        bed.script([reply(200, "x-request-id: r1", provider.whole)]);
        let mut answer = bed.answer(client, false);
        assert_eq!(answer.status, 200);
        assert_eq!(said(client, answer.text()), "hello");
        assert_eq!(
            (answer.header("content-type"), answer.header("x-request-id")),
            (Some("application/json"), Some("r1"))
        );
        assert!(answer.header("x-llmio-translation").unwrap().starts_with(&format!("to={to}")));
        let (path, body) = sent(&bed, 0);
        let expected = provider.request(false).0.replace("/openai/v1", "/v1").replace("/anthropic", "");
        assert_eq!(path, expected.replace("/gemini/v1beta", "/v1"));
        assert_eq!(body["model"] == "m", to != Dialect::Gemini, "{body}");
        assert!(body.to_string().contains("\"hi\""), "{body}");
        assert_eq!(bed.rows().await, [format!("1 {} 200 success.", provider.kind)]);
    }
}

#[tokio::test]
async fn a_stream_crosses_event_by_event() {
    for (client, from, provider, to) in PAIRS {
        let bed = bed(&[provider], json!({})).await;
        let (feed, answer) = Feed::events();
        bed.script([answer]);
        feed.send(provider.preamble);
        feed.send(provider.output);
        let mut answer = bed.answer(client, true);
        assert_eq!(said(client, &answer.read()), "hel", "{from}: what has come is shown at once");
        bed.advance(20.0);
        assert_eq!(answer.read(), client.filler, "a silence is filled in the client's dialect");
        feed.send(provider.end);
        feed.end();
        // A blank line is what fills Gemini's.
        let filler = if from == Dialect::Gemini { "\n\n\n" } else { client.filler };
        let (text, rest) = (answer.text(), if from == Dialect::Gemini { "\n\n" } else { "" });
        check_stream(from, &text.replace(filler, rest));
        assert_eq!(answer.header("content-type"), Some("text/event-stream"));
        assert!(answer.header("x-llmio-translation").unwrap().starts_with(&format!("to={to}")));
        let (path, body) = sent(&bed, 0);
        assert!(path.ends_with(":streamGenerateContent") || body["stream"] == true, "{path} {body}");
        assert_eq!(bed.rows().await, [format!("1 {} 200 success.", provider.kind)]);
    }
}

#[tokio::test]
async fn whoever_speaks_the_clients_dialect_is_asked_first_within_a_tier() {
    for (client, _, other, _) in PAIRS {
        for strategy in ["lottery", "rotor", "round_robin", "least_latency"] {
            let bed = bed(&[other, client], json!({"strategy": strategy, "affinity": false})).await;
            bed.script([reply(200, "", client.whole), failure(403, ""), reply(200, "", other.whole)]);
            assert_eq!(bed.answer(client, false).text(), client.whole, "relayed");
            assert_eq!(said(client, bed.answer(client, false).text()), "hello");
            assert_eq!(bed.asked(), [client.kind, client.kind, other.kind], "{strategy}");
        }
        let mut config = config_of(&[other, client], json!({}));
        config["models"][0]["associations"][0]["priority"] = json!(5);
        let bed = Bed::of(config).await;
        bed.script([reply(200, "", other.whole)]);
        bed.answer(client, false).text();
        assert_eq!(bed.asked(), [other.kind], "a tier stands above it");
    }
}

#[tokio::test]
async fn what_cannot_be_told_is_refused_by_name_unless_somebody_else_takes_it() {
    let mut body = CHAT.request(false).1;
    body["n"] = json!(2);
    let alone = bed(&[&MESSAGES], json!({})).await;
    let mut answer = alone.send(CHAT.request(false).0, body.clone()).answer();
    assert_eq!(answer.status, 400);
    let error = answer.json()["error"].clone();
    assert_eq!((&error["param"], &error["code"]), (&json!("n"), &json!("untranslatable")), "{error}");
    assert_eq!(alone.count(), 0, "nobody is asked");
    let last = alone.last().await;
    assert_eq!(last["translation"][0]["kind"], "refused", "{last}");
    // In a lower tier there is one who takes it.
    let mut config = config_of(&[&MESSAGES, &CHAT], json!({"max_retry": 0}));
    config["models"][0]["associations"][0]["priority"] = json!(5);
    let both = Bed::of(config).await;
    both.script([reply(200, "", CHAT.whole)]);
    assert_eq!(both.send(CHAT.request(false).0, body).answer().text(), CHAT.whole);
    assert_eq!(both.asked(), ["openai"]);
}

#[tokio::test]
async fn errors_come_in_the_clients_form_with_the_providers_words() {
    for (client, _, provider, _) in PAIRS {
        for (status, expected) in [(400, 400), (404, 404), (413, 413), (422, 400), (429, 429), (529, 503), (500, 500)] {
            let bed = bed(&[provider], json!({"max_retry": 0})).await;
            bed.script([failure(status, "retry-after: 7")]);
            let mut answer = bed.answer(client, false);
            assert_eq!(answer.status, expected, "{status}");
            assert_eq!(answer.retry_after(), Some(7), "{status}");
            let body = answer.json();
            assert_eq!(body["error"]["message"], format!("the provider's words for {status}"));
            assert_eq!(body["type"] == "error", client.kind == "anthropic", "{body}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_breaks_ends_with_the_clients_error_event() {
    for (client, from, provider, _) in PAIRS {
        let said = format!("we failed with {PROVIDER_KEY}");
        for (rest, words) in [
            (provider.error_event(Fault::Server, &said), "we failed with ****"),
            (String::new(), "without completing its answer"),
        ] {
            let bed = bed(&[provider], json!({})).await;
            bed.script([stream([provider.preamble, provider.output, &rest].concat())]);
            let mut answer = bed.answer(client, true);
            let text = answer.text().to_owned();
            check_stream(from, &text);
            let last = text.trim_end().rsplit("data: ").next().unwrap().lines().next().unwrap();
            let error: Value = serde_json::from_str(last).unwrap();
            let error = if client.kind == "openai-res" { &error["response"]["error"] } else { &error["error"] };
            assert!(error["message"].as_str().unwrap().contains(words), "{last}");
            assert_eq!(bed.rows().await, [format!("1 {} 200 provider_error.", provider.kind)]);
        }
    }
}

#[tokio::test]
async fn failures_before_the_output_stay_unseen() {
    for (client, from, provider, _) in PAIRS {
        let bed = bed(&[provider], json!({"max_retry": 3})).await;
        let mut config = config_of(&[provider], json!({"max_retry": 3}));
        config["providers"].as_array_mut().unwrap().push(json!({"name": "b", "type": provider.kind,
            "base_url": "https://b.example/v1", "api_key": PROVIDER_KEY}));
        config["models"][0]["associations"]
            .as_array_mut()
            .unwrap()
            .push(json!({"provider": "b", "model": "*", "weight": 1}));
        bed.api("PUT /api/config", config).await;
        bed.script([stream([provider.preamble, &provider.error_event(Fault::Overloaded, "busy")].concat())]);
        bed.script([stream(provider.stream())]);
        check_stream(from, bed.answer(client, true).text());
        assert_eq!(bed.asked(), [provider.kind, "b"]);
    }
}

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

#[tokio::test]
async fn the_log_tells_what_was_lost() {
    let bed = bed(&[&CHAT], json!({})).await;
    let (path, mut body) = MESSAGES.request(false);
    body["top_k"] = json!(4);
    bed.script([reply(200, "", CHAT.whole)]);
    bed.send(path, body).answer().text();
    let last = bed.last().await;
    assert_eq!(last["translation"][0]["path"], "top_k", "{last}");
    assert_eq!((&last["dialect"], &last["provider_type"]), (&json!("anthropic"), &json!("openai")));
}

/// Of a stream that is known only when its headers are gone.
#[tokio::test]
async fn the_log_tells_what_a_stream_lost() {
    let bed = bed(&[&MESSAGES], json!({})).await;
    let paused = MESSAGES.stream().replace("end_turn", "pause_turn");
    bed.script([stream(paused)]);
    bed.answer(&CHAT, true).text();
    let last = bed.last().await;
    assert_eq!(last["translation"][0]["path"], "stop_reason", "{last}");
}

/// Gemini without `alt=sse` is one array, whoever answers.
#[tokio::test]
async fn a_stream_may_be_an_array() {
    let path = GEMINI.request(true).0.replace("?alt=sse", "");
    for (events, is_whole) in [(MESSAGES.stream(), true), ([MESSAGES.preamble, MESSAGES.output].concat(), false)] {
        let bed = bed(&[&MESSAGES], json!({})).await;
        bed.script([stream(events)]);
        let mut answer = bed.send(&path, GEMINI.request(true).1).answer();
        assert_eq!(answer.header("content-type"), Some("application/json"));
        check_stream(Dialect::Gemini, answer.text());
        assert_eq!(answer.json().as_array().unwrap().last().unwrap()["error"].is_null(), is_whole);
        assert_eq!(sent(&bed, 0).1["stream"], true);
    }
}

/// What says that the model has failed is no answer for anyone.
#[tokio::test]
async fn a_model_that_has_failed_has_not_answered() {
    let malformed = GEMINI.whole.replace("STOP", "MALFORMED_FUNCTION_CALL");
    for client in [&CHAT, &MESSAGES] {
        let bed = bed(&[&GEMINI], json!({"max_retry": 0})).await;
        bed.script([
            reply(200, "", malformed.clone()),
            stream(GEMINI.stream().replace("STOP", "MALFORMED_FUNCTION_CALL")),
        ]);
        let mut answer = bed.answer(client, false);
        assert_eq!(answer.status, 502);
        assert!(answer.text().contains("the model has failed: MALFORMED_FUNCTION_CALL"), "{}", answer.text());
        let mut answer = bed.answer(client, true);
        let text = answer.text();
        assert!(text.contains("the model has failed: MALFORMED_FUNCTION_CALL"), "{text}");
        assert!(!text.contains("[DONE]") && !text.contains("message_stop"), "{text}");
    }
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

/// Another answers in its place, or the client learns that it failed.
#[tokio::test]
async fn a_response_that_failed_is_no_end_of_an_answer() {
    let failed = json!({"type": "response.failed", "sequence_number": 1, "response": {"id": "resp_1", "status": "failed",
        "error": {"code": "server_is_overloaded", "message": "busy"}}});
    let stream_of = || stream(format!("{}event: response.failed\ndata: {failed}\n\n", RESPONSES.preamble));
    let mut config = config_of(&[&RESPONSES, &MESSAGES], json!({"max_retry": 1}));
    config["models"][0]["associations"][0]["priority"] = json!(5);
    let both = Bed::of(config).await;
    both.script([stream_of(), stream(MESSAGES.stream())]);
    let mut answer = both.answer(&CHAT, true);
    assert_eq!(said(&CHAT, answer.text()), "hel");
    assert_eq!(both.asked(), ["openai-res", "anthropic"]);
    let alone = bed(&[&RESPONSES], json!({"max_retry": 0})).await;
    alone.script([stream_of()]);
    let mut answer = alone.answer(&CHAT, true);
    let text = answer.text().to_owned();
    assert!(text.contains("busy") && !text.contains("\"finish_reason\":\"stop\""), "{} {text}", answer.status);
    let whole = json!({"id": "resp_1", "object": "response", "status": "failed", "output": [], "model": "m",
        "error": {"code": "server_error", "message": "busy"}});
    let whole_alone = bed(&[&RESPONSES], json!({"max_retry": 0})).await;
    whole_alone.script([reply(200, "", whole.to_string())]);
    let mut answer = whole_alone.answer(&CHAT, false);
    assert!(answer.status >= 500, "{}", answer.status);
    assert!(answer.json()["error"]["message"].as_str().unwrap().contains("busy"));
}
