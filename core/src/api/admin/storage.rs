//! How much there is in the database.

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Admin, AdminCall, AdminError, AdminRoute, Reply};
use crate::platform::Timestamp;
use crate::storage::sizes;

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(Method::GET, "/api/storage", "getStorage", "How much the log and the rollups hold", |a, c| {
            Box::pin(get(a, c))
        })
        .answers::<StorageView>(200),
    ]
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Storage")]
struct StorageView {
    /// Entries of the log (attempts, not requests), told from the numbers of the first and the last.
    entries: u64,
    /// When the oldest arrived; null for an empty log.
    oldest: Option<Timestamp>,
    /// Of recorded bodies, told from the newest ones.
    bodies_bytes: u64,
    /// Days of which sums are folded.
    rollup_days: u64,
    /// The first of them.
    rollups_since: Option<Timestamp>,
    /// Null where the database does not tell.
    database_bytes: Option<u64>,
}

async fn get(admin: &Admin, _: AdminCall) -> Result<Reply, AdminError> {
    let sizes = sizes::sizes(&*admin.platform.database).await?;
    Reply::ok(&StorageView {
        entries: sizes.entries,
        oldest: sizes.oldest,
        bodies_bytes: sizes.bodies_bytes,
        rollup_days: sizes.rollup_days,
        rollups_since: sizes.rollups_since,
        database_bytes: sizes.database_bytes,
    })
}
