use llmio_core::config::hash_client_key;
use serde_json::{Value, json};

use crate::support::{Api, check_refusals, id_of, names, refusal};

#[tokio::test]
async fn from_creation_to_deletion() {
    let api = Api::new().await;
    let body = json!({
        "name": "team", "models": ["gpt-*"], "expires_at": "2027-01-01T02:00:00+02:00", "note": " of the team\r\n(two) ",
    });
    let created = api.expect(201, "POST /api/keys", body).await;
    let (id, key) = (id_of(&created), created["key"].as_str().unwrap().to_owned());
    assert!(key.starts_with("sk-llmio-") && key.len() == 41, "{key}");
    let shown = json!({
        "id": id, "name": "team", "models": ["gpt-*"], "expires_at": "2027-01-01T00:00:00Z", "log_io": false, "strict": false,
        "enabled": true, "prefix": key[..12], "suffix": key[37..], "note": "of the team\n(two)",
        "created_at": "2026-01-01T00:00:00Z",
    });
    let path = format!("/api/keys/{id}");
    assert_eq!(api.expect(200, &format!("GET {path}"), Value::Null).await, shown);
    let listed = api.call("GET /api/keys", Value::Null).await;
    assert!(!listed.text.contains(&key));

    let change = json!({"enabled": false, "models": null, "expires_at": null, "log_io": true});
    let changed = api.expect(200, &format!("PATCH {path}"), change).await;
    assert_eq!(
        (&changed["enabled"], &changed["models"], &changed["expires_at"]),
        (&json!(false), &Value::Null, &Value::Null)
    );
    assert_eq!(api.admin.store.load().await.unwrap().keys[0].hash, hash_client_key(&key));

    let own = api.expect(201, "POST /api/keys", json!({"name": "own", "key": "my-own-key-text"})).await;
    assert_eq!(
        (&own["key"], &own["prefix"], &own["suffix"]),
        (&json!("my-own-key-text"), &json!("my-ow"), &Value::Null)
    );
    // Made in the same instant of the test's clock, so in no certain order.
    let list = api.expect(200, "GET /api/keys", Value::Null).await;
    assert!(names(&list).contains(&"team") && names(&list).contains(&"own") && names(&list).len() == 2);
    api.expect(200, &format!("DELETE {path}"), Value::Null).await;
    api.expect(404, &format!("GET {path}"), Value::Null).await;
}

#[tokio::test]
async fn what_is_refused() {
    let api = Api::new().await;
    let id = id_of(&api.expect(201, "POST /api/keys", json!({"name": "a", "key": "the-same-key"})).await);
    let rows = vec![
        refusal("POST /api/keys", json!({"name": "a"}), 409, "conflict", "name"),
        refusal("POST /api/keys", json!({"name": "b", "key": "the-same-key"}), 409, "conflict", "key"),
        refusal("POST /api/keys", json!({"name": "b", "key": "short"}), 422, "invalid", "key"),
        refusal("POST /api/keys", json!({}), 422, "invalid", "name"),
        refusal(format!("PATCH /api/keys/{id}"), json!({"key": "another-key"}), 422, "invalid", "key"),
        refusal(format!("PATCH /api/keys/{id}"), json!({"expires_at": "tomorrow"}), 422, "invalid", "expires_at"),
        refusal(format!("PATCH /api/keys/{id}"), json!({"models": ["a b"]}), 422, "invalid", "models"),
        refusal(format!("PATCH /api/keys/{id}"), json!({"models": "a"}), 422, "invalid", "models"),
        refusal(format!("PATCH /api/keys/{id}"), json!({"note": "a".repeat(2001)}), 422, "invalid", "note"),
        refusal("PATCH /api/keys/x", json!({}), 404, "not_found", ""),
        refusal("DELETE /api/keys/x", Value::Null, 404, "not_found", ""),
    ];
    check_refusals(&api, rows).await;
}
