//! What an operator directs by headers of a request for inference, and what clients do not.

use serde_json::{Value, json};

use crate::bed::Bed;
use crate::support::{failure, reply, stream};
use crate::wires::{CHAT, WIRES};

const REPLAYED: &str = "01980000-0000-7001-8000-000000000000";

async fn two() -> Bed {
    Bed::new(&CHAT, &["a", "b"], json!({"breaker": true, "max_retry": 3})).await
}

fn whole() -> llmio_core::testing::Reply {
    reply(200, "content-type: application/json", CHAT.whole)
}

#[tokio::test]
async fn a_pinned_request_asks_only_the_one_it_names() {
    for wire in &WIRES {
        let bed = Bed::new(wire, &["a", "b"], json!({"max_retry": 3})).await;
        let b = bed.association("b").await;
        let (path, body) = wire.request(true);
        bed.script([stream(wire.stream())]);
        let pinned = bed.operate(path, &[("x-llmio-association", &b)], body.clone()).answer();
        let told = ["x-llmio-provider", "x-llmio-association", "x-llmio-attempts"]
            .map(|it| pinned.header(it).unwrap().to_owned());
        assert_eq!((pinned.status, told), (200, ["b".to_owned(), b.clone(), "1".to_owned()]), "{}", wire.kind);
        assert!(bed.http.sent()[0].headers.keys().all(|name| !name.as_str().starts_with("x-llmio")));

        bed.script([failure(500, "")]);
        let failed = bed.operate(path, &[("x-llmio-association", &b)], body).answer();
        let told = ["x-llmio-provider", "x-llmio-attempts"].map(|it| failed.header(it).unwrap().to_owned());
        assert_eq!((failed.status, told), (500, ["b".to_owned(), "1".to_owned()]), "nobody else is asked");
        assert_eq!(bed.asked(), ["b", "b"]);
    }
}

#[tokio::test]
async fn a_good_answer_lifts_a_rest_and_a_bad_one_counts_nowhere() {
    let bed = two().await;
    let (path, body) = CHAT.request(false);
    let a = bed.association("a").await;
    let pin = [("x-llmio-association", a.as_str())];
    for _ in 0..9 {
        bed.script([failure(500, "")]);
        bed.operate(path, &pin, body.clone()).answer();
    }
    bed.script([failure(429, "retry-after: 60")]);
    assert_eq!(bed.operate(path, &pin, body.clone()).answer().status, 429);
    bed.script([whole()]);
    bed.answer(&CHAT, false);
    assert_eq!(bed.asked().last().unwrap(), "a", "it does not rest");

    bed.script([failure(429, "retry-after: 60"), whole(), whole()]);
    bed.answer(&CHAT, false);
    bed.answer(&CHAT, false);
    assert_eq!(bed.asked().split_off(11), ["a", "b", "b"], "now it does");
    bed.script([whole(), whole()]);
    assert_eq!(bed.operate(path, &pin, body).answer().status, 200);
    bed.answer(&CHAT, false);
    assert_eq!(bed.asked().split_off(14), ["a", "a"], "its good answer lifted the rest");
}

#[tokio::test]
async fn the_record_says_who_asked_and_keeps_bodies_on_demand() {
    let bed = two().await;
    let (path, body) = CHAT.request(false);
    type Row<'a> = (&'a [(&'a str, &'a str)], &'a str, Value, bool);
    let rows: [Row<'_>; 4] = [
        (&[], "console", Value::Null, false),
        (&[("x-llmio-record", "bodies")], "console", Value::Null, true),
        (&[("x-llmio-origin", "test")], "test", Value::Null, false),
        (&[("x-llmio-origin", "replay"), ("x-llmio-replay-of", REPLAYED)], "replay", json!(REPLAYED), false),
    ];
    for (headers, origin, replay_of, bodies) in rows {
        bed.advance(0.01);
        bed.script([whole()]);
        assert_eq!(bed.operate(path, headers, body.clone()).answer().status, 200);
        let last = bed.last().await;
        let seen = (&last["origin"], &last["replay_of"], &last["has_bodies"], &last["key_id"]);
        assert_eq!(seen, (&json!(origin), &replay_of, &json!(bodies), &Value::Null), "{headers:?}");
    }
}

#[tokio::test]
async fn clients_direct_nothing_and_are_told_nothing() {
    let bed = two().await;
    let (path, body) = CHAT.request(false);
    let b = bed.association("b").await;
    let headers = [
        ("x-llmio-association", b.as_str()),
        ("x-llmio-origin", "nonsense"),
        ("x-llmio-replay-of", REPLAYED),
        // Whoever has a key is a client, whatever else it knows.
        ("authorization", "Bearer the-admin's-token"),
    ];
    let answers = [
        reply(200, "content-type: application/json\nx-llmio-provider: upstream's own", CHAT.whole),
        failure(400, "x-llmio-provider: upstream's own"),
    ];
    for answer in answers {
        bed.advance(0.01);
        bed.script([answer]);
        let client = bed.send_with(path, &headers, body.clone()).answer();
        assert!(client.headers.keys().all(|name| !name.as_str().starts_with("x-llmio-") || name == "x-llmio-trace-id"));
        let last = bed.last().await;
        assert_eq!((&last["origin"], &last["replay_of"]), (&json!("client"), &Value::Null));
    }
    assert_eq!(bed.asked(), ["a", "a"]);
}

#[tokio::test]
async fn what_cannot_be_directed_is_refused() {
    let bed = two().await;
    let (path, body) = CHAT.request(false);
    for (headers, status, code) in [
        ([("x-llmio-association", "no-such")], 404, "association_not_found"),
        ([("x-llmio-origin", "client")], 400, "invalid_header"),
        ([("x-llmio-record", "everything")], 400, "invalid_header"),
        ([("x-llmio-replay-of", "the last")], 400, "invalid_header"),
    ] {
        let mut refused = bed.operate(path, &headers, body.clone()).answer();
        let error = refused.json();
        assert_eq!((refused.status, error["error"]["code"].as_str()), (status, Some(code)), "{headers:?}");
    }
    assert_eq!(bed.count(), 0);
}
