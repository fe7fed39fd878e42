//! Rebuilds hourly rollups that hold less than the log does.
//!
//! Entries and rollups are written together, so this finds nothing unless somebody restored one table, or wrote by
//! other means. Rollups that hold more are right: the log is cleaned up before them.

use core::time::Duration;

use super::rollup::{HOUR_SECS, Rollups};
use crate::platform::{Database, DatabaseError, Timestamp};
use crate::storage::log_filter::LogFilter;
use crate::storage::log_query;
use crate::storage::rollups::{self, LogHour};

/// How far back it looks: twice the time between two daily clean-ups.
const LOOKED_AT: Duration = Duration::from_secs(48 * 3600);
/// Entries read at a time.
const PAGE: usize = 1000;

/// Looks at the last two days up to the current hour, and answers how many hours were rebuilt.
pub(super) async fn run(database: &dyn Database, now: Timestamp) -> Result<u32, DatabaseError> {
    let this_hour = Timestamp::from_secs(now.as_secs().div_euclid(HOUR_SECS) * HOUR_SECS);
    let mut rebuilt = 0;
    for hour in rollups::incomplete_hours(database, this_hour.minus(LOOKED_AT), this_hour).await? {
        let (sums, entries) = sum(database, &hour).await?;
        // Late entries may have come while these were read; then the next day's look does it.
        if entries == hour.entries && rollups::replace(database, &hour, &sums).await? {
            rebuilt += 1;
        }
    }
    Ok(rebuilt)
}

/// What the log holds of an hour, and how many entries that are.
async fn sum(database: &dyn Database, hour: &LogHour) -> Result<(Rollups, u64), DatabaseError> {
    let (from, to) = (Some(hour.begins), Some(hour.ends()));
    let filter = LogFilter { from, to, all_attempts: true, ..LogFilter::default() };
    let mut sums = Rollups::default();
    let mut entries = 0;
    let mut cursor = None;
    loop {
        let page = log_query::page(database, &filter, cursor.as_deref(), PAGE).await?;
        sums.add(page.entries.iter().map(|stored| &stored.entry));
        entries += page.entries.len() as u64;
        cursor = page.next;
        if cursor.is_none() {
            return Ok((sums, entries));
        }
    }
}
