//! Clean-ups of the request log.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::log_view::millis;
use super::logs::invalid;
use super::{Admin, AdminCall, AdminError, AdminRoute, Reply};
use crate::platform::Timestamp;
use crate::record::retention::{Cleanup, CleanupKind, Criterion, run_now};
use crate::storage::cleanups;

const HISTORY: usize = 100;
/// A trial counts no further.
const MAX_COUNTED: u64 = 1_000_000;

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(
            Method::DELETE,
            "/api/logs",
            "deleteLogs",
            "Delete old entries of the log now; rollups stay. Takes as long as it takes; one that breaks off is continued by the next",
            |a, c| Box::pin(delete(a, c)),
        )
        .query::<DeleteParams>()
        .answers::<Deleted>(200),
        AdminRoute::new(Method::GET, "/api/cleanups", "listCleanups", "A page of the clean-ups of the log, newest first", |a, c| {
            Box::pin(history(a, c))
        })
        .query::<HistoryParams>()
        .answers::<CleanupPage>(200),
    ]
}

/// Exactly one of the two.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DeleteParams {
    /// Deletes what arrived more than that many days ago.
    older_than_days: Option<u32>,
    /// Deletes all but that many entries (attempts, not requests).
    keep_newest: Option<u32>,
    /// Deletes nothing and answers what would go; false by default.
    dry_run: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct HistoryParams {
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<i64>,
}

#[derive(Serialize, JsonSchema)]
struct CleanupPage {
    /// 100 at most.
    data: Vec<CleanupView>,
    next_cursor: Option<i64>,
}

/// The clean-up, or what one would do.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Deleted {
    Now(CleanupView),
    Trial(TrialView),
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CleanupTrial")]
struct TrialView {
    dry_run: bool,
    /// Entries (attempts, not requests) that would go.
    would_delete: u64,
    /// Whether there are more: they were counted as far as a million.
    capped: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Cleanup")]
struct CleanupView {
    id: i64,
    started_at: Timestamp,
    kind: CleanupKind,
    /// `older_than_days`, `keep_newest`, or `keep_all` where settings keep the log for ever.
    criterion: &'static str,
    /// The number of days or of entries.
    value: u64,
    deleted: u64,
    /// Null while it runs, or when it was interrupted.
    duration_ms: Option<f64>,
    error: Option<String>,
}

impl From<Cleanup> for CleanupView {
    fn from(cleanup: Cleanup) -> Self {
        Self {
            id: cleanup.id,
            started_at: cleanup.started_at,
            kind: cleanup.kind,
            criterion: cleanup.criterion.as_str(),
            value: cleanup.criterion.value(),
            deleted: cleanup.deleted,
            duration_ms: cleanup.duration_us.map(millis),
            error: cleanup.error,
        }
    }
}

async fn delete(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let params: DeleteParams = call.query()?;
    let criterion = match (params.older_than_days, params.keep_newest) {
        (Some(days), None) => Criterion::OlderThanDays(days),
        (None, Some(count)) => Criterion::KeepNewest(count.into()),
        _ => return Err(invalid("older_than_days", "or `keep_newest` must be given, and not both")),
    };
    let (database, clock) = (&*admin.platform.database, &*admin.platform.clock);
    if params.dry_run == Some(true) {
        let counted = cleanups::count(database, criterion, clock.now(), MAX_COUNTED + 1).await?;
        let capped = counted > MAX_COUNTED;
        let would_delete = counted.min(MAX_COUNTED);
        return Reply::ok(&Deleted::Trial(TrialView { dry_run: true, would_delete, capped }));
    }
    let cleanup = run_now(database, clock, criterion).await?;
    Reply::ok(&Deleted::Now(CleanupView::from(cleanup)))
}

async fn history(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let params: HistoryParams = call.query()?;
    let mut found = cleanups::history(&*admin.platform.database, params.cursor, HISTORY + 1).await?;
    let more = found.len() > HISTORY;
    found.truncate(HISTORY);
    let next_cursor = found.last().filter(|_| more).map(|last| last.id);
    Reply::ok(&CleanupPage { data: found.into_iter().map(CleanupView::from).collect(), next_cursor })
}
