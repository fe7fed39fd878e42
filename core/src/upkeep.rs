//! What keeps a gateway current and its log written, in homes that do it all the time and in homes that only live
//! while there are requests.

use core::time::Duration;
use std::sync::Arc;

use crate::freshness::Need;
use crate::options::Upkeep;
use crate::platform::{Background, with_timeout};
use crate::record::{LogEntry, fold};
use crate::shared::Shared;

/// How long a request waits for the stored configuration, and its end for the log where the client waits for that.
const PATIENCE: Duration = Duration::from_secs(1);
/// A renewal in the background that no client waits for is given up after this time.
const BACKGROUND_LIMIT: Duration = Duration::from_secs(10);

/// Before a request is answered.
///
/// Each request that must wait looks by itself: on Workers none may wait for another's I/O.
pub(crate) async fn before(shared: &Arc<Shared>, background: &dyn Background) {
    let Upkeep::WithRequests { linger } = shared.options.upkeep else { return };
    match shared.freshness.need(shared.now()) {
        Need::Nothing => {}
        Need::Renewal => {
            shared.freshness.begin(shared.now());
            let limit = if linger.is_zero() { PATIENCE } else { BACKGROUND_LIMIT };
            let shared = Arc::clone(shared);
            background.spawn(Box::pin(async move { renew(&shared, limit).await }));
        }
        Need::Wait => renew(shared, PATIENCE).await,
    }
    // What an earlier request could not write must not wait for one that adds to it.
    if linger.is_zero() && shared.recorder.status().queued > 0 {
        flush_before_the_end(shared, background);
    }
}

/// Records one row of the request log; `route` is the configured name of the model.
pub(crate) fn record(shared: &Arc<Shared>, entry: LogEntry, route: Option<&str>, background: &dyn Background) {
    shared.metrics.observe(&entry, route);
    shared.activity.count(&entry, shared.now());
    shared.recorder.submit(entry);
    after(shared, background);
}

/// After an entry was submitted to the log.
fn after(shared: &Arc<Shared>, background: &dyn Background) {
    let Upkeep::WithRequests { linger } = shared.options.upkeep else { return };
    if linger.is_zero() {
        flush_before_the_end(shared, background);
    } else if shared.freshness.promise_flush(shared.now()) {
        let shared = Arc::clone(shared);
        background.spawn(Box::pin(async move {
            shared.platform.clock.sleep(linger).await;
            shared.freshness.flush_begins();
            shared.flush().await;
            fold_when_due(&shared).await;
        }));
    }
}

/// The client waits for it, but not for a database that fails: then the log is written with a later request.
fn flush_before_the_end(shared: &Arc<Shared>, background: &dyn Background) {
    if shared.freshness.is_flush_hopeless(shared.now()) {
        return;
    }
    let shared = Arc::clone(shared);
    background.spawn(Box::pin(async move {
        let flushed = with_timeout(&*shared.platform.clock, PATIENCE, Box::pin(shared.flush())).await;
        let succeeded = flushed.is_some() && shared.recorder.status().degraded.is_none();
        shared.freshness.flush_ended(shared.now(), succeeded);
    }));
}

/// A step of folding rollups now and then, where nobody waits for it. What a home that is called on a schedule folds then is
/// not enough for the history of an older version.
async fn fold_when_due(shared: &Shared) {
    if !shared.freshness.begin_fold(shared.now()) {
        return;
    }
    if let Err(error) = fold::step(&*shared.platform.database, shared.now()).await {
        tracing::warn!(%error, "rollups cannot be folded; reports stay exact, but slow");
    }
}

async fn renew(shared: &Shared, limit: Duration) {
    let had_failed = shared.freshness.has_failed();
    let cause = match with_timeout(&*shared.platform.clock, limit, Box::pin(shared.refresh())).await {
        Some(Ok(())) => return,
        Some(Err(error)) => error.to_string(),
        None => {
            shared.freshness.end(shared.now(), false);
            format!("the database did not answer within {limit:?}")
        }
    };
    if !had_failed {
        tracing::warn!(cause, "the configuration cannot be read; the last one stays in force");
    }
}
