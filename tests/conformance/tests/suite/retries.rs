//! The same provider is asked again: where nobody else could be, on a fresh connection, or without what it refuses.

use core::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use llmio_conformance::client::Call;
use llmio_conformance::config::{Config, association};
use llmio_conformance::dialect::{self, Form, StreamEnd};
use llmio_conformance::{Home, Kind, Setup};
use llmio_upstream::journal::Exchange;
use llmio_upstream::replay::Replay;
use llmio_upstream::script::{Script, When};
use llmio_upstream::{Behaviour, Dialect, Fault, Upstream};
use serde_json::{Value, json};

use crate::scripted::AT_ONCE;

use Dialect::Chat;

/// Half a second, doubling, with jitter; and what a busy machine adds.
const FIRST_PAUSE: core::ops::RangeInclusive<u64> = 240..=1100;
const SECOND_PAUSE: core::ops::RangeInclusive<u64> = 480..=2100;

fn script(upstream: &Upstream, model: &str, steps: Vec<Behaviour>) {
    let when = When { model: Some(model.to_owned()), ..When::default() };
    upstream.script(Script { when, steps, repeat_last: true });
}

fn pauses(exchanges: &[Exchange]) -> Vec<u64> {
    exchanges.windows(2).map(|pair| pair[1].at_ms.saturating_sub(pair[0].at_ms)).collect()
}

#[tokio::test]
async fn a_provider_that_is_alone_is_asked_again() {
    let faults = [Fault::Internal, Fault::BadGatewayPage, Fault::Unavailable, Fault::Overloaded, Fault::NoAnswer];
    let mut config = Config::new();
    let mut rows = Vec::new();
    for dialect in Dialect::ALL {
        for (fault, form) in faults.into_iter().flat_map(|fault| Form::BOTH.map(|form| (fault, form))) {
            // Each with a provider of its own, so that none finds a connection that another has used.
            let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
            upstream.next([Behaviour::fault(fault)]);
            let name = format!("{}-{}-{form:?}", dialect.as_str(), fault.as_str());
            config = config.upstream(&name, dialect, &upstream);
            config = config.model_with(&name, &json!({"max_retry": 2}), [association(&name, "ok")]);
            rows.push((name, dialect, form, upstream));
        }
    }
    let home = Home::start(Setup::new(config)).await;
    let check = async |(name, dialect, form, upstream): &(String, Dialect, Form, Upstream)| {
        let answer = dialect::call(&home, *dialect, name, *form).send().await;
        let rows = home.trace(&answer.trace()).await;
        let seen = pauses(&upstream.exchanges());
        let fits = answer.status == 200
            && seen.len() == 1
            && FIRST_PAUSE.contains(&seen[0])
            && rows.iter().map(|row| row["outcome"] == "success").eq([false, true]);
        (!fits).then(|| format!("{name}: {} after pauses of {seen:?} ms, {} attempts", answer.status, rows.len()))
    };
    let checks = stream::iter(rows.iter().map(check)).buffered(AT_ONCE);
    let wrong: Vec<String> = checks.filter_map(async |wrong| wrong).collect().await;
    assert!(wrong.is_empty(), "{} of {} rows are wrong:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[tokio::test]
async fn not_for_ever_and_not_at_once() {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let config = Config::new().upstream("p", Chat, &upstream);
    let config = config.model_with("m", &json!({"max_retry": 2}), [association("p", "fault:503")]);
    let home = Home::start(Setup::new(config)).await;
    let answer = dialect::call(&home, Chat, "m", Form::Whole).send().await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    let seen = pauses(&upstream.exchanges());
    let fits = seen.len() == 2 && FIRST_PAUSE.contains(&seen[0]) && SECOND_PAUSE.contains(&seen[1]);
    assert!(fits, "pauses of {seen:?} ms");
    assert_eq!(home.trace(&answer.trace()).await.len(), 3);
}

/// Where the budget leaves no room for the pause, the client has its answer at once.
#[tokio::test]
async fn not_beyond_the_budget() {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let config = Config::new().upstream("p", Chat, &upstream);
    let fields = json!({"max_retry": 9, "time_out": 2});
    let config = config.model_with("m", &fields, [association("p", "fault:500")]);
    let home = Home::start(Setup::new(config)).await;
    let since = tokio::time::Instant::now();
    let answer = dialect::call(&home, Chat, "m", Form::Whole).send().await;
    assert_eq!(answer.status, 500, "{}", answer.text());
    assert!(since.elapsed() < Duration::from_millis(2500), "{:?}", since.elapsed());
    assert!((2..=4).contains(&upstream.exchanges().len()), "{:?}", pauses(&upstream.exchanges()));
}

/// A provider that says when to come back is not asked before.
#[tokio::test]
async fn not_before_the_provider_wants_it() {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let config = Config::new().upstream("p", Chat, &upstream);
    let config = config.model_with("m", &json!({"max_retry": 2}), [association("p", "m")]);
    let mut busy = Behaviour::fault(Fault::Unavailable);
    busy.headers.insert("retry-after".to_owned(), "30".to_owned());
    script(&upstream, "m", vec![busy, Behaviour::default()]);
    let home = Home::start(Setup::new(config)).await;
    let answer = dialect::call(&home, Chat, "m", Form::Whole).send().await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("30")), "{}", answer.text());
    assert_eq!(upstream.exchanges().len(), 1);
}

/// Providers close connections that nobody used for a while; who asks on one at that moment has asked nobody.
#[tokio::test]
async fn a_reused_connection_that_dies_is_no_failure() {
    if !Kind::chosen().keeps_its_own_connections() {
        return;
    }
    let mut config = Config::new();
    let mut upstreams = Vec::new();
    for dialect in Dialect::ALL {
        let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
        let name = dialect.as_str();
        config = config.upstream(name, dialect, &upstream);
        config = config.model_with(name, &json!({"max_retry": 0, "breaker": true}), [association(name, "ok")]);
        upstreams.push((dialect, upstream));
    }
    // Another thread of a server has connections of its own.
    let home = Home::start(Setup::new(config).env("LLMIO_THREADS", "1")).await;
    for (dialect, upstream) in upstreams {
        // More than a breaker takes.
        for round in 0..7 {
            let form = Form::BOTH[round % 2];
            upstream.next([Behaviour::default(), Behaviour::fault(Fault::NoAnswer), Behaviour::default()]);
            upstream.clear_journal();
            for _ in 0..2 {
                let answer = dialect::call(&home, dialect, dialect.as_str(), form).send().await;
                assert_eq!(answer.status, 200, "{dialect:?} {form:?} {round}: {}", answer.text());
                assert!(answer.text().contains("vider."), "{}", answer.text());
                let rows = home.trace(&answer.trace()).await;
                assert_eq!((rows.len(), &rows[0]["outcome"]), (1, &json!("success")), "{rows:?}");
            }
            assert_eq!(upstream.exchanges().len(), 3, "{dialect:?} {form:?} {round}");
        }
    }
}

/// Once: two in a row are not by chance.
#[tokio::test]
async fn a_fresh_connection_that_dies_is_one() {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let config = Config::new().upstream("p", Chat, &upstream);
    let home =
        Home::start(Setup::new(config.model_with("m", &json!({"max_retry": 0}), [association("p", "ok")]))).await;
    upstream.next([Behaviour::default()]);
    assert_eq!(dialect::call(&home, Chat, "m", Form::Whole).send().await.status, 200);
    upstream.clear_journal();
    upstream.always(Behaviour::fault(Fault::NoAnswer));
    let answer = dialect::call(&home, Chat, "m", Form::Whole).send().await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    let rows = home.trace(&answer.trace()).await;
    assert_eq!((rows.len(), &rows[0]["outcome"]), (1, &json!("connect_error")), "{rows:?}");
    assert!(upstream.exchanges().len() <= 2);
}

/// What we add to a request is ours to leave out.
#[tokio::test]
async fn a_provider_that_refuses_stream_options_gets_none() {
    let refusals = [
        (
            400,
            json!({"error": {
                "message": "Unknown parameter: 'stream_options'.", "type": "invalid_request_error",
                "param": "stream_options", "code": "unknown_parameter"
            }}),
        ),
        (
            400,
            json!({"error": {
                "message": "stream_options is not supported by this model", "type": "invalid_request_error",
                "param": null, "code": null
            }}),
        ),
        (
            422,
            json!({"detail": [{
                "type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"
            }]}),
        ),
    ];
    let mut config = Config::new();
    let mut rows = Vec::new();
    for (index, (status, refusal)) in refusals.into_iter().enumerate() {
        let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
        let when = When { body_contains: Some("stream_options".to_owned()), ..When::default() };
        let refuses = Replay::whole(status, "application/json", refusal.to_string());
        upstream.script(Script { when, steps: vec![refuses.into()], repeat_last: true });
        let name = format!("m{index}");
        config = config.upstream(&name, Chat, &upstream);
        config = config.model_with(&name, &json!({"max_retry": 0}), [association(&name, "ok")]);
        rows.push((name, status, refusal, upstream));
    }
    let home = Home::start(Setup::new(config)).await;
    for (name, status, refusal, upstream) in rows {
        for _ in 0..3 {
            let answer = dialect::call(&home, Chat, &name, Form::Stream).send().await;
            assert_eq!(answer.status, 200, "{refusal}: {}", answer.text());
            assert_eq!(dialect::stream_end(Chat, Form::Stream, &answer), StreamEnd::Complete, "{}", answer.text());
            let rows = home.trace(&answer.trace()).await;
            assert_eq!(rows.last().map(|row| &row["outcome"]), Some(&json!("success")), "{rows:?}");
        }
        let added: Vec<bool> = upstream.exchanges().iter().map(|it| it.json()["stream_options"].is_object()).collect();
        assert_eq!(added, [true, false, false, false], "{refusal}: which requests had them");

        // The client's own are the client's, and so is what the provider says of them.
        let mut body = dialect::body(Chat, &name, Form::Stream);
        body["stream_options"] = json!({"include_usage": true});
        let call = Call::post(&home.url(&dialect::path(Chat, &name, Form::Stream)));
        let answer = dialect::authorized(call, Chat, dialect::KEY).json(&body).send().await;
        let own: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        assert_eq!((answer.status, own), (status, refusal), "{}", answer.text());
    }
}
