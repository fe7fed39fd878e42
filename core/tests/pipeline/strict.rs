//! Strict mode: nobody is told a request with losses.

use serde_json::{Value, json};

use crate::bed::{Bed, config_of};
use crate::support::{failure, reply};
use crate::wires::{CHAT, MESSAGES, RESPONSES, WIRES};

const STRICT: (&str, &str) = ("x-llmio-strict", "true");

/// Messages has no seed, Chat has.
fn seeded() -> (&'static str, Value) {
    let (path, mut body) = CHAT.request(false);
    body["seed"] = json!(7);
    (path, body)
}

/// Messages first, then Chat.
fn both(model: Value) -> Value {
    let mut config = config_of(&[&MESSAGES, &CHAT], model);
    config["models"][0]["associations"][0]["priority"] = json!(5);
    config
}

#[tokio::test]
async fn whoever_loses_nothing_is_asked_first() {
    let bed = Bed::of(both(json!({}))).await;
    let (path, body) = seeded();
    bed.script([reply(200, "", MESSAGES.whole), reply(200, "", CHAT.whole)]);
    let answer = bed.send(path, body.clone()).answer();
    assert_eq!(answer.header("x-llmio-translation"), Some("to=anthropic; dropped=seed"));
    assert_eq!(bed.send_with(path, &[STRICT], body).answer().text(), CHAT.whole);
    assert_eq!(bed.asked(), ["anthropic", "openai"]);
    assert_eq!(bed.http.sent()[1].headers.get(STRICT.0), None, "the provider has no use for it");
    // What loses nothing goes where it would go anyway.
    bed.script([reply(200, "", MESSAGES.whole)]);
    let (path, body) = CHAT.request(false);
    let answer = bed.send_with(path, &[STRICT], body).answer();
    assert_eq!(answer.header("x-llmio-translation"), Some("to=anthropic"));
}

#[tokio::test]
async fn a_key_a_model_or_a_request_wants_it() {
    let (path, body) = seeded();
    for (of_key, of_model, header, expected) in [
        (false, false, None, 200),
        (false, false, Some("false"), 200),
        (true, false, None, 400),
        (false, true, None, 400),
        (false, false, Some("true"), 400),
        (true, true, Some("false"), 400),
        (false, false, Some("maybe"), 400),
    ] {
        let mut config = config_of(&[&MESSAGES], json!({"strict": of_model}));
        config["keys"][0]["strict"] = json!(of_key);
        let bed = Bed::of(config).await;
        bed.script((expected == 200).then(|| reply(200, "", MESSAGES.whole)));
        let headers: Vec<_> = header.iter().map(|value| (STRICT.0, *value)).collect();
        let mut answer = bed.send_with(path, &headers, body.clone()).answer();
        let status = answer.status;
        assert_eq!(status, expected, "{of_key} {of_model} {header:?}: {}", answer.text());
        assert_eq!(bed.count(), usize::from(expected == 200), "nobody is asked");
    }
}

#[tokio::test]
async fn where_all_would_lose_something_the_client_is_told_what() {
    let bed = Bed::of(config_of(&[&MESSAGES, &RESPONSES], json!({}))).await;
    let (path, mut body) = seeded();
    body["logit_bias"] = json!({"1": 2});
    let error = bed.send_with(path, &[STRICT], body).answer().json()["error"].clone();
    assert_eq!(
        (&error["param"], &error["code"], &error["type"]),
        (&json!("logit_bias,seed"), &json!("untranslatable"), &json!("invalid_request_error")),
        "{error}"
    );
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("`logit_bias,seed`: ") && message.contains("strict mode"), "{message}");
    let last = bed.last().await;
    assert_eq!(last["translation"][0]["kind"], "refused", "{last}");
    // In each client's dialect.
    for wire in &WIRES {
        let bed = Bed::of(config_of(&[if wire.kind == "openai" { &MESSAGES } else { &CHAT }], json!({}))).await;
        let (path, mut body) = wire.request(false);
        body["vendor"] = json!(1);
        let mut answer = bed.send_with(path, &[STRICT], body).answer();
        let error = answer.json();
        assert_eq!(answer.status, 400, "{error}");
        assert!(error["error"]["message"].as_str().unwrap().contains("`vendor`"), "{error}");
        assert_eq!(error["type"] == "error", wire.kind == "anthropic");
    }
}

#[tokio::test]
async fn what_is_added_takes_nothing_away() {
    let bed = Bed::of(config_of(&[&MESSAGES], json!({"strict": true}))).await;
    let (path, mut body) = CHAT.request(false);
    body["tools"] =
        json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]);
    bed.script([reply(200, "", MESSAGES.whole)]);
    let answer = bed.send(path, body).answer();
    assert_eq!((answer.status, answer.header("x-llmio-translation")), (200, Some("to=anthropic; added=cache_control")));
}

/// A good request is not told that it is none, because the one who takes it fails or rests.
#[tokio::test]
async fn the_failure_of_who_would_take_it_is_told() {
    let bed = Bed::of(both(json!({"strict": true, "max_retry": 0}))).await;
    let (path, body) = seeded();
    bed.script([failure(500, "")]);
    assert_eq!(bed.send(path, body.clone()).answer().status, 500);
    bed.script([failure(429, "retry-after: 60")]);
    assert_eq!(bed.send(path, body.clone()).answer().status, 429);
    let mut rests = bed.send(path, body).answer();
    assert_eq!((rests.status, rests.retry_after()), (429, Some(60)), "{}", rests.text());
    assert_eq!(bed.asked(), ["openai", "openai"]);
}
