use serde_json::{Value, json};

use crate::support::{Api, id_of};

const CANARY: &str = "canary-4711";

/// A provider's key, a proxy's password and a header's token go in; no answer, export, error or `Debug` lets them out.
#[tokio::test]
async fn secrets_never_come_back() {
    let api = Api::new().await;
    let key = format!("sk-0123456789-{CANARY}");
    let proxy = format!("socks5://user:{CANARY}@localhost:1080");
    let headers = json!({"Authorization": format!("Bearer {CANARY}"), "x-portal-token": CANARY});
    let mut answers = Vec::new();
    let mut call = async |path: &str, body: Value| {
        let answer = api.call(path, body).await;
        answers.push(answer.text.clone());
        answer.json
    };

    let provider =
        call("POST /api/providers", json!({"name": "p", "type": "openai", "api_key": key, "proxy": proxy})).await;
    let model = call("POST /api/models", json!({"name": "m"})).await;
    let association = call(
        "POST /api/associations",
        json!({"model_id": id_of(&model), "provider_id": id_of(&provider), "provider_model": "x", "headers": headers}),
    )
    .await;
    let made = call("POST /api/keys", json!({"name": "k", "key": format!("sk-llmio-{CANARY}")})).await;
    assert_eq!(made["key"], format!("sk-llmio-{CANARY}"), "once, at creation");
    answers_without_creation(&mut answers);

    for path in [
        "GET /api/providers",
        "GET /api/models",
        "GET /api/associations",
        "GET /api/keys",
        "GET /api/config",
        "GET /api/settings",
    ] {
        let answer = api.call(path, Value::Null).await;
        assert_eq!(answer.status, 200, "{path}");
        answers.push(answer.text);
    }
    let (provider, association) = (id_of(&provider), id_of(&association));
    for (path, body) in [
        (format!("PATCH /api/providers/{provider}"), json!({"name": "q"})),
        (format!("PATCH /api/providers/{provider}"), json!({"api_key": format!("{CANARY} with spaces")})),
        (format!("PATCH /api/providers/{provider}"), json!({"api_key": {"value": key}})),
        (format!("PATCH /api/providers/{provider}"), json!({"error_matcher": [key]})),
        (format!("PATCH /api/providers/{provider}"), json!({"proxy": format!("{CANARY}@localhost")})),
        (format!("PATCH /api/providers/{provider}"), json!({"base_url": format!("https://x:{CANARY}@example.com")})),
        (format!("PATCH /api/associations/{association}"), json!({"headers": format!("Bearer {CANARY}")})),
        (format!("PATCH /api/associations/{association}"), json!({"headers": {"x-token": format!("{CANARY}\n")}})),
        (format!("PATCH /api/associations/{association}"), json!({"weight": format!("{CANARY}")})),
        ("PUT /api/config".into(), json!({"providers": [{"name": "p", "type": "openai", "api_key": [CANARY]}]})),
        (
            "PUT /api/config".into(),
            json!({"providers": [{"name": "p", "type": "openai", "api_key": format!("{CANARY} ä")}]}),
        ),
        (
            "PUT /api/config".into(),
            json!({"models": [{"name": "m", "associations": [{"provider": "p", "model": "x", "headers": CANARY}]}]}),
        ),
        ("PUT /api/config".into(), json!({"keys": [{"name": "k", "key": format!("{CANARY} ä")}]})),
    ] {
        answers.push(api.call(&path, body).await.text);
    }
    let config = api.admin.store.load().await.unwrap();
    assert_eq!(config.providers[0].api_key.reveal(), key);
    answers.push(format!("{config:?} {:#?}", api.admin));
    for answer in answers {
        assert!(!answer.contains(CANARY), "{answer}");
    }
}

/// The answer to a key's creation shows the key: it is checked apart, and it is the last one so far.
fn answers_without_creation(answers: &mut Vec<String>) {
    let creation = answers.pop().unwrap();
    assert!(creation.contains(CANARY));
}
