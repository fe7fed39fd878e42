//! SQL of what is folded, and what comes of it.

use super::fold_hours::ANY_MARGIN;
use super::together;
use crate::platform::{Database, DatabaseError, Row, Statement, Value};
use crate::record::pack::CHUNK_BYTES;
use crate::record::rollup::{DAY_SECS, HOUR_SECS};

/// Bytes of packed sums to an answer: it is whole in memory, more than once, beside the next one, and a Worker has 128 MB for
/// everything. A single day may take more.
pub(super) const ANSWER_BYTES: u64 = 4 << 20;
/// Chunks of hours to an answer, each of about [`CHUNK_BYTES`] at the most. Of these no answer comes beside the next one.
pub(super) const ANSWER_CHUNKS: usize = 2 * ANSWER_BYTES as usize / CHUNK_BYTES;
/// Rows to a deletion: a few milliseconds, for which other writers wait.
pub(super) const CHUNK_ROWS: u32 = 500;

/// Which blocks a day has, as [`crate::record::fold`] makes them; those of versions before have lower ones.
pub(super) const FORM: i64 = 4;
/// From this form on they are in `rollup_sums`, those of all that is told apart in full.
const FIRST_IN_SUMS: i64 = 3;

/// True while nothing was written late since `?2` was read.
pub(super) const UNCHANGED: &str = "(SELECT changes FROM rollup_state) = ?2";

/// How far rollups are folded. Times in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    /// Of earlier times only what is folded counts.
    pub(crate) pruned_until: i64,
    pub(crate) changes: i64,
    /// Earlier rollups know no association and no origin.
    pub(crate) breakdown_since: i64,
}

/// What a row of `rollup_sums` holds beside the day, or one of `rollup_margins` beside the hour.
#[derive(Clone, Debug)]
pub(crate) struct BlockRow {
    pub(crate) axis: &'static str,
    pub(crate) part: String,
    /// The length of its periods: of a day's in hours, of an hour's in minutes.
    pub(crate) length: u8,
    pub(crate) chunk: usize,
    pub(crate) sums: Vec<u8>,
}

pub(crate) async fn state(database: &dyn Database) -> Result<State, DatabaseError> {
    let sql = "SELECT pruned_until, changes, breakdown_since FROM rollup_state";
    let rows = database.query(Statement::new(sql, vec![])).await?;
    match rows.first() {
        Some(row) => Ok(State {
            pruned_until: row.integer("pruned_until")?,
            changes: row.integer("changes")?,
            breakdown_since: row.integer("breakdown_since")?,
        }),
        None => Ok(State { pruned_until: 0, changes: 0, breakdown_since: 0 }),
    }
}

/// A day that is folded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoldedDay {
    pub(crate) day: i64,
    form: i64,
}

impl FoldedDay {
    /// Its blocks are those of [`FORM`].
    pub(crate) const fn is_current(self) -> bool {
        self.form == FORM
    }

    /// Its blocks are in `rollup_sums`.
    pub(crate) const fn is_in_sums(self) -> bool {
        self.form >= FIRST_IN_SUMS
    }
}

/// The folded days among those from `from` to `to`, in order.
pub(crate) async fn folded_days(database: &dyn Database, from: i64, to: i64) -> Result<Vec<FoldedDay>, DatabaseError> {
    let sql = "SELECT day, form FROM rollup_days WHERE day >= ?1 AND day < ?2 ORDER BY day";
    let rows = database.query(Statement::new(sql, vec![from.into(), to.into()])).await?;
    let day = |row: Row<'_>| {
        let mut cells = row.cells();
        Ok(FoldedDay { day: cells.integer()?, form: cells.integer()? })
    };
    rows.iter().map(day).collect()
}

/// Where what is folded ends, of the times before `before`, a second; zero where nothing is.
pub(crate) async fn folded_until(database: &dyn Database, before: i64) -> Result<i64, DatabaseError> {
    // There are few hours behind it, and to find the end of those before it would compare all of a row.
    let sql = format!(
        "SELECT max(\
             coalesce((SELECT start + {HOUR_SECS} FROM rollup_hours WHERE +start < ?1 ORDER BY start DESC LIMIT 1), 0), \
             coalesce((SELECT max(day) + {DAY_SECS} FROM rollup_days WHERE day < ?1), 0))"
    );
    Ok(integers(database, sql, vec![before.into()]).await?.first().copied().unwrap_or(0))
}

/// The newest folded day whose blocks are not those of [`FORM`].
pub(crate) async fn day_of_older_form(database: &dyn Database) -> Result<Option<i64>, DatabaseError> {
    let sql = format!("SELECT day FROM rollup_days WHERE form < {FORM} ORDER BY day DESC LIMIT 1");
    Ok(integers(database, sql, vec![]).await?.first().copied())
}

/// The newest days, begun at `now` or earlier, that the finest rollups have rows of and that are not folded, newest first.
pub(crate) async fn days_to_fold(database: &dyn Database, now: i64, limit: u32) -> Result<Vec<i64>, DatabaseError> {
    let sql = format!(
        "WITH RECURSIVE days (day) AS (\
             SELECT min((SELECT max(hour) FROM rollups), ?1) / {DAY_SECS} * {DAY_SECS} \
             UNION ALL SELECT day - {DAY_SECS} FROM days WHERE day > \
                 (SELECT min(hour) FROM rollups WHERE hour > 0 AND hour >= (SELECT pruned_until FROM rollup_state)) \
             LIMIT 1000\
         ) \
         SELECT day FROM days WHERE day >= (SELECT pruned_until FROM rollup_state) \
         AND NOT EXISTS (SELECT 1 FROM rollup_days WHERE rollup_days.day = days.day) \
         AND EXISTS (SELECT 1 FROM rollups WHERE hour > 0 AND hour >= days.day AND hour < days.day + {DAY_SECS}) \
         ORDER BY day DESC LIMIT ?2"
    );
    integers(database, sql, vec![now.into(), limit.into()]).await
}

/// A day for which something was written after its finest rollups had gone.
pub(crate) async fn day_with_additions(database: &dyn Database) -> Result<Option<i64>, DatabaseError> {
    let sql = format!("SELECT -hour / {DAY_SECS} * {DAY_SECS} FROM rollups WHERE hour < 0 ORDER BY hour DESC LIMIT 1");
    Ok(integers(database, sql, vec![]).await?.first().copied())
}

/// From now on only the folded sums of the oldest day count that still has finest rollups, if it began before `before` and
/// is folded. Whether there was such a day.
pub(crate) async fn prune_oldest(database: &dyn Database, before: i64) -> Result<bool, DatabaseError> {
    let oldest = format!(
        "(SELECT min(hour) / {DAY_SECS} * {DAY_SECS} FROM rollups WHERE hour > 0 \
         AND hour >= (SELECT pruned_until FROM rollup_state))"
    );
    let sql = format!(
        "UPDATE rollup_state SET pruned_until = {oldest} + {DAY_SECS} \
         WHERE {oldest} < ?1 AND EXISTS (SELECT 1 FROM rollup_days WHERE day = {oldest})"
    );
    Ok(database.query(Statement::new(sql, vec![before.into()])).await?.affected > 0)
}

/// Deletes some of what does not count any more, and answers how many rows.
pub(crate) async fn delete_pruned_chunk(database: &dyn Database) -> Result<u64, DatabaseError> {
    const PRUNED: &str = "(SELECT pruned_until FROM rollup_state)";
    let tables = [
        ("rollup_latencies", "hour, dimension_id, metric, bucket", "true", "hour"),
        ("rollups", "hour, dimension_id, currency", "true", "hour"),
        ("rollup_hours", "start, chunk", "true", "start"),
        ("rollup_margins", "axis, minutes, start, chunk", ANY_MARGIN, "start"),
    ];
    let mut deleted = 0;
    for (table, key, any, time) in tables {
        let sql = format!(
            "DELETE FROM {table} WHERE ({key}) IN \
             (SELECT {key} FROM {table} WHERE {any} AND {time} > 0 AND {time} < {PRUNED} ORDER BY {time} LIMIT ?1)"
        );
        deleted += database.query(Statement::new(sql, vec![CHUNK_ROWS.into()])).await?.affected;
    }
    Ok(deleted)
}

pub(super) async fn integers(
    database: &dyn Database,
    sql: String,
    params: Vec<Value>,
) -> Result<Vec<i64>, DatabaseError> {
    database.query(Statement::new(sql, params)).await?.iter().map(|row| row.cells().integer()).collect()
}

/// Rows in as many statements as their size asks for.
pub(super) fn in_statements(rows: impl Iterator<Item = String>, sql: &str, changes: i64) -> Vec<Statement> {
    let parameters = together::parameters(rows).into_iter();
    parameters.map(|rows| Statement::new(sql.to_owned(), vec![rows, changes.into()])).collect()
}
