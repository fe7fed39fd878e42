//! What asks providers: their model lists, and tests of associations.

use bytes::Bytes;
use llmio_core::platform::{Body, HttpError, HttpErrorKind, HttpResponse};
use llmio_core::probe::reach;
use llmio_core::record::Origin;
use llmio_core::testing::Reply;
use serde_json::{Value, json};

use crate::support::{Api, check_refusals, id_of, refusal};

const KEY: &str = "sk-0123456789-canary";

/// A provider of a type that serves the model `m` as `provider_model`; its id and the association's.
async fn bed(api: &Api, kind: &str, provider_model: &str) -> (String, String) {
    let provider = json!({
        "name": kind, "type": kind, "base_url": "https://up.example/v1", "api_key": KEY,
        "proxy": "http://user:canary@proxy.example:8080", "error_matcher": "no credit left",
    });
    let provider = id_of(&api.expect(201, "POST /api/providers", provider).await);
    let model = id_of(&api.expect(201, "POST /api/models", json!({"name": format!("m-{kind}*")})).await);
    let association = json!({
        "model_id": model, "provider_id": provider, "provider_model": provider_model,
        "headers": {"x-token": "canary-in-a-header"}, "extra_body": {"extra.deep": 1},
    });
    let association = id_of(&api.expect(201, "POST /api/associations", association).await);
    (provider, association)
}

fn events(text: &'static str) -> Reply {
    let mut answer = HttpResponse::new(Body::from(text.as_bytes().to_vec()));
    answer.headers_mut().insert("content-type", "text/event-stream".parse().unwrap());
    Reply::Answer(answer)
}

#[tokio::test]
async fn model_lists() {
    let rows: [(&str, &[&str], &[&str], &str); 4] = [
        ("openai", &[r#"{"data":[{"id":"b"},{"id":"a"}]}"#], &["https://up.example/v1/models"], "authorization"),
        ("openai-res", &[r#"{"data":[{"id":"a"},{"id":"b"}]}"#], &["https://up.example/v1/models"], "authorization"),
        (
            "anthropic",
            &[r#"{"data":[{"id":"b"}],"has_more":true,"last_id":"b"}"#, r#"{"data":[{"id":"a"}],"has_more":false}"#],
            &["https://up.example/v1/models?limit=1000", "https://up.example/v1/models?limit=1000&after_id=b"],
            "x-api-key",
        ),
        (
            "gemini",
            &[r#"{"models":[{"name":"models/a"}],"nextPageToken":"t"}"#, r#"{"models":[{"name":"models/b"}]}"#],
            &["https://up.example/v1/models?pageSize=1000", "https://up.example/v1/models?pageSize=1000&pageToken=t"],
            "x-goog-api-key",
        ),
    ];
    for (kind, pages, urls, header) in rows {
        let api = Api::new().await;
        let (provider, _) = bed(&api, kind, "x").await;
        pages.iter().for_each(|page| api.http.push(Reply::json(200, *page)));
        let list = api.expect(200, &format!("GET /api/providers/{provider}/models"), Value::Null).await;
        assert_eq!(list, json!({"data": [{"name": "a"}, {"name": "b"}]}), "{kind}");
        let sent = api.http.sent();
        assert_eq!(sent.iter().map(|request| request.uri.to_string()).collect::<Vec<_>>(), urls);
        for request in sent {
            assert!(request.headers[header].to_str().unwrap().ends_with(KEY), "{kind}");
            assert_eq!(request.options.proxy.as_deref(), Some("http://user:canary@proxy.example:8080"));
        }
    }
}

#[tokio::test]
async fn a_list_that_does_not_come() {
    let refused = || Reply::Fail(HttpError::new(HttpErrorKind::Connect, "connection refused"));
    let rows = [
        (refused(), "connection refused"),
        (
            Reply::json(401, format!(r#"{{"error":{{"message":"Incorrect API key provided: {KEY}"}}}}"#)),
            "the provider answered 401: Incorrect API key provided: ****",
        ),
        (Reply::json(200, "<html>"), "not valid JSON"),
        (Reply::json(200, "{}"), "holds no model list"),
    ];
    for (reply, expected) in rows {
        let api = Api::new().await;
        let (provider, _) = bed(&api, "openai", "x").await;
        api.http.push(reply);
        let answer = api.call(&format!("GET /api/providers/{provider}/models"), Value::Null).await;
        assert_eq!((answer.status, &answer.json["error"]["code"]), (502, &json!("provider_failed")));
        let message = answer.json["error"]["message"].as_str().unwrap();
        assert!(message.contains(expected), "{message}");
        assert!(!answer.text.contains("canary"), "{}", answer.text);
    }
}

struct Row {
    kind: &'static str,
    test: &'static str,
    reply: Reply,
    path: &'static str,
    /// Part of the error; `None` for a success.
    error: Option<&'static str>,
}

fn row(kind: &'static str, test: &'static str, reply: Reply, path: &'static str, error: Option<&'static str>) -> Row {
    Row { kind, test, reply, path, error }
}

#[tokio::test]
async fn tests_of_associations() {
    const CHAT: &str = r#"{"choices":[{"message":{"role":"assistant","content":"ready"},"finish_reason":"stop"}]}"#;
    const CHAT_CALL: &str =
        r#"{"choices":[{"message":{"tool_calls":[{"id":"c","function":{"name":"get_weather","arguments":"{}"}}]}}]}"#;
    const CHAT_STREAM: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"ready\"}}]}\n\n\
        data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    const CHAT_CUT: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"rea\"}}]}\n\n";
    const RESPONSE_CALL: &str = r#"{"status":"completed","output":[{"type":"function_call","name":"get_weather"}]}"#;
    const MESSAGE: &str = r#"{"type":"message","content":[{"type":"text","text":"ready"}],"stop_reason":"end_turn"}"#;
    const MESSAGE_CALL: &str = r#"{"type":"message","content":[{"type":"tool_use","name":"get_weather","input":{}}]}"#;
    const GEMINI_CALL: &str =
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"get_weather"}}]},"finishReason":"STOP"}]}"#;
    const GEMINI_STREAM: &str =
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"ready\"}]},\"finishReason\":\"STOP\"}]}\n\n";
    let rows = vec![
        row("openai", "plain", Reply::json(200, CHAT), "/chat/completions", None),
        row("openai", "stream", events(CHAT_STREAM), "/chat/completions", None),
        row("openai", "tool_call", Reply::json(200, CHAT_CALL), "/chat/completions", None),
        row("openai", "tool_call", Reply::json(200, CHAT), "/chat/completions", Some("without calling the tool")),
        row("openai", "stream", events(CHAT_CUT), "/chat/completions", Some("without completing")),
        // Of one that answers whole a client gets a stream, too; of an error none.
        row("openai", "stream", Reply::json(200, CHAT), "/chat/completions", None),
        row(
            "openai",
            "stream",
            Reply::json(200, r#"{"error":{"message":"sorry"}}"#),
            "/chat/completions",
            Some("without a stream"),
        ),
        row("openai", "plain", Reply::json(200, "{"), "/chat/completions", Some("a JSON object of 1 bytes")),
        row(
            "openai",
            "plain",
            Reply::json(200, r#"{"message":"No credit LEFT"}"#),
            "/chat/completions",
            Some("error_matcher"),
        ),
        row(
            "openai",
            "plain",
            Reply::json(200, r#"{"error":{"message":"sorry"}}"#),
            "/chat/completions",
            Some("sorry"),
        ),
        row(
            "openai",
            "stream",
            Reply::json(429, r#"{"error":{"message":"slow down"}}"#),
            "/chat/completions",
            Some("429: slow down"),
        ),
        row(
            "openai",
            "plain",
            Reply::json(401, format!(r#"{{"error":{{"message":"bad key {KEY}"}}}}"#)),
            "/chat/completions",
            Some("401: bad key ****"),
        ),
        row(
            "openai",
            "plain",
            Reply::Fail(HttpError::new(HttpErrorKind::Tls, "bad certificate")),
            "/chat/completions",
            Some("bad certificate"),
        ),
        row("openai-res", "tool_call", Reply::json(200, RESPONSE_CALL), "/responses", None),
        row("anthropic", "plain", Reply::json(200, MESSAGE), "/messages", None),
        row("anthropic", "tool_call", Reply::json(200, MESSAGE_CALL), "/messages", None),
        row("anthropic", "tool_call", Reply::json(200, MESSAGE), "/messages", Some("without calling the tool")),
        row("gemini", "tool_call", Reply::json(200, GEMINI_CALL), "/models/x:generateContent", None),
        row("gemini", "stream", events(GEMINI_STREAM), "/models/x:streamGenerateContent?alt=sse", None),
    ];
    for Row { kind, test, reply, path, error } in rows {
        let api = Api::new().await;
        let (_, association) = bed(&api, kind, "x").await;
        api.http.push(reply);
        let call = format!("POST /api/associations/{association}/test");
        let report = api.call(&call, json!({"kind": test})).await;
        assert_eq!(report.status, 200, "{}", report.text);
        assert!(!report.text.contains("canary"), "{}", report.text);
        let report = report.json;
        assert_eq!((&report["ok"], &report["provider_model"]), (&json!(error.is_none()), &json!("x")), "{report}");
        match error {
            None => {
                assert_eq!((&report["status"], &report["error"]), (&json!(200), &Value::Null));
                assert_eq!(report["first_token_ms"].is_number(), test == "stream", "{report}");
                assert!(report["excerpt"].as_str().is_some_and(|text| text.len() > 20), "{report}");
            }
            Some(part) => assert!(report["error"].as_str().is_some_and(|text| text.contains(part)), "{report}"),
        }
        let lifted = if error.is_none() { vec![association] } else { vec![] };
        assert_eq!(api.announced.resets(), lifted, "a good test lifts a rest");
        let sent = api.http.sent();
        let request = sent.last().unwrap();
        assert_eq!(request.uri.to_string(), format!("https://up.example/v1{path}"));
        assert_eq!(request.headers["x-token"], "canary-in-a-header");
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body["extra"]["deep"], 1, "{body}");
        assert_eq!(body.get("tools").is_some(), test == "tool_call");
        assert_eq!(body["stream"] == true, test == "stream" && kind != "gemini");
    }
}

#[tokio::test]
async fn patterns_need_a_name_to_ask_for() {
    let api = Api::new().await;
    let (_, association) = bed(&api, "openai", "*").await;
    let call = format!("POST /api/associations/{association}/test");
    check_refusals(
        &api,
        vec![
            refusal(&call, json!({}), 422, "invalid", "model"),
            refusal(&call, json!({"kind": "x", "model": "a"}), 422, "invalid", "kind"),
            refusal("POST /api/associations/x/test", json!({}), 404, "not_found", ""),
        ],
    )
    .await;
    api.http.push(Reply::json(200, "{}"));
    let report = api.expect(200, &call, json!({"model": "m-openai-5"})).await;
    assert_eq!(report["provider_model"], "m-openai-5");
    let body: Value = serde_json::from_slice(&api.http.sent()[0].body).unwrap();
    assert_eq!(body["model"], "m-openai-5");
}

#[tokio::test]
async fn reaching_every_provider() {
    let api = Api::new().await;
    bed(&api, "anthropic", "claude-x").await;
    bed(&api, "openai", "*").await;
    // Asked at once, so the script's order is the providers' order.
    api.http.push(Reply::json(200, r#"{"data":[{"id":"claude-y"}]}"#));
    api.http.push(Reply::Answer(HttpResponse::new(Body::from(Bytes::from_static(b"<html>")))));
    let config = api.admin.store.load().await.unwrap();
    let found = reach(&*api.admin.platform.http, &*api.admin.platform.clock, &config).await;
    assert_eq!((found[0].provider.as_str(), &found[0].models), ("anthropic", &Ok(1)));
    assert_eq!(found[0].unlisted, ["claude-x"]);
    assert!(found[1].provider == "openai" && found[1].models.is_err() && found[1].unlisted.is_empty());
}

/// The answers of a model that does as it is told, in each dialect: a call of each tool, then a text.
fn agent(kind: &str) -> [String; 3] {
    let turn = |name: &str, arguments: Value, id: &str| {
        match kind {
            "openai" => {
                let function = json!({"name": name, "arguments": arguments.to_string()});
                let calls = json!([{"id": id, "type": "function", "function": function}]);
                json!({"choices": [{"message": {"role": "assistant", "content": null, "tool_calls": calls}}]})
            }
            "openai-res" => {
                let call = json!({"type": "function_call", "id": "fc", "call_id": id, "name": name, "arguments": arguments.to_string()});
                json!({"status": "completed", "output": [call]})
            }
            "anthropic" => {
                let thought = json!({"type": "thinking", "thinking": "hm", "signature": "s"});
                let call = json!({"type": "tool_use", "id": id, "name": name, "input": arguments});
                json!({"type": "message", "content": [thought, call], "stop_reason": "tool_use"})
            }
            _ => {
                let part = json!({"functionCall": {"name": name, "args": arguments}, "thoughtSignature": "s"});
                json!({"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}]})
            }
        }
        .to_string()
    };
    let text = "18 degrees in Paris";
    let end = match kind {
        "openai" => json!({"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}),
        "openai-res" => {
            let content = json!([{"type": "output_text", "text": text}]);
            json!({"status": "completed", "output": [{"type": "message", "content": content}]})
        }
        "anthropic" => {
            json!({"type": "message", "content": [{"type": "text", "text": text}], "stop_reason": "end_turn"})
        }
        _ => json!({"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}]}),
    };
    [turn("get_city", json!({}), "c1"), turn("get_weather", json!({"city": "Paris"}), "c2"), end.to_string()]
}

fn verdicts(report: &Value) -> Vec<(String, bool)> {
    let row = |it: &Value| (it["check"].as_str().unwrap().to_owned(), it["ok"] == true);
    report["verdicts"].as_array().unwrap().iter().map(row).collect()
}

#[tokio::test]
async fn agents_take_two_steps_in_order() {
    for kind in ["openai", "openai-res", "anthropic", "gemini"] {
        let [city, weather, end] = agent(kind);
        let good = [("two_calls", true), ("in_order", true), ("steps", true), ("answered", true)];
        let bad = [("two_calls", true), ("in_order", false), ("steps", true), ("answered", true)];
        let none = [("two_calls", false), ("in_order", false), ("steps", true), ("answered", true)];
        for (answers, expected) in
            [(vec![&city, &weather, &end], good), (vec![&weather, &city, &end], bad), (vec![&end], none)]
        {
            let api = Api::new().await;
            let (_, association) = bed(&api, kind, "x").await;
            answers.iter().for_each(|answer| api.http.push(Reply::json(200, (*answer).clone())));
            let call = format!("POST /api/associations/{association}/test");
            let report = api.expect(200, &call, json!({"kind": "agent", "transcript": true})).await;
            assert_eq!(verdicts(&report), expected.map(|(check, ok)| (check.to_owned(), ok)), "{kind}: {report}");
            assert_eq!(report["ok"], json!(expected == good), "{report}");
            assert_eq!(report["exchanges"].as_array().map(Vec::len), Some(answers.len()), "{report}");
            assert_eq!(api.announced.resets().is_empty(), expected != good, "only a good test lifts a rest");
            let rows = api.announced.recorded();
            assert!(rows.len() == answers.len() && rows.iter().all(|row| row.origin == Origin::Test), "{rows:?}");
            // What the model said is part of the next request, with the results of its tools.
            let sent: Vec<String> =
                api.http.sent().iter().map(|it| String::from_utf8_lossy(&it.body).into_owned()).collect();
            assert!(sent.last().unwrap().contains("18 degrees and sunny") || answers.len() == 1, "{sent:?}");
        }
        // One that never comes to an end is stopped.
        let api = Api::new().await;
        let (_, association) = bed(&api, kind, "x").await;
        (0..21).for_each(|_| api.http.push(Reply::json(200, city.clone())));
        let call = format!("POST /api/associations/{association}/test");
        let report = api.expect(200, &call, json!({"kind": "agent"})).await;
        assert_eq!((report["ok"].clone(), api.http.sent().len()), (json!(false), 20), "{report}");
        assert!(verdicts(&report).contains(&("steps".to_owned(), false)), "{report}");
    }
}

#[tokio::test]
async fn what_else_is_tested() {
    let text = |text: &str| {
        json!({"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
               "usage": {"prompt_tokens": 9, "completion_tokens": 2}})
        .to_string()
    };
    for (kind, test, answer, expected, member) in [
        ("openai", "structured_output", text(r#"{"city":"Paris","country":"France"}"#), true, "response_format"),
        ("openai", "structured_output", text(r#"{"city":"Paris"}"#), false, "response_format"),
        ("openai", "structured_output", text("Paris"), false, "response_format"),
        ("openai", "image", text("Red."), true, "messages"),
        ("openai", "image", text("I cannot see pictures."), false, "messages"),
        ("openai", "tools", text("Sunny."), false, "tools"),
        ("anthropic", "count_tokens", r#"{"input_tokens": 14}"#.to_owned(), true, "messages"),
        ("gemini", "count_tokens", r#"{"totalTokens": 14}"#.to_owned(), true, "contents"),
        ("openai", "count_tokens", String::new(), false, ""),
    ] {
        let api = Api::new().await;
        let (_, association) = bed(&api, kind, "x").await;
        api.http.push(Reply::json(200, answer));
        let call = format!("POST /api/associations/{association}/test");
        let report = api.call(&call, json!({"kind": test, "transcript": true})).await;
        assert_eq!((report.status, &report.json["ok"]), (200, &json!(expected)), "{kind} {test}: {}", report.text);
        assert!(!report.text.contains("canary"), "{}", report.text);
        assert_eq!(report.json["error"].is_null(), expected, "{}", report.text);
        if let Some(sent) = api.http.sent().last() {
            let body: Value = serde_json::from_slice(&sent.body).unwrap();
            assert!(body.get(member).is_some(), "{test}: {body}");
            let shown = report.json["exchanges"][0]["sent"].as_str().unwrap();
            assert_eq!(serde_json::from_str::<Value>(shown).unwrap(), body);
        }
    }
}

#[tokio::test]
async fn events_come_while_a_test_runs() {
    for (accept, content_type, prefix) in
        [("text/event-stream", "text/event-stream", "data: "), ("application/x-ndjson", "application/x-ndjson", "")]
    {
        let api = Api::new().await;
        let (_, association) = bed(&api, "openai", "x").await;
        agent("openai").into_iter().for_each(|answer| api.http.push(Reply::json(200, answer)));
        let request = http::Request::post(format!("/api/associations/{association}/test")).header("accept", accept);
        let answer = api.send(request.body(Bytes::from(r#"{"kind":"agent"}"#)).unwrap()).await;
        assert_eq!((answer.status, answer.headers["content-type"].to_str().unwrap()), (200, content_type));
        let events: Vec<Value> = answer
            .text
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_str(line.strip_prefix(prefix).unwrap()).unwrap())
            .collect();
        let types: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["question", "call", "result", "call", "result", "answer", "report"]);
        assert_eq!(events[6]["report"]["ok"], true);
        assert!(events.iter().all(|event| event["association_id"] == json!(association)));
        assert_eq!(api.announced.resets(), [association]);
    }
}

#[tokio::test]
async fn drafts_are_probed_with_the_saved_key() {
    let api = Api::new().await;
    let (provider, _) = bed(&api, "openai", "x").await;
    let draft = json!({"name": "new", "type": "openai", "base_url": "https://draft.example/v1"});
    api.http.push(Reply::json(
        200,
        r#"{"data":[{"id":"b","created":1700000000,"owned_by":"lab","context_length":8192},{"id":"a"}]}"#,
    ));
    let listed = api.expect(200, "POST /api/probe/models", json!({"provider": draft, "id": provider})).await;
    let shown = json!({"name": "b", "created": "2023-11-14T22:13:20Z", "owned_by": "lab", "context_tokens": 8192});
    assert_eq!(listed["models"], json!([{"name": "a"}, shown]));
    assert_eq!((&listed["reach"]["status"], &listed["reach"]["error"]), (&json!(200), &Value::Null));
    let sent = api.http.sent();
    assert_eq!(sent[0].uri.to_string(), "https://draft.example/v1/models");
    assert_eq!(sent[0].headers["authorization"].to_str().unwrap(), format!("Bearer {KEY}"));

    api.http.push(Reply::json(401, format!(r#"{{"error":{{"message":"bad key {KEY}"}}}}"#)));
    let refused = api.call("POST /api/probe/models", json!({"provider": draft, "id": provider})).await;
    assert!(!refused.text.contains("canary"), "{}", refused.text);
    assert_eq!((&refused.json["models"], &refused.json["reach"]["status"]), (&json!([]), &json!(401)));

    let text = r#"{"choices":[{"message":{"role":"assistant","content":"ready"},"finish_reason":"stop"}]}"#;
    api.http.push(Reply::json(200, text));
    let test = json!({"provider": draft, "provider_model": "gpt-5", "kind": "plain", "transcript": true});
    let report = api.expect(200, "POST /api/probe/test", test).await;
    assert_eq!((&report["ok"], &report["provider_model"]), (&json!(true), &json!("gpt-5")), "{report}");
    assert_eq!(report["trace_ids"], json!([]), "the log has none of them");
    assert!(api.announced.recorded().is_empty() && api.announced.resets().is_empty(), "nobody else's business");

    let rows = vec![
        refusal("POST /api/probe/models", json!({}), 422, "invalid", "provider"),
        refusal("POST /api/probe/models", json!({"provider": draft, "id": "none"}), 404, "not_found", "id"),
        refusal(
            "POST /api/probe/models",
            json!({"provider": {"name": "n", "type": "openai", "base_url": "ftp://x"}}),
            422,
            "invalid",
            "provider.base_url",
        ),
        refusal("POST /api/probe/test", json!({"provider": draft}), 422, "invalid", "provider_model"),
        refusal(
            "POST /api/probe/test",
            json!({"provider": draft, "provider_model": ""}),
            422,
            "invalid",
            "provider_model",
        ),
        refusal(
            "POST /api/probe/test",
            json!({"provider": draft, "provider_model": "x", "kind": "y"}),
            422,
            "invalid",
            "kind",
        ),
    ];
    check_refusals(&api, rows).await;
}
