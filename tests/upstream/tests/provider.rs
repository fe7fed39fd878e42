//! The provider as its callers meet it: over HTTP.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use llmio_upstream::journal::End;
use llmio_upstream::replay::{Ending, Piece, Replay};
use llmio_upstream::{Behaviour, Dialect, Fault, Upstream};
use serde_json::{Value, json};

type Http = Client<HttpConnector, Full<Bytes>>;

const KEY: &str = "sk-upstream";

fn http() -> Http {
    Client::builder(TokioExecutor::new()).build_http()
}

async fn send(
    upstream: &Upstream,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (StatusCode, String) {
    let mut request = Request::builder().method(method).uri(format!("http://{}{path}", upstream.address()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = http().request(request.body(Full::from(body.to_owned())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap())
}

fn good_headers(dialect: Dialect) -> Vec<(&'static str, &'static str)> {
    let mut headers = vec![("content-type", "application/json")];
    match dialect {
        Dialect::Chat | Dialect::Responses => headers.push(("authorization", "Bearer sk-upstream")),
        Dialect::Anthropic => headers.extend([("x-api-key", KEY), ("anthropic-version", "2023-06-01")]),
        Dialect::Gemini => headers.push(("x-goog-api-key", KEY)),
    }
    headers
}

fn request(dialect: Dialect, model: &str, stream: bool) -> (String, Value) {
    match dialect {
        Dialect::Chat => (
            "/v1/chat/completions".into(),
            json!({"model": model, "messages": [{"role": "user", "content": "Hi"}], "stream": stream}),
        ),
        Dialect::Responses => ("/v1/responses".into(), json!({"model": model, "input": "Hi", "stream": stream})),
        Dialect::Anthropic => (
            "/v1/messages".into(),
            json!({"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}], "stream": stream}),
        ),
        Dialect::Gemini => {
            let call = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
            (format!("/v1beta/models/{model}:{call}"), json!({"contents": [{"parts": [{"text": "Hi"}]}]}))
        }
    }
}

#[tokio::test]
async fn refuses_malformed_requests() {
    let upstream = Upstream::with_key(KEY).await.unwrap();
    let chat = r#"{"model":"ok","messages":[{"role":"user","content":"Hi"}]}"#;
    let messages = r#"{"model":"ok","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#;
    let to_count = r#"{"model":"ok","messages":[{"role":"user","content":"Hi"}]}"#;
    let gemini = r#"{"contents":[{"parts":[{"text":"Hi"}]}]}"#;
    // Dialect, path, headers in place of the good ones, body, status, a part of the error.
    type Row = (Dialect, &'static str, Option<Vec<(&'static str, &'static str)>>, &'static str, u16, &'static str);
    let json_only = ("content-type", "application/json");
    let bearer = ("authorization", "Bearer sk-upstream");
    let rows: Vec<Row> = vec![
        (Dialect::Chat, "/v1/chat/completions", None, chat, 200, "chat.completion"),
        (Dialect::Chat, "/v1/chat/completions", Some(vec![json_only]), chat, 401, "API key"),
        (Dialect::Chat, "/v1/chat/completions", Some(vec![json_only, ("authorization", "Bearer x")]), chat, 401, "x"),
        (
            Dialect::Chat,
            "/v1/chat/completions",
            Some(vec![json_only, bearer, ("x-api-key", "c")]),
            chat,
            400,
            "x-api-key",
        ),
        (Dialect::Chat, "/v1/chat/completions?key=client", None, chat, 400, "query"),
        (Dialect::Chat, "/v1/chat/completions", Some(vec![json_only, bearer, ("te", "trailers")]), chat, 400, "te"),
        (Dialect::Chat, "/v1/chat/completions", Some(vec![bearer]), chat, 415, "content type"),
        (Dialect::Chat, "/v1/chat/completions", None, r#"{"model":"ok","messages":[]}"#, 400, "minimum length"),
        (Dialect::Chat, "/v1/chat/completions", None, r#"{"messages":[{"role":"user","content":""}]}"#, 400, "'model'"),
        (Dialect::Chat, "/v1/chat/completions", None, r#"{"model":"a","model":"b","messages":[]}"#, 400, "duplicate"),
        (Dialect::Chat, "/v1/chat/completions", None, "{", 400, "JSON"),
        (
            Dialect::Chat,
            "/v1/chat/completions",
            None,
            r#"{"model":"ok","messages":[{"role":"tool","tool_call_id":"a","content":""}]}"#,
            400,
            "preceeding",
        ),
        (Dialect::Responses, "/v1/responses", None, r#"{"model":"ok"}"#, 400, "'input'"),
        (
            Dialect::Responses,
            "/v1/responses",
            None,
            r#"{"model":"ok","input":[{"type":"function_call_output","call_id":"a","output":""}]}"#,
            400,
            "No tool call",
        ),
        (Dialect::Anthropic, "/v1/messages", None, messages, 200, "end_turn"),
        (
            Dialect::Anthropic,
            "/v1/messages",
            Some(vec![json_only, ("x-api-key", KEY)]),
            messages,
            400,
            "anthropic-version",
        ),
        (
            Dialect::Anthropic,
            "/v1/messages",
            None,
            r#"{"model":"ok","messages":[{"role":"user","content":"Hi"}]}"#,
            400,
            "max_tokens",
        ),
        (
            Dialect::Anthropic,
            "/v1/messages",
            None,
            r#"{"model":"ok","max_tokens":9,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]}]}"#,
            400,
            "tool_use_id",
        ),
        (
            Dialect::Anthropic,
            "/v1/messages",
            None,
            r#"{"model":"ok","max_tokens":9,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"another's"}]}]}"#,
            400,
            "Invalid `signature`",
        ),
        (
            Dialect::Anthropic,
            "/v1/messages",
            None,
            r#"{"model":"ok","max_tokens":9,"tools":[{"name":"f","input_schema":{}}],"messages":[{"role":"user","content":"Hi"}]}"#,
            400,
            "input_schema.type",
        ),
        (
            Dialect::Anthropic,
            "/v1/messages",
            None,
            r#"{"model":"ok","max_tokens":9,"thinking":{"type":"adaptive"},"temperature":0.5,"messages":[{"role":"user","content":"Hi"}]}"#,
            400,
            "thinking is enabled",
        ),
        (
            Dialect::Chat,
            "/v1/chat/completions",
            None,
            r#"{"model":"ok","messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"a.b"}}]}"#,
            400,
            "does not match pattern",
        ),
        (
            Dialect::Chat,
            "/v1/chat/completions",
            None,
            r#"{"model":"ok","messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{}}}}]}"#,
            400,
            "JSON Schema",
        ),
        (Dialect::Responses, "/v1/responses/input_tokens", None, r#"{"model":"ok","input":"Hi"}"#, 200, "input_tokens"),
        (
            Dialect::Responses,
            "/v1/responses/input_tokens",
            None,
            r#"{"model":"ok","input":"Hi","store":false}"#,
            400,
            "store: unknown parameter",
        ),
        (Dialect::Anthropic, "/v1/messages/count_tokens", None, to_count, 200, "input_tokens"),
        (Dialect::Anthropic, "/v1/messages/count_tokens", None, messages, 400, "max_tokens"),
        (Dialect::Gemini, "/v1beta/models/ok:generateContent", None, gemini, 200, "STOP"),
        (
            Dialect::Gemini,
            "/v1beta/models/ok:generateContent?key=sk-upstream",
            Some(vec![json_only]),
            gemini,
            200,
            "STOP",
        ),
        (Dialect::Gemini, "/v1beta/models/ok:generateContent", Some(vec![json_only]), gemini, 403, "PERMISSION_DENIED"),
        (Dialect::Gemini, "/v1beta/models/ok:countTokens", None, gemini, 200, "totalTokens"),
        (Dialect::Gemini, "/v1beta/models/ok:generateContent", None, r#"{"contents":{}}"#, 400, "INVALID_ARGUMENT"),
        (Dialect::Gemini, "/v1beta/models/ok:unknown", None, gemini, 404, "NOT_FOUND"),
    ];
    for (dialect, path, headers, body, status, part) in rows {
        let headers = headers.unwrap_or_else(|| good_headers(dialect));
        let (seen, text) = send(&upstream, Method::POST, path, &headers, body).await;
        assert!(seen == status && text.contains(part), "{path} {headers:?} {body}: {seen} {text}");
    }
}

#[tokio::test]
async fn wants_back_what_it_signed() {
    let upstream = Upstream::with_key(KEY).await.unwrap();
    upstream.always(Behaviour { reasoning: Some("I think.".to_owned()), ..Behaviour::tool("f", &json!({})) });
    let ask = async |dialect, path: &str, body: &Value| {
        let (status, text) = send(&upstream, Method::POST, path, &good_headers(dialect), &body.to_string()).await;
        (status.as_u16(), text)
    };
    let parsed = |(status, text): (u16, String)| {
        assert_eq!(status, 200, "{text}");
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let with = |value: &Value, pointer: &str, other: Value| {
        let mut value = value.clone();
        *value.pointer_mut(pointer).unwrap() = other;
        value
    };

    let (dialect, path) = (Dialect::Anthropic, "/v1/messages");
    let first = json!({
        "model": "ok", "max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 1024},
        "tools": [{"name": "f", "input_schema": {"type": "object"}}], "messages": [{"role": "user", "content": "Hi"}]
    });
    let content = &parsed(ask(dialect, path, &first).await)["content"];
    let result = json!([{"type": "tool_result", "tool_use_id": content[1]["id"], "content": "done"}]);
    for (content, status) in [
        (content.clone(), 200),
        (with(content, "/0/thinking", json!("")), 200),
        (with(content, "/0/thinking", json!("I thought.")), 400),
        (with(content, "/0/signature", json!("c2ln")), 400),
        (json!([content[1]]), 400),
    ] {
        let turns = json!([first["messages"][0], {"role": "assistant", "content": content}, {"role": "user", "content": result}]);
        let (seen, text) = ask(dialect, path, &with(&first, "/messages", turns)).await;
        assert_eq!(seen, status, "{content}: {text}");
    }

    let (dialect, path) = (Dialect::Gemini, "/v1beta/models/ok:generateContent");
    let first = json!({
        "tools": [{"functionDeclarations": [{"name": "f"}, {"name": "g"}]}], "contents": [{"role": "user", "parts": [{"text": "Hi"}]}]
    });
    let content = &parsed(ask(dialect, path, &first).await)["candidates"][0]["content"];
    for (content, status) in [
        (content.clone(), 200),
        (with(content, "/parts/1/thoughtSignature", json!("skip_thought_signature_validator")), 200),
        (with(content, "/parts/1/thoughtSignature", Value::Null), 400),
        (with(content, "/parts/1/thoughtSignature", json!("c2ln")), 400),
        (with(content, "/parts/1/functionCall/name", json!("g")), 400),
    ] {
        let result = json!({"functionResponse": {"name": content["parts"][1]["functionCall"]["name"], "response": {}}});
        let turns = json!([first["contents"][0], content, {"role": "user", "parts": [result]}]);
        let (seen, text) = ask(dialect, path, &with(&first, "/contents", turns)).await;
        assert_eq!(seen, status, "{content}: {text}");
    }

    let (dialect, path) = (Dialect::Responses, "/v1/responses");
    let first = json!({"model": "ok", "input": [{"role": "user", "content": "Hi"}], "tools": [{"type": "function", "name": "f"}]});
    let output = &parsed(ask(dialect, path, &first).await)["output"];
    for (output, status) in [(output.clone(), 200), (with(output, "/0/encrypted_content", json!("c2ln")), 400)] {
        let result = json!({"type": "function_call_output", "call_id": output[1]["call_id"], "output": "done"});
        let turns = json!([first["input"][0], output[0], output[1], result]);
        let (seen, text) = ask(dialect, path, &with(&first, "/input", turns)).await;
        assert_eq!(seen, status, "{output}: {text}");
    }
}

#[tokio::test]
async fn answers_in_every_dialect() {
    let upstream = Upstream::with_key(KEY).await.unwrap();
    for dialect in Dialect::ALL {
        for stream in [false, true] {
            let (path, body) = request(dialect, "ok+thinking", stream);
            let (status, text) = send(&upstream, Method::POST, &path, &good_headers(dialect), &body.to_string()).await;
            assert_eq!(status, 200, "{text}");
            assert!(text.contains("vider.") && text.contains("Let me think"), "{dialect:?} {stream}: {text}");
            let again = send(&upstream, Method::POST, &path, &good_headers(dialect), &body.to_string()).await.1;
            assert_eq!(text, again, "the same request gets the same bytes");
        }
        let path = format!("{}/models", dialect.base_path());
        let (status, text) = send(&upstream, Method::GET, &path, &good_headers(dialect), "").await;
        assert!(status == 200 && text.contains("tool:get_weather"), "{text}");
    }
    let (_, body) = request(Dialect::Gemini, "ok", true);
    let path = "/v1beta/models/ok:streamGenerateContent";
    let (_, text) = send(&upstream, Method::POST, path, &good_headers(Dialect::Gemini), &body.to_string()).await;
    let chunks: Vec<Value> = serde_json::from_str(&text).expect("without alt=sse the stream is one JSON array");
    assert_eq!(chunks.len(), 5);
}

#[tokio::test]
async fn fails_as_scripted() {
    let upstream = Upstream::with_key(KEY).await.unwrap();
    // What the caller gets of a stream: a status, and whether the body ends properly.
    let rows = [
        (Fault::RateLimitedSeconds, 429, true),
        (Fault::Billing, 429, true),
        (Fault::Overloaded, 529, true),
        (Fault::BadGatewayPage, 502, true),
        (Fault::ErrorBody, 200, true),
        (Fault::ErrorFirst, 200, true),
        (Fault::ErrorAfterPreamble, 200, true),
        (Fault::MalformedFirst, 200, true),
        (Fault::Empty, 200, true),
        (Fault::CutBeforeToken, 200, false),
        (Fault::CutAfterToken, 200, false),
        (Fault::NoTerminal, 200, true),
    ];
    for dialect in Dialect::ALL {
        for (fault, status, ends) in rows {
            upstream.next([Behaviour::fault(fault)]);
            let (path, body) = request(dialect, "any", true);
            let mut request = Request::post(format!("http://{}{path}", upstream.address()));
            for (name, value) in good_headers(dialect) {
                request = request.header(name, value);
            }
            let response: Response<_> =
                http().request(request.body(Full::from(body.to_string())).unwrap()).await.unwrap();
            let seen = response.status();
            let whole = response.into_body().collect().await.is_ok();
            assert_eq!((seen.as_u16(), whole), (status, ends), "{dialect:?} {fault:?}");
        }
    }
}

#[tokio::test]
async fn replays_what_is_written_out() {
    let upstream = Upstream::with_key(KEY).await.unwrap();
    let pieces = || ["one, ".into(), Piece::PauseMs(50), "two".into()];
    // The answer, whether its length is announced, and how it ends: well, or broken off, or never.
    let rows = [
        (Replay::whole(418, "text/plain", "one, two"), true, Some(true)),
        (Replay { chunk_bytes: Some(3), ..Replay::whole(200, "text/plain", "one, two") }, false, Some(true)),
        (Replay::stream(pieces(), Ending::Complete), false, Some(true)),
        (Replay::stream(pieces(), Ending::Cut), false, Some(false)),
        (Replay::stream(pieces(), Ending::Open), false, None),
    ];
    for (replay, announced, ends) in rows {
        upstream.next([replay.clone().into()]);
        let (path, body) = request(Dialect::Chat, "any", true);
        let mut request = Request::post(format!("http://{}{path}", upstream.address()));
        for (name, value) in good_headers(Dialect::Chat) {
            request = request.header(name, value);
        }
        let response = http().request(request.body(Full::from(body.to_string())).unwrap()).await.unwrap();
        let (parts, mut body) = response.into_parts();
        assert_eq!(parts.status.as_u16(), replay.status, "{replay:?}");
        assert_eq!(parts.headers["content-type"].to_str().unwrap(), replay.content_type, "{replay:?}");
        assert_eq!(parts.headers.contains_key("content-length"), announced, "{replay:?}");
        let mut seen = Vec::new();
        while seen.len() < replay.text().len() {
            seen.extend_from_slice(&body.frame().await.unwrap().unwrap().into_data().unwrap());
        }
        assert_eq!(String::from_utf8(seen).unwrap(), replay.text());
        let end = tokio::time::timeout(core::time::Duration::from_millis(500), body.frame()).await;
        assert_eq!(end.ok().map(|rest| rest.is_none_or(|frame| frame.is_ok())), ends, "{replay:?}");
    }
}

#[tokio::test]
async fn sees_callers_leave() {
    let upstream = Upstream::with_key(KEY).await.unwrap();
    for fault in [Fault::HeaderStall, Fault::StallAfterToken] {
        upstream.clear_journal();
        upstream.next([Behaviour::fault(fault)]);
        let (path, body) = request(Dialect::Chat, "any", true);
        let mut request = Request::post(format!("http://{}{path}", upstream.address()));
        for (name, value) in good_headers(Dialect::Chat) {
            request = request.header(name, value);
        }
        let call = tokio::spawn(http().request(request.body(Full::from(body.to_string())).unwrap()));
        let limit = core::time::Duration::from_secs(5);
        upstream.wait_for(limit, |exchange| exchange.end == End::Open).await.expect("the request arrives");
        if fault == Fault::HeaderStall {
            call.abort();
        } else {
            drop(call.await.unwrap().unwrap());
        }
        upstream.wait_for(limit, |exchange| exchange.end == End::Aborted).await.expect("the abort is seen");
    }
}

#[tokio::test]
async fn is_scripted_over_http() {
    let upstream = Upstream::with_key(KEY).await.unwrap();
    let script = json!({"when": {"model": "scripted"}, "steps": [{"text": "first"}, {"fault": "500"}, {"replay": {
        "status": 418, "content_type": "text/plain", "body": [{"text": "a"}, {"pause_ms": 1}, {"text": "b"}], "end": "complete"
    }}]}).to_string();
    assert_eq!(send(&upstream, Method::POST, "/_control/script", &[], &script).await.0, 200);
    let (path, body) = request(Dialect::Chat, "scripted", false);
    for (status, part) in [(200, "first"), (500, "server_error"), (418, "ab"), (200, "Hello from")] {
        let seen = send(&upstream, Method::POST, &path, &good_headers(Dialect::Chat), &body.to_string()).await;
        assert!(seen.0 == status && seen.1.contains(part), "{seen:?}");
    }
    let (_, journal) = send(&upstream, Method::GET, "/_control/requests", &[], "").await;
    let journal: Value = serde_json::from_str(&journal).unwrap();
    assert_eq!(journal["requests"].as_array().map(Vec::len), Some(4));
    assert_eq!(journal["requests"][1]["status"], 500);
    assert_eq!(send(&upstream, Method::POST, "/_control/script", &[], r#"{"stepz":[]}"#).await.0, 400);
}
