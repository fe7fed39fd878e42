//! Streams in which nothing comes: they are kept alive, given up, or over.

use std::pin::Pin;

use llmio_core::pipeline::Doubt;
use serde_json::json;

use crate::bed::Bed;
use crate::client::{Client, now};
use crate::support::Feed;
use crate::wires::{CHAT, GEMINI, MESSAGES, RESPONSES, WIRES, Wire};

fn begun(bed: &Bed, wire: &Wire) -> (Feed, Client) {
    let (feed, reply) = Feed::events();
    bed.script([reply]);
    feed.send(wire.output);
    let mut client = bed.answer(wire, true);
    assert_eq!(client.read(), wire.output);
    (feed, client)
}

#[tokio::test]
async fn a_silence_is_filled_every_15_seconds_and_ends_after_300() {
    for wire in &WIRES {
        let bed = Bed::single(wire).await;
        let (feed, mut client) = begun(&bed, wire);
        for _ in 0..19 {
            bed.advance(14.9);
            assert_eq!(client.read(), "", "{}: too early", wire.kind);
            bed.advance(0.1);
            assert_eq!(client.read(), wire.filler, "{}", wire.kind);
        }
        bed.advance(14.9);
        assert_eq!((client.read(), feed.is_dropped()), (String::new(), false), "{}", wire.kind);
        bed.advance(0.1);
        let end = client.read();
        assert_eq!((client.end.clone(), feed.is_dropped()), (Some(Ok(())), true), "{}", wire.kind);
        assert!(end.contains("silent"), "{}: {end}", wire.kind);
        let row = bed.last().await;
        assert_eq!((&row["outcome"], &row["status"]), (&json!("timeout"), &json!(200)), "{}", wire.kind);
        let kept = row["bodies"]["response"].as_str().unwrap();
        assert_eq!(kept, format!("{}{end}", wire.output), "{}: fillers are not kept", wire.kind);
    }
}

#[tokio::test]
async fn bytes_end_a_silence() {
    for wire in &WIRES {
        let bed = Bed::single(wire).await;
        let (feed, mut client) = begun(&bed, wire);
        for _ in 0..40 {
            bed.advance(14.0);
            assert_eq!(client.read(), "");
            feed.send(": life\n\n");
            assert_eq!(client.read(), ": life\n\n", "{}", wire.kind);
        }
        // An event that is held back is followed by the filler, never interrupted.
        feed.send(&wire.output[..9]);
        assert_eq!(client.read(), "");
        bed.advance(15.0);
        assert_eq!(client.read(), wire.filler, "{}", wire.kind);
        feed.send(&wire.output[9..]);
        assert_eq!(client.read(), wire.output, "{}", wire.kind);
        feed.send(wire.end);
        feed.end();
        client.read();
        let row = bed.last().await;
        let bytes = client.seen.len() - wire.filler.len();
        assert_eq!((&row["outcome"], &row["response_bytes"]), (&json!("success"), &json!(bytes)), "{}", wire.kind);
    }
}

/// Also where silences are not filled otherwise.
#[tokio::test]
async fn a_doubt_is_answered_by_a_filler_at_once() {
    for wire in &WIRES {
        for keep_alive in [0, 15] {
            let bed = Bed::single(wire).await;
            bed.api("PUT /api/settings", json!({"keep_alive": keep_alive})).await;
            let (feed, reply) = Feed::events();
            bed.script([reply]);
            feed.send(wire.output);
            let doubt = Doubt::default();
            let mut client = bed.ask(wire, true).doubted(&doubt);
            assert_eq!(client.read(), wire.output);
            for _ in 0..2 {
                doubt.raise();
                assert_eq!(client.read(), wire.filler, "{}", wire.kind);
                assert_eq!(client.read(), "", "{}: once", wire.kind);
            }
            feed.send(wire.end);
            feed.end();
            client.read();
            assert_eq!(bed.last().await["outcome"], "success", "{}", wire.kind);
        }
    }
}

#[tokio::test]
async fn the_keep_alive_and_the_idle_time_are_settings() {
    for (keep_alive, idle, fillers) in [(0, 50, vec![]), (20, 50, vec![20, 40]), (60, 50, vec![]), (1, 3, vec![1, 2])] {
        for wire in [&CHAT, &MESSAGES] {
            let bed = Bed::new(wire, &["a"], json!({"idle_timeout": idle})).await;
            bed.api("PUT /api/settings", json!({"keep_alive": keep_alive})).await;
            let (_feed, mut client) = begun(&bed, wire);
            let mut filled = Vec::new();
            for second in 1..idle {
                bed.advance(1.0);
                match &*client.read() {
                    "" => {}
                    text => {
                        assert_eq!(text, wire.filler);
                        filled.push(second);
                    }
                }
            }
            assert_eq!((&filled, client.end.is_none()), (&fillers, true), "{keep_alive} {idle}");
            bed.advance(1.0);
            client.read();
            assert!(client.end.is_some(), "{keep_alive} {idle}");
        }
    }
}

#[tokio::test]
async fn nothing_is_filled_in_before_the_answer_begins_or_where_it_is_no_stream() {
    let bed = Bed::single(&CHAT).await;
    let (feed, reply) = Feed::with("content-type: application/json");
    bed.script([reply]);
    // More than is held back, so that it passes as it comes.
    feed.send(format!(r#"{{"choices":[{{"message":{{"content":"{}"#, "a".repeat(5 << 20)));
    let mut client = bed.answer(&CHAT, false);
    assert!(client.read().len() > 5 << 20);
    bed.advance(299.0);
    assert_eq!(client.read(), "");
    bed.advance(1.0);
    client.read();
    assert!(client.end.unwrap().is_err(), "a broken answer is no JSON, so its connection breaks");
    assert_eq!(bed.rows().await, ["1 a 200 timeout."]);
}

#[tokio::test]
async fn a_stream_is_over_with_its_terminal_event() {
    for wire in [&CHAT, &RESPONSES, &MESSAGES] {
        for ends in [true, false] {
            let bed = Bed::single(wire).await;
            let (feed, mut client) = begun(&bed, wire);
            feed.send(wire.end);
            assert_eq!(client.read(), wire.end, "{}", wire.kind);
            assert_eq!(client.end, Some(Ok(())), "{}: at once", wire.kind);
            assert_eq!(bed.rows().await, ["1 a 200 success."], "{}", wire.kind);
            // The connection can be used again when its end is read, for which there is a second.
            assert!(!feed.is_dropped(), "{}", wire.kind);
            let background = bed.background.clone();
            let mut lingering = Box::pin(async move { background.run_all().await });
            assert!(now(Pin::new(&mut lingering)).is_none(), "{}", wire.kind);
            if ends {
                feed.end();
            } else {
                bed.advance(0.9);
                assert!(now(Pin::new(&mut lingering)).is_none(), "{}", wire.kind);
                bed.advance(0.1);
            }
            assert!(now(Pin::new(&mut lingering)).is_some() && feed.is_dropped(), "{}", wire.kind);
        }
    }
}

#[tokio::test]
async fn gemini_may_add_something_for_two_seconds() {
    let usage = "data: {\"usageMetadata\":{\"promptTokenCount\":3,\"candidatesTokenCount\":2}}\n\n";
    for adds in [true, false] {
        let bed = Bed::single(&GEMINI).await;
        let (feed, mut client) = begun(&bed, &GEMINI);
        feed.send(GEMINI.end);
        client.read();
        bed.advance(1.9);
        assert_eq!((client.read(), client.end.is_none()), (String::new(), true));
        if adds {
            feed.send(usage);
            assert_eq!((&*client.read(), client.end.is_none()), (usage, true));
            bed.advance(1.9);
            assert_eq!((client.read(), client.end.is_none()), (String::new(), true));
        }
        bed.advance(0.1);
        assert_eq!((client.read(), client.end.clone()), (String::new(), Some(Ok(()))));
        let row = bed.last().await;
        assert_eq!((&row["outcome"], row["usage"]["output_tokens"] == 2), (&json!("success"), adds));
    }
}
