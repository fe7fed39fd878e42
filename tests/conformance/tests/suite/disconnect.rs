//! When the client leaves, the provider is told at once, and what was used is still recorded.

use core::time::Duration;

use llmio_conformance::client::Call;
use llmio_conformance::config::{Config, association};
use llmio_conformance::dialect::{self, Form};
use llmio_conformance::{Home, Kind, Setup, report};
use llmio_upstream::journal::{End, now_ms};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long a request may take that nobody waits for any more, in seconds, where the home does not learn of that.
const ABANDONED: u64 = 1;

async fn bed() -> (Home, Upstream) {
    let learns = Kind::chosen().notices_clients_that_leave_early();
    let fields = if learns { json!({}) } else { json!({"time_out": ABANDONED}) };
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let mut config = Config::new();
    for dialect in Dialect::ALL {
        let name = dialect.as_str();
        config = config.upstream(name, dialect, &upstream);
        for fault in ["header-stall", "stall-before-token", "stall-after-token"] {
            let associations = [association(name, &format!("fault:{fault}"))];
            config = config.model_with(&format!("{name}-{fault}"), &fields, associations);
        }
    }
    (Home::start(Setup::new(config)).await, upstream)
}

/// Within so many milliseconds after a client left, the provider sees the gateway leave.
const TOLD_WITHIN_MS: u64 = 1000;

/// Waits until the provider has seen the gateway leave; answers how many milliseconds after the client that was.
async fn aborted(upstream: &Upstream, left_at: u64, case: &str) -> u64 {
    aborted_within(TOLD_WITHIN_MS, upstream, left_at, case).await
}

async fn aborted_within(limit_ms: u64, upstream: &Upstream, left_at: u64, case: &str) -> u64 {
    let exchange = upstream.wait_for(Duration::from_secs(5), |it| it.end == End::Aborted).await;
    let ended = exchange.and_then(|it| it.ended_at_ms).unwrap_or_else(|| panic!("{case}: the provider is not told"));
    let delay = ended.saturating_sub(left_at);
    assert!(delay < limit_ms, "{case}: the provider is told after {delay} ms");
    delay
}

/// The newest row of that model, once there are that many.
async fn row(home: &Home, model: &str, count: usize) -> Value {
    for _ in 0..200 {
        let mut rows = home.logs(&format!("model={model}")).await;
        if rows.len() >= count {
            return rows.swap_remove(0);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{model} is not in the log");
}

#[tokio::test]
async fn in_the_middle_of_a_stream() {
    let (home, upstream) = bed().await;
    let mut longest = 0;
    for dialect in Dialect::ALL {
        upstream.clear_journal();
        let model = format!("{}-stall-after-token", dialect.as_str());
        let mut open = dialect::call(&home, dialect, &model, Form::Stream).open().await;
        open.until("Hello").await;
        let left_at = now_ms();
        drop(open);
        longest = longest.max(aborted(&upstream, left_at, &model).await);
        let row = row(&home, &model, 1).await;
        assert_eq!((&row["outcome"], &row["status"]), (&json!("cancelled"), &json!(499)), "{row}");
        // Only these two dialects tell of usage before the end.
        match dialect {
            Dialect::Anthropic => {
                let usage = &row["usage"];
                assert_eq!(
                    (&usage["input_tokens"], &usage["cache_read_tokens"], &usage["output_tokens"]),
                    (&json!(11), &json!(7), &json!(1)),
                    "{row}"
                );
            }
            Dialect::Gemini => {
                assert_eq!(
                    (&row["usage"]["input_tokens"], &row["usage"]["cache_read_tokens"]),
                    (&json!(11), &json!(7)),
                    "{row}"
                );
            }
            Dialect::Chat | Dialect::Responses => assert!(row["usage"]["input_tokens"].is_null(), "{row}"),
        }
        assert!(row["response_bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{row}");
    }
    report(&format!("left in the middle of a stream: the provider is told within {longest} ms"));
}

#[tokio::test]
async fn before_anything_was_said() {
    let (home, upstream) = bed().await;
    let mut longest = 0;
    for dialect in Dialect::ALL {
        for fault in ["header-stall", "stall-before-token"] {
            for (index, form) in Form::BOTH.into_iter().enumerate() {
                upstream.clear_journal();
                let model = format!("{}-{fault}", dialect.as_str());
                let waiting = tokio::spawn(dialect::call(&home, dialect, &model, form).try_send());
                let arrived = upstream.wait_for(Duration::from_secs(5), |it| it.end == End::Open).await;
                assert!(arrived.is_some(), "{model}: the provider is asked");
                let left_at = now_ms();
                waiting.abort();
                let (limit_ms, outcome) = match home.kind().notices_clients_that_leave_early() {
                    true => (TOLD_WITHIN_MS, "cancelled"),
                    false => (1000 * ABANDONED + TOLD_WITHIN_MS, "timeout"),
                };
                longest = longest.max(aborted_within(limit_ms, &upstream, left_at, &model).await);
                let row = row(&home, &model, index + 1).await;
                assert_eq!(row["outcome"], outcome, "{row}");
            }
        }
    }
    report(&format!("left before anything was said: the provider is told within {longest} ms"));
}

/// That is nobody's failure but the client's.
#[tokio::test]
async fn while_it_is_sending() {
    if !Kind::chosen().sees_connection_header() {
        // The platform in front takes the whole request first.
        return;
    }
    let (home, upstream) = bed().await;
    let address = home.base().replace("http://", "");
    for dialect in Dialect::ALL {
        let name = dialect.as_str();
        let path = dialect::path(dialect, &format!("{name}-stall-after-token"), Form::Whole);
        let mut stream = TcpStream::connect(&address).await.expect("the gateway");
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\nuser-agent: leaves-{name}\r\n\
             content-type: application/json\r\ncontent-length: 1000\r\n\r\n{{\"model\": \"{name}-",
            dialect::KEY
        );
        stream.write_all(head.as_bytes()).await.expect("half a request");
        drop(stream);
    }
    let mut rows = Vec::new();
    for _ in 0..200 {
        rows = home.all_logs().await;
        if rows.len() == Dialect::ALL.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(rows.len(), Dialect::ALL.len(), "{rows:?}");
    for row in rows {
        assert_eq!((&row["outcome"], &row["status"]), (&json!("cancelled"), &json!(499)), "{row}");
        assert!(row["provider"].is_null(), "{row}");
    }
    assert!(upstream.exchanges().is_empty(), "no provider is asked");
}

/// A client may close its sending side when it has said everything, long before its answer begins or ends.
#[tokio::test]
async fn half_of_the_connection() {
    if !Kind::chosen().sees_connection_header() {
        // The platform in front decides.
        return;
    }
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let mut config = Config::new();
    for dialect in Dialect::ALL {
        let name = dialect.as_str();
        let [begins, goes_on] = ["begins+head=1200", "goes-on+chunks=2+delay=1200"];
        config = config
            .upstream(name, dialect, &upstream)
            .model(&format!("{name}-begins"), [association(name, begins)])
            .model(&format!("{name}-goes-on"), [association(name, goes_on)]);
    }
    let home = Home::start(Setup::new(config)).await;
    let mut cases = Vec::new();
    for dialect in Dialect::ALL {
        for form in Form::BOTH {
            for slow in ["begins", "goes-on"] {
                cases.push((dialect, format!("{}-{slow}", dialect.as_str()), form));
            }
        }
    }
    let answers = cases.iter().map(|(dialect, model, form)| answer_after_half_close(&home, *dialect, model, *form));
    let answers = futures_util::future::join_all(answers).await;
    for ((_, model, form), answer) in cases.iter().zip(answers) {
        let end = if form.streams() { "\r\n0\r\n\r\n" } else { "}" };
        let is_whole = answer.contains("HTTP/1.1 200 OK") && answer.contains("Hello") && answer.ends_with(end);
        assert!(is_whole, "{model} {form:?}: {answer}");
    }
    let rows = home.all_logs().await;
    assert!(rows.iter().all(|row| row["outcome"] == "success"), "{rows:?}");
}

async fn answer_after_half_close(home: &Home, dialect: Dialect, model: &str, form: Form) -> String {
    let address = home.base().replace("http://", "");
    let body = dialect::body(dialect, model, form).to_string();
    let path = dialect::path(dialect, model, form);
    let mut stream = TcpStream::connect(&address).await.expect("the gateway");
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         anthropic-version: 2023-06-01\r\ncontent-length: {}\r\n\r\n{body}",
        dialect::KEY,
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("a request");
    tokio::time::sleep(Duration::from_millis(300)).await;
    stream.shutdown().await.expect("its end");
    let mut answer = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer));
    reading.await.expect("it ends").expect("it is not refused");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn others_do_not_notice() {
    let (home, upstream) = bed().await;
    let model = "anthropic-stall-after-token";
    let mut stays = dialect::call(&home, Dialect::Anthropic, model, Form::Stream).open().await;
    stays.until("Hello").await;
    let mut leaves = dialect::call(&home, Dialect::Anthropic, model, Form::Stream).open().await;
    leaves.until("Hello").await;
    let left_at = now_ms();
    drop(leaves);
    aborted(&upstream, left_at, model).await;
    let open = upstream.exchanges().iter().filter(|it| it.end == End::Open).count();
    assert_eq!(open, 1, "the other stream goes on");
    assert_eq!(Call::get(&home.url("/healthz")).send().await.status, 200);
}
