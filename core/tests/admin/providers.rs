use serde_json::{Value, json};

use crate::support::{Api, check_refusals, refusal};

const KEY: &str = "sk-0123456789abcdef-last";

fn full() -> Value {
    json!({
        "name": "main", "type": "anthropic", "base_url": "https://api.example.com/v1/",
        "also": [{"type": "gemini", "base_url": " https://api.example.com/v1beta/ "}], "api_key": KEY,
        "version": "2023-06-01", "proxy": "http://user:password@localhost:8080", "error_matcher": "quota\n\n no credit ；busy\\; later;",
        "console_url": " https://console.example.com/usage#today ", "note": " for agents\r\n(two) ", "enabled": false,
    })
}

#[tokio::test]
async fn from_creation_to_deletion() {
    let api = Api::new().await;
    let created = api.expect(201, "POST /api/providers", full()).await;
    let id = created["id"].as_str().unwrap().to_owned();
    let shown = json!({
        "id": id, "name": "main", "type": "anthropic", "base_url": "https://api.example.com/v1",
        "also": [{"type": "gemini", "base_url": "https://api.example.com/v1beta"}], "api_key": "****last",
        "version": "2023-06-01", "proxy": "http://****@localhost:8080", "error_matcher": "quota\nno credit\nbusy\\; later",
        "console_url": "https://console.example.com/usage#today", "note": "for agents\n(two)", "enabled": false,
        "created_at": "2026-01-01T00:00:00Z",
    });
    assert_eq!(created, shown);
    assert_eq!(api.expect(200, &format!("GET /api/providers/{id}"), Value::Null).await, shown);

    // Everything that is shown may be written back, masks included, and changes nothing.
    let mut same = shown.as_object().unwrap().clone();
    same.remove("id");
    same.remove("created_at");
    assert_eq!(api.expect(200, &format!("PATCH /api/providers/{id}"), same.into()).await, shown);
    assert_eq!(api.announced.versions(), [2]);

    let renamed = api.expect(200, &format!("PATCH /api/providers/{id}"), json!({"name": "other", "proxy": null})).await;
    assert_eq!((&renamed["name"], &renamed["proxy"]), (&json!("other"), &Value::Null));
    let stored = api.admin.store.load().await.unwrap();
    assert_eq!(stored.providers[0].api_key.reveal(), KEY);

    let minimal = api.expect(201, "POST /api/providers", json!({"name": "a", "type": "gemini"})).await;
    assert_eq!(minimal["base_url"], "https://generativelanguage.googleapis.com/v1beta");
    assert_eq!(minimal["api_key"], Value::Null);
    assert_eq!(
        (&minimal["console_url"], &minimal["note"], &minimal["enabled"]),
        (&Value::Null, &json!(""), &json!(true))
    );
    let list = api.expect(200, "GET /api/providers", Value::Null).await;
    assert_eq!(list["data"].as_array().unwrap().iter().map(|row| &row["name"]).collect::<Vec<_>>(), ["a", "other"]);

    api.expect(200, &format!("DELETE /api/providers/{id}"), Value::Null).await;
    api.expect(404, &format!("DELETE /api/providers/{id}"), Value::Null).await;
    assert_eq!(api.announced.versions(), [2, 3, 4, 5]);
}

#[tokio::test]
async fn what_is_refused() {
    let api = Api::new().await;
    let id = api.expect(201, "POST /api/providers", full()).await["id"].as_str().unwrap().to_owned();
    let with = |field: &str, value: Value| {
        let mut body = json!({"name": "new", "type": "openai"});
        body[field.split('.').next().unwrap()] = value;
        body
    };
    let mut rows = vec![
        refusal("POST /api/providers", json!({"type": "openai"}), 422, "invalid", "name"),
        refusal("POST /api/providers", json!({"name": "new"}), 422, "invalid", "type"),
        refusal("POST /api/providers", full(), 409, "conflict", "name"),
        refusal(format!("PATCH /api/providers/{id}"), json!({"name": ""}), 422, "invalid", "name"),
        refusal(format!("PATCH /api/providers/{id}"), json!({"id": "x"}), 422, "invalid", "id"),
        refusal(format!("PATCH /api/providers/{id}"), json!({"type": "openai"}), 422, "invalid", "version"),
        refusal(format!("PATCH /api/providers/{id}"), json!({"api_key": "****lost"}), 422, "invalid", "api_key"),
        refusal("PATCH /api/providers/x", json!({"name": "y"}), 404, "not_found", ""),
    ];
    for (field, value) in [
        ("name", json!("a\nb")),
        ("name", json!("x".repeat(201))),
        ("name", json!(5)),
        ("type", json!("azure")),
        ("colour", json!("red")),
        ("base_url", json!("api.openai.com/v1")),
        ("base_url", json!("ftp://api.openai.com")),
        ("base_url", json!("https://user:password@api.openai.com")),
        ("base_url", json!("https://api.openai.com/v1?x=1")),
        ("base_url", json!("https://api.openai.com/v1#x")),
        ("base_url", json!("https://a b")),
        ("also", json!("https://a")),
        ("also.0.base_url", json!([{"type": "gemini", "base_url": "nowhere"}])),
        ("also.0.type", json!([{"type": "openai", "base_url": "https://a"}])),
        (
            "also.1.type",
            json!([{"type": "gemini", "base_url": "https://a"}, {"type": "gemini", "base_url": "https://b"}]),
        ),
        ("api_key", json!("two words")),
        ("api_key", json!("ключ")),
        ("api_key", json!("****")),
        ("version", json!("2023-06-01")),
        ("proxy", json!("localhost:1080")),
        ("proxy", json!("ftp://localhost:1080")),
        ("proxy", json!("http://localhost:1080/path")),
        ("proxy", json!("http://****@localhost:8080")),
        ("error_matcher", json!("x\n".repeat(101))),
        ("error_matcher", json!("x;".repeat(101))),
        ("error_matcher", json!("x".repeat(1001))),
        ("console_url", json!("javascript:alert(1)")),
        ("console_url", json!("https://user:password@console.example.com")),
        ("console_url", json!("console.example.com")),
        ("note", json!("x".repeat(2001))),
        ("note", json!("\u{1b}[31m")),
        ("enabled", json!("yes")),
    ] {
        rows.push(refusal("POST /api/providers", with(field, value), 422, "invalid", field));
    }
    check_refusals(&api, rows).await;
}

#[tokio::test]
async fn types_come_with_templates() {
    let api = Api::new().await;
    let types = api.expect(200, "GET /api/provider-types", Value::Null).await;
    let names: Vec<_> = types["data"].as_array().unwrap().iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(names, ["openai", "openai-res", "anthropic", "gemini"]);
}
