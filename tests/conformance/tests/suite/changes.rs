//! Changes of the configuration by more than one administrator: versions, batches, orders.

use http::Method;
use llmio_conformance::client::{Answer, Call};
use llmio_conformance::config::{Config, association};
use llmio_conformance::dialect::{self, Form};
use llmio_conformance::{Home, Setup, TOKEN};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

async fn bed() -> (Home, Upstream) {
    let upstream = Upstream::with_key("sk-upstream-secret").await.expect("a provider");
    let config = Config::new()
        .upstream("p", Dialect::Chat, &upstream)
        .model("m", [association("p", "ok"), association("p", "tool:get_weather")]);
    (Home::start(Setup::new(config)).await, upstream)
}

/// With `If-Match`.
async fn send_for(home: &Home, tag: &str, method: Method, path: &str, body: &Value) -> Answer {
    let call = Call::new(method, &home.url(&format!("/api{path}"))).header("authorization", &format!("Bearer {TOKEN}"));
    call.header("if-match", tag).json(body).send().await
}

fn tag(answer: &Answer) -> String {
    answer.header("etag").unwrap_or_else(|| panic!("no ETag: {:?}", answer.headers)).to_owned()
}

fn error(answer: &Answer) -> (u16, String, String) {
    let body = answer.json();
    let text = |field: &str| body["error"][field].as_str().unwrap_or_default().to_owned();
    (answer.status, text("code"), text("field"))
}

#[tokio::test]
async fn the_second_of_two_editors_is_told() {
    let (home, _upstream) = bed().await;
    let models = home.admin(Method::GET, "/models", None).await;
    let id = models.json()["data"][0]["id"].as_str().expect("an id").to_owned();
    let association = models.json()["data"][0]["associations"][0]["id"].as_str().expect("an id").to_owned();
    let seen = tag(&models);
    for path in ["/providers", "/associations", "/keys", "/settings", "/config", &format!("/models/{id}")] {
        assert_eq!(tag(&home.admin(Method::GET, path, None).await), seen, "{path}");
    }
    let first = send_for(&home, &seen, Method::PATCH, &format!("/models/{id}"), &json!({"note": "first"})).await;
    assert_eq!(first.status, 200, "{}", first.text());
    let now = tag(&first);
    assert_ne!(now, seen);

    let file = json!({"settings": {"keep_alive": 20}});
    let settings = json!({"keep_alive": 20, "log_retention_days": 30, "max_rest": 3600});
    let batch = json!({"operations": [{"op": "delete", "kind": "model", "id": id}]});
    let order = json!({"ids": [id]});
    for (method, path, body) in [
        (Method::PATCH, format!("/models/{id}"), json!({"note": "second"})),
        (Method::DELETE, format!("/models/{id}"), Value::Null),
        (Method::PATCH, format!("/associations/{association}"), json!({"weight": 2})),
        (Method::POST, "/providers".to_owned(), json!({"name": "q", "type": "openai"})),
        (Method::POST, "/keys".to_owned(), json!({"name": "k"})),
        (Method::PUT, "/models/order".to_owned(), order),
        (Method::PUT, "/settings".to_owned(), settings),
        (Method::PUT, "/config".to_owned(), file.clone()),
        (Method::PUT, "/config?dry_run=true".to_owned(), file),
        (Method::POST, "/batch".to_owned(), batch),
    ] {
        let refused = send_for(&home, &seen, method, &path, &body).await;
        assert_eq!(error(&refused).0, 412, "{path}: {}", refused.text());
        assert_eq!(error(&refused).1, "config_changed", "{path}");
        assert_eq!(tag(&refused), now, "{path}");
        assert_eq!(format!("\"v{}\"", refused.json()["error"]["version"]), now, "{path}");
    }
    let kept = home.admin(Method::GET, &format!("/models/{id}"), None).await;
    assert_eq!((&kept.json()["note"], tag(&kept)), (&json!("first"), now.clone()), "nothing else was changed");
    let second = send_for(&home, &now, Method::PATCH, &format!("/models/{id}"), &json!({"note": "second"})).await;
    assert_eq!((second.status, &second.json()["note"]), (200, &json!("second")));
    let malformed = send_for(&home, "v1", Method::PATCH, &format!("/models/{id}"), &json!({"note": "third"})).await;
    assert_eq!(malformed.status, 400, "{}", malformed.text());
}

#[tokio::test]
async fn one_of_many_at_once_wins() {
    let (home, _upstream) = bed().await;
    let models = home.admin(Method::GET, "/models", None).await;
    let (path, seen) = (format!("/models/{}", models.json()["data"][0]["id"].as_str().expect("an id")), tag(&models));
    let writes = (0..6).map(|n| {
        let (home, path, seen) = (&home, &path, &seen);
        async move { send_for(home, seen, Method::PATCH, path, &json!({"note": format!("by {n}")})).await.status }
    });
    let mut statuses = futures_util::future::join_all(writes).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412]);
}

#[tokio::test]
async fn a_batch_makes_all_or_nothing() {
    let (home, upstream) = bed().await;
    let operations = json!([
        {"op": "create", "kind": "provider", "ref": "new provider", "fields": {
            "name": "q", "type": "openai", "base_url": upstream.base_url(Dialect::Chat), "api_key": upstream.key()}},
        {"op": "create", "kind": "model", "ref": "new model", "fields": {"name": "n"}},
        {"op": "create", "kind": "association", "fields": {
            "model_id": "new model", "provider_id": "new provider", "provider_model": "ok"}},
        {"op": "create", "kind": "key", "ref": "k", "fields": {"name": "k", "models": ["n"]}},
    ]);
    let before = home.admin(Method::GET, "/config", None).await;
    let mut broken = operations.clone();
    broken[2]["fields"]["weight"] = json!(0);
    let refused = home.admin(Method::POST, "/batch", Some(&json!({"operations": broken}))).await;
    let expected = (422, "invalid".to_owned(), "operations[2].fields.weight".to_owned());
    assert_eq!(error(&refused), expected, "{}", refused.text());
    let planned = home.admin(Method::POST, "/batch", Some(&json!({"operations": operations, "dry_run": true}))).await;
    assert_eq!((planned.status, &planned.json()["ids"]), (200, &json!({})), "{}", planned.text());
    assert_eq!(home.admin(Method::GET, "/config", None).await.text(), before.text(), "nothing was changed");

    let done = home.admin(Method::POST, "/batch", Some(&json!({"operations": operations}))).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(!done.text().contains(upstream.key()), "{}", done.text());
    let done = done.json();
    let changes = done["changes"].as_array().map(Vec::len);
    assert_eq!((changes, planned.json()["changes"].as_array().map(Vec::len)), (Some(4), Some(4)), "{done}");
    let key =
        done["keys"][done["ids"]["k"].as_str().expect("the key's id")].as_str().expect("the key itself").to_owned();
    let call = Call::post(&home.url(&dialect::path(Dialect::Chat, "n", Form::Whole)));
    let body = dialect::body(Dialect::Chat, "n", Form::Whole);
    let answer = dialect::authorized(call, Dialect::Chat, &key).json(&body).send().await;
    assert_eq!(answer.status, 200, "holds at once: {}", answer.text());

    let taken = json!({"operations": [{"op": "create", "kind": "model", "fields": {"name": "n"}}]});
    let refused = home.admin(Method::POST, "/batch", Some(&taken)).await;
    let expected = (409, "conflict".to_owned(), "operations[0].fields.name".to_owned());
    assert_eq!(error(&refused), expected, "{}", refused.text());
    let model = done["ids"]["new model"].as_str().expect("the model's id");
    let swap = json!({"operations": [
        {"op": "update", "kind": "model", "id": model, "fields": {"name": "m"}},
        {"op": "update", "kind": "model", "id": model_id(&home, "m").await, "fields": {"name": "n"}},
    ]});
    let swapped = home.admin(Method::POST, "/batch", Some(&swap)).await;
    assert_eq!(swapped.status, 200, "names may be swapped: {}", swapped.text());
    assert_eq!(model_id(&home, "m").await, model);
}

async fn model_id(home: &Home, model: &str) -> String {
    let models = home.admin(Method::GET, "/models", None).await.json();
    let found = models["data"].as_array().into_iter().flatten().find(|it| it["name"] == model);
    found.and_then(|it| it["id"].as_str()).unwrap_or_else(|| panic!("no {model}: {models}")).to_owned()
}

#[tokio::test]
async fn associations_are_put_in_order() {
    let (home, _upstream) = bed().await;
    let id = model_id(&home, "m").await;
    let of_model =
        async || home.admin(Method::GET, &format!("/models/{id}"), None).await.json()["associations"].clone();
    let ids = |associations: &Value| -> Vec<Value> {
        associations.as_array().into_iter().flatten().map(|it| it["id"].clone()).collect()
    };
    let mut order = ids(&of_model().await);
    order.reverse();
    let path = format!("/models/{id}/associations/order");
    let answer = home.admin(Method::PUT, &path, Some(&json!({"ids": order}))).await;
    assert_eq!((answer.status, ids(&answer.json()["data"])), (200, order.clone()), "{}", answer.text());
    assert_eq!(ids(&of_model().await), order);
    for wrong in [json!([]), json!([order[0]]), json!([order[0], order[0]]), json!([order[0], "x"])] {
        let refused = home.admin(Method::PUT, &path, Some(&json!({"ids": wrong}))).await;
        assert_eq!(error(&refused), (422, "invalid".to_owned(), "ids".to_owned()), "{}", refused.text());
    }
    assert_eq!(ids(&of_model().await), order);
}

#[tokio::test]
async fn a_change_says_what_it_was_and_who_is_concerned() {
    let (home, upstream) = bed().await;
    let provider = home.admin(Method::GET, "/providers", None).await.json()["data"][0]["id"].clone();
    let fields = json!({"api_key": "sk-another-upstream-secret", "note": "paid"});
    let update = json!({"op": "update", "kind": "provider", "id": provider, "fields": fields});
    let delete = json!({"op": "delete", "kind": "provider", "id": provider});
    let planned = home.admin(Method::POST, "/batch", Some(&json!({"operations": [update], "dry_run": true}))).await;
    assert!(!planned.text().contains("secret") && !planned.text().contains(upstream.key()), "{}", planned.text());
    let change = &planned.json()["changes"][0];
    assert_eq!(change["before"], json!({"api_key": "••••", "note": ""}));
    assert_eq!(change["after"], json!({"api_key": "•••• (changed)", "note": "paid"}));
    let planned =
        home.admin(Method::POST, "/batch", Some(&json!({"operations": [delete], "dry_run": true}))).await.json();
    let dependants = planned["changes"][0]["dependants"].as_array().cloned().unwrap_or_default();
    assert_eq!(dependants.iter().map(|it| &it["effect"]).collect::<Vec<_>>(), ["deleted", "deleted"], "{planned}");
}
