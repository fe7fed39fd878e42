//! What the console polls: how all associations do, and what happens now.

use http::Method;
use llmio_conformance::client::{Answer, Call};
use llmio_conformance::config::{Config, weighted};
use llmio_conformance::dialect::{self, Form, KEY};
use llmio_conformance::{Home, Setup, TOKEN};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

async fn bed() -> (Home, Upstream) {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let config = Config::new()
        .upstream("p", Dialect::Chat, &upstream)
        .upstream("counts", Dialect::Anthropic, &upstream)
        .upstream("idle", Dialect::Gemini, &upstream)
        .setting("counting_provider", "counts")
        .model_with(
            "m",
            &json!({"strategy": "rotor", "breaker": true}),
            [weighted("p", "fault:500", 9), weighted("p", "ok", 1)],
        );
    (Home::start(Setup::new(config)).await, upstream)
}

async fn get(home: &Home, path: &str, headers: &[(&str, &str)]) -> Answer {
    let call = Call::get(&home.url(path)).header("authorization", &format!("Bearer {TOKEN}"));
    headers.iter().fold(call, |call, (name, value)| call.header(name, value)).send().await
}

#[tokio::test]
async fn health_at_a_glance() {
    let (home, _upstream) = bed().await;
    let answer = dialect::call(&home, Dialect::Chat, "m", Form::Whole).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    home.trace(&answer.trace()).await;
    let seen = get(&home, "/api/health", &[]).await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    let etag = seen.header("etag").expect("an ETag").to_owned();
    let seen = seen.json();
    let [failing, good] = [0, 1].map(|index| &seen["associations"][index]);
    assert_eq!((&failing["recent"], &good["recent"]), (&json!("e"), &json!("s")), "{seen}");
    assert_eq!((&failing["nominal_share"], &good["nominal_share"]), (&json!(1.0), &json!(0.0)), "{seen}");
    assert_eq!((&failing["last_error"]["status"], &failing["opens_at"]), (&json!(500), &json!(5)));
    assert!(good["last_success_at"].is_string() && good["last_error"].is_null(), "{seen}");
    for field in ["model_id", "provider_id"] {
        assert!(good[field].as_str().is_some_and(|id| !id.is_empty()), "{seen}");
    }
    let mut states: Vec<_> =
        seen["providers"].as_array().expect("providers").iter().filter_map(|it| it["state"].as_str()).collect();
    states.sort_unstable();
    assert_eq!(states, ["ok", "ok", "unused"], "who only counts tokens is of use: {seen}");
    assert_eq!((&seen["records"]["status"], &seen["config"]["stale"]), (&json!("ok"), &json!(false)));
    assert_eq!(seen["scope"], "instance");

    // Of several processes each answers for itself, so that only one that is alone must know its own tag.
    if home.kind().reads_config_file() {
        let again = get(&home, "/api/health", &[("if-none-match", &*etag)]).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(&*etag)));
    }
    let other = get(&home, "/api/health", &[("if-none-match", "\"0000000000000000\"")]).await;
    assert_eq!(other.status, 200);
    for path in ["/api/health", "/api/activity"] {
        let refused = Call::get(&home.url(path)).header("authorization", &format!("Bearer {KEY}")).send().await;
        assert_eq!(refused.status, 401, "{path}");
    }
}

#[tokio::test]
async fn what_has_ended_since_somebody_looked() {
    let (home, _upstream) = bed().await;
    let first = get(&home, "/api/activity", &[]).await;
    assert_eq!(first.status, 200, "{}", first.text());
    let first = first.json();
    assert!(first["in_flight"].is_array() && first["rates"]["rpm"].is_u64(), "{first}");
    let mut cursor = first["cursor"].as_str().expect("a cursor").to_owned();
    for _ in 0..3 {
        let answer = dialect::call(&home, Dialect::Chat, "m", Form::Stream).send().await;
        home.trace(&answer.trace()).await;
        let next = get(&home, &format!("/api/activity?after={cursor}"), &[]).await.json();
        let traces: Vec<_> = next["finished"].as_array().expect("a list").iter().map(|it| &it["trace_id"]).collect();
        assert_eq!(traces, [&json!(answer.trace())], "{next}");
        assert_eq!((&next["finished"][0]["provider_type"], &next["skipped"]), (&json!("openai"), &json!(false)));
        next["cursor"].as_str().expect("a cursor").clone_into(&mut cursor);
    }
    for (query, expected) in [
        ("outcome=timeout", 0),
        ("outcome=timeout&outcome=success", 3),
        ("not_model=m", 0),
        ("model=m&provider_type=openai&dialect=openai_chat&stream=true", 3),
        // Each has been with the failing association before.
        ("attempts=all&status=5xx", 3),
    ] {
        let filtered = get(&home, &format!("/api/activity?{query}"), &[]).await.json();
        assert_eq!(filtered["finished"].as_array().map(Vec::len), Some(expected), "{query}: {filtered}");
    }
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("after=yesterday", "after"),
        ("after=-1", "after"),
        ("outcome=fine", "outcome"),
        ("colour=red", "colour"),
        ("from=2026-01-01T00:00:00Z&body=secret", "body"),
    ] {
        let refused = home.admin(Method::GET, &format!("/activity?{query}"), None).await;
        let error: Value = refused.json()["error"].clone();
        assert_eq!((refused.status, &error["field"]), (422, &json!(field)), "{query}: {error}");
    }
}
