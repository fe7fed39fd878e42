use core::time::Duration;

use super::*;
use crate::config::Strategy;
use crate::platform::Timestamp;

const fn pair<'a>(association: &'a str, provider_model: &'a str) -> Pair<'a> {
    Pair { association, provider_model }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

fn limited(seconds: u64) -> Report {
    Report::RateLimited { pause: Some(Duration::from_secs(seconds)) }
}

const FAILED: Report = Report::Failed { pause: None };
const REFUSED: Report = Report::Refused { pause: None };

fn is_asked(balancer: &Balancer, pair: Pair<'_>, now: Timestamp) -> bool {
    balancer.resting(pair, true, now).is_none()
}

#[test]
fn round_robin_is_smooth_and_exact() {
    let balancer = Balancer::default();
    let turn = [("a", 5.0), ("b", 1.0), ("c", 1.0)];
    let mut order = String::new();
    for _ in 0..14 {
        let contenders = turn.iter().enumerate().map(|(index, (association, weight))| Contender {
            index,
            weight: *weight,
            tier: 0,
            made: false,
            roomy: true,
            preferred: true,
            latency: 0.0,
            credit: balancer.standing(pair(association, "m"), true, at(0)).credit,
            lot: None,
            last: false,
        });
        let chosen = Selection::new(Strategy::RoundRobin, contenders.collect()).pick(|_| true, || 0.0).unwrap();
        balancer.take_turn(&turn, turn[chosen].0);
        order.push_str(turn[chosen].0);
    }
    assert_eq!(order, "aabacaaaabacaa");
}

#[test]
fn a_failing_model_closes_no_other_one() {
    let balancer = Balancer::default();
    balancer.report(pair("a", "busy"), limited(30), at(0));
    for model in ["x1", "x2", "x3", "x4", "x5"] {
        balancer.report(pair("a", model), FAILED, at(0));
    }
    for _ in 0..5 {
        balancer.report(pair("a", "broken"), FAILED, at(0));
    }
    assert!(!is_asked(&balancer, pair("a", "busy"), at(1)));
    assert!(!is_asked(&balancer, pair("a", "broken"), at(1)));
    assert!(is_asked(&balancer, pair("a", "good"), at(1)));
    assert!(is_asked(&balancer, pair("a", "x1"), at(1)));
    let health = balancer.health("a", at(1));
    assert_eq!(health.whole, Health::default());
    let names: Vec<_> = health.models.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["broken", "busy", "x1", "x2", "x3", "x4", "x5"]);
}

#[test]
fn a_refused_account_closes_all_its_models() {
    let balancer = Balancer::default();
    for model in ["m1", "m2", "m3", "m4", "m5"] {
        balancer.report(pair("a", model), REFUSED, at(0));
    }
    assert!(!is_asked(&balancer, pair("a", "never-asked"), at(1)));
    assert!(is_asked(&balancer, pair("b", "m1"), at(1)));
    assert!(balancer.health("a", at(1)).models.is_empty(), "its models are as healthy as it is");
}

#[test]
fn names_that_clients_choose_are_bounded() {
    let balancer = Balancer::default();
    balancer.report(pair("a", "first"), limited(3000), at(0));
    balancer.report(pair("a", "used"), limited(3000), at(0));
    for number in 0..300 {
        balancer.report(pair("a", &format!("made-up-{number}")), FAILED, at(0));
        balancer.report(pair("a", "used"), Report::Neutral, at(0));
    }
    assert_eq!(balancer.health("a", at(0)).models.len(), 256);
    assert!(!is_asked(&balancer, pair("a", "used"), at(1)));
    assert!(is_asked(&balancer, pair("a", "first"), at(1)), "the oldest goes");
}

#[test]
fn a_clock_that_is_put_back_lengthens_no_rest() {
    let balancer = Balancer::default();
    balancer.report(pair("a", "m"), limited(60), at(10_000));
    for _ in 0..5 {
        balancer.report(pair("b", "m"), FAILED, at(10_000));
    }
    for association in ["a", "b"] {
        assert!(!is_asked(&balancer, pair(association, "m"), at(10_030)));
    }
    // An hour back, after half of the rest.
    for (now, expected) in [(6_430, false), (6_459, false), (6_460, true)] {
        for association in ["a", "b"] {
            assert_eq!(is_asked(&balancer, pair(association, "m"), at(now)), expected, "{association} at {now}");
        }
    }
}

#[test]
fn a_reset_lifts_everything_here_and_elsewhere() {
    let (one, other) = (Balancer::default(), Balancer::default());
    for _ in 0..5 {
        one.report(pair("a", "m"), FAILED, at(100));
        one.report(pair("a", "m"), REFUSED, at(100));
    }
    one.report(pair("a", "n"), limited(600), at(100));
    let news = one.news(at(100));
    assert_eq!(news.len(), 3);
    other.learn(&news, &[], at(101));
    assert!(!is_asked(&other, pair("a", "n"), at(101)));
    one.reset("a");
    assert_eq!(one.news(at(102)), [], "what was lifted is no news");
    assert!(is_asked(&one, pair("a", "m"), at(102)) && is_asked(&one, pair("a", "n"), at(102)));
    let reset = Reset { association_id: "a".to_owned(), at: at(102) };
    other.learn(&[], std::slice::from_ref(&reset), at(103));
    assert!(is_asked(&other, pair("a", "m"), at(103)) && is_asked(&other, pair("a", "n"), at(103)));
    other.report(pair("a", "n"), limited(600), at(104));
    other.learn(&[], &[reset], at(105));
    assert!(!is_asked(&other, pair("a", "n"), at(105)), "a reset is obeyed once");
}

#[test]
fn instances_learn_from_each_other_who_rests() {
    let (one, other) = (Balancer::default(), Balancer::default());
    for _ in 0..4 {
        one.report(pair("failing", "m"), FAILED, at(100));
    }
    assert_eq!(one.news(at(100)), [], "a breaker that has not opened is nobody else's business");
    one.report(pair("failing", "m"), FAILED, at(100));
    one.report(pair("busy", "m"), limited(30), at(100));
    let news = one.news(at(100));
    let rest = |association: &str, open: Option<i64>, cooldown: Option<i64>| Rest {
        association_id: association.to_owned(),
        provider_model: "m".to_owned(),
        open_until: open.map(at),
        cooldown_until: cooldown.map(at),
    };
    let (busy, failing) = (rest("busy", None, Some(130)), rest("failing", Some(160), None));
    assert_eq!(news, [busy.clone(), failing.clone()]);
    assert_eq!(one.news(at(140)), std::slice::from_ref(&failing), "they are news until they are told, or over");
    one.told(&news);
    assert_eq!(one.news(at(100)), []);

    other.learn(&news, &[], at(101));
    assert!(!other.start(pair("failing", "m"), true, at(101)));
    assert_eq!(other.resting(pair("busy", "m"), true, at(101)).map(|it| it.until), Some(at(130)));
    assert_eq!(other.news(at(101)), [], "what was learnt is not told again");
    one.report(pair("busy", "m"), Report::RateLimited { pause: Some(Duration::from_millis(29_900)) }, at(101));
    assert_eq!(one.news(at(101)), [], "not a second more is no news");
    one.report(pair("busy", "m"), limited(60), at(101));
    one.told(&[busy]);
    assert_eq!(one.news(at(101)), [rest("busy", None, Some(161))], "what was told is not the newest");

    assert!(other.start(pair("failing", "m"), true, at(160)), "each instance probes by itself");
    other.learn(&[failing], &[], at(160));
    let half_open = Breaker::HalfOpen { successes: 0, probing_since: Some(at(160)) };
    assert_eq!(other.health("failing", at(160)).models[0].1.breaker, half_open);
}

#[test]
fn nobody_rests_for_longer_than_is_granted() {
    let balancer = Balancer::default();
    balancer.set_max_rest(Duration::from_secs(60));
    balancer.report(pair("a", "m"), limited(600), at(0));
    assert_eq!(balancer.resting(pair("a", "m"), true, at(0)).map(|it| it.until), Some(at(60)));
    let rest = Rest {
        association_id: "b".to_owned(),
        provider_model: String::new(),
        open_until: None,
        cooldown_until: Some(at(9_000)),
    };
    balancer.learn(&[rest], &[], at(0));
    assert_eq!(balancer.resting(pair("b", "m"), true, at(0)).map(|it| it.until), Some(at(60)), "another's clock");
}

#[test]
fn a_model_without_breaker_ignores_it() {
    let balancer = Balancer::default();
    for _ in 0..5 {
        balancer.report(pair("a", "m"), FAILED, at(100));
    }
    assert!(!balancer.start(pair("a", "m"), true, at(100)));
    assert!(balancer.start(pair("a", "m"), false, at(100)));
    assert!(balancer.resting(pair("a", "m"), false, at(100)).is_none());
}
