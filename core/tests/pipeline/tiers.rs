//! Tiers: the free one first, then one's own account, the paid one last.

use serde_json::json;

use crate::bed::{Bed, config};
use crate::support::{failure, stream};
use crate::wires::{CHAT, WIRES, Wire};

const STRATEGIES: [&str; 4] = ["lottery", "rotor", "round_robin", "least_latency"];

/// The heaviest is asked last.
async fn bed(wire: &Wire, strategy: &str) -> Bed {
    let mut config = config(wire, &["paid", "mine", "free"], json!({"strategy": strategy}));
    for (index, priority) in [-1, 0, 1].into_iter().enumerate() {
        config["models"][0]["associations"][index]["priority"] = json!(priority);
    }
    Bed::of(config).await
}

#[tokio::test]
async fn a_lower_tier_stands_in_until_a_higher_one_is_awake() {
    for wire in &WIRES {
        for strategy in STRATEGIES {
            let bed = bed(wire, strategy).await;
            let mut seen = 0;
            for (wait, limits, asked) in [
                (0.0, &[][..], "free"),
                (0.0, &["retry-after: 30"], "free mine"),
                (0.0, &[], "mine"),
                (0.0, &["retry-after: 60"], "mine paid"),
                (0.0, &[], "paid"),
                (30.0, &[], "free"),
                (0.0, &["retry-after: 90"], "free paid"),
                (30.0, &[], "mine"),
                (60.0, &[], "free"),
            ] {
                bed.advance(wait);
                bed.script(limits.iter().map(|header| failure(429, header)));
                bed.script([stream(wire.stream())]);
                let mut client = bed.answer(wire, true);
                assert_eq!((client.status, client.text()), (200, &*wire.stream()), "{strategy}");
                assert_eq!(bed.asked()[seen..].join(" "), asked, "{} {strategy}", wire.kind);
                seen = bed.count();
            }
        }
    }
}

#[tokio::test]
async fn a_failure_asks_the_next_tier_at_once() {
    for strategy in STRATEGIES {
        for status in [401, 404, 429, 500] {
            let bed = bed(&CHAT, strategy).await;
            bed.script([failure(status, "retry-after: 0"), failure(status, "retry-after: 0"), stream(CHAT.stream())]);
            assert_eq!(bed.answer(&CHAT, true).status, 200, "{strategy} {status}");
            assert_eq!(bed.asked(), ["free", "mine", "paid"], "{strategy} {status}");
        }
    }
}

#[tokio::test]
async fn a_turn_is_of_one_tier() {
    let mut config = config(&CHAT, &["a", "b", "lower"], json!({"strategy": "round_robin", "affinity": false}));
    for (index, (weight, priority)) in [(2, 5), (1, 5), (100, 4)].into_iter().enumerate() {
        config["models"][0]["associations"][index]["weight"] = json!(weight);
        config["models"][0]["associations"][index]["priority"] = json!(priority);
    }
    let bed = Bed::of(config).await;
    let answers = |count: usize| {
        bed.script((0..count).map(|_| stream(CHAT.stream())));
        let before = bed.count();
        (0..count).for_each(|_| assert_eq!(bed.answer(&CHAT, true).text(), CHAT.stream()));
        bed.asked().split_off(before).join(" ")
    };
    assert_eq!(answers(6), "a b a a b a");
    bed.script([failure(429, "retry-after: 30"), failure(429, "retry-after: 30")]);
    assert_eq!(answers(1), "a b lower");
    assert_eq!(answers(5), "lower lower lower lower lower");
    bed.advance(30.0);
    let mut after: Vec<_> = answers(6).split(' ').map(str::to_owned).collect();
    after.sort();
    assert_eq!(after, ["a", "a", "a", "a", "b", "b"], "nobody is owed for the time in which it rested");
}
