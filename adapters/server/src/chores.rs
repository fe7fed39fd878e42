//! What a running server does by itself.

use std::time::Duration;

use llmio_core::Gateway;
use llmio_native::Histories;
use tokio::time::{MissedTickBehavior, interval};

use crate::progress::Teller;

/// A killed process loses the records of at most this time.
const FLUSH: Duration = Duration::from_millis(100);
/// Configuration that another process changed is obeyed within this time.
const REFRESH: Duration = Duration::from_secs(2);

/// The daily clean-up is started by the first look of a day (UTC).
const CLEAN_UP: Duration = Duration::from_secs(15 * 60);

/// An hour's rollups are folded soon after it.
const FOLD: Duration = Duration::from_secs(60);
/// Between two steps of folding an older version's rollups others get at the database.
const FOLD_PAUSE: Duration = Duration::from_millis(20);

/// Between two steps of an imported history others get at the database.
pub(crate) const HISTORY_PAUSE: Duration = Duration::from_millis(5);

/// Runs until it is dropped.
pub(crate) async fn run(gateway: Gateway, histories: Histories) {
    // Folds would be made again and again while an imported history grows.
    let records = async {
        import(&histories).await;
        fold(&gateway).await;
    };
    tokio::join!(flush(&gateway), refresh(&gateway), clean_up(&gateway), records);
}

/// Brings the history of a database that was taken over.
async fn import(histories: &Histories) {
    let mut teller = Teller::default();
    let brought = histories.bring(|import, progress| {
        if let Some(text) = teller.tell(progress) {
            tracing::info!(file = %import.source, "history: {text}");
        }
    });
    if let Err(error) = brought.await {
        tracing::warn!("{error}");
    }
}

async fn flush(gateway: &Gateway) {
    let mut ticks = interval(FLUSH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        gateway.flush().await;
    }
}

/// Deletes log entries past their retention, once a day.
async fn clean_up(gateway: &Gateway) {
    let mut ticks = interval(CLEAN_UP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = gateway.clean_up().await {
            tracing::warn!(%error, "the clean-up of the log failed");
        }
    }
}

/// Makes hours and days of the rollups as they end.
async fn fold(gateway: &Gateway) {
    let mut ticks = interval(FOLD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        loop {
            match gateway.fold().await {
                Ok(true) => tokio::time::sleep(FOLD_PAUSE).await,
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "rollups cannot be folded; reports stay exact, but slow");
                    break;
                }
            }
        }
    }
}

async fn refresh(gateway: &Gateway) {
    let mut ticks = interval(REFRESH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failed = false;
    loop {
        ticks.tick().await;
        let refreshed = gateway.refresh().await;
        if let Err(error) = &refreshed
            && !failed
        {
            tracing::warn!(%error, "the configuration cannot be read; the last one stays in force");
        }
        failed = refreshed.is_err();
    }
}
