//! What only the function on AWS Lambda has: other events than those of a function URL, deadlines, the freeze.

use core::time::Duration;
use std::time::Instant;

use futures_util::future::join_all;
use http::Method;
use llmio_conformance::client::{Answer, Call};
use llmio_conformance::config::{Config, association};
use llmio_conformance::dialect::{self, Form, KEY, StreamEnd};
use llmio_conformance::{Home, Kind, Setup, report};
use llmio_upstream::journal::End;
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

/// A provider, and a model for each of its names: `d-NAME` in every dialect `d`.
async fn bed(names: &[&str], settings: &[(&str, &str)]) -> (Home, Upstream) {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let mut config = Config::new();
    for dialect in Dialect::ALL {
        config = config.upstream(dialect.as_str(), dialect, &upstream);
        for name in names {
            config = config.model(&model(dialect, name), [association(dialect.as_str(), name)]);
        }
    }
    let setup = settings.iter().fold(Setup::new(config), |setup, (name, value)| setup.env(name, value));
    (Home::start_kind(Kind::Lambda, setup).await, upstream)
}

fn model(dialect: Dialect, name: &str) -> String {
    format!("{}-{name}", dialect.as_str())
}

/// Invokes the function with an event, as `aws lambda invoke` does.
async fn invoke(home: &Home, event: &Value) -> Answer {
    Call::post(&home.url("/2015-03-31/functions/llmio/invocations")).json(event).send().await
}

/// A request by an HTTP API of API Gateway with a stage of its own.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
fn api_gateway(path: &str, body: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": format!("/prod{path}"),
        "rawQueryString": "",
        "cookies": ["a=1", "b=2"],
        "headers": {
            "authorization": format!("Bearer {KEY}"),
            "content-type": "application/json",
            "host": "abcdef1234.execute-api.eu-central-1.amazonaws.com",
            "x-forwarded-for": "198.51.100.1, 203.0.113.7"
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdef1234",
            "domainName": "abcdef1234.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "abcdef1234",
            "http": {
                "method": "POST",
                "path": format!("/prod{path}"),
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "suite"
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": "prod",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1_583_348_638_390_u64
        },
        "body": body,
        "isBase64Encoded": false
    })
}

#[tokio::test]
async fn api_gateway_gets_whole_answers() {
    let (home, _upstream) = bed(&["ok"], &[]).await;
    for dialect in Dialect::ALL {
        for form in Form::BOTH {
            let name = model(dialect, "ok");
            let target = dialect::path(dialect, &name, form);
            let direct = dialect::call(&home, dialect, &name, form).send().await;
            let (path, query) = target.split_once('?').unwrap_or((&target, ""));
            let mut event = api_gateway(path, &dialect::body(dialect, &name, form).to_string());
            event["rawQueryString"] = query.into();
            let answer = invoke(&home, &event).await.json();
            assert_eq!(answer["statusCode"], 200, "{dialect:?} {form:?}: {answer}");
            assert_eq!(answer["headers"]["content-type"], direct.header("content-type").unwrap_or_default());
            assert_eq!(answer["isBase64Encoded"], false);
            assert_eq!(answer["body"], direct.text(), "{dialect:?} {form:?}");
            let trace = answer["headers"]["x-llmio-trace-id"].as_str().expect("a trace").to_owned();
            let row = home.trace(&trace).await.remove(0);
            assert_eq!(row["remote_addr"], "203.0.113.7", "what Lambda saw, not what a header claims: {row}");
            assert_eq!(row["outcome"], "success", "{row}");
        }
    }
}

#[tokio::test]
async fn an_answer_too_large_for_api_gateway_is_an_error() {
    let (home, _upstream) = bed(&["ok+size=7000000"], &[]).await;
    let name = model(Dialect::Chat, "ok+size=7000000");
    let body = dialect::body(Dialect::Chat, &name, Form::Whole).to_string();
    let answer = invoke(&home, &api_gateway("/v1/chat/completions", &body)).await.json();
    assert_eq!(answer["statusCode"], 502, "{answer}");
    assert!(answer["body"].as_str().is_some_and(|body| body.contains("function URL")), "{answer}");
    let streamed = dialect::call(&home, Dialect::Chat, &name, Form::Whole).send().await;
    assert_eq!((streamed.status, streamed.cut), (200, false));
    assert!(streamed.body.len() > 7_000_000);
}

#[tokio::test]
async fn a_schedule_cleans_the_log_up_once_a_day() {
    let (home, _upstream) = bed(&[], &[]).await;
    let event = json!({
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2015-10-08T16:53:06Z",
        "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:123456789012:rule/my-scheduled-rule"],
        "detail": {}
    });
    for _ in 0..2 {
        let answer = invoke(&home, &event).await;
        assert_eq!((answer.text().as_str(), answer.header("x-amz-function-error")), ("null", None));
        let cleanups = home.admin(Method::GET, "/cleanups", None).await.json();
        assert_eq!(cleanups["data"].as_array().map(Vec::len), Some(1), "{cleanups}");
        assert_eq!(cleanups["data"][0]["error"], Value::Null, "{cleanups}");
    }
}

#[tokio::test]
async fn other_events_are_refused() {
    let (home, _upstream) = bed(&[], &[]).await;
    let rest_api = json!({"version": "1.0", "httpMethod": "GET", "path": "/", "requestContext": {"stage": "prod"}});
    let queue = json!({"Records": [{"eventSource": "aws:sqs", "body": "{}"}]});
    for event in [json!({}), json!("text"), json!(null), rest_api, queue] {
        let answer = invoke(&home, &event).await;
        assert_eq!(answer.header("x-amz-function-error"), Some("Unhandled"), "{event}: {}", answer.text());
        let report = answer.json();
        assert_eq!(report["errorType"], "UnknownEvent", "{event}: {report}");
        assert!(report["errorMessage"].as_str().is_some_and(|text| text.contains("payload format 2.0")), "{report}");
    }
    assert_eq!(Call::get(&home.url("/readyz")).send().await.status, 200, "the function lives on");
}

#[tokio::test]
async fn a_request_too_large_for_lambda_is_refused_by_it() {
    let (home, upstream) = bed(&["ok"], &[]).await;
    let name = model(Dialect::Chat, "ok");
    let filler = "0123456789abcdef".repeat(5 << 16);
    let body = dialect::body(Dialect::Chat, &name, Form::Whole).to_string().replace("\"Hi\"", &format!("\"{filler}\""));
    // Type of the content, status: five megabytes fit as text, but not as Base64.
    for (kind, status) in [("application/json", 200), ("application/octet-stream", 413)] {
        let path = home.url(&dialect::path(Dialect::Chat, &name, Form::Whole));
        let call = dialect::authorized(Call::post(&path), Dialect::Chat, KEY).header("content-type", kind);
        assert_eq!(call.body(body.clone()).send().await.status, status, "{kind}");
    }
    assert_eq!(upstream.exchanges().len(), 1);
}

#[tokio::test]
async fn a_stream_ends_with_an_error_before_lambda_kills_it() {
    let (stalls, says_nothing) = ("fault:stall-after-token", "fault:stall-before-token");
    let (home, upstream) = bed(&[stalls, says_nothing], &[("EMULATOR_TIMEOUT_MS", "3000")]).await;
    let home = &home;
    join_all(Dialect::ALL.map(|dialect| async move {
        let name = model(dialect, stalls);
        let answer = dialect::call(home, dialect, &name, Form::Stream).send().await;
        assert_eq!((answer.status, answer.cut), (200, false), "{name}: {}", answer.text());
        let end = dialect::stream_end(dialect, Form::Stream, &answer);
        assert!(matches!(&end, StreamEnd::Error(text) if text.contains("may take here")), "{name}: {end:?}");
        let row = home.trace(&answer.trace()).await.remove(0);
        assert_eq!(row["outcome"], "timeout", "{row}");
    }))
    .await;
    join_all(Dialect::ALL.map(|dialect| async move {
        let name = model(dialect, says_nothing);
        let answer = dialect::call(home, dialect, &name, Form::Whole).send().await;
        assert_eq!(answer.status, 504, "{name}: {}", answer.text());
        dialect::error_message(dialect, &answer);
    }))
    .await;
    assert!(upstream.exchanges().iter().all(|it| it.end == End::Aborted), "the provider is told");
}

#[tokio::test]
async fn a_client_that_leaves_unnoticed_costs_a_whole_answer() {
    let slow = "ok+chunks=20+delay=50";
    let (home, upstream) = bed(&[slow], &[("EMULATOR_CLIENT_LEAVES", "unnoticed")]).await;
    for dialect in Dialect::ALL {
        upstream.clear_journal();
        let name = model(dialect, slow);
        let mut open = dialect::call(&home, dialect, &name, Form::Stream).open().await;
        open.next().await.expect("a chunk").expect("a chunk");
        let trace = open.headers["x-llmio-trace-id"].to_str().expect("a trace").to_owned();
        drop(open);
        let row = home.trace(&trace).await.remove(0);
        assert_eq!(row["outcome"], "success", "{row}");
        assert!(row["usage"]["output_tokens"].as_u64().is_some_and(|tokens| tokens > 0), "{row}");
        assert!(upstream.exchanges().iter().all(|it| it.end == End::Finished), "{:?}", upstream.exchanges());
    }
}

#[tokio::test]
async fn whoever_saw_the_end_of_an_answer_finds_it_recorded() {
    let (mut home, _upstream) = bed(&["ok"], &[]).await;
    let mut traces = Vec::new();
    for dialect in Dialect::ALL {
        for form in Form::BOTH {
            let answer = dialect::call(&home, dialect, &model(dialect, "ok"), form).send().await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            traces.push(answer.trace());
            // Not a moment later.
            home.kill().await;
            home.restart(None).await;
        }
    }
    for trace in traces {
        assert_eq!(home.logs(&format!("trace={trace}")).await.len(), 1, "{trace}");
    }
}

#[tokio::test]
async fn a_function_that_is_not_ready_says_what_it_lacks() {
    let rows = [
        (("TOKEN", ""), "TOKEN"),
        (("LLMIO_SECRET_KEY", ""), "LLMIO_SECRET_KEY"),
        (("LLMIO_DATABASE_URL", "file:db/llmio.db"), "/tmp"),
        (("LLMIO_DATABASE_URL", "postgres://db"), "LLMIO_DATABASE_URL"),
        (("LLMIO_MAX_BODY_BYTES", "6MB"), "LLMIO_MAX_BODY_BYTES"),
        (("LLMIO_DATABASE_URL", "http://127.0.0.1:1"), "127.0.0.1:1"),
    ];
    for ((name, value), part) in rows {
        let home = Home::start_kind(Kind::Lambda, Setup::new(Value::Null).env(name, value)).await;
        for dialect in Dialect::ALL {
            let answer = dialect::call(&home, dialect, "any", Form::Whole).send().await;
            assert_eq!(answer.status, 503, "{name}={value}: {}", answer.text());
            let message = dialect::error_message(dialect, &answer);
            assert!(message.contains(part), "{name}={value}: {message}");
        }
    }
}

#[tokio::test]
async fn a_function_becomes_ready_when_its_database_does() {
    let (home, _upstream) = bed(&["ok"], &[]).await;
    let sqld = home.sqld().expect("a libSQL server");
    // Its process is new, and has never seen the database.
    sqld.kill().await;
    let other = Home::start_kind(Kind::Lambda, Setup::new(Value::Null).env("LLMIO_DATABASE_URL", &sqld.url())).await;
    assert_eq!(dialect::call(&other, Dialect::Chat, &model(Dialect::Chat, "ok"), Form::Whole).send().await.status, 503);
    sqld.restart().await;
    let answer = dialect::call(&other, Dialect::Chat, &model(Dialect::Chat, "ok"), Form::Whole).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// The numbers in `docs/BENCHMARKS.md` are this test's, with `LLMIO_LAMBDA_BIN` naming the release build.
#[tokio::test]
async fn a_cold_start_takes_a_moment() {
    const ROUNDS: usize = 15;
    let (mut home, _upstream) = bed(&["ok"], &[]).await;
    let mut cold = Vec::new();
    let mut warm = Vec::new();
    for _ in 0..ROUNDS {
        home.kill().await;
        let began = Instant::now();
        // From the start of the process to the first byte of an answer.
        home.restart(None).await;
        cold.push(began.elapsed());
        let began = Instant::now();
        assert_eq!(Call::get(&home.url("/readyz")).send().await.status, 200);
        warm.push(began.elapsed());
    }
    cold.sort();
    warm.sort();
    let (cold, warm) = (cold[ROUNDS / 2], warm[ROUNDS / 2]);
    report(&format!("from the start of the process to an answer: {cold:?}; an answer afterwards: {warm:?}"));
    assert!(cold < Duration::from_secs(2), "a cold start takes {cold:?}");
}
