//! How much there is, told without counting it.

use crate::platform::{Database, DatabaseError, Row, Statement, Timestamp};

#[derive(Clone, Debug, Default)]
pub(crate) struct Sizes {
    pub(crate) entries: u64,
    pub(crate) oldest: Option<Timestamp>,
    pub(crate) bodies_bytes: u64,
    pub(crate) rollup_days: u64,
    pub(crate) rollups_since: Option<Timestamp>,
    pub(crate) database_bytes: Option<u64>,
}

/// Rows are numbered as they are written and go from the oldest, so that the first and the last number tell how many there
/// are; the length of bodies is that of the newest 200.
const SIZES: &str = "\
    SELECT coalesce((SELECT max(rowid) FROM logs) - (SELECT min(rowid) FROM logs) + 1, 0) AS entries, \
    (SELECT created_at FROM logs ORDER BY id LIMIT 1) AS oldest, \
    coalesce((SELECT max(rowid) FROM log_bodies) - (SELECT min(rowid) FROM log_bodies) + 1, 0) AS bodies, \
    coalesce((SELECT avg(length(body)) FROM (SELECT body FROM log_bodies ORDER BY rowid DESC LIMIT 200)), 0) AS body_bytes, \
    (SELECT count(*) FROM rollup_days) AS days, (SELECT min(day) FROM rollup_days) AS since";

const DATABASE: &str = "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size";

pub(crate) async fn sizes(database: &dyn Database) -> Result<Sizes, DatabaseError> {
    let rows = database.query(Statement::new(SIZES, vec![])).await?;
    let Some(row) = rows.first() else { return Ok(Sizes::default()) };
    let count = |row: Row<'_>, column: &str| Ok::<_, DatabaseError>(u64::try_from(row.integer(column)?).unwrap_or(0));
    let bodies = count(row, "bodies")?;
    // D1 does not tell.
    let bytes = database.query(Statement::new(DATABASE, vec![])).await.ok();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a length that is told, not counted"
    )]
    let bodies_bytes = (bodies as f64 * row.real("body_bytes")?).round() as u64;
    Ok(Sizes {
        entries: count(row, "entries")?,
        oldest: row.optional_integer("oldest")?.map(Timestamp::from_micros),
        bodies_bytes,
        rollup_days: count(row, "days")?,
        rollups_since: row.optional_integer("since")?.map(Timestamp::from_secs),
        database_bytes: bytes.and_then(|rows| rows.first().and_then(|row| count(row, "bytes").ok())),
    })
}
