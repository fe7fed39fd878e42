//! How long a provider may take until its answer begins.

use llmio_core::testing::Reply;
use serde_json::json;

use crate::bed::Bed;
use crate::support::{Feed, stream};
use crate::wires::{CHAT, MESSAGES, WIRES};

#[tokio::test]
async fn the_head_of_an_answer() {
    for wire in &WIRES {
        for (model, streams, providers, limits) in [
            (json!({}), true, &["a", "b"][..], vec![60.0, 300.0]),
            (json!({}), true, &["a"], vec![300.0]),
            (json!({}), false, &["a", "b"], vec![600.0]),
            (json!({"time_out": 30}), true, &["a", "b"], vec![10.0, 10.0]),
            (json!({"time_out": 30}), false, &["a", "b"], vec![30.0]),
            (json!({"time_out": 15, "header_timeout": 12}), true, &["a", "b"], vec![12.0, 3.0]),
            (json!({"header_timeout": 400}), true, &["a", "b"], vec![400.0, 200.0]),
        ] {
            let bed = Bed::new(wire, providers, model.clone()).await;
            bed.script(limits.iter().map(|_| Reply::Hang));
            let mut asking = bed.ask(wire, streams);
            for (index, limit) in limits.iter().enumerate() {
                assert_eq!(bed.count(), index + 1, "{model}");
                bed.advance(limit - 0.01);
                assert!(!asking.is_answered() && bed.count() == index + 1, "{model} {index}: too early");
                bed.advance(0.01);
                let _ = asking.is_answered();
            }
            assert_eq!(asking.answer().status, 504, "{model}");
            assert_eq!(bed.count(), limits.len(), "{model}");
            let rows = bed.rows().await;
            assert!(rows.iter().all(|row| row.contains("timeout")), "{rows:?}");
            let sent = bed.http.sent();
            assert!(sent.iter().all(|it| it.options.connect_timeout.is_some_and(|limit| limit.as_secs() == 10)));
            assert!(sent.iter().all(|it| it.options.resend), "a kept connection that died is replaced");
        }
    }
}

#[tokio::test]
async fn the_first_meaningful_event() {
    // When the head comes, how often something comes that says nothing, and when the next provider is asked.
    for (model, providers, head_at, life, moves_at) in [
        (json!({}), &["a", "b"][..], 10.0, Some(50.0), 310.0),
        (json!({}), &["a", "b"], 10.0, None, 70.0),
        (json!({}), &["a"], 10.0, None, 310.0),
        (json!({}), &["a"], 290.0, Some(50.0), 590.0),
        (json!({"time_out": 30}), &["a", "b"], 5.0, None, 20.0),
        (json!({"time_out": 30}), &["a", "b"], 5.0, Some(1.0), 20.0),
        (json!({"first_token_timeout": 90}), &["a", "b"], 5.0, None, 90.0),
    ] {
        let case = format!("{model} {providers:?} {life:?}");
        let bed = Bed::new(&MESSAGES, providers, model).await;
        let (feed, reply) = Feed::events();
        bed.delay(head_at);
        bed.script([reply, Reply::Hang]);
        let mut asking = bed.ask(&MESSAGES, true);
        bed.advance(head_at);
        assert!(!asking.is_answered(), "{case}");
        let mut now = head_at;
        let is_over = |asking: &mut crate::client::Asking| asking.is_answered() || bed.count() > 1;
        while now < moves_at - 0.5 {
            let step = life.unwrap_or(f64::MAX).min(moves_at - 0.5 - now);
            bed.advance(step);
            now += step;
            if life.is_some() {
                feed.send(if now as i64 % 20 == 0 { MESSAGES.preamble } else { ": life\n\n" });
            }
            assert!(!is_over(&mut asking), "{case}: too early at {now}");
        }
        bed.advance(0.5);
        assert!(is_over(&mut asking), "{case}: too late");
        assert!(feed.is_dropped(), "{case}: the provider is told");
        if providers.len() == 1 {
            assert_eq!(asking.answer().status, 504, "{case}");
        } else {
            assert_eq!(bed.asked(), ["a", "b"], "{case}");
        }
    }
}

#[tokio::test]
async fn silence_and_slow_answers_within_the_budget_are_fine() {
    for wire in &WIRES {
        // 45 s of silence, then a stream.
        let bed = Bed::new(wire, &["a"], json!({})).await;
        let (feed, reply) = Feed::events();
        bed.script([reply]);
        let mut asking = bed.ask(wire, true);
        bed.advance(45.0);
        assert!(!asking.is_answered());
        feed.send(wire.stream());
        feed.end();
        assert_eq!(asking.answer().text(), wire.stream());
        // A whole answer that takes 500 s.
        let (feed, reply) = Feed::with("content-type: application/json");
        bed.script([reply]);
        let mut asking = bed.ask(wire, false);
        for _ in 0..5 {
            bed.advance(100.0);
            assert!(!asking.is_answered());
            feed.send(" ");
        }
        feed.send(wire.whole);
        feed.end();
        let mut client = asking.answer();
        assert_eq!((client.status, client.text().trim_start()), (200, wire.whole));
    }
}

#[tokio::test]
async fn the_budget_ends_a_whole_answer() {
    for (model, seconds) in [(json!({}), 600.0), (json!({"time_out": 40}), 40.0)] {
        let bed = Bed::new(&CHAT, &["a"], model).await;
        let (feed, reply) = Feed::with("content-type: application/json");
        bed.script([reply]);
        let mut asking = bed.ask(&CHAT, false);
        let mut left = seconds;
        while left > 0.5 {
            let step = f64::min(10.0, left - 0.5);
            bed.advance(step);
            left -= step;
            feed.send(" ");
            assert!(!asking.is_answered(), "{left} too early");
        }
        bed.advance(0.5);
        assert_eq!(asking.answer().status, 504);
        assert_eq!(bed.rows().await, ["1 a 504 timeout."]);
    }
}

#[tokio::test]
async fn the_next_provider_gets_what_is_left() {
    let bed = Bed::new(&CHAT, &["a", "b"], json!({})).await;
    bed.script([Reply::Hang, stream(CHAT.stream())]);
    let asking = bed.ask(&CHAT, true);
    bed.advance(60.0);
    let mut client = asking.answer();
    assert_eq!((client.status, client.text()), (200, &*CHAT.stream()));
    assert_eq!(bed.rows().await, ["1 a 0 timeout", "2 b 200 success."]);
    assert_eq!(bed.last().await["first_token_ms"], 60_000.0);
}
