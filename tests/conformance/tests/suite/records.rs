//! What is written down of a request.

use llmio_conformance::client::Call;
use llmio_conformance::config::{Config, association_with};
use llmio_conformance::dialect::{self, Form, KEY};
use llmio_conformance::{Home, Setup};
use llmio_upstream::{Dialect, Upstream, UsageSpec};
use serde_json::{Value, json};

const LOGGING_KEY: &str = "sk-logging-key-of-the-suite";

/// A provider that takes its time, so that every duration in a record has something to measure.
const SLOW: &str = "ok+head=20";
/// What of those 20 ms a clock of whole milliseconds may show.
const SHOWN_MS: f64 = 19.0;

async fn bed() -> (Home, Upstream) {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let prices = json!({"input": 2.0, "output": 10.0, "cache_read": 0.5, "cache_write": 4.0, "currency": "EUR"});
    let mut config = Config::new().key(json!({"name": "logging", "key": LOGGING_KEY, "log_io": true}));
    for dialect in Dialect::ALL {
        let name = dialect.as_str();
        config = config
            .upstream(name, dialect, &upstream)
            .model(&format!("m-{name}"), [association_with(name, SLOW, &json!({"prices": prices}))]);
    }
    (Home::start(Setup::new(config)).await, upstream)
}

#[tokio::test]
async fn every_field_of_a_request() {
    let (home, _upstream) = bed().await;
    for dialect in Dialect::ALL {
        for form in Form::BOTH {
            let model = format!("m-{}", dialect.as_str());
            let call = dialect::call(&home, dialect, &model, form).header("user-agent", "suite/1.0");
            let answer = call.send().await;
            let mut rows = home.trace(&answer.trace()).await;
            assert_eq!(rows.len(), 1);
            let row = rows.remove(0);
            let expected = json!({
                "trace_id": answer.trace(),
                "attempt": 1,
                "is_final": true,
                "dialect": dialect.as_str(),
                "operation": "generate",
                "stream": form.streams(),
                "model": model,
                "provider": dialect.as_str(),
                "provider_model": SLOW,
                "key_name": "suite",
                "status": 200,
                "outcome": "success",
                "error": null,
                "remote_addr": "127.0.0.1",
                "user_agent": "suite/1.0",
                "request_bytes": dialect::body(dialect, &model, form).to_string().len()
            });
            for (name, value) in expected.as_object().into_iter().flatten() {
                assert_eq!(&row[name], value, "{dialect:?} {form:?} {name}: {row}");
            }
            for name in ["proxy_ms", "first_token_ms", "total_ms"] {
                let value = row[name].as_f64();
                assert!(value.is_some_and(|value| value >= SHOWN_MS), "{dialect:?} {form:?} {name}: {row}");
            }
            assert!(row["response_bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{dialect:?} {form:?}: {row}");
            let finish = match dialect {
                Dialect::Chat => "stop",
                Dialect::Responses => "completed",
                Dialect::Anthropic => "end_turn",
                Dialect::Gemini => "STOP",
            };
            assert_eq!(row["finish_reason"], finish, "{dialect:?} {form:?}");
            check_usage(dialect, form, &row);
        }
    }
}

fn check_usage(dialect: Dialect, form: Form, row: &Value) {
    let told = UsageSpec::default().seen_through(dialect);
    let usage = &row["usage"];
    let buckets = [
        ("input_tokens", told.input),
        ("cache_read_tokens", told.cache_read),
        ("cache_write_5m_tokens", told.cache_write_5m),
        ("cache_write_1h_tokens", told.cache_write_1h),
        ("output_tokens", told.output),
        ("reasoning_tokens", told.reasoning),
    ];
    for (name, expected) in buckets {
        assert_eq!(usage[name].as_u64().unwrap_or_default(), expected, "{dialect:?} {form:?} {name}: {usage}");
    }
    let millions = (told.input * 20
        + (told.output + told.reasoning) * 100
        + told.cache_read * 5
        + (told.cache_write_5m + told.cache_write_1h) * 40) as f64
        / 10.0;
    let cost = row["cost"].as_f64().unwrap_or_default();
    // One-hour writes may cost more than the price of a write says, never less.
    let most = millions + told.cache_write_1h as f64 * 4.0;
    assert!(
        (millions / 1e6 - 1e-12..=most / 1e6 + 1e-12).contains(&cost),
        "{dialect:?} {form:?}: {cost} of {millions}"
    );
    assert_eq!(row["currency"], "EUR");
}

#[tokio::test]
async fn sessions_are_recognised() {
    let (home, _upstream) = bed().await;
    type Sign = fn(Call, Value) -> Call;
    let rows: [(&str, Dialect, Sign); 7] = [
        ("in-body", Dialect::Chat, |call, mut body| {
            body["session_id"] = json!("in-body");
            call.json(&body)
        }),
        ("in-header", Dialect::Gemini, |call, body| call.header("x-session-id", "in-header").json(&body)),
        ("in-metadata", Dialect::Anthropic, |call, mut body| {
            body["metadata"] = json!({"user_id": "in-metadata"});
            call.json(&body)
        }),
        ("of-claude-code", Dialect::Anthropic, |call, body| {
            call.header("x-claude-code-session-id", "of-claude-code").json(&body)
        }),
        ("in-user-id", Dialect::Anthropic, |call, mut body| {
            body["metadata"] = json!({"user_id": json!({"device_id": "d", "session_id": "in-user-id"}).to_string()});
            call.json(&body)
        }),
        ("of-codex", Dialect::Responses, |call, body| call.header("session-id", "of-codex").json(&body)),
        ("of-older-codex", Dialect::Responses, |call, body| call.header("session_id", "of-older-codex").json(&body)),
    ];
    for (expected, dialect, sign) in rows {
        let model = format!("m-{}", dialect.as_str());
        let url = home.url(&dialect::path(dialect, &model, Form::Whole));
        let call = dialect::authorized(Call::post(&url), dialect, KEY);
        let answer = sign(call, dialect::body(dialect, &model, Form::Whole)).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let row = home.trace(&answer.trace()).await.remove(0);
        assert_eq!(row["session_id"], expected, "{row}");
    }
}

#[tokio::test]
async fn bodies_only_where_the_key_asks() {
    let (home, _upstream) = bed().await;
    for (key, kept) in [(KEY, false), (LOGGING_KEY, true)] {
        for dialect in Dialect::ALL {
            for form in Form::BOTH {
                let model = format!("m-{}", dialect.as_str());
                let url = home.url(&dialect::path(dialect, &model, form));
                let body = dialect::body(dialect, &model, form);
                let answer = dialect::authorized(Call::post(&url), dialect, key).json(&body).send().await;
                let row = home.trace(&answer.trace()).await.remove(0);
                let id = row["id"].as_str().unwrap_or_default();
                let log = home.admin(http::Method::GET, &format!("/logs/{id}"), None).await;
                assert_eq!(log.status, 200, "{}", log.text());
                let bodies = &log.json()["bodies"];
                if kept {
                    assert_eq!(bodies["request"], body.to_string(), "{dialect:?} {form:?}");
                    let response = bodies["response"].as_str().unwrap_or_default();
                    assert!(response.contains("vider."), "{dialect:?} {form:?}: {bodies}");
                } else {
                    assert!(bodies.is_null(), "{dialect:?} {form:?}: {bodies}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_request_that_reaches_nobody_is_recorded() {
    let (home, _upstream) = bed().await;
    for dialect in Dialect::ALL {
        let answer = dialect::call(&home, dialect, "no-such-model", Form::Whole).send().await;
        assert_eq!(answer.status, 404);
        let row = home.trace(&answer.trace()).await.remove(0);
        assert_eq!((&row["outcome"], &row["status"]), (&json!("gateway_error"), &json!(404)), "{row}");
        assert!(row["provider"].is_null() && row["error"].is_string(), "{row}");
    }
}
