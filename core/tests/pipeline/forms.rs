//! Streamed or whole: a client gets its answer as it wants it, whatever its provider does.

use llmio_core::testing::Reply;
use serde_json::{Value, json};

use crate::bed::{Bed, config};
use crate::support::{Feed, stream};
use crate::wires::{CHAT, MESSAGES, WIRES, Wire};

async fn bed(wire: &Wire, mode: &str) -> Bed {
    let mut config = config(wire, &["a"], json!({"max_retry": 0}));
    config["models"][0]["associations"][0]["stream"] = json!(mode);
    Bed::of(config).await
}

/// Whether the last request asked for a stream.
fn asked_to_stream(bed: &Bed) -> bool {
    let sent = bed.http.sent().pop().unwrap();
    let body: Value = serde_json::from_slice(&sent.body).unwrap();
    sent.uri.path().ends_with(":streamGenerateContent") && sent.uri.query() == Some("alt=sse") || body["stream"] == true
}

#[tokio::test]
async fn one_answer_of_a_provider_that_only_streams() {
    for wire in WIRES {
        let bed = bed(&wire, "auto").await;
        for (time, streams) in [("first", false), ("later", true)] {
            bed.script([stream(wire.stream())]);
            let mut client = bed.answer(&wire, false);
            assert_eq!(client.header("content-type"), Some("application/json"), "{}", wire.kind);
            let answer = client.json();
            assert!(answer.to_string().contains("hel"), "{}: {answer}", wire.kind);
            assert_eq!(asked_to_stream(&bed), streams, "{} {time}", wire.kind);
        }
        assert_eq!(bed.rows().await, ["1 a 200 success."; 2], "{}", wire.kind);
    }
}

#[tokio::test]
async fn a_stream_of_a_provider_that_answers_whole() {
    for wire in WIRES {
        let bed = bed(&wire, "auto").await;
        for (time, streams) in [("first", true), ("later", false)] {
            bed.script([Reply::json(200, wire.whole)]);
            let mut client = bed.answer(&wire, true);
            assert_eq!(client.header("content-type"), Some("text/event-stream"), "{}", wire.kind);
            let text = client.text().to_owned();
            assert!(text.contains("hello") && text.contains("data: "), "{}: {text}", wire.kind);
            assert_eq!(asked_to_stream(&bed), streams, "{} {time}", wire.kind);
        }
        assert_eq!(bed.rows().await, ["1 a 200 success."; 2], "{}", wire.kind);
    }
}

#[tokio::test]
async fn an_association_says_how_it_is_asked() {
    for wire in WIRES {
        for (mode, client_streams) in [("force", false), ("force", true), ("never", false), ("never", true)] {
            let bed = bed(&wire, mode).await;
            let streams = mode == "force";
            bed.script([if streams { stream(wire.stream()) } else { Reply::json(200, wire.whole) }]);
            let mut client = bed.answer(&wire, client_streams);
            let text = client.text().to_owned();
            assert!(text.contains("hel"), "{} {mode}: {text}", wire.kind);
            assert_eq!(text.contains("data: "), client_streams, "{} {mode}: {text}", wire.kind);
            assert_eq!(asked_to_stream(&bed), streams, "{} {mode}", wire.kind);
        }
    }
}

#[tokio::test]
async fn who_refuses_a_form_is_asked_in_the_other() {
    let refusal = json!({"error": {"message": "Stream must be set to true", "type": "invalid_request_error"}});
    let bed = bed(&CHAT, "auto").await;
    bed.script([Reply::json(400, refusal.to_string()), stream(CHAT.stream()), stream(CHAT.stream())]);
    for requests in [2, 3] {
        let answer = bed.answer(&CHAT, false).json();
        assert_eq!(answer["choices"][0]["message"]["content"], "hel", "{answer}");
        assert_eq!((bed.count(), asked_to_stream(&bed)), (requests, true));
    }
    let body: Value = serde_json::from_slice(&bed.http.sent()[1].body).unwrap();
    assert_eq!(body["stream_options"]["include_usage"], true, "the usage of a stream is asked for");
    // Others' mistakes are the client's.
    let other = json!({"error": {"message": "upstream error: no such field", "type": "invalid_request_error"}});
    let bed = self::bed(&CHAT, "auto").await;
    bed.script([Reply::json(400, other.to_string())]);
    assert_eq!((bed.answer(&CHAT, false).status, bed.count()), (400, 1));
}

#[tokio::test]
async fn between_two_dialects() {
    for (mode, reply) in [("force", stream(CHAT.stream())), ("never", Reply::json(200, CHAT.whole))] {
        let bed = bed(&CHAT, mode).await;
        bed.script([reply]);
        let client_streams = mode == "never";
        let mut client = bed.answer(&MESSAGES, client_streams);
        let text = client.text().to_owned();
        assert!(text.contains("hel") && text.contains("end_turn"), "{text}");
        assert_eq!((text.contains("data: "), asked_to_stream(&bed)), (client_streams, mode == "force"), "{text}");
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_no_answer() {
    for wire in WIRES {
        let bed = bed(&wire, "force").await;
        bed.script([stream([wire.preamble, wire.output].concat())]);
        let client = bed.answer(&wire, false);
        assert_eq!(client.status, 502, "{}", wire.kind);
    }
}

#[tokio::test]
async fn what_comes_says_what_it_is() {
    for wire in WIRES {
        for (client_streams, comes_as_stream) in [(true, true), (true, false), (false, true), (false, false)] {
            let case = format!("{} {client_streams} {comes_as_stream}", wire.kind);
            let bed = bed(&wire, "force").await;
            // Some call their streams JSON, and write white space while they think.
            let (feed, reply) = Feed::with("content-type: application/json");
            bed.script([reply]);
            let mut asking = bed.ask(&wire, client_streams);
            let text = if comes_as_stream { wire.stream() } else { wire.whole.to_owned() };
            let (first, rest) = text.split_at(3);
            for piece in ["\n", "\n", first, rest] {
                assert!(!asking.is_answered(), "{case}");
                feed.send(piece.to_owned());
            }
            feed.end();
            let mut client = asking.answer();
            let text = client.text().to_owned();
            assert!(client.status == 200 && text.contains("hel"), "{case}: {text}");
            assert_eq!(text.contains("data: "), client_streams, "{case}: {text}");
            assert_eq!(bed.rows().await, ["1 a 200 success."], "{case}");
        }
    }
}

#[tokio::test]
async fn what_is_gathered_has_the_time_of_a_whole_answer() {
    for wire in WIRES {
        let mut config = config(&wire, &["a"], json!({"max_retry": 0, "time_out": 30}));
        config["models"][0]["associations"][0]["stream"] = json!("force");
        let bed = Bed::of(config).await;
        let (feed, reply) = Feed::events();
        bed.script([reply]);
        let mut asking = bed.ask(&wire, false);
        // A stream that a client sees would have had to say something by now.
        for piece in [wire.preamble, wire.output, wire.end] {
            bed.advance(9.5);
            assert!(!asking.is_answered(), "{}", wire.kind);
            feed.send(piece);
        }
        // Nothing more is waited for than what may follow the end.
        if !asking.is_answered() {
            assert_eq!(wire.kind, "gemini");
            bed.advance(2.0);
        }
        assert_eq!(asking.answer().status, 200, "{}", wire.kind);
    }
}
