//! What a provider says of the gateway's account stays here.

use serde_json::{Value, json};

use crate::bed::{Bed, PROVIDER_KEY};
use crate::support::{Feed, failure, reply, stream};
use crate::wires::{CHAT, FAULTS, Fault, WIRES, Wire};

/// Neither the client nor the log shows the provider's key, and what else was said is there.
async fn check(bed: &Bed, seen: &str, case: &str) -> Value {
    assert!(!seen.contains("canary"), "{case}: the client sees {seen}");
    for row in bed.log().await {
        let id = row["id"].as_str().unwrap();
        let row = bed.api(&format!("GET /api/logs/{id}"), Value::Null).await;
        assert!(!row.to_string().contains("canary"), "{case}: {row}");
    }
    bed.last().await
}

fn echo() -> String {
    format!("bad key {PROVIDER_KEY}, sorry")
}

#[tokio::test]
async fn a_key_in_an_error_body() {
    let json = format!(r#"{{"error":{{"message":"{}"}}}}"#, echo());
    let page = format!("<html><title>{}</title></html>", echo());
    for wire in &WIRES {
        for streams in [true, false] {
            for (status, body) in [
                (400, &json),
                (401, &json),
                (403, &json),
                (404, &json),
                (422, &echo()),
                (429, &json),
                (500, &json),
                (500, &page),
                (503, &echo()),
                (302, &json),
                // An error as a 200.
                (200, &json),
                (200, &page),
            ] {
                let body: &String = body;
                let bed = Bed::single(wire).await;
                let headers = format!("content-type: application/json\nx-request-id: {PROVIDER_KEY}\nx-other: fine");
                bed.script([reply(status, &headers, body.clone())]);
                let mut client = bed.answer(wire, streams);
                let case = format!("{} {status} {body} {streams}", wire.kind);
                assert!(!format!("{:?}", client.headers).contains("canary"), "{case}");
                let row = check(&bed, client.text(), &case).await;
                let error = row["error"].as_str().unwrap();
                // Of what is no error of a dialect only the kind is told.
                let is_told = status != 302 && *body == json;
                assert_eq!(error.contains("bad key ****"), is_told, "{case}: {row}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_in_an_error_event() {
    for wire in &WIRES {
        for fault in FAULTS {
            let event = wire.error_event(fault, &echo());
            let middle = event.find("canary").unwrap();
            for after_output in [false, true] {
                for at_once in [true, false] {
                    let case = format!("{} {fault:?} {after_output} {at_once}", wire.kind);
                    let bed = Bed::single(wire).await;
                    let (feed, reply) = Feed::events();
                    bed.script([reply]);
                    feed.send(if after_output { wire.output } else { wire.preamble });
                    let mut asking = bed.ask(wire, true);
                    let chunks = if at_once { vec![&*event] } else { vec![&event[..middle], &event[middle..]] };
                    for chunk in chunks {
                        feed.send(chunk.to_owned());
                        asking.is_answered();
                    }
                    feed.end();
                    let mut client = asking.answer();
                    let row = check(&bed, client.text(), &case).await;
                    assert!(row["error"].as_str().unwrap().contains("bad key ****"), "{case}: {row}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_key_in_the_second_of_two_error_events() {
    for wire in &WIRES {
        let bed = Bed::single(wire).await;
        let (feed, reply) = Feed::events();
        bed.script([reply]);
        feed.send([wire.output, &wire.error_event(Fault::Server, "no")].concat());
        let mut client = bed.answer(wire, true);
        client.read();
        feed.send(wire.error_event(Fault::Server, &echo()));
        feed.end();
        let seen = client.text().to_owned();
        check(&bed, &seen, wire.kind).await;
    }
}

#[tokio::test]
async fn a_refused_account_is_told_as_a_bad_gateway_that_is_final() {
    for wire in &WIRES {
        for status in [401, 402, 403] {
            for streams in [true, false] {
                let bed = Bed::single(wire).await;
                bed.script([failure(status, "www-authenticate: Bearer\nretry-after: 5")]);
                let mut client = bed.answer(wire, streams);
                let case = format!("{} {status}", wire.kind);
                assert_eq!((client.status, client.header("x-should-retry")), (502, Some("false")), "{case}");
                assert_eq!((client.retry_after(), client.header("www-authenticate")), (None, None), "{case}");
                let body = client.json();
                assert_eq!(shape(wire, &body), Some("account"), "{case}: {body}");
                let row = bed.last().await;
                assert_eq!(row["error"], format!("the provider's words for {status}"), "{case}: the cause");
            }
        }
    }
}

/// `account` when `body` is an error in the dialect's own form which says so.
fn shape(wire: &Wire, body: &Value) -> Option<&'static str> {
    let error = &body["error"];
    let is_own = match wire.kind {
        "anthropic" => body["type"] == "error" && error["type"] == "api_error",
        "gemini" => error["code"] == 502 && error["status"] == "UNAVAILABLE",
        _ => error["type"] == "server_error" && error["code"] == "provider_error",
    };
    (is_own && error["message"].as_str()?.contains("refuses this gateway's account")).then_some("account")
}

#[tokio::test]
async fn another_answer_is_more_telling_than_a_refused_account() {
    for (statuses, status) in
        [([401, 429], 429), ([403, 500], 500), ([429, 401], 429), ([401, 404], 404), ([401, 403], 502)]
    {
        let bed = Bed::new(&CHAT, &["a", "b"], json!({"max_retry": 1})).await;
        bed.script(statuses.map(|status| failure(status, "")));
        assert_eq!(bed.answer(&CHAT, true).status, status, "{statuses:?}");
    }
}

#[tokio::test]
async fn headers_that_stay_here() {
    const KEPT: [&str; 5] = ["location", "www-authenticate", "refresh", "clear-site-data", "set-cookie"];
    let headers: String = KEPT.iter().map(|name| format!("{name}: x\n")).collect();
    for wire in &WIRES {
        for status in [200, 400, 404, 429, 500] {
            let bed = Bed::single(wire).await;
            let answer = match status {
                200 => reply(200, &format!("{headers}content-type: text/event-stream\nx-kept: y"), wire.stream()),
                _ => failure(status, &format!("{headers}x-kept: y")),
            };
            bed.script([answer]);
            let client = bed.answer(wire, true);
            assert_eq!((client.status, client.header("x-kept")), (status, Some("y")), "{}", wire.kind);
            for name in KEPT {
                assert_eq!(client.header(name), None, "{} {status}", wire.kind);
            }
        }
    }
}

#[tokio::test]
async fn an_answer_may_hold_what_looks_like_a_key() {
    // The model was asked to say it: only errors are cleaned.
    let bed = Bed::single(&CHAT).await;
    let text = CHAT.stream().replace("hel", "sk-other-key");
    bed.script([stream(text.clone())]);
    assert_eq!(bed.answer(&CHAT, true).text(), text);
}
