//! SQL of the folded rollups: hours and days, packed.

use serde_json::json;

use super::together;
use crate::platform::{Database, DatabaseError, Row, Statement, Value};
use crate::record::fold::{KEY, MODEL, PROVIDER, ROUTE, TOTAL};
use crate::record::pack::CHUNK_BYTES;
use crate::record::rollup::{DAY_SECS, HOUR_SECS};

/// Bytes of packed sums to an answer: it is whole in memory, more than once, and a Worker has 128 MB for everything. A single
/// day may take more.
const ANSWER_BYTES: u64 = 8 << 20;
/// Chunks of hours to an answer, each of about [`CHUNK_BYTES`] at the most.
const ANSWER_CHUNKS: usize = ANSWER_BYTES as usize / CHUNK_BYTES;
/// So many days come in one answer, unasked for their size; of coarse blocks by few names.
const FEW_DAYS: usize = 3;
const FEW_COARSE_DAYS: usize = 31;
/// Rows to a deletion: a few milliseconds, for which other writers wait.
const CHUNK_ROWS: u32 = 500;

/// Which blocks a day has, as [`crate::record::fold`] makes them; 1 is that of versions before there were others.
const FORM: i64 = 2;

/// True while nothing was written late since `?2` was read.
const UNCHANGED: &str = "(SELECT changes FROM rollup_state) = ?2";

/// How far rollups are folded. Times in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    /// Of earlier times only what is folded counts.
    pub(crate) pruned_until: i64,
    pub(crate) changes: i64,
    /// Earlier rollups know no association and no origin.
    pub(crate) breakdown_since: i64,
}

/// What a row of `rollup_blocks` holds, beside the day.
#[derive(Clone, Debug)]
pub(crate) struct BlockRow {
    pub(crate) axis: &'static str,
    pub(crate) part: String,
    /// The length of its periods.
    pub(crate) hours: u8,
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
    /// Its blocks are those of [`FORM`]. Of older ones there are those by `hours = 1` of all axes but the model and the provider.
    pub(crate) is_current: bool,
}

/// The folded days among those from `from` to `to`, in order.
pub(crate) async fn folded_days(database: &dyn Database, from: i64, to: i64) -> Result<Vec<FoldedDay>, DatabaseError> {
    let sql = "SELECT day, form FROM rollup_days WHERE day >= ?1 AND day < ?2 ORDER BY day";
    let rows = database.query(Statement::new(sql, vec![from.into(), to.into()])).await?;
    let day = |row: Row<'_>| {
        let mut cells = row.cells();
        Ok(FoldedDay { day: cells.integer()?, is_current: cells.integer()? == FORM })
    };
    rows.iter().map(day).collect()
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

/// The hours of a day that the finest rollups have rows of and that are not folded, in order.
pub(crate) async fn hours_to_fold(database: &dyn Database, day: i64) -> Result<Vec<i64>, DatabaseError> {
    let sql = format!(
        "WITH RECURSIVE hours (start) AS (\
             SELECT ?1 UNION ALL SELECT start + {HOUR_SECS} FROM hours WHERE start + {HOUR_SECS} < ?1 + {DAY_SECS}\
         ) \
         SELECT start FROM hours WHERE NOT EXISTS (SELECT 1 FROM rollup_hours WHERE rollup_hours.start = hours.start) \
         AND EXISTS (SELECT 1 FROM rollups WHERE hour >= hours.start AND hour < hours.start + {HOUR_SECS}) ORDER BY start"
    );
    integers(database, sql, vec![day.into()]).await
}

/// Shows the packed sums of each folded hour in one of the `spans` (seconds, the second exclusive), in order.
pub(crate) async fn hours(
    database: &dyn Database,
    spans: &[(i64, i64)],
    mut show: impl FnMut(i64, &[u8]) -> Result<(), DatabaseError>,
) -> Result<(), DatabaseError> {
    let sql = format!(
        "SELECT start, chunk, sums FROM rollup_hours WHERE (start, chunk) > (?2, ?3) AND start < ?4 AND EXISTS \
         (SELECT 1 FROM json_each(?1) AS span WHERE start >= span.value->>0 AND start < span.value->>1) \
         ORDER BY start, chunk LIMIT {ANSWER_CHUNKS}"
    );
    let Some(first) = spans.iter().map(|(from, _)| *from).min() else { return Ok(()) };
    let end = spans.iter().map(|(_, to)| *to).max().unwrap_or(first);
    let wanted = json!(spans).to_string();
    let mut after = (first, -1);
    loop {
        let params = vec![wanted.as_str().into(), after.0.into(), after.1.into(), end.into()];
        let found = database.query(Statement::new(sql.clone(), params)).await?;
        for row in found.iter() {
            let mut cells = row.cells();
            after = (cells.integer()?, cells.integer()?);
            show(after.0, cells.blob()?)?;
        }
        if found.rows.len() < ANSWER_CHUNKS {
            return Ok(());
        }
    }
}

/// Which blocks of days to read.
#[derive(Clone, Debug)]
pub(crate) struct Blocks<'a> {
    pub(crate) days: &'a [i64],
    pub(crate) axis: &'a str,
    /// `None` for all.
    pub(crate) parts: Option<&'a [String]>,
    pub(crate) hours: &'a [u8],
}

/// Shows the packed sums of each block, with its day and the length of its periods in hours.
pub(crate) async fn blocks(
    database: &dyn Database,
    wanted: &Blocks<'_>,
    mut show: impl FnMut(i64, i64, &[u8]) -> Result<(), DatabaseError>,
) -> Result<(), DatabaseError> {
    let is_coarse = !wanted.hours.contains(&1) && [TOTAL, MODEL, PROVIDER, KEY, ROUTE].contains(&wanted.axis);
    let answers = if is_coarse || wanted.days.len() <= FEW_DAYS {
        wanted.days.chunks(FEW_COARSE_DAYS).map(<[i64]>::to_vec).collect()
    } else {
        answers(database, wanted).await?
    };
    for days in answers {
        let statement = wanted.of(&days).statement("b.day, b.hours, b.sums", "");
        for row in database.query(statement).await?.iter() {
            let mut cells = row.cells();
            show(cells.integer()?, cells.integer()?, cells.blob()?)?;
        }
    }
    Ok(())
}

/// Those of the days that have such blocks, divided into what one answer may hold.
async fn answers(database: &dyn Database, wanted: &Blocks<'_>) -> Result<Vec<Vec<i64>>, DatabaseError> {
    let mut answers = Vec::new();
    let mut days = Vec::new();
    let mut bytes = 0;
    let sizes = wanted.statement("b.day, sum(length(b.sums))", "GROUP BY b.day ORDER BY b.day");
    for row in database.query(sizes).await?.iter() {
        let mut cells = row.cells();
        let (day, size) = (cells.integer()?, u64::try_from(cells.integer()?).unwrap_or(0));
        if bytes + size > ANSWER_BYTES && !days.is_empty() {
            answers.push(std::mem::take(&mut days));
            bytes = 0;
        }
        bytes += size;
        days.push(day);
    }
    answers.push(days);
    Ok(answers)
}

impl Blocks<'_> {
    /// The same of other days.
    fn of<'a>(&'a self, days: &'a [i64]) -> Blocks<'a> {
        Blocks { days, ..self.clone() }
    }

    fn statement(&self, columns: &str, end: &str) -> Statement {
        let Self { days, axis, parts, hours } = self;
        let parts_of = match parts {
            Some(_) => "CROSS JOIN json_each(?4) AS p CROSS JOIN rollup_blocks AS b ON b.part = p.value AND",
            None => "CROSS JOIN rollup_blocks AS b ON",
        };
        let sql = format!(
            "SELECT {columns} FROM json_each(?1) AS d {parts_of} b.day = d.value AND b.axis = ?2 \
             AND b.hours IN (SELECT value FROM json_each(?3)) {end}"
        );
        let mut params: Vec<Value> =
            vec![json!(days).to_string().into(), (*axis).into(), json!(hours).to_string().into()];
        if let Some(parts) = parts {
            params.push(json!(parts).to_string().into());
        }
        Statement::new(sql, params)
    }
}

/// Puts an hour's chunks in the place of what it had. `false`, and nothing is written, when something was written late
/// since `changes` was read.
pub(crate) async fn write_hour(
    database: &dyn Database,
    hour: i64,
    chunks: &[Vec<u8>],
    changes: i64,
) -> Result<bool, DatabaseError> {
    let rows = chunks
        .iter()
        .zip(0_u32..)
        .map(|(sums, chunk)| together::row([hour.into(), chunk.into(), sums.as_slice().into()]));
    let mut statements = vec![Statement::new(
        format!("DELETE FROM rollup_hours WHERE start = ?1 AND {UNCHANGED}"),
        vec![hour.into(), changes.into()],
    )];
    let sql = format!(
        "INSERT INTO rollup_hours (start, chunk, sums) SELECT value->>0, value->>1, unhex(value->>2) \
         FROM json_each(?1) WHERE {UNCHANGED}"
    );
    statements.extend(in_statements(rows, &sql, changes));
    let answers = database.batch(statements).await?;
    Ok(answers.last().is_some_and(|answer| answer.affected > 0))
}

/// Puts a day's blocks in the place of what it had and marks it as folded, as [`write_hour`]. With `additions` they include
/// what was written late, which goes.
pub(crate) async fn write_day(
    database: &dyn Database,
    day: i64,
    blocks: &[BlockRow],
    changes: i64,
    additions: bool,
) -> Result<bool, DatabaseError> {
    let guarded = |sql: &str| Statement::new(format!("{sql} {UNCHANGED}"), vec![day.into(), changes.into()]);
    let mut statements = vec![guarded("DELETE FROM rollup_blocks WHERE day = ?1 AND")];
    let rows = blocks.iter().map(|BlockRow { axis, part, hours, chunk, sums }| {
        together::row([
            day.into(),
            (*axis).into(),
            part.as_str().into(),
            u32::from(*hours).into(),
            (*chunk as u64).into(),
            sums.as_slice().into(),
        ])
    });
    let sql = format!(
        "INSERT INTO rollup_blocks (day, axis, part, hours, chunk, sums) \
         SELECT value->>0, value->>1, value->>2, value->>3, value->>4, unhex(value->>5) FROM json_each(?1) WHERE {UNCHANGED}"
    );
    statements.extend(in_statements(rows, &sql, changes));
    if additions {
        statements.push(guarded(&format!("DELETE FROM rollups WHERE hour > -?1 - {DAY_SECS} AND hour <= -?1 AND")));
    }
    statements.push(guarded(&format!("INSERT OR REPLACE INTO rollup_days (day, form) SELECT ?1, {FORM} WHERE")));
    let answers = database.batch(statements).await?;
    Ok(answers.last().is_some_and(|answer| answer.affected > 0))
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
        ("rollup_latencies", "hour, dimension_id, metric, bucket", "hour"),
        ("rollups", "hour, dimension_id, currency", "hour"),
        ("rollup_hours", "start, chunk", "start"),
    ];
    let mut deleted = 0;
    for (table, key, time) in tables {
        let sql = format!(
            "DELETE FROM {table} WHERE ({key}) IN \
             (SELECT {key} FROM {table} WHERE {time} > 0 AND {time} < {PRUNED} ORDER BY {time} LIMIT ?1)"
        );
        deleted += database.query(Statement::new(sql, vec![CHUNK_ROWS.into()])).await?.affected;
    }
    Ok(deleted)
}

/// Deletes some of the days before `before` (a second), and answers how many rows.
pub(crate) async fn delete_days_chunk(database: &dyn Database, before: i64) -> Result<u64, DatabaseError> {
    let statements = vec![
        Statement::new("DELETE FROM rollup_days WHERE day < ?1", vec![before.into()]),
        Statement::new(
            "DELETE FROM rollup_blocks WHERE (day, axis, part, hours, chunk) IN \
             (SELECT day, axis, part, hours, chunk FROM rollup_blocks WHERE day < ?1 ORDER BY day LIMIT ?2)",
            vec![before.into(), CHUNK_ROWS.into()],
        ),
    ];
    Ok(database.batch(statements).await?.iter().map(|answer| answer.affected).sum())
}

async fn integers(database: &dyn Database, sql: String, params: Vec<Value>) -> Result<Vec<i64>, DatabaseError> {
    database.query(Statement::new(sql, params)).await?.iter().map(|row| row.cells().integer()).collect()
}

/// Rows in as many statements as their size asks for.
fn in_statements(rows: impl Iterator<Item = String>, sql: &str, changes: i64) -> Vec<Statement> {
    let parameters = together::parameters(rows).into_iter();
    parameters.map(|rows| Statement::new(sql.to_owned(), vec![rows, changes.into()])).collect()
}
