//! What an operator sees of health.

use serde_json::{Value, json};

use crate::bed::{Bed, config};
use crate::support::failure;
use crate::wires::CHAT;

async fn health(bed: &Bed) -> Value {
    bed.api("GET /api/associations", Value::Null).await["data"][0]["health"].clone()
}

fn asks(bed: &Bed, model: &str) {
    let (path, mut body) = CHAT.request(true);
    body["model"] = json!(model);
    bed.send(path, body).answer();
}

#[tokio::test]
async fn a_model_is_shown_where_it_differs() {
    let fine = json!({"state": "asked", "resting_until": null, "cause": null, "failures": 0});
    let with = |of_all: &Value, models: Value| {
        let mut shown = of_all.clone();
        shown["models"] = models;
        shown
    };
    let bed = Bed::of(config(&CHAT, &["a"], json!({"name": "*", "max_retry": 0}))).await;
    assert_eq!(health(&bed).await, with(&fine, json!([])));

    bed.script([failure(429, "retry-after: 30"), failure(500, "")]);
    asks(&bed, "busy");
    asks(&bed, "broken");
    let busy = json!({"provider_model": "busy", "state": "resting", "resting_until": "2026-01-01T00:00:30Z",
        "cause": "rate_limit", "failures": 0});
    let broken = json!({"provider_model": "broken", "state": "asked", "resting_until": null, "cause": null,
        "failures": 1});
    assert_eq!(health(&bed).await, with(&fine, json!([broken, busy])));

    bed.script([failure(401, ""), failure(401, ""), failure(401, ""), failure(401, ""), failure(401, "")]);
    for name in ["v", "w", "x", "y", "z"] {
        asks(&bed, name);
    }
    bed.advance(30.0);
    let resting = json!({"state": "resting", "resting_until": "2026-01-01T00:01:00Z", "cause": "failure",
        "failures": 0});
    assert_eq!(health(&bed).await, with(&resting, json!([broken])));
    bed.advance(30.0);
    assert_eq!(health(&bed).await["state"], "probed");

    let id = bed.association("a").await;
    bed.api(&format!("POST /api/associations/{id}/reset"), Value::Null).await;
    assert_eq!(health(&bed).await, with(&fine, json!([])));
}
