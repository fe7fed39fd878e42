use serde_json::{Value, json};

use crate::support::{Api, check_refusals, id_of, refusal};

struct Ids {
    provider: String,
    model: String,
    other_model: String,
}

async fn api() -> (Api, Ids) {
    let api = Api::new().await;
    let provider = id_of(&api.expect(201, "POST /api/providers", json!({"name": "main", "type": "openai"})).await);
    let model = id_of(&api.expect(201, "POST /api/models", json!({"name": "gpt-5"})).await);
    let other_model = id_of(&api.expect(201, "POST /api/models", json!({"name": "gpt-*"})).await);
    (api, Ids { provider, model, other_model })
}

#[tokio::test]
async fn from_creation_to_deletion() {
    let (api, ids) = api().await;
    let minimal = json!({"model_id": ids.model, "provider_id": ids.provider, "provider_model": "gpt-5"});
    let created = api.expect(201, "POST /api/associations", minimal).await;
    let id = id_of(&created);
    let shown = json!({
        "id": id, "model": "gpt-5", "provider": "main", "model_enabled": true, "provider_enabled": true,
        "model_id": ids.model, "provider_id": ids.provider,
        "provider_model": "gpt-5", "weight": 1, "priority": 0, "tool_call": true, "structured_output": true, "image": true,
        "relay_only": false, "context_window": null, "stream": "auto", "with_header": false, "headers": {}, "extra_body": {}, "prices": null, "note": "", "enabled": true,
        "health": {"state": "asked", "resting_until": null, "cause": null, "failures": 0, "models": []},
    });
    assert_eq!(created, shown);

    let change = json!({
        "weight": 10, "priority": -5, "image": false, "relay_only": true, "context_window": 200000, "stream": "force", "enabled": false, "prices": {"input": 1.25, "output": 10},
        "headers": {"X-Title": "LLMIO", "Authorization": "Bearer 0123456789-tail"}, "extra_body": {"a.b": [1, null]},
    });
    let path = format!("PATCH /api/associations/{id}");
    let changed = api.expect(200, &path, change).await;
    assert_eq!(changed["headers"], json!({"authorization": "****tail", "x-title": "LLMIO"}));
    assert_eq!(changed["prices"]["cache_read"], 0.0);
    assert_eq!(
        (&changed["relay_only"], &changed["context_window"], &changed["stream"]),
        (&json!(true), &json!(200_000), &json!("force"))
    );
    assert_eq!(changed["extra_body"], json!({"a.b": [1, null]}));

    // A mask that is written back keeps what it stands for, also beside other headers.
    let headers = json!({"authorization": "****tail", "x-new": "1"});
    let changed = api.expect(200, &path, json!({"headers": headers})).await;
    assert_eq!(changed["headers"], json!({"authorization": "****tail", "x-new": "1"}));
    let stored = api.admin.store.load().await.unwrap();
    assert_eq!(stored.models[0].associations[0].header("authorization"), Some("Bearer 0123456789-tail"));

    let moved = api.expect(200, &path, json!({"model_id": ids.other_model})).await;
    assert_eq!(moved["model"], "gpt-*");
    for (query, count) in [
        (String::new(), 1),
        (format!("?model_id={}", ids.model), 0),
        (format!("?model_id={}&provider_id={}", ids.other_model, ids.provider), 1),
        ("?provider_id=x".into(), 0),
    ] {
        let list = api.expect(200, &format!("GET /api/associations{query}"), Value::Null).await;
        assert_eq!(list["data"].as_array().unwrap().len(), count, "{query}");
    }
    let model = api.expect(200, &format!("GET /api/models/{}", ids.other_model), Value::Null).await;
    assert_eq!(model["associations"], json!([moved]));
    api.expect(200, &format!("DELETE /api/associations/{id}"), Value::Null).await;
    api.expect(404, &format!("GET /api/associations/{id}"), Value::Null).await;
}

#[tokio::test]
async fn a_changed_association_keeps_its_place() {
    let (api, ids) = api().await;
    let mut made = Vec::new();
    for name in ["a", "b", "c"] {
        let body = json!({"model_id": ids.model, "provider_id": ids.provider, "provider_model": name});
        made.push(id_of(&api.expect(201, "POST /api/associations", body).await));
    }
    api.expect(200, &format!("PATCH /api/associations/{}", made[1]), json!({"provider_model": "B"})).await;
    let config = api.admin.store.load().await.unwrap();
    let order: Vec<_> = config.models[0].associations.iter().map(|other| other.provider_model.as_str()).collect();
    assert_eq!(order, ["a", "B", "c"]);
    let deleted = api.expect(200, &format!("DELETE /api/providers/{}", ids.provider), Value::Null).await;
    let config = api.admin.store.load().await.unwrap();
    assert_eq!((config.associations().count(), &deleted["version"]), (0, &json!(config.version)));
    let changes = deleted["changes"].as_array().unwrap();
    let provider = changes.iter().find(|change| change["kind"] == "provider").unwrap();
    let gone: Vec<_> = provider["dependants"].as_array().unwrap().iter().map(|it| &it["effect"]).collect();
    assert_eq!((changes.len(), gone), (4, vec![&json!("deleted"); 3]), "{deleted}");
}

#[tokio::test]
async fn what_is_refused() {
    let (api, ids) = api().await;
    let whole = json!({"model_id": ids.model, "provider_id": ids.provider, "provider_model": "gpt-5"});
    let id = id_of(&api.expect(201, "POST /api/associations", whole.clone()).await);
    let mut rows = vec![
        refusal("PATCH /api/associations/x", json!({}), 404, "not_found", ""),
        refusal("DELETE /api/associations/x", Value::Null, 404, "not_found", ""),
        refusal("GET /api/associations?colour=red", Value::Null, 422, "invalid", "colour"),
    ];
    for field in ["model_id", "provider_id", "provider_model"] {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().remove(field);
        rows.push(refusal("POST /api/associations", body, 422, "invalid", field));
    }
    let many: serde_json::Map<_, _> = (0..51).map(|index| (format!("x-{index}"), json!("1"))).collect();
    for (field, value, at) in [
        ("model_id", json!("x"), "model_id"),
        ("provider_id", json!("x"), "provider_id"),
        ("provider_model", json!(""), "provider_model"),
        ("provider_model", json!("gpt-*"), "provider_model"),
        ("weight", json!(0), "weight"),
        ("weight", json!(10_001), "weight"),
        ("weight", json!(1.5), "weight"),
        ("priority", json!(1001), "priority"),
        ("priority", json!(-1001), "priority"),
        ("priority", json!(0.5), "priority"),
        ("tool_call", json!(1), "tool_call"),
        ("headers", json!({"a b": "1"}), "headers"),
        ("headers", json!({"x-a": "line\nbreak"}), "headers.x-a"),
        ("headers", json!({"Host": "x"}), "headers.host"),
        ("headers", json!({"X-A": "1", "x-a": "2"}), "headers.x-a"),
        ("headers", json!({"x-a": 1}), "headers.x-a"),
        ("headers", json!({"x-token": "****"}), "headers.x-token"),
        ("headers", many.into(), "headers"),
        ("extra_body", json!([]), "extra_body"),
        ("extra_body", json!({"stream": true}), "extra_body"),
        ("extra_body", json!({"a..b": 1}), "extra_body"),
        ("extra_body", json!({"a": "x".repeat(70_000)}), "extra_body"),
        ("prices", json!({"input": -1}), "prices.input"),
        ("prices", json!({"inputs": 1}), "prices.inputs"),
        ("prices", json!({"currency": ""}), "prices.currency"),
    ] {
        rows.push(refusal(format!("PATCH /api/associations/{id}"), json!({field: value}), 422, "invalid", at));
    }
    check_refusals(&api, rows).await;
}

#[tokio::test]
async fn order() {
    let (api, ids) = api().await;
    let mut order = Vec::new();
    for provider_model in ["a", "b", "c"] {
        let body = json!({"model_id": ids.model, "provider_id": ids.provider, "provider_model": provider_model});
        order.push(id_of(&api.expect(201, "POST /api/associations", body).await));
    }
    order.rotate_left(1);
    let path = format!("PUT /api/models/{}/associations/order", ids.model);
    let ordered = api.expect(200, &path, json!({"ids": order})).await;
    let models: Vec<_> = ordered["data"].as_array().unwrap().iter().map(|it| &it["provider_model"]).collect();
    assert_eq!(models, ["b", "c", "a"]);
    let model = api.expect(200, &format!("GET /api/models/{}", ids.model), Value::Null).await;
    assert_eq!(model["associations"], ordered["data"]);
    let rows = [json!([]), json!(order[..2]), json!([order[0], order[0], order[1]]), json!([order[0], order[1], "x"])];
    let mut rows: Vec<_> =
        rows.into_iter().map(|ids| refusal(path.clone(), json!({"ids": ids}), 422, "invalid", "ids")).collect();
    let of_nobody = refusal("PUT /api/models/x/associations/order", json!({"ids": []}), 404, "not_found", "");
    rows.push(of_nobody);
    check_refusals(&api, rows).await;
}
