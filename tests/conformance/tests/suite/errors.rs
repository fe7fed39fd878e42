//! The errors that the gateway itself makes have the dialect's own body.

use llmio_conformance::client::Call;
use llmio_conformance::config::{Config, association};
use llmio_conformance::dialect::{self, Form, KEY};
use llmio_conformance::{Home, Setup};
use llmio_upstream::{Dialect, Upstream};
use serde_json::json;

async fn bed() -> (Home, Upstream) {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let mut config = Config::new();
    for dialect in Dialect::ALL {
        let name = dialect.as_str();
        config = config.upstream(name, dialect, &upstream).model(&format!("m-{name}"), [association(name, "ok")]);
    }
    let setup = Setup::new(config).env("LLMIO_MAX_BODY_BYTES", "100000");
    (Home::start(setup).await, upstream)
}

#[tokio::test]
async fn bad_requests() {
    let (home, upstream) = bed().await;
    for dialect in Dialect::ALL {
        let model = format!("m-{}", dialect.as_str());
        let good = dialect::body(dialect, &model, Form::Whole).to_string();
        let large = good.replace("Hi", &"x".repeat(200_000));
        // What is wrong, body, status, a part of the message.
        let mut rows = vec![
            ("no JSON", "{".to_owned(), 400, ""),
            ("no object", "[1,2]".to_owned(), 400, ""),
            ("empty", String::new(), 400, ""),
            ("too large", large, 413, "100000"),
        ];
        if dialect != Dialect::Gemini {
            rows.extend([
                ("no model", good.replace("\"model\"", "\"mod\""), 400, "model"),
                ("model is no text", good.replace(&format!("\"{model}\""), "5"), 400, "model"),
                ("unknown model", good.replace(&model, "no-such-model"), 404, "no-such-model"),
            ]);
        }
        for (what, body, status, part) in rows {
            let url = home.url(&dialect::path(dialect, &model, Form::Whole));
            let call = dialect::authorized(Call::post(&url), dialect, KEY).header("content-type", "application/json");
            let answer = call.body(body).send().await;
            assert_eq!(answer.status, status, "{dialect:?} {what}: {}", answer.text());
            let message = dialect::error_message(dialect, &answer);
            assert!(message.contains(part), "{dialect:?} {what}: {message}");
            answer.trace();
        }
    }
    let unknown = dialect::call(&home, Dialect::Gemini, "no-such-model", Form::Whole).send().await;
    assert_eq!(unknown.status, 404);
    assert!(dialect::error_message(Dialect::Gemini, &unknown).contains("no-such-model"));
    assert!(upstream.exchanges().is_empty(), "none of these reaches a provider");
}

/// Somebody who is still sending when the connection closes would see that in place of the answer.
#[tokio::test]
async fn a_body_that_is_much_too_large_gets_its_answer() {
    let (home, upstream) = bed().await;
    let url = home.url(&dialect::path(Dialect::Chat, "m-openai_chat", Form::Whole));
    for _ in 0..3 {
        let call = dialect::authorized(Call::post(&url), Dialect::Chat, KEY).header("content-type", "application/json");
        let answer = call.body("x".repeat(30 << 20)).send().await;
        assert_eq!(answer.status, 413, "{}", answer.text());
    }
    assert!(upstream.exchanges().is_empty());
}

#[tokio::test]
async fn errors_of_a_provider_pass_unchanged() {
    // What is the client's business; accounts are in the table of `blame`.
    let faults = ["400-context", "404", "429", "500", "529"];
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let mut config = Config::new();
    for dialect in Dialect::ALL {
        let name = dialect.as_str();
        config = config.upstream(name, dialect, &upstream);
        for fault in faults {
            // Each answer once: after a 429 its form would rest for the next one.
            for form in Form::BOTH {
                let model = format!("{name}-{fault}-{form:?}");
                config =
                    config.model_with(&model, &json!({"max_retry": 0}), [association(name, &format!("fault:{fault}"))]);
            }
        }
    }
    let home = Home::start(Setup::new(config)).await;
    for dialect in Dialect::ALL {
        let name = dialect.as_str();
        for fault in faults {
            for form in Form::BOTH {
                let seen = dialect::call(&home, dialect, &format!("{name}-{fault}-{form:?}"), form).send().await;
                let provider = format!("fault:{fault}");
                let path = match dialect {
                    Dialect::Chat => "/chat/completions".to_owned(),
                    Dialect::Responses => "/responses".to_owned(),
                    Dialect::Anthropic => "/messages".to_owned(),
                    Dialect::Gemini => format!("/models/{provider}:{}", dialect::gemini_verb(form)),
                };
                let url = format!("{}{path}", upstream.base_url(dialect));
                let body = dialect::body(dialect, &provider, form);
                let own = dialect::authorized(Call::post(&url), dialect, "sk-upstream").json(&body).send().await;
                assert_eq!((seen.status, seen.text()), (own.status, own.text()), "{dialect:?} {fault} {form:?}");
                for header in ["x-request-id", "request-id"] {
                    assert_eq!(seen.header(header), own.header(header), "{dialect:?} {fault}");
                }
            }
        }
    }
}
