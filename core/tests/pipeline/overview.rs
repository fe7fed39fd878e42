//! What the console sees at a glance: how all do, and what happens now.

use serde_json::{Value, json};

use crate::bed::Bed;
use crate::support::{Feed, failure, reply};
use crate::wires::CHAT;

fn whole() -> llmio_core::testing::Reply {
    reply(200, "content-type: application/json", CHAT.whole)
}

async fn health(bed: &Bed) -> Value {
    bed.log().await;
    bed.api("GET /api/health", Value::Null).await
}

/// Each association as `state reason share recent`, in order.
fn shown(health: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let fields = ["state", "reason", "share", "recent"];
    let associations = health["associations"].as_array().unwrap().iter();
    associations.map(|it| fields.map(|field| text(&it[field])).join(" ")).collect()
}

#[tokio::test]
async fn how_associations_and_providers_do() {
    let mut config = crate::bed::config(&CHAT, &["a", "b", "c"], json!({"strategy": "lottery", "affinity": false}));
    for (association, weight) in
        config["models"][0]["associations"].as_array_mut().unwrap().iter_mut().zip([60, 30, 10])
    {
        association["weight"] = json!(weight);
    }
    let provider = |name: &str, more: Value| {
        let mut provider =
            json!({"name": name, "type": "anthropic", "base_url": "https://x.example/v1", "api_key": "k"});
        provider.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        provider
    };
    let providers = config["providers"].as_array_mut().unwrap();
    providers.extend([
        provider("counts", json!({})),
        provider("idle", json!({})),
        provider("off", json!({"enabled": false})),
    ]);
    config["settings"] = json!({"counting_provider": "counts"});
    let bed = Bed::of(config).await;
    let fresh = health(&bed).await;
    assert_eq!(shown(&fresh), ["ready null 0.6 ", "ready null 0.3 ", "ready null 0.1 "]);

    // Whoever is asked first is over a limit; the next one answers.
    bed.script([failure(429, "retry-after: 60"), whole()]);
    bed.answer(&CHAT, false);
    let seen = health(&bed).await;
    let asked: Vec<_> =
        bed.asked().iter().map(|name| ["a", "b", "c"].iter().position(|it| it == name).unwrap()).collect();
    let (limited, good) = (&seen["associations"][asked[0]], &seen["associations"][asked[1]]);
    assert_eq!(
        (&limited["state"], &limited["reason"], &limited["recent"]),
        (&json!("resting"), &json!("rate_limit"), &json!("r"))
    );
    assert_eq!((&limited["share"], &limited["until"]), (&json!(0.0), &json!("2026-01-01T00:01:00Z")));
    assert_eq!(
        (&limited["last_error"]["status"], &limited["last_error"]["outcome"]),
        (&json!(429), &json!("rate_limited"))
    );
    assert_eq!((&good["state"], &good["recent"]), (&json!("ready"), &json!("s")));
    assert!(good["last_success_at"].is_string() && good["latency_ms"]["whole"].is_null(), "{good}");
    let sum: f64 = seen["associations"].as_array().unwrap().iter().map(|it| it["share"].as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-3, "{seen}");
    assert_eq!(limited["nominal_share"], fresh["associations"][asked[0]]["share"]);
    assert_eq!(limited["opens_at"], 5);

    let ids = bed.api("GET /api/providers", Value::Null).await;
    let name = |id: &Value| {
        let found = ids["data"].as_array().unwrap().iter().find(|it| it["id"] == *id).unwrap();
        found["name"].as_str().unwrap().to_owned()
    };
    let mut states: Vec<_> =
        seen["providers"].as_array().unwrap().iter().map(|it| (name(&it["id"]), it["state"].clone())).collect();
    states.sort_by(|a, b| a.0.cmp(&b.0));
    let mut expected = [("a", "ok"), ("b", "ok"), ("c", "ok"), ("counts", "ok"), ("idle", "unused"), ("off", "off")];
    expected[asked[0]].1 = "down";
    assert_eq!(states, expected.map(|(name, state)| (name.to_owned(), json!(state))));
}

#[tokio::test]
async fn operators_own_requests_are_no_part_of_it() {
    let bed = Bed::single(&CHAT).await;
    let (path, body) = CHAT.request(false);
    bed.script([whole(), failure(500, "")]);
    bed.operate(path, &[], body.clone()).answer();
    bed.operate(path, &[], body).answer();
    assert_eq!(health(&bed).await["associations"][0]["recent"], "");
}

async fn activity(bed: &Bed, query: &str) -> Value {
    bed.api(&format!("GET /api/activity{query}"), Value::Null).await
}

#[tokio::test]
async fn what_happens_now() {
    let bed = Bed::new(&CHAT, &["a", "b"], json!({})).await;
    let idle = activity(&bed, "").await;
    assert_eq!((&idle["in_flight"], &idle["finished"], &idle["partial"]), (&json!([]), &json!([]), &json!(true)));

    let (feed, answer) = Feed::events();
    bed.script([failure(500, ""), answer]);
    let asking = bed.ask(&CHAT, true);
    let waiting = activity(&bed, "").await;
    let seen = &waiting["in_flight"][0];
    let fields = (&seen["phase"], &seen["attempt"], &seen["provider"], &seen["model"], &seen["key_name"]);
    assert_eq!(fields, (&json!("waiting"), &json!(2), &json!("b"), &json!("m"), &json!("client")), "{seen}");
    assert_eq!(
        (&seen["first_token_ms"], &seen["response_bytes"], &seen["stream"]),
        (&Value::Null, &json!(0), &json!(true))
    );

    bed.advance(0.5);
    feed.send(CHAT.output);
    let mut client = asking.answer();
    client.read();
    let streaming = activity(&bed, "?provider=b&model=m").await;
    let seen = &streaming["in_flight"][0];
    assert_eq!((&seen["phase"], &seen["first_token_ms"]), (&json!("streaming"), &json!(500.0)));
    assert_eq!(seen["response_bytes"], json!(CHAT.output.len()));
    assert_eq!(activity(&bed, "?provider=a").await["in_flight"], json!([]));

    feed.send(CHAT.end);
    client.text();
    bed.log().await;
    let done = activity(&bed, "").await;
    assert_eq!(
        (&done["in_flight"], &done["rates"]["rpm"], &done["rates"]["error_rate"]),
        (&json!([]), &json!(1), &json!(0.0))
    );
    assert_eq!(done["finished"].as_array().unwrap().len(), 1, "the last attempt stands for the request");
    let cursor = done["cursor"].as_str().unwrap();
    assert_eq!(activity(&bed, &format!("?after={cursor}")).await["finished"], json!([]));

    // One that began before another ends after it.
    let (slow, answer) = Feed::events();
    bed.script([answer, whole()]);
    let slow_asking = bed.ask(&CHAT, true);
    bed.advance(0.5);
    bed.answer(&CHAT, false);
    bed.log().await;
    let second = activity(&bed, &format!("?after={cursor}")).await;
    assert_eq!(second["finished"].as_array().unwrap().len(), 1);
    slow.send([CHAT.output, CHAT.end].concat());
    slow_asking.answer().text();
    bed.log().await;
    let third = activity(&bed, &format!("?after={}", second["cursor"].as_str().unwrap())).await;
    assert_eq!(third["finished"].as_array().unwrap().len(), 1, "it is not missed");
    assert_eq!(third["finished"][0]["stream"], true);

    bed.advance(61.0);
    assert_eq!(activity(&bed, "").await["rates"], json!({"rpm": 0, "tpm": 0, "cost_per_hour": [], "error_rate": null}));
}
