//! SQL of the folded days' sums, packed.

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::json;

use super::folds::{ANSWER_BYTES, BlockRow, CHUNK_ROWS, FORM, FoldedDay, UNCHANGED, in_statements, integers};
use super::together;
use crate::platform::{Database, DatabaseError, Statement, Value};
use crate::record::blocks::{HAVE_MARGINS, RANKS};
use crate::record::rollup::DAY_SECS;

/// So many days come in one answer, unasked for their size; of coarse blocks by few names.
const FEW_DAYS: usize = 3;
const ANSWER_DAYS: usize = 31;
/// While one answer is looked at, the next one is on its way.
const AT_ONCE: usize = 2;

/// True of the rows that days of older forms have in `rollup_margins`, beside those in `rollup_blocks`.
const OLD_MARGINS: &str = "axis IN ('total', 'model', 'provider', 'key', 'route') AND minutes IN (1440, 480)";

/// Which blocks of days to read.
#[derive(Clone, Debug)]
pub(crate) struct Blocks<'a> {
    pub(crate) table: Table,
    pub(crate) days: &'a [i64],
    pub(crate) axis: &'a str,
    /// `None` for all.
    pub(crate) parts: Option<&'a [String]>,
    pub(crate) hours: &'a [u8],
}

/// Where blocks of days are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Table {
    Sums,
    /// Of older forms there are those by `hours = 1`, and none by the model or the provider alone.
    Older,
}

impl Table {
    pub(crate) const fn of(day: FoldedDay) -> Self {
        if day.is_in_sums() { Self::Sums } else { Self::Older }
    }
}

/// Shows the packed sums of each block, with its day and the length of its periods in hours.
pub(crate) async fn read(
    database: &dyn Database,
    wanted: &Blocks<'_>,
    mut show: impl FnMut(i64, i64, &[u8]) -> Result<(), DatabaseError>,
) -> Result<(), DatabaseError> {
    let has_few = HAVE_MARGINS.contains(&wanted.axis) || wanted.axis == RANKS;
    let is_coarse = !wanted.hours.contains(&1) && has_few;
    let answers = if is_coarse || wanted.days.len() <= FEW_DAYS {
        wanted.days.chunks(ANSWER_DAYS).map(<[i64]>::to_vec).collect()
    } else {
        answers(database, wanted).await?
    };
    let answer = |days: Vec<i64>| database.query(wanted.of(&days).statement());
    let mut answers = stream::iter(answers).map(answer).buffered(AT_ONCE);
    while let Some(rows) = answers.try_next().await? {
        for row in rows.iter() {
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
    for row in database.query(wanted.sizes()).await?.iter() {
        let mut cells = row.cells();
        let (day, size) = (cells.integer()?, u64::try_from(cells.integer()?).unwrap_or(0));
        if size == 0 {
            continue;
        }
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

    /// The blocks, in the order of the days.
    fn statement(&self) -> Statement {
        let (tables, condition) = self.of_a_day();
        self.with_params(format!(
            "SELECT b.day, b.hours, b.sums FROM json_each(?1) AS d CROSS JOIN {tables} ON {condition}"
        ))
    }

    /// The bytes of each day's blocks together. Grouped by the day, the blocks themselves would go through a sorter.
    fn sizes(&self) -> Statement {
        let (tables, condition) = self.of_a_day();
        let sum = format!("SELECT coalesce(sum(length(b.sums)), 0) FROM {tables} WHERE {condition}");
        self.with_params(format!("SELECT d.value, ({sum}) FROM json_each(?1) AS d"))
    }

    /// From where the blocks of day `d.value` come, and how they are known.
    fn of_a_day(&self) -> (String, String) {
        let table = match self.table {
            Table::Sums => "rollup_sums",
            Table::Older => "rollup_blocks",
        };
        let (of_parts, is_part) = match self.parts {
            Some(_) => ("json_each(?4) AS p CROSS JOIN ", "b.part = p.value AND "),
            None => ("", ""),
        };
        let tables = format!("{of_parts}{table} AS b");
        let hours = "b.hours IN (SELECT value FROM json_each(?3))";
        (tables, format!("{is_part}b.day = d.value AND b.axis = ?2 AND {hours}"))
    }

    fn with_params(&self, sql: String) -> Statement {
        let Self { table: _, days, axis, parts, hours } = self;
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
pub(crate) async fn write(
    database: &dyn Database,
    day: i64,
    blocks: &[BlockRow],
    changes: i64,
    additions: bool,
) -> Result<bool, DatabaseError> {
    let guarded = |sql: &str| Statement::new(format!("{sql} {UNCHANGED}"), vec![day.into(), changes.into()]);
    let mut statements = vec![guarded("DELETE FROM rollup_sums WHERE day = ?1 AND")];
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
        "INSERT INTO rollup_sums (day, axis, part, hours, chunk, sums) \
         SELECT value->>0, value->>1, value->>2, value->>3, value->>4, unhex(value->>5) FROM json_each(?1) WHERE {UNCHANGED}"
    );
    statements.extend(in_statements(rows, &sql, changes));
    statements.push(guarded(&format!("INSERT OR REPLACE INTO rollup_days (day, form) SELECT ?1, {FORM} WHERE")));
    if additions {
        statements.push(guarded(&format!("DELETE FROM rollups WHERE hour > -?1 - {DAY_SECS} AND hour <= -?1 AND")));
        // Who has read the day before, or part of what was added, must not write it.
        let moved = "UPDATE rollup_state SET changes = changes + 1 WHERE changes = ?1";
        statements.push(Statement::new(moved, vec![changes.into()]));
    }
    let answers = database.batch(statements).await?;
    Ok(answers.last().is_some_and(|answer| answer.affected > 0))
}

/// Deletes what days had before they were folded again in the current form, and answers how many rows. A report that has begun may
/// still want those of the newest, so it is no part of folding.
pub(crate) async fn delete_replaced(database: &dyn Database) -> Result<u64, DatabaseError> {
    let any = integers(database, "SELECT EXISTS (SELECT 1 FROM rollup_blocks)".to_owned(), vec![]).await?;
    if any == [0] {
        return Ok(0);
    }
    let current = format!("IN (SELECT day FROM rollup_days WHERE form = {FORM})");
    let statements = [
        format!("DELETE FROM rollup_blocks WHERE day {current}"),
        format!("DELETE FROM rollup_margins WHERE {OLD_MARGINS} AND start {current}"),
    ];
    let statements = statements.map(|sql| Statement::new(sql, vec![])).into();
    Ok(database.batch(statements).await?.iter().map(|answer| answer.affected).sum())
}

/// Deletes some of the days before `before` (a second), and answers how many rows.
pub(crate) async fn delete_chunk(database: &dyn Database, before: i64) -> Result<u64, DatabaseError> {
    let statements = vec![
        Statement::new("DELETE FROM rollup_days WHERE day < ?1", vec![before.into()]),
        Statement::new(
            "DELETE FROM rollup_sums WHERE (day, axis, part, hours, chunk) IN \
             (SELECT day, axis, part, hours, chunk FROM rollup_sums WHERE day < ?1 ORDER BY day LIMIT ?2)",
            vec![before.into(), CHUNK_ROWS.into()],
        ),
        Statement::new(
            "DELETE FROM rollup_blocks WHERE (day, axis, part, hours, chunk) IN \
             (SELECT day, axis, part, hours, chunk FROM rollup_blocks WHERE day < ?1 ORDER BY day LIMIT ?2)",
            vec![before.into(), CHUNK_ROWS.into()],
        ),
        Statement::new(format!("DELETE FROM rollup_margins WHERE {OLD_MARGINS} AND start < ?1"), vec![before.into()]),
    ];
    Ok(database.batch(statements).await?.iter().map(|answer| answer.affected).sum())
}
