//! SQL of the folded hours, and their margins.
//!
//! The `+` before a column keeps its condition from ending a search in `rollup_hours`, which would compare all of each row, blob
//! and all. There are few rows behind the end.

use serde_json::json;

use super::folds::{ANSWER_CHUNKS, BlockRow, UNCHANGED, in_statements, integers};
use super::together;
use crate::platform::{Database, DatabaseError, Statement, Value};
use crate::record::pack;
use crate::record::rollup::{DAY_SECS, HOUR_SECS};

/// True of all rows of `rollup_margins`, whose key begins with these ([`crate::record::blocks::HAVE_MARGINS`]).
pub(super) const ANY_MARGIN: &str = "axis IN ('total', 'model', 'provider', 'key', 'route') AND minutes IN (60, 5)";

/// In the place of a chunk's number in `rollup_hours`: the hour's margins are made as far as it has any. It holds no sums, as
/// versions that know no margins would read them.
const MARGINS_MADE: i64 = -1;

/// The hours of a day that the finest rollups have rows of and that are not folded, or without margins, in order.
pub(crate) async fn to_fold(database: &dyn Database, day: i64) -> Result<Vec<i64>, DatabaseError> {
    let sql = format!(
        "WITH RECURSIVE hours (start) AS (\
             SELECT ?1 UNION ALL SELECT start + {HOUR_SECS} FROM hours WHERE start + {HOUR_SECS} < ?1 + {DAY_SECS}\
         ) \
         SELECT start FROM hours WHERE start NOT IN \
         (SELECT start FROM rollup_hours WHERE start >= ?1 AND +start < ?1 + {DAY_SECS} AND chunk = {MARGINS_MADE}) \
         AND EXISTS (SELECT 1 FROM rollups WHERE hour >= hours.start AND hour < hours.start + {HOUR_SECS}) ORDER BY start"
    );
    integers(database, sql, vec![day.into()]).await
}

/// Shows the packed sums of each folded hour in one of the `spans` (seconds, the second exclusive), in order.
pub(crate) async fn read(
    database: &dyn Database,
    spans: &[(i64, i64)],
    show: impl FnMut(i64, &[u8]) -> Result<(), DatabaseError>,
) -> Result<(), DatabaseError> {
    chunks(database, "rollup_hours WHERE chunk >= 0", spans, show).await
}

/// As [`read`], of their margins by an axis in pieces of so many minutes, as far as they have some.
pub(crate) async fn read_margins(
    database: &dyn Database,
    axis: &str,
    minutes: u8,
    spans: &[(i64, i64)],
    show: impl FnMut(i64, &[u8]) -> Result<(), DatabaseError>,
) -> Result<(), DatabaseError> {
    let from = format!(
        "rollup_margins WHERE axis = '{axis}' AND minutes = {minutes} AND start IN \
         (SELECT start FROM rollup_hours WHERE start >= ?2 AND +start < ?4 AND chunk = {MARGINS_MADE})"
    );
    chunks(database, &from, spans, show).await
}

async fn chunks(
    database: &dyn Database,
    from: &str,
    spans: &[(i64, i64)],
    mut show: impl FnMut(i64, &[u8]) -> Result<(), DatabaseError>,
) -> Result<(), DatabaseError> {
    let sql = format!(
        "SELECT start, chunk, sums FROM {from} AND (start, chunk) > (?2, ?3) AND +start < ?4 AND EXISTS \
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

/// Puts an hour's chunks and margins in the place of what it had. `false`, and nothing is written, when something was written
/// late since `changes` was read.
pub(crate) async fn write(
    database: &dyn Database,
    hour: i64,
    chunks: &[Vec<u8>],
    margins: &[BlockRow],
    changes: i64,
) -> Result<bool, DatabaseError> {
    let guarded = |sql: &str| Statement::new(format!("{sql} {UNCHANGED}"), vec![hour.into(), changes.into()]);
    let mut statements = vec![
        guarded("DELETE FROM rollup_hours WHERE start = ?1 AND"),
        guarded(&format!("DELETE FROM rollup_margins WHERE {ANY_MARGIN} AND start = ?1 AND")),
    ];
    let rows = margins.iter().map(|BlockRow { axis, part: _, length, chunk, sums }| {
        let key: [Value; 4] = [(*axis).into(), u32::from(*length).into(), hour.into(), (*chunk as u64).into()];
        together::row(key.into_iter().chain([sums.as_slice().into()]))
    });
    let sql = format!(
        "INSERT INTO rollup_margins (axis, minutes, start, chunk, sums) \
         SELECT value->>0, value->>1, value->>2, value->>3, unhex(value->>4) FROM json_each(?1) WHERE {UNCHANGED}"
    );
    statements.extend(in_statements(rows, &sql, changes));
    let mark = pack::encode([])?;
    let marks = mark.iter().map(|empty| (MARGINS_MADE, empty));
    let rows = marks.chain((0..).zip(chunks));
    let rows = rows.map(|(chunk, sums)| together::row([hour.into(), chunk.into(), sums.as_slice().into()]));
    let sql = format!(
        "INSERT INTO rollup_hours (start, chunk, sums) SELECT value->>0, value->>1, unhex(value->>2) \
         FROM json_each(?1) WHERE {UNCHANGED}"
    );
    statements.extend(in_statements(rows, &sql, changes));
    let answers = database.batch(statements).await?;
    Ok(answers.last().is_some_and(|answer| answer.affected > 0))
}
