//! SQL of the margins of days: their blocks by one thing, where a search for them reads no others.

use serde_json::json;

use super::folds::{ANSWER_DAYS, FORM, UNCHANGED, integers};
use crate::platform::{Database, DatabaseError, Statement};
use crate::record::blocks::{DAY_HOURS, HAVE_MARGINS, THIRD_HOURS};

/// True of all margins, and of the blocks that they are made of ([`HAVE_MARGINS`]).
const ANY_AXIS: &str = "axis IN ('total', 'model', 'provider', 'key', 'route')";

/// Whether days have such blocks as margins.
pub(super) fn hold(axis: &str, hours: &[u8]) -> bool {
    HAVE_MARGINS.contains(&axis) && hours.iter().all(|hours| [DAY_HOURS, THIRD_HOURS].contains(hours))
}

/// What makes them of a day's blocks, behind what writes those, unless something was written late since `changes` was read.
pub(super) fn make(day: i64, changes: i64) -> [Statement; 3] {
    [
        format!(
            "DELETE FROM rollup_margins WHERE {ANY_AXIS} AND minutes IN (1440, 480) AND start = ?1 AND {UNCHANGED}"
        ),
        format!(
            "INSERT INTO rollup_margins (axis, minutes, start, chunk, sums) SELECT axis, hours * 60, day, chunk, sums \
             FROM rollup_blocks WHERE day = ?1 AND {ANY_AXIS} AND part = '' AND hours IN (24, 8) AND {UNCHANGED}"
        ),
        format!("UPDATE rollup_days SET margins = 1 WHERE day = ?1 AND {UNCHANGED}"),
    ]
    .map(|sql| Statement::new(sql, vec![day.into(), changes.into()]))
}

/// The newest folded day whose margins are to be made.
pub(crate) async fn day_without(database: &dyn Database) -> Result<Option<i64>, DatabaseError> {
    let sql = format!("SELECT day FROM rollup_days WHERE margins = 0 AND form = {FORM} ORDER BY day DESC LIMIT 1");
    Ok(integers(database, sql, vec![]).await?.first().copied())
}

/// Makes those of a day that is folded. `false` when something was written late since `changes` was read.
pub(crate) async fn write(database: &dyn Database, day: i64, changes: i64) -> Result<bool, DatabaseError> {
    let answers = database.batch(make(day, changes).into()).await?;
    Ok(answers.last().is_some_and(|answer| answer.affected > 0))
}

/// Shows each of those that [`hold`], with its day and the length of its periods in hours.
pub(crate) async fn read(
    database: &dyn Database,
    days: &[i64],
    axis: &str,
    hours: &[u8],
    mut show: impl FnMut(i64, i64, &[u8]) -> Result<(), DatabaseError>,
) -> Result<(), DatabaseError> {
    let minutes: Vec<_> = hours.iter().map(|hours| u32::from(*hours) * 60).collect();
    let sql = "SELECT m.start, m.minutes / 60, m.sums FROM json_each(?1) AS d CROSS JOIN rollup_margins AS m \
               ON m.start = d.value AND m.axis = ?2 AND m.minutes IN (SELECT value FROM json_each(?3))";
    for days in days.chunks(ANSWER_DAYS) {
        let params = vec![json!(days).to_string().into(), axis.into(), json!(minutes).to_string().into()];
        for row in database.query(Statement::new(sql, params)).await?.iter() {
            let mut cells = row.cells();
            show(cells.integer()?, cells.integer()?, cells.blob()?)?;
        }
    }
    Ok(())
}

/// What deletes those of days before `before` (a second).
pub(super) fn delete_before(before: i64) -> Statement {
    let sql = format!("DELETE FROM rollup_margins WHERE {ANY_AXIS} AND minutes IN (1440, 480) AND start < ?1");
    Statement::new(sql, vec![before.into()])
}
