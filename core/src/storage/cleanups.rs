//! SQL of retention: chunked deletion, and the history of clean-ups.

use crate::platform::{Database, DatabaseError, DatabaseErrorKind, Row, Statement, Timestamp, Value};
use crate::record::first_id_at;
use crate::record::retention::{Cleanup, CleanupKind, Criterion};

/// Rows to a statement: a few milliseconds, for which other writers wait.
const CHUNK_ROWS: u32 = 500;

/// Enters a clean-up into the history, and answers its id.
pub(crate) async fn start(
    database: &dyn Database,
    kind: CleanupKind,
    criterion: Criterion,
    now: Timestamp,
) -> Result<i64, DatabaseError> {
    let sql = "INSERT INTO cleanups (started_at, kind, criterion, value, deleted) VALUES (?1, ?2, ?3, ?4, 0) \
               RETURNING id";
    let rows = database.query(Statement::new(sql, start_params(kind, criterion, now))).await?;
    inserted(rows.first())?.ok_or_else(|| DatabaseError::new(DatabaseErrorKind::Other, "no clean-up was entered"))
}

/// As [`start`], but `None` when a scheduled one has started at `since` or later. One statement, so that of several
/// instances at most one succeeds.
pub(crate) async fn start_unless_since(
    database: &dyn Database,
    criterion: Criterion,
    now: Timestamp,
    since: Timestamp,
) -> Result<Option<i64>, DatabaseError> {
    let sql = "INSERT INTO cleanups (started_at, kind, criterion, value, deleted) SELECT ?1, ?2, ?3, ?4, 0 \
               WHERE NOT EXISTS (SELECT 1 FROM cleanups WHERE kind = ?2 AND started_at >= ?5) RETURNING id";
    let mut params = start_params(CleanupKind::Scheduled, criterion, now);
    params.push(since.as_micros().into());
    let rows = database.query(Statement::new(sql, params)).await?;
    inserted(rows.first())
}

pub(crate) async fn finish(
    database: &dyn Database,
    id: i64,
    deleted: u64,
    duration_us: i64,
    error: Option<&str>,
) -> Result<(), DatabaseError> {
    let sql = "UPDATE cleanups SET deleted = ?2, duration_us = ?3, error = ?4 WHERE id = ?1";
    let params = vec![id.into(), deleted.into(), duration_us.into(), error.into()];
    database.query(Statement::new(sql, params)).await.map(drop)
}

/// The newest `limit` before the one with the id `before`, newest first.
pub async fn history(
    database: &dyn Database,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<Cleanup>, DatabaseError> {
    let sql = format!(
        "SELECT id, started_at, kind, criterion, value, deleted, duration_us, error FROM cleanups \
         WHERE id < ?1 ORDER BY id DESC LIMIT {limit}"
    );
    let statement = Statement::new(sql, vec![before.unwrap_or(i64::MAX).into()]);
    database.query(statement).await?.iter().map(read).collect()
}

/// How many entries a clean-up would delete now, counted as far as `most`.
pub async fn count(
    database: &dyn Database,
    criterion: Criterion,
    now: Timestamp,
    most: u64,
) -> Result<u64, DatabaseError> {
    let Some(bound) = bound(database, criterion, now).await? else { return Ok(0) };
    let sql = "SELECT count(*) AS n FROM (SELECT 1 FROM logs WHERE id < ?1 LIMIT ?2)";
    let rows = database.query(Statement::new(sql, vec![bound.into(), most.into()])).await?;
    let count = rows.first().map(|row| row.integer("n")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The id before which all entries go, or `None` when none do.
pub(crate) async fn bound(
    database: &dyn Database,
    criterion: Criterion,
    now: Timestamp,
) -> Result<Option<String>, DatabaseError> {
    match criterion {
        Criterion::KeepAll => Ok(None),
        Criterion::OlderThanDays(days) => Ok(Some(first_id_at(now.minus(days_of(days))))),
        Criterion::KeepNewest(0) => Ok(Some(first_id_at(Timestamp::from_micros(i64::MAX)))),
        Criterion::KeepNewest(count) => {
            let sql = "SELECT id FROM logs ORDER BY id DESC LIMIT 1 OFFSET ?1";
            let rows = database.query(Statement::new(sql, vec![count.saturating_sub(1).into()])).await?;
            rows.first().map(|row| row.text("id").map(str::to_owned)).transpose()
        }
    }
}

/// Deletes some of the oldest entries before `bound`, with their bodies, and answers how many; 0 means that none is left.
pub(crate) async fn delete_chunk(database: &dyn Database, bound: &str) -> Result<u64, DatabaseError> {
    let sql = "DELETE FROM logs WHERE id IN (SELECT id FROM logs WHERE id < ?1 ORDER BY id LIMIT ?2)";
    let rows = database.query(Statement::new(sql, vec![bound.into(), CHUNK_ROWS.into()])).await?;
    Ok(rows.affected)
}

/// Deletes some of the finest rollups before `before`, and answers how many rows.
pub(crate) async fn delete_rollup_chunk(database: &dyn Database, before: Timestamp) -> Result<u64, DatabaseError> {
    let mut deleted = 0;
    for sql in [
        "DELETE FROM rollup_latencies WHERE (hour, dimension_id, metric, bucket) IN \
         (SELECT hour, dimension_id, metric, bucket FROM rollup_latencies WHERE hour < ?1 ORDER BY hour LIMIT ?2)",
        "DELETE FROM rollups WHERE (hour, dimension_id, currency) IN \
         (SELECT hour, dimension_id, currency FROM rollups WHERE hour > 0 AND hour < ?1 ORDER BY hour LIMIT ?2)",
    ] {
        let params = vec![before.as_secs().into(), CHUNK_ROWS.into()];
        deleted += database.query(Statement::new(sql, params)).await?.affected;
    }
    Ok(deleted)
}

/// Deletes what nothing refers to any more: dimensions without rollups, and writers silent since `silent_since`.
pub(crate) async fn delete_orphans(database: &dyn Database, silent_since: Timestamp) -> Result<(), DatabaseError> {
    let dimensions = "DELETE FROM rollup_dimensions WHERE id NOT IN (SELECT dimension_id FROM rollups)";
    let writers = "DELETE FROM record_writers WHERE updated_at < ?1";
    let statements =
        vec![Statement::new(dimensions, vec![]), Statement::new(writers, vec![silent_since.as_micros().into()])];
    database.batch(statements).await.map(drop)
}

pub(crate) fn days_of(days: u32) -> core::time::Duration {
    core::time::Duration::from_secs(u64::from(days) * 86_400)
}

fn start_params(kind: CleanupKind, criterion: Criterion, now: Timestamp) -> Vec<Value> {
    vec![now.as_micros().into(), kind.as_str().into(), criterion.as_str().into(), criterion.value().into()]
}

fn inserted(row: Option<Row<'_>>) -> Result<Option<i64>, DatabaseError> {
    row.map(|row| row.integer("id")).transpose()
}

fn read(row: Row<'_>) -> Result<Cleanup, DatabaseError> {
    let unknown =
        |column| DatabaseError::new(DatabaseErrorKind::Other, format!("column `{column}` holds no known word"));
    let value = u64::try_from(row.integer("value")?).unwrap_or(0);
    Ok(Cleanup {
        id: row.integer("id")?,
        started_at: Timestamp::from_micros(row.integer("started_at")?),
        kind: CleanupKind::parse(row.text("kind")?).ok_or_else(|| unknown("kind"))?,
        criterion: Criterion::parse(row.text("criterion")?, value).ok_or_else(|| unknown("criterion"))?,
        deleted: u64::try_from(row.integer("deleted")?).unwrap_or(0),
        duration_us: row.optional_integer("duration_us")?,
        error: row.optional_text("error")?.map(str::to_owned),
    })
}
