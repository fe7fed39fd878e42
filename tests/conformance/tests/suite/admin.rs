//! The admin API: each kind of record made, read, changed and deleted, and what must never come back.

use http::Method;
use llmio_conformance::client::{Answer, Call};
use llmio_conformance::config::{Config, association};
use llmio_conformance::dialect::{self, Form};
use llmio_conformance::{Home, Kind, Setup, TOKEN};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

async fn bed() -> (Home, Upstream) {
    let upstream = Upstream::with_key("sk-upstream-secret").await.expect("a provider");
    let config = Config::new().upstream("p", Dialect::Chat, &upstream).model("m", [association("p", "ok")]);
    (Home::start(Setup::new(config)).await, upstream)
}

fn error(answer: &Answer) -> (u16, String, Value) {
    let body = answer.json();
    let error = &body["error"];
    assert!(error["message"].as_str().is_some_and(|it| !it.is_empty()), "{}", answer.text());
    (answer.status, error["code"].as_str().unwrap_or_default().to_owned(), error["field"].clone())
}

#[tokio::test]
async fn only_the_administrator() {
    let (home, _upstream) = bed().await;
    let paths = ["/api/providers", "/api/keys", "/api/logs", "/api/config", "/api/version", "/api/settings"];
    for path in paths {
        for credential in [None, Some("Bearer wrong"), Some(concat!("Bearer ", "sk-client-key-of-the-suite"))] {
            let mut call = Call::get(&home.url(path));
            if let Some(credential) = credential {
                call = call.header("authorization", credential);
            }
            assert_eq!(error(&call.send().await).0, 401, "{path} {credential:?}");
        }
        let good = Call::get(&home.url(path)).header("authorization", &format!("Bearer {TOKEN}")).send().await;
        assert_eq!(good.status, 200, "{path}: {}", good.text());
    }
    let unknown = home.admin(Method::GET, "/no-such", None).await;
    assert_eq!(error(&unknown).0, 404);
}

#[tokio::test]
async fn a_provider_model_association_and_key_from_nothing() {
    let upstream = Upstream::with_key("sk-upstream-secret").await.expect("a provider");
    let home = Home::start(Setup::new(json!({}))).await;
    let create = async |path: &str, body: Value| {
        let answer = home.admin(Method::POST, path, Some(&body)).await;
        assert_eq!(answer.status, 201, "{path}: {}", answer.text());
        answer.json()
    };
    let provider = create(
        "/providers",
        json!({"name": "p", "type": "openai", "base_url": upstream.base_url(Dialect::Chat), "api_key": upstream.key()}),
    )
    .await;
    assert!(!provider.to_string().contains(upstream.key()), "{provider}");
    let model = create("/models", json!({"name": "m", "strategy": "lottery", "max_retry": 2, "time_out": 30})).await;
    let link = json!({"model_id": model["id"], "provider_id": provider["id"], "provider_model": "ok", "weight": 2});
    let association = create("/associations", link).await;
    let key = create("/keys", json!({"name": "k", "models": ["m"]})).await;
    let secret = key["key"].as_str().expect("the key, this one time").to_owned();

    let ask = async || {
        let url = home.url(&dialect::path(Dialect::Chat, "m", Form::Whole));
        let body = dialect::body(Dialect::Chat, "m", Form::Whole);
        dialect::authorized(Call::post(&url), Dialect::Chat, &secret).json(&body).send().await
    };
    assert_eq!(ask().await.status, 200, "changes hold at once");
    let again = home.admin(Method::GET, "/keys", None).await;
    assert!(again.status == 200 && !again.text().contains(&secret), "{}", again.text());

    let id = |value: &Value| value["id"].as_str().unwrap_or_default().to_owned();
    let at = format!("/associations/{}", id(&association));
    let off = home.admin(Method::PATCH, &at, Some(&json!({"enabled": false}))).await;
    assert_eq!((off.status, &off.json()["enabled"]), (200, &json!(false)), "{}", off.text());
    assert!(ask().await.status >= 400, "switched off at once");
    home.admin(Method::PATCH, &at, Some(&json!({"enabled": true}))).await;
    assert_eq!(ask().await.status, 200);
    let recent = home.admin(Method::GET, &format!("{at}/recent"), None).await;
    assert_eq!(recent.status, 200, "{}", recent.text());

    let key_at = format!("/keys/{}", id(&key));
    let off = home.admin(Method::PATCH, &key_at, Some(&json!({"enabled": false}))).await;
    assert_eq!(off.status, 200, "{}", off.text());
    assert_eq!(ask().await.status, 401);
    for path in [key_at, at, format!("/models/{}", id(&model)), format!("/providers/{}", id(&provider))] {
        let deleted = home.admin(Method::DELETE, &path, None).await;
        assert_eq!(deleted.status, 200, "{path}: {}", deleted.text());
        assert_eq!(deleted.json()["changes"][0]["action"], "delete", "{path}: {}", deleted.text());
        assert_eq!(error(&home.admin(Method::GET, &path, None).await).0, 404, "{path}");
    }
}

#[tokio::test]
async fn mistakes_name_their_field() {
    let (home, _upstream) = bed().await;
    // Path, body, status, field.
    let rows = [
        ("/providers", json!({"name": "", "type": "openai", "api_key": "k"}), 422, "name"),
        ("/providers", json!({"name": "p", "type": "openai", "api_key": "k"}), 409, "name"),
        ("/providers", json!({"name": "q", "type": "no-such", "api_key": "k"}), 422, "type"),
        ("/providers", json!({"name": "q", "type": "openai", "base_url": "ftp://x"}), 422, "base_url"),
        ("/models", json!({"name": "q", "strategy": "no-such"}), 422, "strategy"),
        ("/models", json!({"name": "q", "time_out": -1}), 422, "time_out"),
        ("/models", json!({"name": "m"}), 409, "name"),
        ("/associations", json!({"model_id": "x", "provider_id": "y", "provider_model": "z"}), 422, "model_id"),
    ];
    for (path, body, status, field) in rows {
        let answer = home.admin(Method::POST, path, Some(&body)).await;
        let (seen, _, seen_field) = error(&answer);
        // A body that does not parse is a 400 or a 422; the field says the rest.
        let fits = seen == status || (status == 422 && seen == 400);
        assert!(fits && seen_field == field, "{path} {body}: {}", answer.text());
    }
    let broken = Call::post(&home.url("/api/providers"))
        .header("authorization", &format!("Bearer {TOKEN}"))
        .header("content-type", "application/json")
        .body("{")
        .send()
        .await;
    assert_eq!(error(&broken).0, 400);
}

#[tokio::test]
async fn the_api_describes_itself() {
    let (home, _upstream) = bed().await;
    let document = home.admin(Method::GET, "/openapi.json", None).await;
    assert_eq!(document.status, 200);
    let document = document.json();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")), "{document}");
    for path in [
        "/api/providers",
        "/api/providers/{id}",
        "/api/models",
        "/api/associations",
        "/api/keys",
        "/api/logs",
        "/api/logs/{id}",
        "/api/settings",
        "/api/config",
        "/api/version",
    ] {
        assert!(document["paths"][path].is_object(), "{path} is not described");
    }
}

#[tokio::test]
async fn a_gateway_says_what_it_is() {
    let (home, _upstream) = bed().await;
    let ready = Call::get(&home.url("/readyz")).send().await.json();
    assert_eq!(ready["name"], "llmio", "{ready}");
    let version = home.admin(Method::GET, "/version", None).await.json();
    let (name, database) = match home.kind() {
        Kind::Server => ("server", "sqlite"),
        Kind::ServerLibsql => ("server", "libsql"),
        Kind::Worker => ("worker", "d1"),
        Kind::WorkerLibsql => ("worker", "libsql"),
        Kind::Lambda => ("lambda", "libsql"),
    };
    assert_eq!(
        (&version["home"], &version["database"], &version["auth"]),
        (&json!(name), &json!(database), &json!("token"))
    );
    for field in ["version", "schema", "instance", "started_at"] {
        assert!(version[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {version}");
    }
    for limit in ["body_bytes", "body_record_bytes", "admin_body_bytes", "export_rows"] {
        assert!(version["limits"][limit].as_u64().is_some_and(|bytes| bytes > 0), "{limit}: {version}");
    }
    assert!(version["features"].as_array().is_some_and(|names| !names.is_empty()), "{version}");
}

#[tokio::test]
async fn a_providers_own_models() {
    let (home, _upstream) = bed().await;
    let providers = home.admin(Method::GET, "/providers", None).await.json();
    let id = providers["data"][0]["id"].as_str().expect("the provider's id").to_owned();
    let models = home.admin(Method::GET, &format!("/providers/{id}/models"), None).await;
    assert_eq!(models.status, 200, "{}", models.text());
    assert!(models.text().contains("tool:get_weather"), "{}", models.text());
}

#[tokio::test]
async fn an_association_is_tested_against_its_provider() {
    let upstream = Upstream::with_key("sk-upstream-secret").await.expect("a provider");
    for dialect in Dialect::ALL {
        let config = Config::new().upstream("p", dialect, &upstream).model(
            "m",
            ["ok", "tool:get_weather", "fault:cut-after-token"].map(|provider_model| association("p", provider_model)),
        );
        let home = Home::start(Setup::new(config)).await;
        let associations = home.admin(Method::GET, "/associations", None).await.json();
        // Place of the association, kind of the test, whether it is ok.
        let rows = [
            (0, "plain", true),
            (0, "stream", true),
            (1, "tool_call", true),
            (0, "tool_call", false),
            (2, "stream", false),
        ];
        for (place, kind, ok) in rows {
            let id = associations["data"][place]["id"].as_str().expect("the association's id");
            let path = format!("/associations/{id}/test");
            let report = home.admin(Method::POST, &path, Some(&json!({"kind": kind}))).await;
            assert_eq!(
                (report.status, &report.json()["ok"]),
                (200, &json!(ok)),
                "{dialect:?} {kind}: {}",
                report.text()
            );
        }
    }
}

#[tokio::test]
async fn logs_are_filtered_and_paged() {
    let (home, _upstream) = bed().await;
    let mut traces = Vec::new();
    for _ in 0..5 {
        traces.push(dialect::call(&home, Dialect::Chat, "m", Form::Whole).send().await.trace());
    }
    dialect::call(&home, Dialect::Chat, "none", Form::Whole).header("user-agent", "other/1").send().await;
    home.trace(&traces[4]).await;
    for _ in 0..200 {
        if home.logs("").await.len() == 6 {
            break;
        }
        tokio::time::sleep(core::time::Duration::from_millis(20)).await;
    }
    let rows = [("model=m", 5), ("model=none", 1), ("provider=p", 5), ("status=404", 1), ("status=2xx", 5)];
    let more =
        [("user_agent=OTHER", 1), ("dialect=openai_chat", 6), ("dialect=gemini", 0), ("outcome=gateway_error", 1)];
    for (query, expected) in rows.into_iter().chain(more) {
        assert_eq!(home.logs(query).await.len(), expected, "{query}");
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = home.admin(Method::GET, &format!("/logs?limit=2{cursor}"), None).await.json();
        let data = page["data"].as_array().cloned().unwrap_or_default();
        assert!(data.len() <= 2);
        seen.extend(data.iter().map(|row| row["id"].as_str().unwrap_or_default().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    sorted.reverse();
    assert_eq!((seen.len(), &seen), (6, &sorted), "each once, newest first");
}
