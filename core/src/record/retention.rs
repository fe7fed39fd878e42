//! Deletes old log entries, daily or on demand, a chunk at a time.
//!
//! Rollups outlive the log: they go after [`ROLLUP_RETENTION_DAYS`], whatever the log's own retention.

use core::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::repair;
use super::rollup::DAY_SECS;
use crate::config::Settings;
use crate::platform::{Clock, Database, DatabaseError, Timestamp};
use crate::storage::cleanups::{self, days_of};
use crate::storage::day_sums;

/// A year to compare with, and a month more.
pub const ROLLUP_RETENTION_DAYS: u32 = 400;

/// A writer that was silent for longer has no batch in doubt any more.
const WRITER_RETENTION_DAYS: u32 = 30;

/// Between two chunks others get at the database.
const PAUSE: Duration = Duration::from_millis(5);

/// Which entries a clean-up deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criterion {
    OlderThanDays(u32),
    /// Entries, that is attempts, not requests.
    KeepNewest(u64),
    KeepAll,
}

impl Criterion {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OlderThanDays(_) => "older_than_days",
            Self::KeepNewest(_) => "keep_newest",
            Self::KeepAll => "keep_all",
        }
    }

    /// Its number; 0 for [`Criterion::KeepAll`].
    pub const fn value(self) -> u64 {
        match self {
            Self::OlderThanDays(days) => days as u64,
            Self::KeepNewest(count) => count,
            Self::KeepAll => 0,
        }
    }

    pub(crate) fn parse(word: &str, value: u64) -> Option<Self> {
        match word {
            "older_than_days" => u32::try_from(value).ok().map(Self::OlderThanDays),
            "keep_newest" => Some(Self::KeepNewest(value)),
            "keep_all" => Some(Self::KeepAll),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CleanupKind {
    Scheduled,
    Manual,
}

impl CleanupKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Manual => "manual",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Scheduled, Self::Manual].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One clean-up, as the history has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleanup {
    pub id: i64,
    pub started_at: Timestamp,
    pub kind: CleanupKind,
    pub criterion: Criterion,
    /// Log entries.
    pub deleted: u64,
    /// `None` while it runs, or when it was interrupted.
    pub duration_us: Option<i64>,
    pub error: Option<String>,
}

/// Runs the scheduled clean-up unless one was started today (UTC), by this instance or another one on the same
/// database. To be called now and then, hourly say.
pub async fn run_due(
    database: &dyn Database,
    clock: &dyn Clock,
    settings: &Settings,
) -> Result<Option<Cleanup>, DatabaseError> {
    let now = clock.now();
    let midnight = Timestamp::from_secs(now.as_secs().div_euclid(DAY_SECS) * DAY_SECS);
    let criterion = match settings.log_retention_days {
        0 => Criterion::KeepAll,
        days => Criterion::OlderThanDays(days),
    };
    match cleanups::start_unless_since(database, criterion, now, midnight).await? {
        None => Ok(None),
        Some(id) => run(database, clock, id, CleanupKind::Scheduled, criterion, now).await.map(Some),
    }
}

/// Runs a clean-up now. An interrupted one is continued by the next.
pub async fn run_now(
    database: &dyn Database,
    clock: &dyn Clock,
    criterion: Criterion,
) -> Result<Cleanup, DatabaseError> {
    let now = clock.now();
    let id = cleanups::start(database, CleanupKind::Manual, criterion, now).await?;
    run(database, clock, id, CleanupKind::Manual, criterion, now).await
}

/// An error of the deletion is part of the result; only one of the history itself is an error.
async fn run(
    database: &dyn Database,
    clock: &dyn Clock,
    id: i64,
    kind: CleanupKind,
    criterion: Criterion,
    now: Timestamp,
) -> Result<Cleanup, DatabaseError> {
    let mut deleted = 0;
    let mut result = match kind {
        CleanupKind::Scheduled => repair_rollups(database, now).await,
        CleanupKind::Manual => Ok(()),
    };
    if result.is_ok() {
        result = delete_entries(database, clock, criterion, now, &mut deleted).await;
    }
    if result.is_ok() && kind == CleanupKind::Scheduled {
        result = delete_rollups(database, clock, now).await;
    }
    let error = result.err().map(|error| error.message);
    let duration_us = clock.now().as_micros().saturating_sub(now.as_micros());
    cleanups::finish(database, id, deleted, duration_us, error.as_deref()).await?;
    Ok(Cleanup { id, started_at: now, kind, criterion, deleted, duration_us: Some(duration_us), error })
}

async fn repair_rollups(database: &dyn Database, now: Timestamp) -> Result<(), DatabaseError> {
    let hours = repair::run(database, now).await?;
    if hours > 0 {
        tracing::warn!(hours, "rollups were rebuilt from the log, which held more than they did");
    }
    Ok(())
}

async fn delete_entries(
    database: &dyn Database,
    clock: &dyn Clock,
    criterion: Criterion,
    now: Timestamp,
    deleted: &mut u64,
) -> Result<(), DatabaseError> {
    let Some(bound) = cleanups::bound(database, criterion, now).await? else {
        return Ok(());
    };
    loop {
        let chunk = cleanups::delete_chunk(database, &bound).await?;
        if chunk == 0 {
            return Ok(());
        }
        *deleted += chunk;
        clock.sleep(PAUSE).await;
    }
}

async fn delete_rollups(database: &dyn Database, clock: &dyn Clock, now: Timestamp) -> Result<(), DatabaseError> {
    let before = now.minus(days_of(ROLLUP_RETENTION_DAYS));
    while cleanups::delete_rollup_chunk(database, before).await?
        + day_sums::delete_chunk(database, before.as_secs()).await?
        > 0
    {
        clock.sleep(PAUSE).await;
    }
    cleanups::delete_orphans(database, now.minus(days_of(WRITER_RETENTION_DAYS))).await
}
