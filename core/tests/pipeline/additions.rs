//! What the gateway adds of its own, and what is its own fault.

use llmio_core::platform::HttpErrorKind;
use llmio_core::testing::Reply;
use serde_json::{Value, json};

use crate::bed::Bed;
use crate::health::{Learned, learned, strain};
use crate::support::{no_answer, reply, stream};
use crate::wires::{CHAT, WIRES};

const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n";

fn refusal(status: u16) -> Reply {
    reply(status, "", r#"{"error":{"message":"Unrecognized request argument supplied: stream_options"}}"#)
}

/// Whether each request so far had the gateway's `stream_options`.
fn added(bed: &Bed) -> Vec<bool> {
    let has = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap().get("stream_options").is_some();
    bed.http.sent().iter().map(|sent| has(&sent.body)).collect()
}

#[tokio::test]
async fn a_provider_that_refuses_stream_options_is_asked_without_and_remembered() {
    for status in [400, 422] {
        let bed = Bed::single(&CHAT).await;
        strain(&bed, &CHAT);
        bed.script([refusal(status), stream(CHAT.stream())]);
        assert_eq!(bed.answer(&CHAT, true).text(), CHAT.stream(), "{status}");
        let rows = bed.rows().await;
        assert_eq!(rows[4..], [format!("1 a {status} client_error"), "2 a 200 success.".to_owned()]);
        assert_eq!(added(&bed)[4..], [true, false], "{status}");
        bed.script([stream(CHAT.stream())]);
        bed.answer(&CHAT, true).text();
        assert_eq!(added(&bed)[4..], [true, false, false], "{status}");
        // Usage that comes all the same is nothing that the gateway asked for, and passes.
        let with_usage = CHAT.stream().replace("data: [DONE]", &format!("{USAGE}data: [DONE]"));
        bed.script([stream(with_usage.clone())]);
        assert_eq!(bed.answer(&CHAT, true).text(), with_usage, "{status}");
        assert_eq!(learned(&bed, &CHAT), Learned::Success);
    }
}

#[tokio::test]
async fn what_the_client_asked_for_itself_is_its_own_mistake() {
    for (status, body) in [(400, CHAT.request(true).1), (422, CHAT.request(true).1)] {
        let bed = Bed::new(&CHAT, &["a", "b"], json!({})).await;
        bed.script([refusal(status)]);
        let mut body = body;
        body["stream_options"] = json!({"include_usage": true});
        let mut client = bed.send(CHAT.request(true).0, body).answer();
        assert_eq!((client.status, bed.count()), (status, 1));
        assert!(client.text().contains("Unrecognized request argument"), "word for word");
    }
}

#[tokio::test]
async fn other_refusals_are_no_reason_to_ask_again() {
    for (status, text) in [(400, "messages is too long"), (500, "stream_options broke us")] {
        let bed = Bed::single(&CHAT).await;
        bed.script([reply(status, "", format!(r#"{{"error":{{"message":"{text}"}}}}"#))]);
        assert_eq!((bed.answer(&CHAT, true).status, bed.count()), (status, 1), "{text}");
    }
}

#[tokio::test]
async fn what_is_refused_without_it_too_is_not_remembered() {
    let bed = Bed::new(&CHAT, &["a"], json!({"max_retry": 0})).await;
    bed.script([refusal(400), refusal(400), stream(CHAT.stream())]);
    assert_eq!(bed.answer(&CHAT, true).status, 400);
    assert_eq!(bed.answer(&CHAT, true).text(), CHAT.stream());
    assert_eq!(added(&bed), [true, false, true]);
}

#[tokio::test]
async fn a_changed_provider_is_tried_with_it_again() {
    let bed = Bed::single(&CHAT).await;
    bed.script([refusal(400), stream(CHAT.stream())]);
    bed.answer(&CHAT, true);
    let association = bed.association("a").await;
    let view = bed.api(&format!("GET /api/associations/{association}"), Value::Null).await;
    let call = format!("PATCH /api/providers/{}", view["provider_id"].as_str().unwrap());
    bed.api(&call, json!({"base_url": "https://other.example/v1"})).await;
    bed.script([stream(CHAT.stream())]);
    bed.answer(&CHAT, true);
    assert_eq!(added(&bed), [true, false, true]);
}

#[tokio::test]
async fn the_machines_own_trouble_is_nobody_elses() {
    for wire in &WIRES {
        let bed = Bed::single(wire).await;
        strain(&bed, wire);
        bed.script([no_answer(HttpErrorKind::Local)]);
        let client = bed.answer(wire, true);
        assert_eq!(client.status, 500, "{}", wire.kind);
        let row = bed.last().await;
        assert_eq!((&row["outcome"], &row["error"]), (&json!("gateway_error"), &json!("the network's words")));
        assert_eq!(learned(&bed, wire), Learned::Nothing, "{}", wire.kind);
    }
}

#[tokio::test]
async fn others_are_asked_when_this_machine_could_not_ask_one() {
    let bed = Bed::new(&CHAT, &["a", "b"], json!({})).await;
    bed.script([no_answer(HttpErrorKind::Local), stream(CHAT.stream())]);
    assert_eq!(bed.answer(&CHAT, true).text(), CHAT.stream());
    assert_eq!(bed.rows().await, ["1 a 0 gateway_error", "2 b 200 success."]);
}
