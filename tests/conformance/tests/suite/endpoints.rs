//! Every path, method and place for the key.

use http::Method;
use llmio_conformance::client::{Answer, Call};
use llmio_conformance::config::{Config, association};
use llmio_conformance::dialect::{self, Form, KEY};
use llmio_conformance::{Home, Setup, TOKEN};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

async fn bed() -> (Home, Upstream) {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let mut config = Config::new();
    for dialect in Dialect::ALL {
        config = config
            .upstream(dialect.as_str(), dialect, &upstream)
            .model(&format!("m-{}", dialect.as_str()), [association(dialect.as_str(), "ok")]);
    }
    (Home::start(Setup::new(config)).await, upstream)
}

fn model(dialect: Dialect) -> String {
    format!("m-{}", dialect.as_str())
}

#[tokio::test]
async fn generations() {
    let (home, _upstream) = bed().await;
    let gemini = |prefix: &str, verb: &str| format!("{prefix}/models/{}:{verb}", model(Dialect::Gemini));
    let mut rows = vec![];
    for form in Form::BOTH {
        rows.extend([
            (Dialect::Chat, form, "/openai/v1/chat/completions".to_owned()),
            (Dialect::Chat, form, "/v1/chat/completions".to_owned()),
            (Dialect::Responses, form, "/openai/v1/responses".to_owned()),
            (Dialect::Responses, form, "/v1/responses".to_owned()),
            (Dialect::Anthropic, form, "/anthropic/v1/messages".to_owned()),
            (Dialect::Anthropic, form, "/anthropic/v1/messages?beta=true".to_owned()),
            (Dialect::Anthropic, form, "/v1/messages".to_owned()),
        ]);
    }
    for prefix in ["/gemini/v1beta", "/gemini/v1", "/v1beta", "/v1"] {
        for form in [Form::Whole, Form::Stream, Form::Array] {
            rows.push((Dialect::Gemini, form, gemini(prefix, dialect::gemini_verb(form))));
        }
    }
    for (dialect, form, path) in rows {
        let body = dialect::body(dialect, &model(dialect), form);
        let answer = dialect::authorized(Call::post(&home.url(&path)), dialect, KEY).json(&body).send().await;
        assert!(
            answer.status == 200 && answer.text().contains("vider."),
            "{path}: {} {}",
            answer.status,
            answer.text()
        );
        let media = if form == Form::Stream { "text/event-stream" } else { "application/json" };
        assert_eq!(answer.header("content-type"), Some(media), "{path}");
        answer.trace();
        if form == Form::Array {
            assert!(answer.json().as_array().is_some_and(|chunks| chunks.len() > 2), "{path}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn keys_in_every_place() {
    let (home, _upstream) = bed().await;
    type Place = fn(Call, &str) -> Call;
    let places: [(&str, Place); 4] = [
        ("bearer", |call, key| call.header("authorization", &format!("Bearer {key}"))),
        ("x-api-key", |call, key| call.header("x-api-key", key)),
        ("x-goog-api-key", |call, key| call.header("x-goog-api-key", key)),
        ("query", |call, key| call.query(&format!("key={key}"))),
    ];
    for dialect in Dialect::ALL {
        let url = home.url(&dialect::path(dialect, &model(dialect), Form::Whole));
        let body = dialect::body(dialect, &model(dialect), Form::Whole);
        for (name, place) in places {
            let good = place(Call::post(&url), KEY).json(&body).send().await;
            assert_eq!(good.status, 200, "{dialect:?} {name}: {}", good.text());
            let bad = place(Call::post(&url), "sk-wrong").json(&body).send().await;
            assert_eq!(bad.status, 401, "{dialect:?} {name}: {}", bad.text());
            dialect::error_message(dialect, &bad);
        }
        let none = Call::post(&url).json(&body).send().await;
        assert_eq!(none.status, 401, "{dialect:?}: {}", none.text());
        dialect::error_message(dialect, &none);
    }
}

#[tokio::test]
async fn model_lists() {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let mut config = Config::new();
    for dialect in Dialect::ALL {
        config = config.upstream(dialect.as_str(), dialect, &upstream);
    }
    // Each is served in every dialect, so that every list is the same; a pattern is nothing to choose from.
    let everywhere = || Dialect::ALL.map(|dialect| association(dialect.as_str(), "ok"));
    for dialect in Dialect::ALL {
        config = config.model(&model(dialect), everywhere());
    }
    let home = Home::start(Setup::new(config.model("claude-*", everywhere()))).await;
    let get = |path: &str| Call::get(&home.url(path)).header("authorization", &format!("Bearer {KEY}"));
    let names = |answer: &Answer, list: &str, field: &str| -> Vec<String> {
        let items = answer.json()[list].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item[field].as_str().unwrap_or_default().to_owned()).collect()
    };
    let expected: Vec<String> = Dialect::ALL.into_iter().map(model).collect();

    for path in ["/openai/v1/models", "/v1/models"] {
        let list = get(path).send().await;
        assert_eq!((list.status, &list.json()["object"]), (200, &json!("list")), "{path}: {}", list.text());
        assert_eq!(names(&list, "data", "id"), expected, "{path}");
        assert_eq!(list.json()["data"][0]["object"], "model");
        let one = get(&format!("{path}/{}", expected[0])).send().await;
        assert_eq!((one.status, &one.json()["id"]), (200, &json!(expected[0])), "{path}: {}", one.text());
        let by_pattern = get(&format!("{path}/claude-next")).send().await;
        assert_eq!((by_pattern.status, &by_pattern.json()["id"]), (200, &json!("claude-next")), "{path}");
        for name in ["no-such-model", "claude-*"] {
            let none = get(&format!("{path}/{name}")).send().await;
            assert_eq!(none.status, 404, "{path}/{name}");
            dialect::error_message(Dialect::Chat, &none);
        }
    }

    let version = |call: Call| call.header("anthropic-version", "2023-06-01");
    for (path, call) in
        [("/anthropic/v1/models", get("/anthropic/v1/models")), ("/v1/models", version(get("/v1/models")))]
    {
        let list = call.query("limit=1000").send().await;
        assert_eq!(names(&list, "data", "id"), expected, "{path}: {}", list.text());
        let body = list.json();
        assert_eq!((&body["has_more"], &body["first_id"]), (&json!(false), &json!(expected[0])));
        assert_eq!(body["data"][0]["type"], "model");
        assert!(body["data"][0]["display_name"].is_string() && body["data"][0]["created_at"].is_string());
    }
    let page = get("/anthropic/v1/models").query("limit=2").send().await;
    assert_eq!((names(&page, "data", "id"), &page.json()["has_more"]), (expected[..2].to_vec(), &json!(true)));
    let next = get("/anthropic/v1/models").query(&format!("limit=2&after_id={}", expected[1])).send().await;
    assert_eq!((names(&next, "data", "id"), &next.json()["has_more"]), (expected[2..].to_vec(), &json!(false)));
    let one = get(&format!("/anthropic/v1/models/{}", expected[2])).send().await;
    assert_eq!((one.status, &one.json()["id"]), (200, &json!(expected[2])));
    let by_pattern = get("/anthropic/v1/models/claude-next").send().await;
    assert_eq!((by_pattern.status, &by_pattern.json()["id"]), (200, &json!("claude-next")));
    let none = get("/anthropic/v1/models/no-such-model").send().await;
    assert_eq!(none.status, 404);
    dialect::error_message(Dialect::Anthropic, &none);

    let gemini: Vec<String> = expected.iter().map(|name| format!("models/{name}")).collect();
    for path in ["/gemini/v1beta/models", "/gemini/v1/models", "/v1beta/models"] {
        let list = get(path).send().await;
        assert_eq!(names(&list, "models", "name"), gemini, "{path}: {}", list.text());
        let methods = &list.json()["models"][0]["supportedGenerationMethods"];
        assert!(methods.as_array().is_some_and(|methods| methods.contains(&json!("generateContent"))), "{methods}");
    }
    let one = get(&format!("/gemini/v1beta/models/{}", expected[3])).send().await;
    assert_eq!((one.status, &one.json()["name"]), (200, &json!(gemini[3])));
    let none = get("/gemini/v1beta/models/no-such-model").send().await;
    assert_eq!(none.status, 404);
    dialect::error_message(Dialect::Gemini, &none);
}

#[tokio::test]
async fn operations_and_preflights() {
    let (home, _upstream) = bed().await;
    let call = |method: Method, path: &str| Call::new(method, &home.url(path));
    for (method, path) in [
        (Method::GET, "/healthz"),
        (Method::GET, "/readyz"),
        (Method::HEAD, "/"),
        (Method::HEAD, "/anthropic/api/hello"),
        (Method::HEAD, "/anthropic"),
    ] {
        let answer = call(method.clone(), path).send().await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
    }
    let records = call(Method::GET, "/readyz").send().await.json()["records"].clone();
    assert_eq!((&records["dropped"], &records["dropped_bodies"]), (&json!(0), &json!(0)), "{records}");
    for path in ["/anthropic/api/event_logging/batch", "/anthropic/api/event_logging/v2/batch"] {
        let batch = call(Method::POST, path).json(&json!({"events": []})).send().await;
        assert!((200..300).contains(&batch.status), "{path}: {} {}", batch.status, batch.text());
    }

    let metrics = call(Method::GET, "/metrics");
    assert_eq!(metrics.clone().send().await.status, 401, "metrics need the administrator's token");
    let metrics = metrics.header("authorization", &format!("Bearer {TOKEN}")).send().await;
    assert!(metrics.status == 200 && metrics.text().contains("# TYPE"), "{}", metrics.text());

    for path in ["/openai/v1/responses", "/v1/responses"] {
        let upgrade = call(Method::GET, path)
            .header("authorization", &format!("Bearer {KEY}"))
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .send()
            .await;
        assert_eq!(upgrade.status, 426, "{path}: {}", upgrade.text());
        dialect::error_message(Dialect::Responses, &upgrade);
    }
}

#[tokio::test]
async fn unknown_paths_answer_in_the_dialect() {
    let (home, _upstream) = bed().await;
    let rows = [
        (Method::POST, "/openai/v1/no-such", Dialect::Chat, 404),
        (Method::POST, "/v1/no-such", Dialect::Chat, 404),
        (Method::POST, "/anthropic/v1/no-such", Dialect::Anthropic, 404),
        (Method::POST, "/gemini/v1beta/no-such", Dialect::Gemini, 404),
        (Method::POST, "/gemini/v1beta/models/m:noSuchMethod", Dialect::Gemini, 404),
        (Method::PUT, "/openai/v1/chat/completions", Dialect::Chat, 405),
        (Method::PUT, "/anthropic/v1/messages", Dialect::Anthropic, 405),
    ];
    for (method, path, dialect, status) in rows {
        let call = Call::new(method.clone(), &home.url(path));
        let answer = dialect::authorized(call, dialect, KEY).json(&json!({})).send().await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        dialect::error_message(dialect, &answer);
        answer.trace();
    }
}

#[tokio::test]
async fn browsers_may_call() {
    let (home, _upstream) = bed().await;
    for dialect in Dialect::ALL {
        let url = home.url(&dialect::path(dialect, &model(dialect), Form::Whole));
        let preflight = Call::new(Method::OPTIONS, &url)
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type,x-stainless-os")
            .send()
            .await;
        assert!((200..300).contains(&preflight.status), "{dialect:?}: {} {}", preflight.status, preflight.text());
        let allowed = preflight.header("access-control-allow-origin").unwrap_or_default();
        assert!(["*", "https://app.example"].contains(&allowed), "{:?}", preflight.headers);
        let headers = preflight.header("access-control-allow-headers").unwrap_or_default().to_ascii_lowercase();
        for name in ["authorization", "content-type", "x-stainless-os"] {
            assert!(headers.contains(name), "{name} is not in {headers:?}");
        }
        let answer = dialect::call(&home, dialect, &model(dialect), Form::Whole)
            .header("origin", "https://app.example")
            .send()
            .await;
        assert!(answer.header("access-control-allow-origin").is_some(), "{:?}", answer.headers);
        let exposed = answer.header("access-control-expose-headers").unwrap_or_default().to_ascii_lowercase();
        assert!(exposed.contains("x-llmio-trace-id") || exposed == "*", "{exposed:?}");
    }
}

#[tokio::test]
async fn a_key_for_some_models_sees_and_uses_only_those() {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let config = Config::new()
        .upstream("chat", Dialect::Chat, &upstream)
        .model("gpt-one", [association("chat", "ok")])
        .model("gpt-two", [association("chat", "ok")])
        .key(json!({"name": "narrow", "key": "sk-narrow-key-of-the-suite", "models": ["*-one"]}))
        .key(json!({"name": "over", "key": "sk-expired-key-of-the-suite", "expires_at": "2020-01-01T00:00:00Z"}));
    let home = Home::start(Setup::new(config)).await;
    let list = Call::get(&home.url("/v1/models")).header("x-api-key", "sk-narrow-key-of-the-suite").send().await;
    let ids: Vec<Value> = list.json()["data"].as_array().into_iter().flatten().map(|it| it["id"].clone()).collect();
    assert_eq!(ids, ["gpt-one"]);
    let path = dialect::path(Dialect::Chat, "", Form::Whole);
    for (key, model, status) in [
        ("sk-narrow-key-of-the-suite", "gpt-one", 200),
        ("sk-narrow-key-of-the-suite", "gpt-two", 403),
        ("sk-expired-key-of-the-suite", "gpt-one", 401),
    ] {
        let body = dialect::body(Dialect::Chat, model, Form::Whole);
        let answer = dialect::authorized(Call::post(&home.url(&path)), Dialect::Chat, key).json(&body).send().await;
        assert_eq!(answer.status, status, "{key} {model}: {}", answer.text());
    }
}
