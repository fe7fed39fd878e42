//! Rests: what is not asked for a while, how long, and what ends it early.

use core::ops::RangeInclusive;
use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

use http::Method;
use llmio_conformance::client::{Answer, Call};
use llmio_conformance::config::{Config, weighted};
use llmio_conformance::dialect::{self, Form, KEY};
use llmio_conformance::{Home, Setup};
use llmio_upstream::answer::Part;
use llmio_upstream::ports::Refused;
use llmio_upstream::replay::{Ending, Replay};
use llmio_upstream::script::{Script, When};
use llmio_upstream::{Behaviour, Dialect, Fault, ProviderError, Upstream};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::scripted::{events, text_of};

use Dialect::{Anthropic, Chat, Gemini, Responses};

struct Bed {
    home: Home,
    first: Upstream,
    second: Upstream,
}

impl Bed {
    /// Models of these names: of the first provider, then of the second; with `alone-` before, of the first one only.
    async fn new(dialect: Dialect, fields: &Value, names: &str) -> Self {
        let first = Upstream::with_key("sk-first").await.expect("a provider");
        let second = Upstream::with_key("sk-second").await.expect("a provider");
        let config = Config::new()
            .upstream("first", dialect, &first)
            .upstream("second", dialect, &second)
            .model_with(names, fields, [weighted("first", "*", 9), weighted("second", "*", 1)])
            .model_with(&format!("alone-{names}"), fields, [weighted("first", "*", 9)]);
        Self { home: Home::start(Setup::new(config)).await, first, second }
    }

    async fn ask(&self, dialect: Dialect, model: &str) -> Answer {
        dialect::call(&self.home, dialect, model, Form::Whole).send().await
    }

    /// How often the first provider was asked for a model.
    fn asked(&self, model: &str) -> usize {
        asked(&self.first, model)
    }
}

fn asked(upstream: &Upstream, model: &str) -> usize {
    let in_path = format!("/models/{model}:");
    upstream.exchanges().iter().filter(|it| it.path.contains(&in_path) || it.json()["model"] == model).count()
}

/// Answers a model so, whenever it is asked for.
fn always(upstream: &Upstream, model: &str, answer: Behaviour) {
    let when = When { model: Some(model.to_owned()), ..When::default() };
    upstream.script(Script { when, steps: vec![answer], repeat_last: true });
}

fn limited_for(seconds: &str) -> Behaviour {
    Behaviour { retry_after: Some(seconds.to_owned()), ..Behaviour::fault(Fault::RateLimitedSeconds) }
}

fn with_header(fault: Fault, name: &str, value: &str) -> Behaviour {
    let mut behaviour = Behaviour::fault(fault);
    behaviour.headers.insert(name.to_owned(), value.to_owned());
    behaviour
}

fn seconds(answer: &Answer) -> Option<u64> {
    answer.header("retry-after").and_then(|text| text.parse().ok())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs()
}

#[tokio::test]
async fn a_rate_limit_rests_one_name() {
    for dialect in Dialect::ALL {
        let bed = Bed::new(dialect, &json!({}), "*").await;
        always(&bed.first, "name-a", limited_for("60"));
        always(&bed.first, "name-c", Behaviour::fault(Fault::RateLimited));
        for model in ["name-a", "name-a", "name-b", "name-a", "name-b", "name-c", "name-c"] {
            let answer = bed.ask(dialect, model).await;
            assert_eq!(answer.status, 200, "{dialect:?} {model}: {}", answer.text());
        }
        let seen = ["name-a", "name-b", "name-c"].map(|name| (bed.asked(name), asked(&bed.second, name)));
        assert_eq!(seen, [(1, 3), (2, 0), (1, 2)], "{dialect:?}: by name, the first and the second provider");
    }
}

#[tokio::test]
async fn made_up_names_close_a_model_for_nobody() {
    for fault in [Fault::NotFound, Fault::Internal, Fault::RateLimited] {
        let bed = Bed::new(Chat, &json!({"breaker": true, "max_retry": 1}), "*").await;
        for index in 0..7 {
            let name = format!("made-up-{index}");
            always(&bed.first, &name, Behaviour::fault(fault));
            bed.ask(Chat, &name).await;
        }
        bed.ask(Chat, "real").await;
        assert_eq!((bed.asked("real"), asked(&bed.second, "real")), (1, 0), "{fault:?}");
    }
}

#[tokio::test]
async fn five_failures_of_one_name_rest_that_name() {
    let bed = Bed::new(Chat, &json!({"breaker": true, "max_retry": 1}), "*").await;
    always(&bed.first, "broken", Behaviour::fault(Fault::Internal));
    for _ in 0..7 {
        assert_eq!(bed.ask(Chat, "broken").await.status, 200);
    }
    bed.ask(Chat, "other").await;
    assert_eq!((bed.asked("broken"), bed.asked("other")), (5, 1));
}

/// What an account may not do for one name it may not do for any.
#[tokio::test]
async fn account_troubles_rest_all_names() {
    let no_credit = ProviderError::new(400, "Your credit balance is too low to access the Anthropic API.");
    let no_credit = Replay::whole(400, "application/json", no_credit.body(Anthropic).to_string());
    for trouble in [Behaviour::fault(Fault::Unauthorized), no_credit.into()] {
        let bed = Bed::new(Anthropic, &json!({"breaker": true}), "*").await;
        for index in 0..5 {
            let name = format!("name-{index}");
            always(&bed.first, &name, trouble.clone());
            assert_eq!(bed.ask(Anthropic, &name).await.status, 200);
        }
        assert_eq!(bed.ask(Anthropic, "another").await.status, 200);
        assert_eq!(bed.asked("another"), 0, "{trouble:?}");
    }
}

#[tokio::test]
async fn counting_tokens_rests_nothing() {
    let bed = Bed::new(Anthropic, &json!({"breaker": true}), "m").await;
    for fault in [Fault::Internal, Fault::RateLimited, Fault::Unauthorized, Fault::RateLimitedSeconds] {
        let when = When { path: Some("count_tokens".to_owned()), ..When::default() };
        bed.first.clear_scripts();
        bed.first.script(Script { when, steps: vec![Behaviour::fault(fault)], repeat_last: true });
        for _ in 0..6 {
            let call = Call::post(&bed.home.url("/anthropic/v1/messages/count_tokens"));
            let body = json!({"model": "m", "messages": [{"role": "user", "content": "Count me"}]});
            dialect::authorized(call, Anthropic, KEY).json(&body).send().await;
        }
        bed.first.clear_journal();
        assert_eq!(bed.ask(Anthropic, "m").await.status, 200);
        assert_eq!(bed.first.exchanges().len(), 1, "{fault:?}: it is asked to generate");
    }
}

/// What an answer says of when to come back, and the seconds that the next request is told.
fn hints() -> Vec<(&'static str, Dialect, Behaviour, u16, RangeInclusive<u64>)> {
    let header = with_header;
    let body = |dialect, status, error: Value| {
        let mut body = ProviderError::new(status, "Too many requests.").body(dialect);
        for (name, value) in error.as_object().into_iter().flatten() {
            body["error"][name] = value.clone();
        }
        Behaviour::from(Replay::whole(status, "application/json", body.to_string()))
    };
    let info =
        |delay: &str| json!({"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}]});
    let unified = "anthropic-ratelimit-unified-reset";
    vec![
        ("none", Chat, Behaviour::fault(Fault::RateLimited), 429, 1..=2),
        ("none", Responses, Behaviour::fault(Fault::RateLimited), 429, 1..=2),
        ("none", Anthropic, Behaviour::fault(Fault::RateLimited), 429, 1..=2),
        ("none", Gemini, Behaviour::fault(Fault::RateLimited), 429, 1..=2),
        ("retry-after", Chat, limited_for("30"), 429, 20..=30),
        ("retry-after-503", Chat, header(Fault::Unavailable, "retry-after", "30"), 503, 20..=30),
        ("retry-after-503", Gemini, header(Fault::Unavailable, "retry-after", "30"), 503, 20..=30),
        ("retry-after-529", Anthropic, header(Fault::Overloaded, "retry-after", "30"), 503, 20..=30),
        ("unified", Anthropic, header(Fault::RateLimited, unified, &(now() + 50).to_string()), 429, 30..=50),
        ("in-seconds", Chat, body(Chat, 429, json!({"resets_in_seconds": 45})), 429, 35..=45),
        ("in-seconds", Responses, body(Responses, 429, json!({"resets_in_seconds": 45})), 429, 35..=45),
        ("at", Responses, body(Responses, 429, json!({"resets_at": now() + 50})), 429, 30..=50),
        ("info", Gemini, body(Gemini, 429, info("37s")), 429, 27..=37),
        ("info-503", Gemini, body(Gemini, 503, info("37.5s")), 503, 27..=38),
        ("capped-header", Chat, limited_for("100000"), 429, 3590..=3600),
        ("capped-body", Responses, body(Responses, 429, json!({"resets_in_seconds": 500_000})), 429, 3590..=3600),
        ("capped-info", Gemini, body(Gemini, 429, info("86400s")), 429, 3590..=3600),
        ("capped-503", Anthropic, header(Fault::Unavailable, "retry-after", "86400"), 503, 3590..=3600),
    ]
}

#[tokio::test]
async fn every_hint_rests() {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let mut config = Config::new();
    for dialect in Dialect::ALL {
        config = config.upstream(dialect.as_str(), dialect, &upstream);
    }
    let rows = hints();
    let name = |what: &str, dialect: Dialect| format!("{what}-{}", dialect.as_str());
    for (what, dialect, answer, _, _) in &rows {
        let name = name(what, *dialect);
        always(&upstream, &name, answer.clone());
        config = config.model(&name, [weighted(dialect.as_str(), &name, 1)]);
    }
    let home = Home::start(Setup::new(config)).await;
    let mut wrong = Vec::new();
    // One after another: where each request at a time has a process, each process has rests of its own.
    for (what, dialect, _, status, range) in rows {
        let name = name(what, dialect);
        let first = dialect::call(&home, dialect, &name, Form::Whole).send().await;
        let second = dialect::call(&home, dialect, &name, Form::Whole).send().await;
        let asked = asked(&upstream, &name);
        let told = seconds(&second);
        if asked == 1 && second.status == status && told.is_some_and(|told| range.contains(&told)) {
            dialect::error_message(dialect, &second);
            continue;
        }
        let (first, text) = (first.status, second.text());
        wrong.push(format!(
            "{name}: {first}, then {} after {told:?} not {range:?}, asked {asked} times: {text}",
            second.status
        ));
    }
    assert!(wrong.is_empty(), "{} rows are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn the_longest_rest_is_a_setting() {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    upstream.next([limited_for("100000")]);
    let config = Config::new().setting("max_rest", 20).upstream("p", Chat, &upstream);
    let home = Home::start(Setup::new(config.model("m", [weighted("p", "ok", 1)]))).await;
    let ask = async || dialect::call(&home, Chat, "m", Form::Whole).send().await;
    ask().await;
    let answer = ask().await;
    let told = seconds(&answer);
    assert!(answer.status == 429 && told.is_some_and(|told| (10..=20).contains(&told)), "{told:?}: {}", answer.text());
}

#[tokio::test]
async fn rests_without_a_hint_double() {
    let bed = Bed::new(Chat, &json!({}), "m").await;
    always(&bed.first, "alone-m", Behaviour::fault(Fault::RateLimited));
    bed.ask(Chat, "alone-m").await;
    let limit = Instant::now() + Duration::from_secs(6);
    while bed.asked("alone-m") < 2 {
        assert!(Instant::now() < limit, "after two seconds it is asked again");
        sleep(Duration::from_millis(50)).await;
        bed.ask(Chat, "alone-m").await;
    }
    let answer = bed.ask(Chat, "alone-m").await;
    let told = seconds(&answer);
    assert!(told.is_some_and(|told| (3..=4).contains(&told)), "{told:?}: {}", answer.text());
    assert_eq!((answer.status, bed.asked("alone-m")), (429, 2));
}

#[tokio::test]
async fn a_rate_limit_after_output_rests_too() {
    for (dialect, error) in [
        (
            Chat,
            "data: {\"error\":{\"message\":\"Slow down\",\"type\":\"rate_limit_error\",\"param\":null,\"code\":\"rate_limit_exceeded\"}}\n\n",
        ),
        (
            Anthropic,
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"Slow down\"}}\n\n",
        ),
    ] {
        // Failures would have to be many to close it.
        let bed = Bed::new(dialect, &json!({"breaker": true}), "m").await;
        let events = events(dialect, Form::Stream, &Behaviour::default());
        let output = events.iter().position(|event| event.part == Part::Output).expect("output");
        let begun: String = events[..=output].iter().map(text_of).collect();
        bed.first.next([Replay::stream([begun.into(), error.into()], Ending::Complete).into()]);
        let broken = dialect::call(&bed.home, dialect, "m", Form::Stream).send().await;
        assert!(broken.status == 200 && broken.text().contains("Slow down"), "{dialect:?}: {}", broken.text());
        let row = bed.home.trace(&broken.trace()).await.remove(0);
        assert_eq!(row["outcome"], "rate_limited", "{row}");
        assert_eq!(bed.ask(dialect, "m").await.status, 200);
        assert_eq!((bed.first.exchanges().len(), bed.second.exchanges().len()), (1, 1), "{dialect:?}");
    }
}

/// By what rests them, and with the shortest rest.
#[tokio::test]
async fn when_all_rest_the_client_is_told_when_to_come_back() {
    let unavailable = |seconds: &str| with_header(Fault::Unavailable, "retry-after", seconds);
    // What the first and the second provider say, then the statuses that fit.
    let rows = [
        ("limited", limited_for("40"), limited_for("20"), &[429][..]),
        ("down", unavailable("20"), unavailable("40"), &[503]),
        ("both", limited_for("40"), unavailable("20"), &[429, 503]),
    ];
    for dialect in Dialect::ALL {
        let bed = Bed::new(dialect, &json!({}), "*").await;
        for (name, first, second, statuses) in &rows {
            always(&bed.first, name, first.clone());
            always(&bed.second, name, second.clone());
            assert!(bed.ask(dialect, name).await.status >= 400);
            let answer = bed.ask(dialect, name).await;
            assert!(statuses.contains(&answer.status), "{dialect:?} {name}: {} {}", answer.status, answer.text());
            dialect::error_message(dialect, &answer);
            let told = seconds(&answer);
            assert!(told.is_some_and(|told| (10..=20).contains(&told)), "{dialect:?} {name}: {told:?}");
            assert_eq!((bed.asked(name), asked(&bed.second, name)), (1, 1), "{dialect:?} {name}");
        }
    }
}

/// What an operator does that ends a rest.
#[derive(Clone, Copy, Debug)]
enum Lift {
    Reset,
    Test,
    Key,
    Address,
    Proxy,
}

/// The id of the only item whose member is that.
async fn id_of(home: &Home, list: &str, member: &str, name: &str) -> String {
    let items = home.admin(Method::GET, list, None).await.json();
    let found = items["data"].as_array().into_iter().flatten().find(|item| item[member] == name);
    found.and_then(|item| item["id"].as_str()).unwrap_or_else(|| panic!("{name}: {items}")).to_owned()
}

#[tokio::test]
async fn what_lifts_a_rest() {
    let unused = Refused::new().expect("a port");
    let elsewhere = Upstream::with_key("sk-upstream").await.expect("a provider");
    // An open breaker, and a rest that the provider asked for.
    let rests = [("open", Behaviour::fault(Fault::Internal), 5, 503), ("asked", limited_for("600"), 1, 429)];
    let mut config = Config::new();
    let mut rows = Vec::new();
    for lift in [Lift::Reset, Lift::Test, Lift::Key, Lift::Address, Lift::Proxy] {
        for (what, failure, times, status) in &rests {
            let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
            upstream.next(core::iter::repeat_n(failure.clone(), *times));
            let name = format!("{lift:?}-{what}");
            let fields = json!({"breaker": true, "max_retry": 0});
            config = config.upstream(&name, Chat, &upstream).model_with(&name, &fields, [weighted(&name, "ok", 1)]);
            rows.push((name, lift, *times, *status, upstream));
        }
    }
    let home = Home::start(Setup::new(config)).await;
    let mut wrong = Vec::new();
    for (name, lift, times, status, upstream) in rows {
        let ask = async || dialect::call(&home, Chat, &name, Form::Whole).send().await.status;
        for _ in 0..times {
            ask().await;
        }
        assert_eq!((ask().await, upstream.exchanges().len()), (status, times), "{name}: it rests");

        let association = format!("/associations/{}", id_of(&home, "/associations", "model", &name).await);
        let provider = format!("/providers/{}", id_of(&home, "/providers", "name", &name).await);
        let (method, path, body) = match lift {
            Lift::Reset => (Method::POST, format!("{association}/reset"), None),
            Lift::Test => (Method::POST, format!("{association}/test"), Some(json!({}))),
            Lift::Key => (Method::PATCH, provider, Some(json!({"api_key": "sk-another"}))),
            Lift::Address => (Method::PATCH, provider, Some(json!({"base_url": elsewhere.base_url(Chat)}))),
            Lift::Proxy => (Method::PATCH, provider, Some(json!({"proxy": format!("http://{}", unused.address())}))),
        };
        let answer = home.admin(method, &path, body.as_ref()).await;
        let expected = match lift {
            Lift::Reset | Lift::Test | Lift::Address => 200,
            // It is asked, and that goes wrong.
            Lift::Key | Lift::Proxy => 502,
        };
        let seen = ask().await;
        if !(200..300).contains(&answer.status) || seen != expected {
            wrong.push(format!("{name}: {} {}, then {seen} not {expected}", answer.status, answer.text()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_bad_test_lifts_nothing() {
    let bed = Bed::new(Chat, &json!({}), "m").await;
    bed.first.next([limited_for("600"), Behaviour::fault(Fault::Internal)]);
    bed.ask(Chat, "alone-m").await;
    let path = format!("/associations/{}/test", id_of(&bed.home, "/associations", "model", "alone-m").await);
    let report = bed.home.admin(Method::POST, &path, Some(&json!({}))).await.json();
    assert_eq!((&report["ok"], &report["status"]), (&json!(false), &json!(500)), "{report}");
    assert_eq!(bed.ask(Chat, "alone-m").await.status, 429);
}
