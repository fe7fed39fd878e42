use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::support::{Answer, Api, check_refusals, refusal};

const FILE: &str = "
providers: [{name: main, type: openai, api_key: '${OPENAI_API_KEY}'}]
models: [{name: gpt-5, associations: [{provider: main, model: gpt-5}]}]
";

async fn put(api: &Api, path: &str, content_type: &str, text: &str) -> Answer {
    let request = Request::put(path).header("content-type", content_type);
    api.send(request.body(Bytes::copy_from_slice(text.as_bytes())).unwrap()).await
}

/// Each change in a few words.
fn said(answer: &Answer) -> Vec<String> {
    let changes = answer.json["changes"].as_array().unwrap().iter();
    changes.map(|it| [&it["action"], &it["kind"], &it["name"]].map(|text| text.as_str().unwrap()).join(" ")).collect()
}

#[tokio::test]
async fn apply_and_export() {
    let api = Api::new().await;
    let planned = put(&api, "/api/config?dry_run=true", "application/yaml", FILE).await;
    let created = ["create provider main", "create model gpt-5", "create association gpt-5: main/gpt-5"];
    assert_eq!(
        (planned.status, said(&planned), &planned.json["version"]),
        (200, created.map(str::to_owned).to_vec(), &json!(1))
    );
    assert!(api.announced.versions().is_empty());

    let applied = put(&api, "/api/config", "application/yaml", FILE).await;
    assert_eq!(
        (applied.status, said(&applied), &applied.json["version"]),
        (200, created.map(str::to_owned).to_vec(), &json!(2))
    );
    assert_eq!(put(&api, "/api/config", "text/plain", FILE).await.json, json!({"changes": [], "version": 2}));
    assert_eq!(api.announced.versions(), [2]);

    let exported = api.call("GET /api/config", Value::Null).await;
    assert_eq!(exported.headers["content-type"], "application/json");
    assert_eq!(exported.json["providers"][0]["api_key"], "${MAIN_API_KEY}");
    let yaml = Request::get("/api/config").header("accept", "application/yaml").body(Bytes::new()).unwrap();
    let yaml = api.send(yaml).await;
    assert_eq!(yaml.headers["content-type"], "application/yaml");
    assert!(yaml.text.contains("api_key: ${MAIN_API_KEY}"), "{}", yaml.text);

    for text in [&exported.text, &yaml.text, &yaml.text.replace("MAIN_API_KEY", "OPENAI_API_KEY")] {
        assert_eq!(put(&api, "/api/config", "application/yaml", text).await.json["changes"], json!([]), "{text}");
    }
    let version = api.expect(200, "GET /api/version", Value::Null).await;
    assert_eq!(version["config_version"], 2);
    assert_eq!(api.expect(200, "GET /api/config/schema.json", Value::Null).await["title"], "LLMIO configuration");
}

#[tokio::test]
async fn what_is_refused() {
    let api = Api::new().await;
    let rows = vec![
        refusal("PUT /api/config", json!({"providers": [{"name": "a"}]}), 422, "invalid_config", ""),
        refusal("PUT /api/config", json!({"colour": "red"}), 422, "invalid_config", ""),
        refusal(
            "PUT /api/config",
            json!({"models": [{"name": "m", "associations": [{"provider": "x", "model": "y"}]}]}),
            422,
            "invalid_config",
            "models[0].associations[0].provider",
        ),
        refusal("PUT /api/config?dryrun=1", json!({}), 422, "invalid", "dryrun"),
        refusal("POST /api/config", json!({}), 405, "method_not_allowed", ""),
        refusal("PUT /api/settings", json!({"log_retention_days": 40_000}), 422, "invalid", "log_retention_days"),
        refusal("PUT /api/settings", json!({"counting_provider": "x"}), 422, "invalid", "counting_provider"),
        refusal("PUT /api/settings", json!({"record_decisions": "none"}), 422, "invalid", "record_decisions"),
        refusal("PUT /api/settings", json!({"log_retention": 4}), 422, "invalid", "log_retention"),
    ];
    check_refusals(&api, rows).await;
    assert_eq!(put(&api, "/api/config", "image/png", FILE).await.status, 415);
    // The gateway's own secrets are no variables of a file.
    let stealing = "providers: [{name: '${LLMIO_SECRET_KEY}', type: openai}]";
    assert_eq!(put(&api, "/api/config", "application/yaml", stealing).await.status, 422);
}

#[tokio::test]
async fn settings() {
    let api = Api::new().await;
    let defaults = json!({"log_retention_days": 30, "keep_alive": 15, "max_rest": 3600, "counting_provider": null,
        "record_decisions": "failed"});
    assert_eq!(api.expect(200, "GET /api/settings", Value::Null).await, defaults);
    let provider = api.expect(201, "POST /api/providers", json!({"name": "claude", "type": "anthropic"})).await;
    let set = json!({"log_retention_days": 0, "keep_alive": 0, "max_rest": 60, "counting_provider": "claude",
        "record_decisions": "all"});
    assert_eq!(api.expect(200, "PUT /api/settings", set.clone()).await, set);

    let path = format!("/api/providers/{}", provider["id"].as_str().unwrap());
    api.expect(200, &format!("PATCH {path}"), json!({"name": "renamed"})).await;
    assert_eq!(api.expect(200, "GET /api/settings", Value::Null).await["counting_provider"], "renamed");
    check_refusals(
        &api,
        vec![refusal(format!("PATCH {path}"), json!({"type": "openai"}), 422, "invalid", "counting_provider")],
    )
    .await;
    api.expect(200, &format!("DELETE {path}"), Value::Null).await;
    assert_eq!(api.expect(200, "GET /api/settings", Value::Null).await["counting_provider"], Value::Null);
}
