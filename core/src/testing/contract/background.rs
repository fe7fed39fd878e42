//! The contract of [`Background`].

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;

use crate::platform::{Background, BoxFuture};

/// Spawns tasks, among them one that panics and one that spawns another, then calls `finish`, which waits for them as
/// the home does at its end.
pub async fn all(background: Arc<dyn Background>, finish: BoxFuture<'_, ()>) {
    run(background, finish, true).await;
}

/// The same without the task that panics, for a home where panics cannot be caught; its guide says what they cost.
pub async fn without_panics(background: Arc<dyn Background>, finish: BoxFuture<'_, ()>) {
    run(background, finish, false).await;
}

async fn run(background: Arc<dyn Background>, finish: BoxFuture<'_, ()>, panics: bool) {
    let done = Arc::new(AtomicUsize::new(0));
    let count = |done: &Arc<AtomicUsize>| {
        let done = Arc::clone(done);
        async move {
            done.fetch_add(1, Ordering::SeqCst);
        }
        .boxed()
    };
    background.spawn(count(&done));
    if panics {
        background.spawn(async { panic!("a task of the contract suite panics on purpose") }.boxed());
    }
    let (inner, nested) = (Arc::clone(&background), count(&done));
    background.spawn(async move { inner.spawn(nested) }.boxed());
    background.spawn(count(&done));
    finish.await;
    assert_eq!(done.load(Ordering::SeqCst), 3, "a task was lost");
}
