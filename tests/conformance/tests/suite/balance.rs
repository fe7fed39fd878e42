//! How requests spread over providers.

use core::time::Duration;

use llmio_conformance::config::{Config, weighted};
use llmio_conformance::dialect::{self, Form};
use llmio_conformance::{Home, Setup};
use llmio_upstream::{Behaviour, Dialect, Fault, Upstream};
use serde_json::json;

struct Bed {
    home: Home,
    upstreams: Vec<Upstream>,
}

impl Bed {
    async fn new(strategy: &str, weights: &[u32]) -> Self {
        let mut upstreams = Vec::new();
        let mut config = Config::new();
        let mut associations = Vec::new();
        for (index, weight) in weights.iter().enumerate() {
            let name = format!("p{index}");
            let upstream = Upstream::with_key(&format!("sk-{name}")).await.expect("a provider");
            config = config.upstream(&name, Dialect::Chat, &upstream);
            associations.push(weighted(&name, "ok", *weight));
            upstreams.push(upstream);
        }
        // One body again and again would be one conversation.
        let config = config.model_with("m", &json!({"strategy": strategy, "affinity": false}), associations);
        Self { home: Home::start(Setup::new(config)).await, upstreams }
    }

    async fn ask(&self, times: usize) {
        for _ in 0..times {
            let answer = dialect::call(&self.home, Dialect::Chat, "m", Form::Whole).send().await;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }

    fn counts(&self) -> Vec<usize> {
        self.upstreams.iter().map(|upstream| upstream.exchanges().len()).collect()
    }
}

#[tokio::test]
async fn lottery_is_random_by_weight() {
    let bed = Bed::new("lottery", &[3, 1]).await;
    bed.ask(400).await;
    let counts = bed.counts();
    // 300 are expected with a deviation of 8.7; the bounds are seven deviations away, equal shares eleven.
    assert!((240..=360).contains(&counts[0]), "{counts:?}");
    assert_eq!(counts.iter().sum::<usize>(), 400);
}

#[tokio::test]
async fn rotor_is_strict_priority() {
    let bed = Bed::new("rotor", &[1, 9, 5]).await;
    bed.ask(20).await;
    assert_eq!(bed.counts(), [0, 20, 0]);
    bed.upstreams[1].always(Behaviour::fault(Fault::Internal));
    bed.ask(3).await;
    assert_eq!(bed.counts(), [0, 23, 3], "the next heaviest stands in");
}

#[tokio::test]
async fn round_robin_is_exact() {
    let bed = Bed::new("round_robin", &[5, 1, 1]).await;
    bed.ask(70).await;
    assert_eq!(bed.counts(), [50, 10, 10]);
}

#[tokio::test]
async fn least_latency_prefers_the_faster() {
    let bed = Bed::new("least_latency", &[1, 1]).await;
    bed.upstreams[0].always(Behaviour { head_delay_ms: 60, ..Behaviour::default() });
    bed.ask(60).await;
    let counts = bed.counts();
    assert!(counts[1] >= 40, "{counts:?}");
    // The other one is asked at least once, or its speed would never be known.
    assert!(counts[0] >= 1, "{counts:?}");
}

#[tokio::test]
async fn a_rate_limit_lowers_and_comes_back() {
    let bed = Bed::new("rotor", &[9, 1]).await;
    bed.upstreams[0].next([Behaviour { retry_after: Some("1".into()), ..Behaviour::fault(Fault::RateLimitedSeconds) }]);
    bed.ask(3).await;
    assert_eq!(bed.counts(), [1, 3], "during the cool-down it is not asked");
    for _ in 0..100 {
        bed.ask(1).await;
        if bed.counts()[0] > 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("after the cool-down it is asked again");
}

#[tokio::test]
async fn a_disabled_association_is_not_asked() {
    let one = Upstream::with_key("sk-one").await.expect("a provider");
    let two = Upstream::with_key("sk-two").await.expect("a provider");
    let mut off = weighted("one", "ok", 100);
    off["enabled"] = json!(false);
    let config = Config::new()
        .upstream("one", Dialect::Chat, &one)
        .upstream("two", Dialect::Chat, &two)
        .model("m", [off.clone(), weighted("two", "ok", 1)])
        .model("off", [off]);
    let home = Home::start(Setup::new(config)).await;
    assert_eq!(dialect::call(&home, Dialect::Chat, "m", Form::Whole).send().await.status, 200);
    assert_eq!((one.exchanges().len(), two.exchanges().len()), (0, 1));
    let none = dialect::call(&home, Dialect::Chat, "off", Form::Whole).send().await;
    assert!(none.status == 404 || none.status == 503, "{}", none.text());
    dialect::error_message(Dialect::Chat, &none);
}

#[tokio::test]
async fn retries_stay_within_the_budget() {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let config = Config::new().upstream("p", Dialect::Chat, &upstream);
    // The model, its retries, the fault, how often the only provider is asked.
    let rows = [
        ("limited", 2, "fault:429", 1),
        ("once", 0, "fault:429", 1),
        ("billing", 3, "fault:429-billing", 1),
        ("waits", 3, "fault:429-seconds", 1),
        ("broken", 1, "fault:500", 2),
        ("broken-once", 0, "fault:500", 1),
        ("refused", 3, "fault:401", 1),
        ("not-here", 3, "fault:404", 1),
        ("client", 3, "fault:400-context", 1),
    ];
    let config = rows.iter().fold(config, |config, (name, retries, model, _)| {
        config.model_with(name, &json!({"max_retry": retries}), [weighted("p", model, 1)])
    });
    let home = Home::start(Setup::new(config)).await;
    for (name, _, _, expected) in rows {
        upstream.clear_journal();
        let answer = dialect::call(&home, Dialect::Chat, name, Form::Whole).send().await;
        assert!(answer.status >= 400);
        assert_eq!(upstream.exchanges().len(), expected, "{name}");
        assert_eq!(home.trace(&answer.trace()).await.len(), expected, "{name}");
    }
}

#[tokio::test]
async fn of_several_errors_the_most_telling_is_answered() {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    // In the order of asking, and the status that the client gets.
    let rows = [
        (["fault:500", "fault:429-seconds", "fault:no-answer"], 429),
        (["fault:401", "fault:200-html", "fault:503"], 503),
        (["fault:no-answer", "fault:401", "fault:no-answer"], 502),
    ];
    let mut config = Config::new().upstream("p", Dialect::Chat, &upstream);
    for (index, (models, _)) in rows.iter().enumerate() {
        let associations = models.iter().zip([3, 2, 1]).map(|(model, weight)| weighted("p", model, weight));
        config = config.model(&format!("m{index}"), associations);
    }
    let home = Home::start(Setup::new(config)).await;
    for (index, (models, status)) in rows.iter().enumerate() {
        let answer = dialect::call(&home, Dialect::Chat, &format!("m{index}"), Form::Whole).send().await;
        assert_eq!(answer.status, *status, "{models:?}: {}", answer.text());
        assert_eq!(answer.header("retry-after").is_some(), *status == 429, "{models:?}");
        let rows = home.trace(&answer.trace()).await;
        assert_eq!(rows.len(), 3, "{models:?}: {rows:?}");
        assert_eq!(rows.iter().filter(|row| row["is_final"] == true).count(), 1);
    }
}
