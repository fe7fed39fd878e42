//! Configuration as code.

use http::Method;
use llmio_conformance::client::Call;
use llmio_conformance::config::{Config, association, association_with};
use llmio_conformance::dialect::{self, Form};
use llmio_conformance::{Home, Setup, TOKEN};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

fn config(upstream: &Upstream) -> Config {
    let fields = json!({
        "weight": 7, "tool_call": false, "with_header": true, "headers": {"x-a": "b"}, "extra_body": {"a.b": 1},
        "prices": {"input": 1.5, "output": 10.0, "cache_read": 0.1, "cache_write": 0.0, "currency": "USD"}
    });
    Config::new()
        .upstream("p", Dialect::Chat, upstream)
        .upstream("q", Dialect::Anthropic, upstream)
        .model_with("m", &json!({"strategy": "least_latency", "max_retry": 1}), [association_with("p", "ok", &fields)])
        .model("claude-*", [association("q", "*")])
        .setting("log_retention_days", 12)
}

fn changes(answer: &Value) -> usize {
    answer["changes"].as_array().map_or_else(|| panic!("no changes in {answer}"), Vec::len)
}

#[tokio::test]
async fn applying_twice_changes_nothing() {
    let upstream = Upstream::with_key("sk-upstream-secret").await.expect("a provider");
    // What an exported file asks for in place of the secrets.
    let setup = Setup::new(json!({})).env("P_API_KEY", upstream.key()).env("Q_API_KEY", upstream.key());
    let home = Home::start(setup).await;
    let file: Value = config(&upstream).into();

    let planned = home.admin(Method::PUT, "/config?dry_run=true", Some(&file)).await;
    assert_eq!(planned.status, 200, "{}", planned.text());
    assert!(changes(&planned.json()) > 0);
    assert_eq!(home.admin(Method::GET, "/models", None).await.json()["data"], json!([]), "a dry run changes nothing");

    let first = home.admin(Method::PUT, "/config", Some(&file)).await;
    assert_eq!((first.status, changes(&first.json())), (200, changes(&planned.json())), "{}", first.text());
    assert_eq!(dialect::call(&home, Dialect::Chat, "m", Form::Whole).send().await.status, 200);
    let models = home.admin(Method::GET, "/models", None).await.text();
    let version = home.admin(Method::GET, "/version", None).await.json()["config_version"].clone();

    for path in ["/config?dry_run=true", "/config"] {
        let again = home.admin(Method::PUT, path, Some(&file)).await;
        assert_eq!((again.status, changes(&again.json())), (200, 0), "{path}: {}", again.text());
    }
    assert_eq!(home.admin(Method::GET, "/models", None).await.text(), models);
    assert_eq!(home.admin(Method::GET, "/version", None).await.json()["config_version"], version);

    let exported = home.admin(Method::GET, "/config", None).await;
    let text = exported.text();
    assert!(!text.contains(upstream.key()) && !text.contains(dialect::KEY), "no secrets: {text}");
    let back = home.admin(Method::PUT, "/config", Some(&exported.json())).await;
    assert_eq!((back.status, changes(&back.json())), (200, 0), "what was exported fits: {}", back.text());
    assert_eq!(dialect::call(&home, Dialect::Chat, "m", Form::Whole).send().await.status, 200, "and keeps the secrets");
}

#[tokio::test]
async fn mistakes_name_their_line() {
    let home = Home::start(Setup::new(json!({}))).await;
    let rows = [
        ("providers:\n  - name: p\n    type: openai\n    api_kee: x\n", "api_kee", "4"),
        ("models:\n  - name: m\n    strategy: fastest\n", "fastest", "3"),
        ("modles: []\n", "modles", "1"),
        ("models:\n  - name: m\n    associations:\n      - {provider: none, model: x}\n", "none", ""),
        (
            "providers:\n  - {name: p, type: openai, api_key: \"${SUITE_NOT_SET_API_KEY}\"}\n",
            "SUITE_NOT_SET_API_KEY, which is not set",
            "2",
        ),
        ("providers:\n  - {name: p, type: openai, api_key: \"${SUITE_OTHER}\"}\n", "LLMIO_CONFIG_VARS", "2"),
        ("providers:\n  - {name: p, type: openai, api_key: \"${TOKEN}\"}\n", "TOKEN, which a file sent", "2"),
    ];
    for (file, word, line) in rows {
        let answer = Call::new(Method::PUT, &home.url("/api/config"))
            .header("authorization", &format!("Bearer {TOKEN}"))
            .header("content-type", "application/yaml")
            .body(file)
            .send()
            .await;
        assert!((400..500).contains(&answer.status), "{file}: {}", answer.text());
        let message = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(word) && message.contains(line), "{file}: {message}");
    }
    assert_eq!(home.admin(Method::GET, "/providers", None).await.json()["data"], json!([]), "nothing was stored");
}

#[tokio::test]
async fn variables_come_from_the_environment() {
    let upstream = Upstream::with_key("sk-from-the-environment").await.expect("a provider");
    let config = Config::new()
        .provider(json!({
            "name": "p",
            "type": "openai",
            "base_url": upstream.base_url(Dialect::Chat),
            "api_key": "${SUITE_API_KEY}"
        }))
        .model("m", [association("p", "ok")]);
    let home = Home::start(Setup::new(config).env("SUITE_API_KEY", upstream.key())).await;
    assert_eq!(dialect::call(&home, Dialect::Chat, "m", Form::Whole).send().await.status, 200);
}
