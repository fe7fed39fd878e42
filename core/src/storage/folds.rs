//! SQL of the folded rollups: days, packed; and what comes of both them and hours.

use serde_json::json;

use super::fold_hours::ANY_MARGIN;
use super::{day_margins, together};
use crate::platform::{Database, DatabaseError, Row, Statement, Value};
use crate::record::blocks::HAVE_MARGINS;
use crate::record::pack::CHUNK_BYTES;
use crate::record::rollup::DAY_SECS;

/// Bytes of packed sums to an answer: it is whole in memory, more than once, and a Worker has 128 MB for everything. A single
/// day may take more.
const ANSWER_BYTES: u64 = 8 << 20;
/// Chunks of hours to an answer, each of about [`CHUNK_BYTES`] at the most.
pub(super) const ANSWER_CHUNKS: usize = ANSWER_BYTES as usize / CHUNK_BYTES;
/// So many days come in one answer, unasked for their size; of coarse blocks by few names.
const FEW_DAYS: usize = 3;
pub(super) const ANSWER_DAYS: usize = 31;
/// Rows to a deletion: a few milliseconds, for which other writers wait.
const CHUNK_ROWS: u32 = 500;

/// Which blocks a day has, as [`crate::record::fold`] makes them; 1 is that of versions before there were others.
pub(super) const FORM: i64 = 2;

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

/// What a row of `rollup_blocks` holds beside the day, or one of `rollup_margins` beside the hour.
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
    /// Its blocks are those of [`FORM`]. Of older ones there are those by `hours = 1` of all axes but the model and the provider.
    pub(crate) is_current: bool,
    pub(crate) has_margins: bool,
}

/// The folded days among those from `from` to `to`, in order.
pub(crate) async fn folded_days(database: &dyn Database, from: i64, to: i64) -> Result<Vec<FoldedDay>, DatabaseError> {
    let sql = "SELECT day, form, margins FROM rollup_days WHERE day >= ?1 AND day < ?2 ORDER BY day";
    let rows = database.query(Statement::new(sql, vec![from.into(), to.into()])).await?;
    let day = |row: Row<'_>| {
        let mut cells = row.cells();
        let (day, form, margins) = (cells.integer()?, cells.integer()?, cells.integer()?);
        Ok(FoldedDay { day, is_current: form == FORM, has_margins: form == FORM && margins != 0 })
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
    let is_coarse = !wanted.hours.contains(&1) && HAVE_MARGINS.contains(&wanted.axis);
    let answers = if is_coarse || wanted.days.len() <= FEW_DAYS {
        wanted.days.chunks(ANSWER_DAYS).map(<[i64]>::to_vec).collect()
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

/// Puts a day's blocks in the place of what it had and marks it as folded, as [`super::fold_hours::write`]. With `additions` they include
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
    let rows = blocks.iter().map(|BlockRow { axis, part, length, chunk, sums }| {
        together::row([
            day.into(),
            (*axis).into(),
            part.as_str().into(),
            u32::from(*length).into(),
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
    statements.extend(day_margins::make(day, changes));
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

/// Deletes some of the days before `before` (a second), and answers how many rows.
pub(crate) async fn delete_days_chunk(database: &dyn Database, before: i64) -> Result<u64, DatabaseError> {
    let statements = vec![
        Statement::new("DELETE FROM rollup_days WHERE day < ?1", vec![before.into()]),
        Statement::new(
            "DELETE FROM rollup_blocks WHERE (day, axis, part, hours, chunk) IN \
             (SELECT day, axis, part, hours, chunk FROM rollup_blocks WHERE day < ?1 ORDER BY day LIMIT ?2)",
            vec![before.into(), CHUNK_ROWS.into()],
        ),
        day_margins::delete_before(before),
    ];
    Ok(database.batch(statements).await?.iter().map(|answer| answer.affected).sum())
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
