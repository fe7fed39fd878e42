//! The admin API as one story: every kind of record made, read, changed and deleted, and what was recorded read back.

use std::collections::BTreeMap;

use http::Method;
use llmio_conformance::client::{Answer, Call};
use llmio_conformance::config::{Config, association};
use llmio_conformance::dialect::{self, Form};
use llmio_conformance::{Home, Kind, Setup, TOKEN};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

use super::{normal, shown};

/// One call of the admin API. `{name}` in its path and body stands for the id of what a former step made.
struct Step {
    method: Method,
    path: &'static str,
    body: Option<Value>,
    /// The name of what it makes.
    makes: Option<&'static str>,
}

fn get(path: &'static str) -> Step {
    Step { method: Method::GET, path, body: None, makes: None }
}

fn delete(path: &'static str) -> Step {
    Step { method: Method::DELETE, path, body: None, makes: None }
}

fn post(path: &'static str, body: Value) -> Step {
    Step { method: Method::POST, path, body: Some(body), makes: None }
}

fn patch(path: &'static str, body: Value) -> Step {
    Step { method: Method::PATCH, ..post(path, body) }
}

fn put(path: &'static str, body: Value) -> Step {
    Step { method: Method::PUT, ..post(path, body) }
}

fn make(name: &'static str, path: &'static str, body: Value) -> Step {
    Step { makes: Some(name), ..post(path, body) }
}

fn story(upstream: &Upstream) -> Vec<Step> {
    let base = upstream.base_url(Dialect::Chat);
    vec![
        get("/version"),
        get("/settings"),
        get("/provider-types"),
        get("/openapi.json"),
        get("/config/schema.json"),
        get("/config"),
        make("p", "/providers", json!({"name": "p", "type": "openai", "base_url": base, "api_key": "sk-upstream"})),
        make("q", "/providers", json!({"name": "q", "type": "anthropic", "api_key": "sk-other"})),
        post("/providers", json!({"name": "p", "type": "openai", "api_key": "k"})),
        post("/providers", json!({"name": "r", "type": "no-such", "api_key": "k"})),
        post("/providers", json!({"name": "r", "type": "openai", "base_url": "ftp://x"})),
        post("/providers", json!({"no": "fields"})),
        post("/providers", json!([])),
        patch("/providers/{q}", json!({"name": "renamed"})),
        patch("/providers/{q}", json!({"name": "p"})),
        get("/providers"),
        get("/providers/{p}"),
        get("/providers/no-such"),
        get("/providers/{p}/models"),
        make("m", "/models", json!({"name": "m", "strategy": "rotor", "max_retry": 2, "time_out": 30})),
        make("n", "/models", json!({"name": "claude-*"})),
        post("/models", json!({"name": "m"})),
        post("/models", json!({"name": "o", "time_out": -1})),
        patch("/models/{m}", json!({"breaker": true})),
        put("/models/order", json!({"ids": ["{n}", "{m}"]})),
        put("/models/order", json!({"ids": ["no-such"]})),
        get("/models"),
        get("/models/{m}"),
        make(
            "a",
            "/associations",
            json!({"model_id": "{m}", "provider_id": "{p}", "provider_model": "ok", "weight": 2}),
        ),
        make("b", "/associations", json!({"model_id": "{n}", "provider_id": "{q}", "provider_model": "*"})),
        post("/associations", json!({"model_id": "x", "provider_id": "y", "provider_model": "z"})),
        patch("/associations/{a}", json!({"prices": {"input": 1.0, "output": 2.5, "currency": "EUR"}})),
        get("/associations"),
        get("/associations?model_id={m}"),
        get("/associations/{a}"),
        post("/associations/{a}/test", json!({"kind": "plain"})),
        post("/associations/{a}/test", json!({"kind": "stream"})),
        post("/associations/{a}/test", json!({"kind": "no-such"})),
        make("k", "/keys", json!({"name": "k", "models": ["m"], "log_io": true})),
        post("/keys", json!({"name": "k"})),
        patch("/keys/{k}", json!({"expires_at": "2100-01-01T00:00:00Z"})),
        get("/keys"),
        get("/keys/{k}"),
        get("/keys/{k}/usage"),
        put("/settings", json!({"log_retention_days": 12})),
        put("/settings", json!({"no_such": 1})),
        get("/config"),
        put("/config?dry_run=true", json!({"models": [{"name": "m", "strategy": "lottery"}]})),
        put("/config", json!({"models": [{"name": "m", "strategy": "no-such"}]})),
        get("/logs?limit=2"),
        get("/logs?model=m&status=2xx&attempts=all"),
        get("/logs?status=no-such"),
        get("/logs/no-such"),
        get("/metrics"),
        get("/metrics?group_by=model&interval=hour"),
        get("/metrics?group_by=no-such"),
        get("/metrics/summary?tz_offset_minutes=60"),
        get("/associations/{a}/recent"),
        get("/cleanups"),
        delete("/logs?keep_newest=1"),
        get("/cleanups"),
        delete("/keys/{k}"),
        delete("/associations/{b}"),
        delete("/providers/{p}"),
        delete("/models/{m}"),
        delete("/models/{n}"),
        delete("/providers/{q}"),
        get("/config"),
        get("/version"),
        get("/no-such"),
        post("/version", json!({})),
        put("/providers", json!({})),
    ]
}

#[tokio::test]
async fn the_same_story() {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let reference = tell(Kind::Server, &upstream).await;
    let seen = tell(Kind::chosen(), &upstream).await;
    let mut wrong = Vec::new();
    for ((step, expected), seen) in story(&upstream).iter().zip(&reference).zip(&seen) {
        if expected != seen {
            let body = step.body.as_ref().map(ToString::to_string).unwrap_or_default();
            let difference = shown(&format!("{expected:?}"), &format!("{seen:?}"));
            wrong.push(format!("{} {} {body} {difference}", step.method, step.path));
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// Status, headers and body of each answer.
async fn tell(kind: Kind, upstream: &Upstream) -> Vec<(u16, Vec<(String, String)>, String)> {
    let config =
        Config::new().upstream("first", Dialect::Chat, upstream).model("m-first", [association("first", "ok")]);
    let home = Home::start_kind(kind, Setup::new(config)).await;
    for form in Form::BOTH {
        let answer = dialect::call(&home, Dialect::Chat, "m-first", form).send().await;
        home.trace(&answer.trace()).await;
    }
    let mut made = BTreeMap::new();
    let mut told = Vec::new();
    for step in story(upstream) {
        let answer = step.take(&home, &made).await;
        if let Some(name) = step.makes {
            let id = answer.json()["id"].as_str().unwrap_or_else(|| panic!("{name}: {}", answer.text())).to_owned();
            made.insert(name, id);
        }
        told.push((answer.status, normal::headers(&answer.headers, &answer.trace()), normalised(&answer, &made)));
    }
    told
}

impl Step {
    async fn take(&self, home: &Home, made: &BTreeMap<&'static str, String>) -> Answer {
        let fill = |text: &str| {
            let fill = |text: String, (name, id): (&&str, &String)| text.replace(&format!("{{{name}}}"), id);
            made.iter().fold(text.to_owned(), fill)
        };
        let path = format!("/api{}", fill(self.path));
        let call = Call::new(self.method.clone(), &home.url(&path)).header("authorization", &format!("Bearer {TOKEN}"));
        match &self.body {
            Some(body) => call.header("content-type", "application/json").body(fill(&body.to_string())).send().await,
            None => call.send().await,
        }
    }
}

fn normalised(answer: &Answer, made: &BTreeMap<&'static str, String>) -> String {
    let mut text = answer.text();
    if let Ok(mut body) = serde_json::from_str::<Value>(&text) {
        // The server cleans up at its start; elsewhere a schedule calls for it, docs/deploy says which.
        if let Some(items) = body["data"].as_array_mut() {
            items.retain(|item| item["kind"] != "scheduled");
        }
        normal::json(&mut body);
        text = body.to_string();
    }
    for (name, id) in made {
        text = text.replace(id, name);
    }
    text.replace(&answer.trace(), "TRACE")
}
