//! Who is asked again, when, and what of it counts.

use llmio_core::platform::HttpErrorKind;
use llmio_core::testing::Reply;
use serde_json::json;

use crate::bed::Bed;
use crate::support::{failure, no_answer, reply, stream};
use crate::wires::{CHAT, Fault, MESSAGES, WIRES};

/// The full pauses before each retry; a random part of up to half is taken off.
const PAUSES: [f64; 6] = [0.5, 1.0, 2.0, 4.0, 8.0, 8.0];

fn again(status: u16) -> Box<dyn Fn() -> Reply> {
    Box::new(move || failure(status, ""))
}

/// The same reply each time.
type Failing = Box<dyn Fn() -> Reply>;

#[tokio::test]
async fn the_only_provider_is_asked_again_after_pauses_that_double() {
    for wire in &WIRES {
        let event = wire.error_event(Fault::Overloaded, "busy");
        let rows: Vec<(&str, u16, Failing)> = vec![
            ("500", 500, again(500)),
            ("502", 502, again(502)),
            ("503", 503, again(503)),
            ("529", 529, again(529)),
            ("broken", 502, Box::new(|| no_answer(HttpErrorKind::Broken))),
            ("an error event", 502, Box::new(move || stream(event.clone()))),
        ];
        for (case, status, reply) in rows {
            let bed = Bed::new(wire, &["a"], json!({"max_retry": PAUSES.len()})).await;
            bed.script((0..=PAUSES.len()).map(|_| reply()));
            let mut asking = bed.ask(wire, true);
            let mut parts = Vec::new();
            for (index, pause) in PAUSES.into_iter().enumerate() {
                assert_eq!(bed.count(), index + 1, "{case}");
                bed.advance(pause * 0.499);
                assert!(!asking.is_answered() && bed.count() == index + 1, "{case}: too early");
                let start = bed.micros();
                while bed.count() == index + 1 {
                    bed.advance(pause * 0.01);
                    asking.is_answered();
                    assert!(bed.seconds_since(start) <= pause * 0.52, "{case}: too late");
                }
                parts.push((bed.seconds_since(start) / pause * 100.0) as i64);
            }
            parts.dedup();
            assert!(parts.len() > 1, "the pauses differ by chance: {parts:?}");
            let client = asking.answer();
            assert_eq!((client.status, bed.count()), (status, PAUSES.len() + 1), "{case}");
            let rows = bed.log().await;
            let attempts: Vec<_> = rows.iter().map(|row| row["attempt"].as_u64().unwrap()).collect();
            assert_eq!(attempts, (1..=PAUSES.len() as u64 + 1).collect::<Vec<_>>(), "{case}");
            let finals: Vec<_> = rows.iter().map(|row| row["is_final"] == true).collect();
            assert!(finals.iter().rev().skip(1).all(|it| !it) && finals[PAUSES.len()], "{case}: {finals:?}");
        }
    }
}

#[tokio::test]
async fn a_retry_that_succeeds_is_the_answer() {
    for wire in &WIRES {
        let bed = Bed::new(wire, &["a"], json!({"max_retry": 1})).await;
        bed.script([failure(500, ""), stream(wire.stream())]);
        let asking = bed.ask(wire, true);
        bed.advance(0.5);
        let mut client = asking.answer();
        assert_eq!((client.status, client.text()), (200, &*wire.stream()));
        assert_eq!(bed.rows().await, ["1 a 500 provider_error", "2 a 200 success."], "{}", wire.kind);
    }
}

#[tokio::test]
async fn what_is_not_asked_again() {
    for wire in &WIRES {
        let rows: Vec<(u16, Reply, &str)> = vec![
            (400, failure(400, ""), "1 a 400 client_error."),
            (502, failure(401, ""), "1 a 502 provider_error."),
            (502, failure(402, ""), "1 a 502 rate_limited."),
            (502, failure(403, ""), "1 a 502 provider_error."),
            (404, failure(404, ""), "1 a 404 provider_error."),
            (408, failure(408, ""), "1 a 408 provider_error."),
            (429, failure(429, ""), "1 a 429 rate_limited."),
            (429, failure(429, "retry-after: 0"), "1 a 429 rate_limited."),
            (504, failure(504, ""), "1 a 504 provider_error."),
            (504, no_answer(HttpErrorKind::Timeout), "1 a 504 timeout."),
            (502, no_answer(HttpErrorKind::Connect), "1 a 502 connect_error."),
            (502, no_answer(HttpErrorKind::Tls), "1 a 502 connect_error."),
            (502, reply(302, "location: https://elsewhere.example/", ""), "1 a 502 provider_error."),
        ];
        for (status, reply, row) in rows {
            let bed = Bed::new(wire, &["a"], json!({})).await;
            bed.script([reply]);
            assert_eq!(bed.answer(wire, true).status, status, "{row}");
            assert_eq!(bed.rows().await, [row], "{}", wire.kind);
        }
    }
}

#[tokio::test]
async fn others_come_first() {
    for (replies, asked) in [
        (vec![500, 500], "a b"),
        (vec![404, 500], "a b"),
        (vec![429, 500], "a b"),
        (vec![400], "a"),
        (vec![401, 403], "a b"),
    ] {
        let bed = Bed::new(&CHAT, &["a", "b"], json!({})).await;
        bed.script(replies.iter().map(|status| failure(*status, "")));
        let mut asking = bed.ask(&CHAT, true);
        assert!(asking.is_answered(), "nobody waits for one that was not asked, and nobody is asked twice");
        assert_eq!(bed.asked().join(" "), asked, "{replies:?}");
    }
}

#[tokio::test]
async fn only_the_first_failure_of_a_request_counts() {
    for wire in &WIRES {
        let bed = Bed::new(wire, &["a"], json!({"max_retry": 5})).await;
        let mut counts = Vec::new();
        for _ in 0..6 {
            let before = bed.count();
            bed.script((0..6).map(|_| failure(500, "")));
            let mut asking = bed.ask(wire, true);
            while !asking.is_answered() {
                bed.advance(0.5);
            }
            counts.push((asking.answer().status, bed.count() - before));
        }
        // The fifth request opens the breaker, and nobody waits so long for it.
        assert_eq!(counts, [(500, 6), (500, 6), (500, 6), (500, 6), (500, 1), (503, 0)], "{}", wire.kind);
    }
}

#[tokio::test]
async fn what_a_later_attempt_asks_for_is_obeyed() {
    for (later, status, rest) in [
        (failure(503, "retry-after: 30"), 503, 30),
        (failure(429, "retry-after: 30"), 429, 30),
        (failure(429, ""), 429, 2),
    ] {
        let bed = Bed::new(&MESSAGES, &["a"], json!({})).await;
        bed.script([failure(500, ""), later]);
        let mut asking = bed.ask(&MESSAGES, true);
        assert!(!asking.is_answered());
        bed.advance(0.5);
        assert!(asking.is_answered(), "nobody waits for so long");
        let client = asking.answer();
        assert_eq!((client.status, client.retry_after()), (status, Some(rest)));
        let client = bed.answer(&MESSAGES, true);
        assert_eq!((client.status, client.retry_after(), bed.count()), (status, Some(rest), 2));
    }
}

#[tokio::test]
async fn a_short_rest_is_waited_for_and_a_long_one_ends_the_request() {
    for (seconds, is_waited_for) in [(0, true), (3, true), (8, true), (9, false), (3600, false)] {
        let bed = Bed::new(&CHAT, &["a"], json!({})).await;
        bed.script([failure(503, &format!("retry-after: {seconds}")), stream(CHAT.stream())]);
        let mut asking = bed.ask(&CHAT, true);
        if !is_waited_for {
            let client = asking.answer();
            assert_eq!((client.status, client.retry_after(), bed.count()), (503, Some(seconds), 1));
            continue;
        }
        if seconds > 0 {
            bed.advance(seconds as f64 - 0.01);
            assert!(!asking.is_answered());
        }
        assert_eq!(bed.count(), 1, "not before its time");
        bed.advance(0.51);
        let mut client = asking.answer();
        assert_eq!((client.status, client.text()), (200, &*CHAT.stream()), "after {seconds}");
    }
}

#[tokio::test]
async fn the_deadline_ends_retries() {
    for wire in &WIRES {
        let bed = Bed::new(wire, &["a"], json!({"max_retry": 9, "time_out": 2})).await;
        bed.script((0..9).map(|_| failure(500, "")));
        let start = bed.micros();
        let mut asking = bed.ask(wire, true);
        while !asking.is_answered() {
            bed.advance(0.05);
        }
        // The third pause, of at least a second, would reach beyond it.
        assert!(bed.seconds_since(start) < 2.0 && (3..=4).contains(&bed.count()), "{}", bed.count());
        assert_eq!(asking.answer().status, 500, "what the provider said last");
        let rows = bed.rows().await;
        assert_eq!(rows.last().unwrap(), &format!("{} a 500 provider_error.", bed.count()));
    }
}
