//! The contracts of clock, randomness and background work.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use llmio_core::platform::Background;
use llmio_core::testing::contract;
use llmio_native::{OsEntropy, TaskBackground, TokioClock};

#[tokio::test]
async fn clock() {
    contract::clock::all(&TokioClock).await;
}

#[test]
fn entropy() {
    contract::entropy::all(&OsEntropy::new().unwrap());
}

#[tokio::test]
async fn background() {
    let background = TaskBackground::default();
    let finish = async { assert!(background.finish(Duration::from_secs(10)).await) };
    contract::background::all(Arc::new(background.clone()), finish.boxed()).await;
}

#[tokio::test]
async fn waiting_for_background_work_has_an_end() {
    let background = TaskBackground::default();
    background.spawn(std::future::pending().boxed());
    assert!(!background.finish(Duration::from_millis(10)).await);
    assert_eq!(background.pending(), 1);
}
