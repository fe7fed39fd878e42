//! What an operator and a client say of who may answer: relays alone, context windows, the client's dialect, strict mode.

use llmio_conformance::client::{Answer, Call};
use llmio_conformance::config::{Config, association, association_with};
use llmio_conformance::dialect::{self, Form, KEY};
use llmio_conformance::{Home, Setup};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

const STRICT_KEY: &str = "sk-strict-0123456789";

struct Bed {
    home: Home,
    /// Speaks all dialects.
    first: Upstream,
    /// Speaks Chat.
    second: Upstream,
}

impl Bed {
    async fn new() -> Self {
        let first = Upstream::with_key("sk-first").await.expect("a provider");
        let second = Upstream::with_key("sk-second").await.expect("a provider");
        let messages = |fields: Value| association_with("messages", "ok", &fields);
        let chat = |model: &str, fields: Value| association_with("chat", model, &fields);
        let config = Config::new()
            .upstream("messages", Dialect::Anthropic, &first)
            .upstream("chat", Dialect::Chat, &first)
            .upstream("second", Dialect::Chat, &second)
            .provider(json!({
                "name": "both",
                "type": "openai",
                "base_url": first.base_url(Dialect::Chat),
                "api_key": first.key(),
                "also": [{"type": "anthropic", "base_url": first.base_url(Dialect::Anthropic)}]
            }))
            .model("several", [association("both", "ok")])
            .key(json!({"name": "strict", "key": STRICT_KEY, "strict": true}))
            .model("relayed", [messages(json!({"priority": 5, "relay_only": true})), association("second", "ok")])
            .model("relays", [messages(json!({"relay_only": true}))])
            .model_with(
                "mixed",
                &json!({"prefer_same_dialect": false}),
                [messages(json!({"weight": 100})), association("second", "ok")],
            )
            .model("narrow", [chat("ok", json!({"priority": 5, "context_window": 100})), association("second", "ok")])
            .model("refused", [chat("fault:400-context", json!({"context_window": 9000})), association("second", "ok")])
            .model("full", [chat("fault:400-context", json!({"priority": 5})), association("second", "ok")])
            .model("lossy", [messages(json!({"priority": 5})), association("second", "ok")])
            .model_with("strict", &json!({"strict": true}), [messages(json!({}))]);
        Self { home: Home::start(Setup::new(config)).await, first, second }
    }

    async fn ask(&self, client: Dialect, model: &str, more: Value, strict: Option<&str>, key: &str) -> Answer {
        self.first.clear_journal();
        self.second.clear_journal();
        let mut body = dialect::body(client, model, Form::Whole);
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let call =
            dialect::authorized(Call::post(&self.home.url(&dialect::path(client, model, Form::Whole))), client, key);
        let call = strict.into_iter().fold(call, |call, value| call.header("x-llmio-strict", value));
        call.json(&body).send().await
    }

    /// How often each provider was asked.
    fn counts(&self) -> [usize; 2] {
        [self.first.exchanges().len(), self.second.exchanges().len()]
    }
}

#[tokio::test]
async fn who_is_asked() {
    let bed = Bed::new().await;
    let long = json!({"messages": [{"role": "user", "content": "many words ".repeat(100)}]});
    for (client, model, more, status, counts) in [
        (Dialect::Chat, "relayed", json!({}), 200, [0, 1]),
        (Dialect::Anthropic, "relayed", json!({}), 200, [1, 0]),
        (Dialect::Chat, "relays", json!({}), 404, [0, 0]),
        (Dialect::Chat, "mixed", json!({}), 200, [1, 0]),
        (Dialect::Chat, "narrow", json!({}), 200, [1, 0]),
        (Dialect::Chat, "narrow", long, 200, [0, 1]),
        (Dialect::Chat, "refused", json!({}), 200, [1, 1]),
        (Dialect::Chat, "full", json!({}), 400, [1, 0]),
    ] {
        let answer = bed.ask(client, model, more, None, KEY).await;
        assert_eq!((answer.status, bed.counts()), (status, counts), "{client:?} {model}: {}", answer.text());
    }
    let list = |dialect: Dialect, path: &str| dialect::authorized(Call::get(&bed.home.url(path)), dialect, KEY).send();
    assert!(!list(Dialect::Chat, "/openai/v1/models").await.text().contains("\"relays\""));
    assert!(list(Dialect::Anthropic, "/anthropic/v1/models").await.text().contains("\"relays\""));
}

#[tokio::test]
async fn a_provider_of_several_dialects() {
    let bed = Bed::new().await;
    for (client, path) in [
        (Dialect::Chat, "/v1/chat/completions"),
        (Dialect::Anthropic, "/v1/messages"),
        (Dialect::Gemini, "/v1/chat/completions"),
    ] {
        let answer = bed.ask(client, "several", json!({}), None, KEY).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("x-llmio-translation").is_some(), client == Dialect::Gemini);
        assert_eq!(bed.first.exchanges()[0].path, path);
    }
}

#[tokio::test]
async fn strict_mode() {
    let bed = Bed::new().await;
    let seed = || json!({"seed": 7});
    for (model, more, strict, key, status, counts) in [
        ("lossy", seed(), None, KEY, 200, [1, 0]),
        ("lossy", seed(), Some("true"), KEY, 200, [0, 1]),
        ("lossy", seed(), None, STRICT_KEY, 200, [0, 1]),
        ("lossy", json!({}), Some("true"), KEY, 200, [1, 0]),
        ("strict", seed(), None, KEY, 400, [0, 0]),
        ("strict", json!({}), None, KEY, 200, [1, 0]),
        ("lossy", seed(), Some("perhaps"), KEY, 400, [0, 0]),
    ] {
        let answer = bed.ask(Dialect::Chat, model, more, strict, key).await;
        assert_eq!((answer.status, bed.counts()), (status, counts), "{model} {strict:?}: {}", answer.text());
        if model == "strict" && status == 400 {
            let error = answer.json()["error"].clone();
            assert_eq!((&error["param"], &error["code"]), (&json!("seed"), &json!("untranslatable")), "{error}");
        }
    }
}
