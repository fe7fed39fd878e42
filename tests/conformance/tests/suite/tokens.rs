//! Token counts: by the model's own providers, else by the configured one, else an estimate that says so.

use llmio_conformance::client::Call;
use llmio_conformance::config::{Config, association};
use llmio_conformance::dialect::{self, KEY};
use llmio_conformance::{Home, Setup};
use llmio_upstream::{Behaviour, Dialect, Fault, Upstream};
use serde_json::{Value, json};

const PATHS: [&str; 2] = ["/anthropic/v1/messages/count_tokens", "/v1/messages/count_tokens"];

fn body(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "Count me"}]})
}

async fn bed(counting: bool) -> (Home, Upstream, Upstream) {
    let own = Upstream::with_key("sk-own").await.expect("a provider");
    let counter = Upstream::with_key("sk-counter").await.expect("a provider");
    let mut config = Config::new()
        .upstream("own", Dialect::Anthropic, &own)
        .upstream("chat", Dialect::Chat, &own)
        .upstream("gemini", Dialect::Gemini, &own)
        .upstream("counter", Dialect::Anthropic, &counter)
        .model("claude", [association("own", "ok")])
        .model("gpt", [association("chat", "ok")])
        .upstream("responses", Dialect::Responses, &own)
        .model("gem", [association("gemini", "ok")])
        .model("res", [association("responses", "ok")]);
    if counting {
        config = config.setting("counting_provider", "counter");
    }
    (Home::start(Setup::new(config)).await, own, counter)
}

#[tokio::test]
async fn anthropic() {
    for counting in [false, true] {
        let (home, own, counter) = bed(counting).await;
        for path in PATHS {
            let rows = [
                ("claude", Some(&own)),
                ("gpt", counting.then_some(&counter)),
                ("gem", Some(&own)),
                ("res", Some(&own)),
            ];
            for (model, asked) in rows {
                own.clear_journal();
                counter.clear_journal();
                let call = dialect::authorized(Call::post(&home.url(path)), Dialect::Anthropic, KEY);
                let answer = call.json(&body(model)).send().await;
                assert_eq!(answer.status, 200, "{path} {model} {counting}: {}", answer.text());
                for upstream in [&own, &counter] {
                    let expected = usize::from(asked.is_some_and(|it| it.address() == upstream.address()));
                    assert_eq!(upstream.exchanges().len(), expected, "{path} {model} {counting}");
                }
                let is_estimate = answer.header("x-llmio-translation") == Some("approximated=count_tokens");
                assert_eq!(is_estimate, asked.is_none(), "{path} {model} {counting}");
                assert!(answer.json()["input_tokens"].is_u64(), "{}", answer.text());
            }
        }
    }
}

#[tokio::test]
async fn gemini() {
    let (home, own, _counter) = bed(false).await;
    let contents = json!({"contents": [{"role": "user", "parts": [{"text": "Count me"}]}]});
    for prefix in ["/gemini/v1beta", "/gemini/v1", "/v1beta", "/v1"] {
        own.clear_journal();
        let call = Call::post(&home.url(&format!("{prefix}/models/gem:countTokens")));
        let answer = dialect::authorized(call, Dialect::Gemini, KEY).json(&contents).send().await;
        assert!(answer.status == 200 && answer.json()["totalTokens"].is_u64(), "{prefix}: {}", answer.text());
        assert_eq!(own.exchanges()[0].path, "/v1beta/models/ok:countTokens");
        let row = home.trace(&answer.trace()).await.remove(0);
        assert_eq!(row["operation"], "count_tokens");
    }
    let translated = "to=anthropic; approximated=count_tokens";
    for (model, told) in [("gpt", "approximated=count_tokens"), ("claude", translated)] {
        let call = Call::post(&home.url(&format!("/gemini/v1beta/models/{model}:countTokens")));
        let answer = dialect::authorized(call, Dialect::Gemini, KEY).json(&contents).send().await;
        assert!(answer.status == 200 && answer.json()["totalTokens"].is_u64(), "{model}: {}", answer.text());
        assert_eq!(answer.header("x-llmio-translation"), Some(told));
    }
}

#[tokio::test]
async fn responses() {
    let (home, own, _counter) = bed(false).await;
    let rows = [
        ("res", None),
        ("claude", Some("to=anthropic; approximated=count_tokens")),
        ("gpt", Some("approximated=count_tokens")),
    ];
    for prefix in ["/openai/v1", "/v1"] {
        for (model, told) in rows {
            own.clear_journal();
            let call = Call::post(&home.url(&format!("{prefix}/responses/input_tokens")));
            let call = dialect::authorized(call, Dialect::Responses, KEY);
            let answer = call.json(&json!({"model": model, "input": "Count me"})).send().await;
            assert_eq!(answer.status, 200, "{prefix} {model}: {}", answer.text());
            assert!(answer.json()["input_tokens"].is_u64(), "{}", answer.text());
            assert_eq!(answer.header("x-llmio-translation"), told, "{prefix} {model}");
        }
    }
}

#[tokio::test]
async fn a_counting_provider_that_fails() {
    let (home, own, counter) = bed(true).await;
    for upstream in [&own, &counter] {
        upstream.always(Behaviour::fault(Fault::Internal));
    }
    for model in ["gpt", "gem"] {
        let call = dialect::authorized(Call::post(&home.url(PATHS[0])), Dialect::Anthropic, KEY);
        let answer = call.json(&body(model)).send().await;
        assert_eq!(answer.header("x-llmio-translation"), Some("approximated=count_tokens"), "{}", answer.text());
        assert!(answer.json()["input_tokens"].is_u64(), "{model}");
    }
    assert!(!counter.exchanges().is_empty());
}
