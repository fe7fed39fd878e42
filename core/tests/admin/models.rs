use serde_json::{Value, json};

use crate::support::{Api, check_refusals, id_of, names, refusal};

#[tokio::test]
async fn from_creation_to_deletion() {
    let api = Api::new().await;
    let created = api.expect(201, "POST /api/models", json!({"name": "gpt-5"})).await;
    let id = id_of(&created);
    let shown = json!({
        "id": id, "name": "gpt-5", "strategy": "lottery", "max_retry": 3, "time_out": null, "header_timeout": null,
        "first_token_timeout": null, "idle_timeout": null, "breaker": true, "affinity": true,
        "prefer_same_dialect": true, "strict": false,
        "note": "", "enabled": true,
        "created_at": "2026-01-01T00:00:00Z", "associations": [],
    });
    assert_eq!(created, shown);
    let change = json!({"strategy": "least_latency", "time_out": 90, "idle_timeout": 1.5, "breaker": false, "affinity": false,
            "prefer_same_dialect": false, "strict": true});
    let changed = api.expect(200, &format!("PATCH /api/models/{id}"), change).await;
    assert_eq!(
        (&changed["name"], &changed["strategy"], &changed["time_out"], &changed["idle_timeout"], &changed["breaker"]),
        (&json!("gpt-5"), &json!("least_latency"), &json!(90.0), &json!(1.5), &json!(false))
    );
    let flags = ["affinity", "prefer_same_dialect", "strict"].map(|field| changed[field] == true);
    assert_eq!(flags, [false, false, true]);
    assert_eq!(api.expect(200, &format!("GET /api/models/{id}"), Value::Null).await, changed);
    api.expect(200, &format!("PATCH /api/models/{id}"), json!({"idle_timeout": null})).await;
    api.expect(200, &format!("DELETE /api/models/{id}"), Value::Null).await;
    api.expect(404, &format!("GET /api/models/{id}"), Value::Null).await;
}

#[tokio::test]
async fn order() {
    let api = Api::new().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(id_of(&api.expect(201, "POST /api/models", json!({"name": name})).await));
    }
    ids.rotate_left(1);
    let ordered = api.expect(200, "PUT /api/models/order", json!({"ids": ids})).await;
    assert_eq!(names(&ordered), ["b", "c", "a"]);
    assert_eq!(names(&api.expect(200, "GET /api/models", Value::Null).await), ["b", "c", "a"]);
    let rows = [json!([]), json!([ids[0], ids[1]]), json!([ids[0], ids[0], ids[1]]), json!([ids[0], ids[1], "x"])]
        .map(|ids| refusal("PUT /api/models/order", json!({"ids": ids}), 422, "invalid", "ids"));
    check_refusals(&api, rows.into()).await;
}

#[tokio::test]
async fn what_is_refused() {
    let api = Api::new().await;
    let id = id_of(&api.expect(201, "POST /api/models", json!({"name": "gpt-5"})).await);
    let mut rows = vec![
        refusal("POST /api/models", json!({"name": "gpt-5"}), 409, "conflict", "name"),
        refusal("POST /api/models", json!({}), 422, "invalid", "name"),
        refusal("PATCH /api/models/x", json!({}), 404, "not_found", ""),
        refusal("DELETE /api/models/x", Value::Null, 404, "not_found", ""),
    ];
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("two words")),
        ("strategy", json!("random")),
        ("max_retry", json!(-1)),
        ("max_retry", json!(101)),
        ("time_out", json!(0)),
        ("time_out", json!(-5)),
        ("time_out", json!(1e9)),
        ("header_timeout", json!(0)),
        ("first_token_timeout", json!("5")),
        ("idle_timeout", json!(-1)),
        ("breaker", json!("on")),
        ("note", json!("a\u{0}")),
        ("enabled", Value::Null),
        ("associations", json!([])),
    ] {
        rows.push(refusal(format!("PATCH /api/models/{id}"), json!({field: value}), 422, "invalid", field));
    }
    check_refusals(&api, rows).await;
}
