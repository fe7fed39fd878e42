//! One entry of the log: its prices, its attempts, how its provider was chosen, its bodies.

use http::Method;
use llmio_conformance::client::{Answer, Call};
use llmio_conformance::config::{Config, association_with};
use llmio_conformance::dialect::{self, Form, KEY};
use llmio_conformance::{Home, Setup, TOKEN};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

const LOGGING_KEY: &str = "sk-logging-key-of-the-suite";

async fn bed() -> (Home, Upstream) {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let prices = json!({"input": 2.0, "output": 10.0, "cache_read": 0.5, "cache_write": 4.0, "currency": "EUR"});
    let config = Config::new()
        .key(json!({"name": "logging", "key": LOGGING_KEY, "log_io": true}))
        .upstream("p", Dialect::Chat, &upstream)
        .model("m", [association_with("p", "ok", &json!({"prices": prices}))])
        .model(
            "second",
            [
                association_with("p", "fault:500", &json!({"weight": 9})),
                association_with("p", "ok", &json!({"prices": prices})),
            ],
        );
    (Home::start(Setup::new(config)).await, upstream)
}

/// The detail of a request's last entry.
async fn detail(home: &Home, answer: &Answer, query: &str) -> Value {
    let rows = home.trace(&answer.trace()).await;
    let id = rows.last().and_then(|row| row["id"].as_str()).expect("an id");
    let detail = home.admin(Method::GET, &format!("/logs/{id}{query}"), None).await;
    assert_eq!(detail.status, 200, "{}", detail.text());
    detail.json()
}

#[tokio::test]
async fn prices_parts_and_the_decision() {
    let (home, _upstream) = bed().await;
    let plain = dialect::call(&home, Dialect::Chat, "m", Form::Whole).send().await;
    let shown = detail(&home, &plain, "").await;
    let expected = json!({"input": 2.0, "output": 10.0, "cache_read": 0.5, "cache_write": 4.0, "currency": "EUR"});
    assert_eq!(shown["prices"], expected);
    let parts = shown["cost_parts"].as_object().expect("parts");
    let sum: f64 = ["input", "cache_read", "cache_write", "output"].iter().filter_map(|it| parts[*it].as_f64()).sum();
    assert_eq!(Some(sum), shown["cost"].as_f64(), "{shown}");
    for (field, value) in [
        ("origin", json!("client")),
        ("replay_of", Value::Null),
        ("provider_type", json!("openai")),
        ("answered_model", json!("ok")),
        ("request_truncated", json!(false)),
        ("response_truncated", json!(false)),
        ("decision", Value::Null),
        ("translation", json!([])),
        ("bodies", Value::Null),
    ] {
        assert_eq!(shown[field], value, "{field}: {shown}");
    }

    let retried = dialect::call(&home, Dialect::Chat, "second", Form::Stream).send().await;
    let shown = detail(&home, &retried, "").await;
    let offsets: Vec<_> =
        shown["attempts"].as_array().expect("attempts").iter().map(|it| &it["started_offset_ms"]).collect();
    assert!(offsets.len() == 2 && offsets.iter().all(|it| it.as_f64().is_some()), "{shown}");
    let decision = &shown["decision"];
    assert_eq!((&decision["strategy"], &decision["decided_by"]), (&json!("rotor"), &json!("strategy")));
    let chosen: Vec<_> = decision["candidates"]
        .as_array()
        .expect("candidates")
        .iter()
        .map(|it| {
            (it["provider_model"].as_str().unwrap_or_default(), it["share"].as_f64(), it["chosen_at_attempt"].as_u64())
        })
        .collect();
    assert_eq!(chosen, [("fault:500", Some(1.0), Some(1)), ("ok", Some(0.0), Some(2))]);
}

#[tokio::test]
async fn bodies_apart() {
    let (home, _upstream) = bed().await;
    let url = home.url(&dialect::path(Dialect::Chat, "m", Form::Whole));
    let body = dialect::body(Dialect::Chat, "m", Form::Whole);
    let answer = dialect::authorized(Call::post(&url), Dialect::Chat, LOGGING_KEY).json(&body).send().await;
    let shown = detail(&home, &answer, "?bodies=false").await;
    assert_eq!((&shown["bodies"], &shown["has_bodies"]), (&Value::Null, &json!(true)));
    let id = shown["id"].as_str().expect("an id");
    let get = |path: &str, range: &str| {
        let call =
            Call::get(&home.url(&format!("/api/logs/{path}"))).header("authorization", &format!("Bearer {TOKEN}"));
        let call = if range.is_empty() { call } else { call.header("range", range) };
        call.send()
    };
    let request = get(&format!("{id}/body/request"), "").await;
    assert_eq!((request.status, request.json()), (200, body), "{}", request.text());
    assert_eq!(request.header("content-type"), Some("application/json"));
    let file = format!("attachment; filename=\"{id}-request.json\"");
    assert_eq!(request.header("content-disposition"), Some(&*file));
    assert_eq!(request.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(get(&format!("{id}/body/response"), "").await.body, answer.body);

    let part = get(&format!("{id}/body/request"), "bytes=1-9").await;
    assert_eq!((part.status, &part.body[..]), (206, &request.body[1..10]));
    let whole = request.body.len();
    assert_eq!(part.header("content-range"), Some(&*format!("bytes 1-9/{whole}")));
    let none = get(&format!("{id}/body/request"), &format!("bytes={whole}-")).await;
    assert_eq!((none.status, none.header("content-range")), (416, Some(&*format!("bytes */{whole}"))));
    assert_eq!(none.json()["error"]["code"], "range_not_satisfiable");

    for path in [format!("{id}/body/both"), "unknown/body/request".to_owned()] {
        let missing = get(&path, "").await;
        assert_eq!((missing.status, missing.json()["error"]["code"].as_str()), (404, Some("not_found")), "{path}");
    }
    let bad = get(&format!("{id}?bodies=maybe"), "").await;
    assert_eq!((bad.status, &bad.json()["error"]["field"]), (422, &json!("bodies")));
    for path in [id.to_owned(), format!("{id}/body/request")] {
        let call = Call::get(&home.url(&format!("/api/logs/{path}"))).header("authorization", &format!("Bearer {KEY}"));
        assert_eq!(call.send().await.status, 401, "{path}");
    }
}
