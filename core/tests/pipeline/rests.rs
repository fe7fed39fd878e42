//! Who rests, for how long, and what lifts a rest.

use llmio_core::testing::Reply;
use serde_json::{Value, json};

use crate::bed::{Bed, config};
use crate::client::Client;
use crate::support::{failure, reply, stream};
use crate::wires::{CHAT, MESSAGES, WIRES, Wire};

/// What a client hears when nobody is asked.
#[track_caller]
fn refused(bed: &Bed, wire: &Wire) -> (u16, u64) {
    let before = bed.count();
    let client = bed.answer(wire, true);
    assert_eq!(bed.count(), before, "somebody was asked");
    (client.status, client.retry_after().unwrap())
}

fn asks(bed: &Bed, model: &str) -> Client {
    let (path, mut body) = CHAT.request(true);
    body["model"] = json!(model);
    bed.send(path, body).answer()
}

#[tokio::test]
async fn a_rate_limit_without_a_hint_rests_for_twice_as_long_each_time() {
    for wire in &WIRES {
        let bed = Bed::single(wire).await;
        for rest in [2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            bed.script([failure(429, "")]);
            let client = bed.answer(wire, true);
            assert_eq!((client.status, client.retry_after()), (429, Some(rest)), "{}", wire.kind);
            assert_eq!(refused(&bed, wire), (429, rest), "{}", wire.kind);
            bed.advance(rest as f64 - 0.5);
            assert_eq!(refused(&bed, wire), (429, 1));
            bed.advance(0.5);
        }
        bed.script([stream(wire.stream()), failure(429, "")]);
        bed.answer(wire, true).text();
        assert_eq!(bed.answer(wire, true).retry_after(), Some(2), "a good answer ends the series");
    }
}

#[tokio::test]
async fn every_hint_rests() {
    // The clock begins at 2026-01-01T00:00:00Z.
    let unified = "anthropic-ratelimit-unified-status: rejected\nanthropic-ratelimit-unified-reset: 1767225690";
    let daily = "x-ratelimit-reset-requests: 6m0s\nx-ratelimit-remaining-requests: 0";
    let left = "x-ratelimit-reset-requests: 6m0s\nx-ratelimit-remaining-requests: 5";
    let allowed = "anthropic-ratelimit-unified-status: allowed\nanthropic-ratelimit-unified-reset: 1767225690";
    for (status, headers, body, rest) in [
        (429, "retry-after: 30", "{}", Some(30)),
        (429, "retry-after-ms: 2500", "{}", Some(3)),
        (429, "retry-after: Thu, 01 Jan 2026 00:01:00 GMT", "{}", Some(60)),
        (429, daily, "{}", Some(360)),
        (429, unified, "{}", Some(90)),
        (429, "anthropic-ratelimit-unified-reset: 1767225690", "{}", Some(90)),
        (429, left, "{}", Some(2)),
        (429, "", r#"{"error":{"message":"no","resets_in_seconds":45}}"#, Some(45)),
        (429, "", r#"{"error":{"message":"no","resets_at":1767225645}}"#, Some(45)),
        (429, "", r#"{"error":{"code":429,"message":"no","details":[{"retryDelay":"34.4s"}]}}"#, Some(35)),
        (503, "retry-after: 30", "{}", Some(30)),
        (529, "retry-after: 30", "{}", Some(30)),
        (500, "retry-after: 30", "{}", Some(30)),
        // These say something of a limit, and nothing of this failure.
        (529, allowed, "{}", None),
        (503, "x-ratelimit-reset: 30", "{}", None),
        (503, "", "{}", None),
    ] {
        let bed = Bed::single(&MESSAGES).await;
        bed.script([reply(status, headers, body)]);
        let client = bed.answer(&MESSAGES, true);
        assert_eq!((client.status, client.retry_after().is_some()), (status, rest.is_some()), "{headers} {body}");
        match rest {
            Some(rest) => {
                let expected = (if status == 429 { 429 } else { 503 }, rest);
                assert_eq!(refused(&bed, &MESSAGES), expected, "{status} {headers} {body}");
            }
            None => {
                bed.answer(&MESSAGES, true);
                assert_eq!(bed.count(), 2, "{status} {headers} {body}");
            }
        }
    }
}

#[tokio::test]
async fn under_a_pattern_each_name_rests_alone() {
    let bed = Bed::of(config(&CHAT, &["a"], json!({"name": "*", "max_retry": 0}))).await;
    bed.script([failure(429, "retry-after: 30"), stream(CHAT.stream())]);
    assert_eq!(asks(&bed, "one").status, 429);
    assert_eq!((asks(&bed, "one").status, bed.count()), (429, 1));
    assert_eq!((asks(&bed, "two").status, bed.count()), (200, 2));
    // Names that somebody made up close nothing for others, however they fail.
    for status in [404, 500] {
        for name in 0..6 {
            bed.script([failure(status, "")]);
            asks(&bed, &format!("made-up-{name}"));
        }
        bed.script([stream(CHAT.stream())]);
        assert_eq!(asks(&bed, "two").status, 200, "{status}");
    }
}

#[tokio::test]
async fn an_account_that_is_refused_closes_the_whole_association() {
    for status in [401, 402] {
        let bed = Bed::of(config(&CHAT, &["a"], json!({"name": "*", "max_retry": 0}))).await;
        for name in 0..5 {
            bed.script([failure(status, "")]);
            assert_eq!(asks(&bed, &format!("name-{name}")).status, 502);
        }
        let client = asks(&bed, "another");
        assert_eq!((client.status, client.retry_after(), bed.count()), (503, Some(60), 5), "{status}");
    }
}

#[tokio::test]
async fn when_all_rest_the_one_that_is_free_first_decides() {
    for (a, b, expected) in [
        ((429, 30), (429, 20), (429, 20)),
        ((429, 20), (503, 30), (429, 20)),
        ((429, 30), (503, 20), (503, 20)),
        ((503, 30), (529, 20), (503, 20)),
    ] {
        let bed = Bed::new(&MESSAGES, &["a", "b"], json!({})).await;
        bed.script([a, b].map(|(status, seconds)| failure(status, &format!("retry-after: {seconds}"))));
        let client = bed.answer(&MESSAGES, true);
        assert_eq!(client.retry_after(), Some(expected.1), "{a:?} {b:?}: of whoever is free first");
        assert_eq!(refused(&bed, &MESSAGES), expected, "{a:?} {b:?}");
    }
}

#[tokio::test]
async fn counting_tokens_changes_nothing() {
    let bed = Bed::single(&MESSAGES).await;
    let (_, body) = MESSAGES.request(false);
    for status in [500, 500, 500, 500, 500, 401, 401, 401, 401, 401, 429, 503, 404] {
        let before = bed.count();
        bed.script([failure(status, "retry-after: 30")]);
        bed.send("/anthropic/v1/messages/count_tokens", body.clone()).answer();
        assert_eq!(bed.count(), before + 1, "{status}: it is asked all the same");
    }
    bed.script([stream(MESSAGES.stream())]);
    assert_eq!(bed.answer(&MESSAGES, true).text(), MESSAGES.stream());
    // And what rests is not asked for counts, either.
    bed.script([failure(429, "retry-after: 30")]);
    bed.answer(&MESSAGES, true);
    let before = bed.count();
    let client = bed.send("/anthropic/v1/messages/count_tokens", body).answer();
    assert_eq!((client.status, bed.count()), (429, before));
}

#[tokio::test]
async fn a_rate_limit_of_counting_is_no_reason_to_ask_again_at_once() {
    let bed = Bed::new(&MESSAGES, &["a"], json!({"max_retry": 3})).await;
    bed.script((0..4).map(|_| failure(429, "")));
    let client = bed.send("/anthropic/v1/messages/count_tokens", MESSAGES.request(false).1).answer();
    assert_eq!((client.status, bed.count()), (429, 1));
}

#[tokio::test]
async fn what_lifts_a_rest() {
    let changes: Vec<(&str, Value, bool)> = vec![
        ("PATCH provider", json!({"api_key": "sk-another-key-0001"}), true),
        ("PATCH provider", json!({"base_url": "https://other.example/v1"}), true),
        ("PATCH provider", json!({"proxy": "http://proxy.example:3128"}), true),
        ("PATCH provider", json!({"error_matcher": "out of order"}), false),
        ("PATCH provider", json!({"name": "renamed"}), false),
        ("PATCH association", json!({"weight": 7}), false),
        ("POST reset", Value::Null, true),
        ("POST test", json!({"kind": "plain", "model": "m"}), true),
        ("PUT settings", json!({"log_retention_days": 3}), false),
    ];
    for (change, body, lifts) in changes {
        for status in [429, 503, 401] {
            let bed = Bed::single(&CHAT).await;
            bed.script([failure(status, "retry-after: 60")]);
            bed.answer(&CHAT, true);
            refused(&bed, &CHAT);
            let association = bed.association("a").await;
            let view = bed.api(&format!("GET /api/associations/{association}"), Value::Null).await;
            let provider = view["provider_id"].as_str().unwrap();
            if change == "POST test" {
                bed.script([reply(200, "content-type: application/json", CHAT.whole)]);
            }
            let call = match change {
                "PATCH provider" => format!("PATCH /api/providers/{provider}"),
                "PATCH association" => format!("PATCH /api/associations/{association}"),
                "POST reset" => format!("POST /api/associations/{association}/reset"),
                "POST test" => format!("POST /api/associations/{association}/test"),
                _ => "PUT /api/settings".to_owned(),
            };
            bed.api(&call, body.clone()).await;
            let before = bed.count();
            bed.script([stream(CHAT.stream())]);
            bed.answer(&CHAT, true);
            assert_eq!(bed.count() > before, lifts, "{change} {body} after {status}");
        }
    }
}

#[tokio::test]
async fn the_longest_rest_is_a_setting_and_one_request_probes_after_it() {
    for (setting, longest) in [(None, 3600), (Some(10), 10)] {
        let bed = Bed::single(&CHAT).await;
        if let Some(max_rest) = setting {
            bed.api("PUT /api/settings", json!({"max_rest": max_rest})).await;
        }
        bed.script([failure(429, "retry-after: 18000")]);
        assert_eq!(bed.answer(&CHAT, true).retry_after(), Some(longest));
        assert_eq!(refused(&bed, &CHAT), (429, longest));
        bed.advance(longest as f64);
        bed.script([Reply::Hang]);
        let mut probe = bed.ask(&CHAT, true);
        assert!(!probe.is_answered() && bed.count() == 2);
        assert_eq!(refused(&bed, &CHAT).0, 429, "one at a time");
        drop(probe);
        bed.script([stream(CHAT.stream()), stream(CHAT.stream())]);
        assert_eq!(bed.answer(&CHAT, true).text(), CHAT.stream());
        assert_eq!((bed.answer(&CHAT, true).status, bed.count()), (200, 4));
    }
}
