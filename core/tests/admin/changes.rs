//! What a change says of itself, and changes that are for one version only.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::support::{Api, check_refusals, id_of, refusal};

const CANARY: &str = "canary-4711";

async fn filled() -> Api {
    let api = Api::new().await;
    let file = json!({
        "providers": [
            {"name": "main", "type": "anthropic", "api_key": format!("sk-0123456789-{CANARY}"),
             "proxy": format!("socks5://user:{CANARY}@localhost:1080")},
            {"name": "spare", "type": "openai"},
        ],
        "models": [
            {"name": "m", "associations": [
                {"provider": "main", "model": "x", "headers": {"authorization": format!("Bearer {CANARY}"), "x-title": "a"}},
                {"provider": "spare", "model": "y"},
            ]},
            {"name": "n"},
        ],
        "keys": [{"name": "team", "key": format!("sk-key-{CANARY}"), "models": ["m", "gpt-*"]}, {"name": "all", "key": "another-key"}],
        "settings": {"counting_provider": "main"},
    });
    api.expect(200, "PUT /api/config", file).await;
    api
}

async fn id(api: &Api, list: &str, name: &str) -> String {
    let records = api.expect(200, &format!("GET /api/{list}"), Value::Null).await;
    id_of(records["data"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap())
}

/// Makes one change, and returns what it says of itself.
async fn changes(api: &Api, operations: Value) -> Value {
    let answer = api.call("POST /api/batch", json!({"operations": operations})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(!answer.text.contains(CANARY), "{}", answer.text);
    answer.json["changes"].clone()
}

#[tokio::test]
async fn values_before_and_after_without_secrets() {
    let api = filled().await;
    let (main, model) = (id(&api, "providers", "main").await, id(&api, "models", "m").await);
    let model = api.expect(200, &format!("GET /api/models/{model}"), Value::Null).await;
    let association = id_of(&model["associations"][0]);
    // Kind, id, fields, before, after.
    let rows = [
        (
            "provider",
            &main,
            json!({"note": "paid", "api_key": format!("sk-another-one-{CANARY}")}),
            json!({"note": "", "api_key": "••••"}),
            json!({"note": "paid", "api_key": "•••• (changed)"}),
        ),
        (
            "provider",
            &main,
            json!({"proxy": format!("socks5://user:other-{CANARY}@localhost:1080"), "api_key": null}),
            json!({"proxy": "socks5://****@localhost:1080", "api_key": "••••"}),
            json!({"proxy": "socks5://****@localhost:1080 (changed)", "api_key": null}),
        ),
        (
            "association",
            &association,
            json!({"weight": 5, "headers": {"authorization": format!("Bearer other-{CANARY}"), "x-title": "b"}}),
            json!({"weight": 1, "headers": {"authorization": "••••", "x-title": "a"}}),
            json!({"weight": 5, "headers": {"authorization": "•••• (changed)", "x-title": "b"}}),
        ),
    ];
    for (kind, id, fields, before, after) in rows {
        let said = changes(&api, json!([{"op": "update", "kind": kind, "id": id, "fields": fields}])).await;
        assert_eq!((&said[0]["before"], &said[0]["after"], &said[0]["id"]), (&before, &after, &json!(id)), "{said}");
    }
    let key = id(&api, "keys", "team").await;
    let said = changes(&api, json!([{"op": "delete", "kind": "key", "id": key}])).await;
    assert_eq!((&said[0]["before"]["key"], &said[0]["before"]["name"]), (&json!("••••"), &json!("team")), "{said}");
    assert_eq!(said[0].get("after"), None, "{said}");
}

#[tokio::test]
async fn who_is_concerned() {
    let api = filled().await;
    let (main, model) = (id(&api, "providers", "main").await, id(&api, "models", "m").await);
    let dry = async |operations: Value| {
        let planned = api.expect(200, "POST /api/batch", json!({"operations": operations, "dry_run": true})).await;
        let change = planned["changes"].as_array().unwrap().iter().find(|it| it.get("dependants").is_some()).cloned();
        let dependants = change.unwrap_or_default()["dependants"].as_array().cloned().unwrap_or_default();
        let row = |it: &Value| {
            let text = |field: &str| it[field].as_str().unwrap_or_default().to_owned();
            format!("{} {}: {}", text("kind"), text("name"), text("effect"))
        };
        dependants.iter().map(row).collect::<Vec<_>>()
    };
    let rename = |kind: &str, id: &str| json!([{"op": "update", "kind": kind, "id": id, "fields": {"name": "other"}}]);
    let delete = |kind: &str, id: &str| json!([{"op": "delete", "kind": kind, "id": id}]);
    let goes = "association m: main/x: deleted";
    assert_eq!(dry(delete("provider", &main)).await, [goes, "settings : updated"]);
    assert_eq!(dry(rename("provider", &main)).await, ["settings : updated"]);
    assert_eq!(dry(rename("model", &model)).await, ["key team: still_names"]);
    let all = [goes, "association m: spare/y: deleted", "key team: still_names"];
    assert_eq!(dry(delete("model", &model)).await, all);
    // The key that names it is changed along.
    let team = id(&api, "keys", "team").await;
    let mut both = rename("model", &model);
    let scope = json!({"op": "update", "kind": "key", "id": team, "fields": {"models": ["other"]}});
    both.as_array_mut().unwrap().push(scope);
    assert_eq!(dry(both).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_change_is_for_the_version_that_was_read() {
    let api = filled().await;
    let model = id(&api, "models", "n").await;
    let path = format!("/api/models/{model}");
    let send = async |tag: &str, body: Value| {
        let request = Request::patch(&path).header("if-match", tag).body(Bytes::from(body.to_string()));
        api.send(request.unwrap()).await
    };
    let read = api.call(&format!("GET {path}"), Value::Null).await;
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(tag, "\"v2\"");
    let first = send(&tag, json!({"max_retry": 1})).await;
    assert_eq!((first.status, first.headers["etag"].to_str().unwrap()), (200, "\"v3\""), "{}", first.text);
    let second = send(&tag, json!({"max_retry": 2})).await;
    assert_eq!((second.status, &second.json["error"]["code"]), (412, &json!("config_changed")), "{}", second.text);
    assert_eq!((&second.json["error"]["version"], second.headers["etag"].to_str().unwrap()), (&json!(3), "\"v3\""));
    assert!(second.json["error"]["message"].as_str().unwrap().contains("version 3"), "{}", second.text);
    assert_eq!(send("*", json!({"max_retry": 2})).await.status, 200);
    assert_eq!(send("v4", json!({"max_retry": 3})).await.status, 400);
    let expected = json!({"operations": [], "expect_version": 3});
    check_refusals(&api, vec![refusal("POST /api/batch", expected, 412, "config_changed", "")]).await;
}
