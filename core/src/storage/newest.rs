//! What the log has received since somebody looked, in the order of its writing.

use super::log_filter::LogFilter;
use super::log_query::{StoredEntry, read, summary_columns};
use crate::platform::{Database, DatabaseError, Statement};

/// So far back a filter looks at the most.
const WINDOW: i64 = 5_000;

#[derive(Debug)]
pub struct Newest {
    /// Newest first.
    pub entries: Vec<StoredEntry>,
    /// Where to go on from; entries that arrive meanwhile are behind it.
    pub position: i64,
    /// There was more, or may have been, than was asked for or looked at: the oldest are left out.
    pub skipped: bool,
}

/// The newest `limit` entries that were written after `position`; without one the newest of all.
///
/// The log's ids sort by a request's arrival, so that one that took long would be missed; rows are numbered as they are
/// written. A filter finds what it takes among the newest 5,000 of all; where more were written since `position`, `skipped` says so.
pub async fn newest(
    database: &dyn Database,
    filter: &LogFilter,
    position: Option<i64>,
    limit: usize,
) -> Result<Newest, DatabaseError> {
    let at = database.query(Statement::new("SELECT coalesce(max(rowid), 0) AS position FROM logs", Vec::new())).await?;
    let end = at.first().map(|row| row.integer("position")).transpose()?.unwrap_or(0);
    // A log that was emptied begins anew.
    let wanted = position.filter(|position| *position <= end).unwrap_or(0);
    let after = wanted.max(end.saturating_sub(WINDOW));
    if after == end {
        return Ok(Newest { entries: Vec::new(), position: end, skipped: false });
    }
    let mut conditions = filter.conditions();
    conditions.add("rowid >", after);
    conditions.add("rowid <=", end);
    let sql = format!(
        "SELECT {} FROM logs {} ORDER BY rowid DESC LIMIT {}",
        summary_columns(),
        conditions.sql,
        limit.saturating_add(1)
    );
    let rows = database.query(Statement::new(sql, conditions.params)).await?;
    let mut entries = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let skipped = position.is_some() && (entries.len() > limit || wanted < after);
    entries.truncate(limit);
    Ok(Newest { entries, position: end, skipped })
}
