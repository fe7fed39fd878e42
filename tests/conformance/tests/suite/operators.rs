//! Inference for the operator: by the admin token, with headers that direct it. A client's key directs nothing.

use http::Method;
use llmio_conformance::client::{Answer, Call};
use llmio_conformance::config::{Config, association, weighted};
use llmio_conformance::dialect::{self, Form, KEY};
use llmio_conformance::{Home, Setup, TOKEN};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

async fn bed() -> (Home, Upstream) {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let mut config = Config::new().upstream("prövider", Dialect::Chat, &upstream);
    config = config.model("m", [weighted("prövider", "ok", 9), weighted("prövider", "ok+size=9", 1)]);
    for dialect in Dialect::ALL {
        let name = dialect.as_str();
        config = config.upstream(name, dialect, &upstream).model(&format!("m-{name}"), [association(name, "ok")]);
    }
    (Home::start(Setup::new(config)).await, upstream)
}

/// The id of the association of this provider's model.
async fn associated(home: &Home, provider_model: &str) -> String {
    let all = home.admin(Method::GET, "/associations", None).await.json();
    let all = all["data"].as_array().expect("a list");
    let found = all.iter().find(|it| it["provider_model"] == provider_model).expect("an association");
    found["id"].as_str().expect("an id").to_owned()
}

async fn ask(home: &Home, credential: &str, dialect: Dialect, form: Form, headers: &[(&str, &str)]) -> Answer {
    let model = if dialect == Dialect::Chat { "m".to_owned() } else { format!("m-{}", dialect.as_str()) };
    let url = home.url(&dialect::path(dialect, &model, form));
    let call = dialect::authorized(Call::post(&url), dialect, credential).json(&dialect::body(dialect, &model, form));
    headers.iter().fold(call, |call, (name, value)| call.header(name, value)).send().await
}

#[tokio::test]
async fn the_operator_directs_and_is_told() {
    let (home, _upstream) = bed().await;
    let second = associated(&home, "ok+size=9").await;
    let replayed = ask(&home, KEY, Dialect::Chat, Form::Whole, &[]).await;
    let replayed = home.trace(&replayed.trace()).await[0]["id"].as_str().expect("an id").to_owned();
    for form in Form::BOTH {
        let headers = [
            ("x-llmio-association", &*second),
            ("x-llmio-record", "bodies"),
            ("x-llmio-origin", "replay"),
            ("x-llmio-replay-of", &*replayed),
        ];
        let answer = ask(&home, TOKEN, Dialect::Chat, form, &headers).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let told = ["x-llmio-provider", "x-llmio-association", "x-llmio-attempts"].map(|name| answer.header(name));
        assert_eq!(told, [Some("pr%C3%B6vider"), Some(&*second), Some("1")], "{form:?}");
        assert_eq!(answer.header("access-control-expose-headers"), Some("*"));
        let row = home.trace(&answer.trace()).await.remove(0);
        let seen = (&row["origin"], &row["replay_of"], &row["has_bodies"], &row["association_id"], &row["key_id"]);
        assert_eq!(seen, (&json!("replay"), &json!(replayed), &json!(true), &json!(second), &Value::Null), "{form:?}");
    }
    for dialect in Dialect::ALL {
        let answer = ask(&home, TOKEN, dialect, Form::Whole, &[]).await;
        assert_eq!((answer.status, answer.header("x-llmio-attempts")), (200, Some("1")), "{dialect:?}");
        assert_eq!(home.trace(&answer.trace()).await[0]["origin"], "console", "{dialect:?}");
    }
}

#[tokio::test]
async fn a_client_directs_nothing() {
    let (home, _upstream) = bed().await;
    let second = associated(&home, "ok+size=9").await;
    let headers = [("x-llmio-association", &*second), ("x-llmio-origin", "moon"), ("x-llmio-record", "bodies")];
    let answer = ask(&home, KEY, Dialect::Chat, Form::Whole, &headers).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    for name in ["x-llmio-provider", "x-llmio-association", "x-llmio-attempts"] {
        assert_eq!(answer.header(name), None);
    }
    let row = home.trace(&answer.trace()).await.remove(0);
    let seen = (&row["origin"], &row["has_bodies"], &row["provider_model"]);
    assert_eq!(seen, (&json!("client"), &json!(false), &json!("ok")));
    assert_eq!(ask(&home, "wrong", Dialect::Chat, Form::Whole, &headers).await.status, 401);
}

#[tokio::test]
async fn what_cannot_be_directed_is_refused() {
    let (home, _upstream) = bed().await;
    let other = associated(&home, "ok+size=9").await;
    let long = "a".repeat(200);
    for (header, status) in [
        (("x-llmio-association", "no-such"), 404),
        (("x-llmio-association", &*long), 400),
        (("x-llmio-origin", "moon"), 400),
        (("x-llmio-record", "all"), 400),
        (("x-llmio-replay-of", "yesterday's"), 400),
    ] {
        let answer = ask(&home, TOKEN, Dialect::Chat, Form::Whole, &[header]).await;
        assert_eq!(answer.status, status, "{header:?}: {}", answer.text());
    }
    let answer = ask(&home, TOKEN, Dialect::Gemini, Form::Whole, &[("x-llmio-association", &other)]).await;
    assert_eq!(answer.status, 404, "an association of another model: {}", answer.text());
}
