use serde_json::{Value, json};

use crate::support::{Api, check_refusals, id_of, names, refusal};

fn wizard() -> Value {
    json!([
        {"op": "create", "kind": "provider", "ref": "p", "fields": {"name": "main", "type": "openai", "api_key": "k"}},
        {"op": "create", "kind": "model", "ref": "m", "fields": {"name": "gpt-5"}},
        {"op": "create", "kind": "association", "ref": "a",
         "fields": {"model_id": "m", "provider_id": "p", "provider_model": "gpt-5"}},
        {"op": "create", "kind": "association", "ref": "b",
         "fields": {"model_id": "m", "provider_id": "p", "provider_model": "gpt-5-mini"}},
        {"op": "move", "kind": "association", "id": "b", "fields": {"before": "a"}},
        {"op": "create", "kind": "key", "ref": "k", "fields": {"name": "team", "models": ["gpt-5"]}},
    ])
}

#[tokio::test]
async fn everything_at_once() {
    let api = Api::new().await;
    let planned = api.expect(200, "POST /api/batch", json!({"operations": wizard(), "dry_run": true})).await;
    assert_eq!((&planned["version"], &planned["ids"], &planned["keys"]), (&json!(1), &json!({}), &json!({})));
    assert_eq!(names(&api.expect(200, "GET /api/models", Value::Null).await), Vec::<&str>::new());

    let done = api.expect(200, "POST /api/batch", json!({"operations": wizard(), "expect_version": 1})).await;
    assert_eq!(done["version"], 2);
    assert_eq!(done["changes"].as_array().unwrap().len(), planned["changes"].as_array().unwrap().len());
    let id = |reference: &str| done["ids"][reference].as_str().unwrap().to_owned();
    let model = api.expect(200, &format!("GET /api/models/{}", id("m")), Value::Null).await;
    let order: Vec<_> = model["associations"].as_array().unwrap().iter().map(id_of).collect();
    assert_eq!(order, [id("b"), id("a")]);
    assert!(done["keys"][id("k")].as_str().unwrap().starts_with("sk-llmio-"));
    assert_eq!(api.announced.versions(), [2]);

    // Names may be swapped, as only the whole counts.
    let other = id_of(&api.expect(201, "POST /api/models", json!({"name": "gpt-4"})).await);
    let swap = json!([
        {"op": "update", "kind": "model", "id": id("m"), "fields": {"name": "gpt-4"}},
        {"op": "update", "kind": "model", "id": other, "fields": {"name": "gpt-5"}},
        {"op": "move", "kind": "model", "id": other, "fields": {"before": id("m")}},
        {"op": "delete", "kind": "key", "id": id("k")},
    ]);
    api.expect(200, "POST /api/batch", json!({"operations": swap})).await;
    assert_eq!(names(&api.expect(200, "GET /api/models", Value::Null).await), ["gpt-5", "gpt-4"]);
    assert_eq!(names(&api.expect(200, "GET /api/keys", Value::Null).await), Vec::<&str>::new());
}

#[tokio::test]
async fn all_or_nothing() {
    let api = Api::new().await;
    api.expect(200, "POST /api/batch", json!({"operations": wizard()})).await;
    let good = json!({"op": "create", "kind": "model", "ref": "x", "fields": {"name": "fine"}});
    let mut rows = Vec::new();
    for (operation, status, code, field) in [
        (
            json!({"op": "create", "kind": "model", "fields": {"name": "gpt-5"}}),
            409,
            "conflict",
            "operations[1].fields.name",
        ),
        (json!({"op": "create", "kind": "model", "fields": {"name": ""}}), 422, "invalid", "operations[1].fields.name"),
        (
            json!({"op": "create", "kind": "model", "fields": {"colour": 1}}),
            422,
            "invalid",
            "operations[1].fields.colour",
        ),
        (
            json!({"op": "create", "kind": "model", "ref": "x", "fields": {"name": "y"}}),
            422,
            "invalid",
            "operations[1].ref",
        ),
        (
            json!({"op": "create", "kind": "model", "ref": "", "fields": {"name": "y"}}),
            422,
            "invalid",
            "operations[1].ref",
        ),
        (
            json!({"op": "create", "kind": "model", "id": "y", "fields": {"name": "y"}}),
            422,
            "invalid",
            "operations[1].id",
        ),
        (json!({"op": "update", "kind": "model", "fields": {"name": "y"}}), 422, "invalid", "operations[1].id"),
        (json!({"op": "update", "kind": "model", "id": "y", "ref": "y"}), 422, "invalid", "operations[1].ref"),
        (json!({"op": "update", "kind": "model", "id": "none"}), 404, "not_found", "operations[1].id"),
        (json!({"op": "delete", "kind": "provider", "id": "none"}), 404, "not_found", "operations[1].id"),
        (json!({"op": "move", "kind": "provider", "id": "none"}), 422, "invalid", "operations[1].op"),
        (
            json!({"op": "move", "kind": "model", "id": "x", "fields": {"before": "y"}}),
            422,
            "invalid",
            "operations[1].fields.before",
        ),
        (
            json!({"op": "move", "kind": "model", "id": "x", "fields": {"after": "y"}}),
            422,
            "invalid",
            "operations[1].fields.after",
        ),
        (
            json!({"op": "update", "kind": "model", "id": "x", "fields": {"max_retry": 101}}),
            422,
            "invalid",
            "operations[1].fields.max_retry",
        ),
        (
            json!({"op": "create", "kind": "association", "fields": {"model_id": "x", "provider_id": "p", "provider_model": "z"}}),
            422,
            "invalid",
            "operations[1].fields.provider_id",
        ),
        (
            json!({"op": "create", "kind": "key", "fields": {"name": "k", "key": "short"}}),
            422,
            "invalid",
            "operations[1].fields.key",
        ),
        (json!({"op": "explode", "kind": "key"}), 422, "invalid", "operations[1].op"),
        (json!({"op": "create", "kind": "settings"}), 422, "invalid", "operations[1].kind"),
        (json!({"op": "create", "kind": "model", "colour": "red"}), 422, "invalid", "operations[1].colour"),
    ] {
        rows.push(refusal("POST /api/batch", json!({"operations": [good, operation]}), status, code, field));
    }
    rows.push(refusal("POST /api/batch", json!({"operations": vec![good; 501]}), 422, "invalid", "operations"));
    rows.push(refusal("POST /api/batch", json!({}), 422, "invalid", "operations"));
    check_refusals(&api, rows).await;
}
