//! Each suite is one request to a Worker that was built with the feature `testing`: see `adapters/worker/src/contract.rs`.

#[path = "../../../adapters/native/tests/support/origin.rs"]
mod origin;

use core::time::Duration;

use llmio_conformance::client::Call;
use llmio_conformance::dialect::{self, Form};
use llmio_conformance::{Home, Kind, Setup, process};
use llmio_upstream::Dialect;
use serde_json::json;
use tokio::process::Command;
use tokio::time::Instant;

/// Port 1 is reserved, and nothing listens there.
const NOWHERE: &str = "http://127.0.0.1:1";

async fn keeps(kind: Kind, suite: &str) {
    let home = Home::start_kind(kind, Setup::new(json!(null))).await;
    let answer = Call::get(&home.url(&format!("/contract/{suite}"))).send().await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "kept"), "{suite}: the log says why");
}

/// In workerd alone: Cloudflare's network, and Miniflare in its place, name the Worker in a header of their own.
#[tokio::test]
async fn http() {
    let origin = origin::start(None).await;
    let worker = concat!(env!("CARGO_MANIFEST_DIR"), "/../worker");
    let port = llmio_upstream::ports::free().expect("a free port");
    let mut workerd = Command::new(format!("{worker}/node_modules/.bin/workerd"))
        .args(["serve", &format!("{worker}/plain.capnp"), "--socket-addr", &format!("http=127.0.0.1:{port}")])
        .process_group(0)
        .spawn()
        .expect("workerd; `npm ci` in tests/worker installs it");
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let limit = Instant::now() + process::PATIENCE;
    while Call::get(&url("/healthz")).try_send().await.is_err() && Instant::now() < limit {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let answer = Call::get(&url(&format!("/contract/http?http://{origin}&{NOWHERE}"))).try_send().await;
    // Node.js, which npm's command is, with workerd below it.
    let group = format!("-{}", workerd.id().expect("it runs"));
    let killed = Command::new("kill").args(["-KILL", "--", &group]).status().await;
    assert!(killed.is_ok_and(|status| status.success()), "workerd is ended");
    workerd.wait().await.expect("workerd has ended");
    let answer = answer.expect("an answer of workerd; its log says why there is none");
    assert_eq!((answer.status, answer.text().as_str()), (200, "kept"), "its log says why");
}

#[tokio::test]
async fn database_d1() {
    keeps(Kind::Worker, "database").await;
}

#[tokio::test]
async fn database_libsql() {
    keeps(Kind::WorkerLibsql, "database").await;
}

#[tokio::test]
async fn clock() {
    keeps(Kind::Worker, "clock").await;
}

#[tokio::test]
async fn entropy() {
    keeps(Kind::Worker, "entropy").await;
}

#[tokio::test]
async fn background() {
    keeps(Kind::Worker, "background").await;
}

/// A panic is answered in the dialect of whoever asked, and the next request is served as if nothing had been.
#[tokio::test]
async fn a_panic_ends_one_request_and_no_other() {
    let home = Home::start_kind(Kind::Worker, Setup::new(json!(null))).await;
    for turn in 0..3 {
        for dialect in Dialect::ALL {
            let call = dialect::call(&home, dialect, "any", Form::Whole).header("x-llmio-panic", "1");
            let answer = call.send().await;
            assert_eq!(answer.status, 500, "{dialect:?}, {turn}: {}", answer.text());
            let error = &answer.json()["error"];
            match dialect {
                Dialect::Chat | Dialect::Responses => assert_eq!(error["code"], "internal_error"),
                Dialect::Anthropic => assert_eq!(error["type"], "api_error"),
                Dialect::Gemini => assert_eq!(error["status"], "INTERNAL"),
            }
            assert!(!answer.text().contains("on purpose"), "what it said is for the log");
            let next = dialect::call(&home, dialect, "any", Form::Whole).send().await;
            assert_eq!(next.status, 401, "{dialect:?}, {turn}: {}", next.text());
        }
    }
}
