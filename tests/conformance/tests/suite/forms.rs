//! Streamed or whole: a client gets its answer as it wants it, also of a provider that only streams, or only answers whole.

use llmio_conformance::config::{Config, association_with};
use llmio_conformance::dialect::{self, Form, StreamEnd};
use llmio_conformance::{Home, Setup};
use llmio_upstream::{Behaviour, Dialect, Upstream};
use serde_json::json;

#[tokio::test]
async fn whatever_the_provider_does() {
    let upstream = Upstream::with_key("sk-first").await.expect("a provider");
    let mut config = Config::new();
    for dialect in Dialect::ALL {
        config = config.upstream(&format!("{dialect:?}"), dialect, &upstream);
        // The provider streams, or answers whole, against what it is asked; or is asked so.
        for (model, provider_model, stream) in [
            ("streams", "ok+streams", "auto"),
            ("whole", "ok+whole", "auto"),
            ("forced", "ok", "force"),
            ("never", "ok", "never"),
        ] {
            let fields = json!({"stream": stream});
            let name = format!("{model}-{dialect:?}");
            config = config.model(&name, [association_with(&format!("{dialect:?}"), provider_model, &fields)]);
        }
    }
    let home = Home::start(Setup::new(config)).await;
    let text = Behaviour::default().text;
    for provider in Dialect::ALL {
        for client in Dialect::ALL {
            for model in ["streams", "whole", "forced", "never"] {
                for form in Form::BOTH {
                    let model = format!("{model}-{provider:?}");
                    let answer = dialect::call(&home, client, &model, form).send().await;
                    let what = format!("{client:?} {form:?} on {model}");
                    assert_eq!(answer.status, 200, "{what}: {}", answer.text());
                    let kind = answer.header("content-type").unwrap_or_default();
                    assert_eq!(kind.starts_with("text/event-stream"), form == Form::Stream, "{what}: {kind}");
                    if form == Form::Whole {
                        assert!(answer.json().to_string().contains(&text), "{what}: {}", answer.text());
                    } else {
                        assert!(answer.text().contains("Hello"), "{what}: {}", answer.text());
                        assert_eq!(dialect::stream_end(client, form, &answer), StreamEnd::Complete, "{what}");
                    }
                }
            }
        }
    }
}
