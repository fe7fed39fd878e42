//! Clean-ups of the request log.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::log_view::millis;
use super::logs::invalid;
use super::{Admin, AdminCall, AdminError, AdminRoute, List, Reply};
use crate::platform::Timestamp;
use crate::record::retention::{Cleanup, CleanupKind, Criterion, run_now};
use crate::storage::cleanups;

const HISTORY: u32 = 100;

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
        .answers::<CleanupView>(200),
        AdminRoute::new(Method::GET, "/api/cleanups", "listCleanups", "The newest clean-ups of the log, newest first", |a, c| {
            Box::pin(history(a, c))
        })
        .answers::<List<CleanupView>>(200),
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
    let cleanup = run_now(&*admin.platform.database, &*admin.platform.clock, criterion).await?;
    Reply::ok(&CleanupView::from(cleanup))
}

async fn history(admin: &Admin, _: AdminCall) -> Result<Reply, AdminError> {
    let history = cleanups::history(&*admin.platform.database, HISTORY).await?;
    Reply::list(history.into_iter().map(CleanupView::from).collect())
}
