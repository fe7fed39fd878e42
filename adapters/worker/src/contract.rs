//! Core's contract suites against this home, inside workerd. `tests/worker-contract` asks for them.

use std::sync::Arc;

use core::time::Duration;

use http::request::Parts;
use llmio_core::platform::{Background, Clock};
use llmio_core::testing::contract;
use wasm_bindgen::JsValue;

use crate::background::WaitUntil;
use crate::clock::JsClock;
use crate::entropy::JsEntropy;
use crate::home;
use crate::http_client::FetchClient;
use crate::js::{self, Exchange};

/// A request with this header panics where it is handled.
const PANIC: &str = "x-llmio-panic";

/// Runs the suite that the path names; the answer comes when it has passed, and a 500 when it has not.
pub(crate) async fn run(exchange: &Exchange, parts: &Parts, env: &JsValue) -> bool {
    assert!(!parts.headers.contains_key(PANIC), "on purpose");
    let Some(suite) = parts.uri.path().strip_prefix("/contract/") else { return false };
    match suite {
        "http" => {
            // Where the test origin is, and where nobody is.
            let (origin, nowhere) = parts.uri.query().and_then(|query| query.split_once('&')).expect("two addresses");
            contract::http::all_on_workers(&FetchClient, origin, nowhere).await;
        }
        "database" => {
            let platform = home::platform(env).expect("a database");
            contract::database::all(&*platform.database).await;
        }
        "clock" => contract::clock::all(&JsClock).await,
        "entropy" => contract::entropy::all(&JsEntropy),
        "background" => {
            let background: Arc<dyn Background> = Arc::new(WaitUntil::new(exchange.clone()));
            // A panic ends the instance: that others are not taken down with it is shown from outside.
            contract::background::without_panics(background, JsClock.sleep(Duration::from_millis(50))).await;
        }
        other => panic!("there is no suite {other}"),
    }
    exchange.answer("200", &js::bytes(b"kept"));
    true
}
