use serde_json::{Map, Value, json};

use crate::support::{Api, id_of};

/// More than any value may be long, or any list or object may hold.
const MUCH: usize = 30_000;

/// Whatever field the document describes: none takes as much as somebody likes to send.
#[tokio::test]
async fn every_field_is_bounded() {
    let api = Api::new().await;
    let document = api.expect(200, "GET /api/openapi.json", Value::Null).await;
    let provider = id_of(&api.expect(201, "POST /api/providers", json!({"name": "main", "type": "openai"})).await);
    let model = id_of(&api.expect(201, "POST /api/models", json!({"name": "gpt-5"})).await);
    let records = [
        ("post", "/api/providers", json!({"name": "other", "type": "openai"})),
        ("post", "/api/models", json!({"name": "gpt-*"})),
        ("post", "/api/associations", json!({"model_id": model, "provider_id": provider, "provider_model": "gpt-5"})),
        ("post", "/api/keys", json!({"name": "team"})),
        ("put", "/api/settings", json!({})),
    ];
    let before = api.admin.store.load().await.unwrap();
    let mut tried = 0;
    for (method, path, least) in records {
        let schema = &document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{method} {path}");
        for (field, value) in too_much(&document, schema) {
            let mut body = least.clone();
            body[&field] = value;
            let answer = api.call(&format!("{} {path}", method.to_uppercase()), body).await;
            let told = answer.json["error"]["field"].as_str().unwrap_or_default();
            assert_eq!(answer.status, 422, "{path} {field}: {}", &answer.text[..answer.text.len().min(300)]);
            assert!(told.starts_with(&field), "{path} {field}: told of {told}");
            assert!(answer.text.len() < 2_000, "{path} {field}: the answer repeats it");
            tried += 1;
        }
    }
    assert!(tried > 30, "{tried} fields");
    assert_eq!(api.admin.store.load().await.unwrap(), before);
}

/// For each member of an object that this schema describes: values of it that are too long.
fn too_much(document: &Value, schema: &Value) -> Vec<(String, Value)> {
    let schema = resolved(document, schema);
    let members = schema["properties"].as_object().into_iter().flatten();
    members.flat_map(|(name, schema)| values(document, schema).into_iter().map(move |it| (name.clone(), it))).collect()
}

fn values(document: &Value, schema: &Value) -> Vec<Value> {
    let schema = resolved(document, schema);
    let either = ["anyOf", "oneOf", "allOf"].iter().filter_map(|name| schema[*name].as_array()).flatten();
    let mut found: Vec<Value> = either.flat_map(|it| values(document, it)).collect();
    let is =
        |kind: &str| schema["type"] == kind || schema["type"].as_array().is_some_and(|it| it.contains(&json!(kind)));
    if is("string") {
        found.push(json!("x".repeat(MUCH)));
    }
    if is("array") {
        found.push(json!(vec!["x"; MUCH]));
        found.extend(values(document, &schema["items"]).into_iter().map(|it| json!([it])));
    }
    if is("object") {
        found.extend(too_much(document, schema).into_iter().map(|(name, value)| json!({name: value})));
        if schema["properties"].is_null() {
            found.push(Value::Object((0..MUCH).map(|it| (format!("x-{it}"), json!("x"))).collect::<Map<_, _>>()));
            found.push(json!({"x".repeat(MUCH * 10): "x"}));
            found.push(json!({"x": "x".repeat(MUCH * 10)}));
        }
    }
    found
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|to| document.pointer(to.trim_start_matches('#'))) {
        Some(found) => resolved(document, found),
        None => schema,
    }
}
