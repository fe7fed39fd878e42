//! What survives a kill, and what a graceful end writes.

use core::time::Duration;

use http::Method;
use llmio_conformance::config::{Config, association};
use llmio_conformance::dialect::{self, Form};
use llmio_conformance::{Home, Setup};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

async fn bed() -> (Home, Upstream) {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let config = Config::new().upstream("p", Dialect::Chat, &upstream).model("m", [association("p", "ok")]);
    (Home::start(Setup::new(config)).await, upstream)
}

async fn ask(home: &Home, times: usize) -> Vec<String> {
    let mut traces = Vec::new();
    for _ in 0..times {
        let answer = dialect::call(home, Dialect::Chat, "m", Form::Whole).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        traces.push(answer.trace());
    }
    traces
}

async fn missing(home: &Home, traces: &[String]) -> usize {
    let mut missing = 0;
    for trace in traces {
        missing += usize::from(home.logs(&format!("trace={trace}")).await.is_empty());
    }
    missing
}

#[tokio::test]
async fn a_kill_loses_only_the_last_rows() {
    let (mut home, _upstream) = bed().await;
    let traces = ask(&home, 50).await;
    // The promise: what is older than 250 ms is written.
    tokio::time::sleep(Duration::from_millis(250)).await;
    home.kill().await;
    home.restart(None).await;
    assert_eq!(missing(&home, &traces).await, 0, "of {} rows older than 250 ms", traces.len());
    ask(&home, 1).await;
}

#[tokio::test]
async fn a_kill_loses_no_configuration() {
    let (mut home, upstream) = bed().await;
    for round in 0..5 {
        let name = format!("added-{round}");
        let provider = json!({
            "name": name,
            "type": "openai",
            "base_url": upstream.base_url(Dialect::Chat),
            "api_key": "sk-added"
        });
        let created = home.admin(Method::POST, "/providers", Some(&provider)).await;
        assert_eq!(created.status, 201, "{}", created.text());
        home.kill().await;
        home.restart(None).await;
        let list = home.admin(Method::GET, "/providers", None).await;
        assert!(list.text().contains(&name), "{name} was answered and is gone: {}", list.text());
    }
    assert_eq!(ask(&home, 1).await.len(), 1, "what was configured before still serves");
}

#[tokio::test]
async fn a_graceful_end_writes_everything() {
    let (mut home, _upstream) = bed().await;
    let traces = ask(&home, 50).await;
    home.stop().await;
    home.restart(None).await;
    assert_eq!(missing(&home, &traces).await, 0);
}

#[tokio::test]
async fn the_same_start_configuration_changes_nothing() {
    let (mut home, _upstream) = bed().await;
    let before = exported(&home).await;
    let ids = home.admin(Method::GET, "/models", None).await.text();
    let config = Config::new().upstream("p", Dialect::Chat, &_upstream).model("m", [association("p", "ok")]);
    home.stop().await;
    home.restart(Some(config.into())).await;
    assert_eq!(exported(&home).await, before);
    assert_eq!(home.admin(Method::GET, "/models", None).await.text(), ids, "ids and times stay");
}

async fn exported(home: &Home) -> Value {
    let answer = home.admin(Method::GET, "/config", None).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}
