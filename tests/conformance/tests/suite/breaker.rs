//! The circuit breaker, as far as a client can see it without waiting a minute.

use llmio_conformance::config::{Config, weighted};
use llmio_conformance::dialect::{self, Form};
use llmio_conformance::{Home, Setup};
use llmio_upstream::{Behaviour, Dialect, Fault, Upstream};
use serde_json::json;

struct Bed {
    home: Home,
    first: Upstream,
    second: Upstream,
}

async fn bed(breaker: bool) -> Bed {
    let first = Upstream::with_key("sk-first").await.expect("a provider");
    let second = Upstream::with_key("sk-second").await.expect("a provider");
    let fields = json!({"breaker": breaker});
    let config = Config::new()
        .upstream("first", Dialect::Chat, &first)
        .upstream("second", Dialect::Chat, &second)
        .model_with("pair", &fields, [weighted("first", "ok", 9), weighted("second", "ok", 1)])
        // Without asking again: each request counts once.
        .model_with("alone", &json!({"breaker": breaker, "max_retry": 0}), [weighted("first", "ok", 9)]);
    Bed { home: Home::start(Setup::new(config)).await, first, second }
}

impl Bed {
    async fn ask(&self, model: &str, times: usize) -> Vec<u16> {
        let mut seen = Vec::new();
        for _ in 0..times {
            seen.push(dialect::call(&self.home, Dialect::Chat, model, Form::Whole).send().await.status);
        }
        seen
    }
}

#[tokio::test]
async fn five_failures_open_it() {
    let bed = bed(true).await;
    bed.first.always(Behaviour::fault(Fault::Internal));
    assert_eq!(bed.ask("pair", 8).await, [200; 8]);
    assert_eq!((bed.first.exchanges().len(), bed.second.exchanges().len()), (5, 8));
}

#[tokio::test]
async fn an_open_one_says_when_to_come_back() {
    let bed = bed(true).await;
    bed.first.always(Behaviour::fault(Fault::Internal));
    assert_eq!(bed.ask("alone", 5).await, [500; 5]);
    let answer = dialect::call(&bed.home, Dialect::Chat, "alone", Form::Whole).send().await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    dialect::error_message(Dialect::Chat, &answer);
    let seconds: u64 = answer.header("retry-after").and_then(|text| text.parse().ok()).expect("a Retry-After");
    assert!((30..=60).contains(&seconds), "{seconds}");
    assert_eq!(bed.first.exchanges().len(), 5);
}

#[tokio::test]
async fn a_success_resets_the_count() {
    let bed = bed(true).await;
    let fail = || Behaviour::fault(Fault::Internal);
    let steps = [fail(), fail(), fail(), fail(), Behaviour::default(), fail(), fail(), fail(), fail()];
    bed.first.next(steps);
    assert_eq!(bed.ask("alone", 10).await, [500, 500, 500, 500, 200, 500, 500, 500, 500, 200]);
}

#[tokio::test]
async fn client_errors_and_rate_limits_do_not_count() {
    let bed = bed(true).await;
    for fault in [Fault::ContextLength, Fault::RateLimitedSeconds] {
        let seconds = Some("0".to_owned());
        bed.first.next(core::iter::repeat_n(Behaviour { retry_after: seconds, ..Behaviour::fault(fault) }, 7));
    }
    bed.ask("pair", 30).await;
    bed.first.clear_scripts();
    bed.first.clear_journal();
    bed.ask("pair", 1).await;
    assert_eq!(bed.first.exchanges().len(), 1, "it is still asked");
}

#[tokio::test]
async fn without_it_every_request_tries() {
    let bed = bed(false).await;
    bed.first.always(Behaviour::fault(Fault::Internal));
    bed.ask("pair", 8).await;
    assert_eq!(bed.first.exchanges().len(), 8);
}
