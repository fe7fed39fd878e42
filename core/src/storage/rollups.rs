//! SQL of the hourly rollups.

use core::ops::RangeInclusive;
use std::sync::LazyLock;

use serde_json::{Value as Json, json};

use crate::platform::{Database, DatabaseError, Row, Statement, Timestamp, Value};
use crate::record::first_id_at;
use crate::record::rollup::{Counts, CountsKey, Dimension, HOUR_SECS, LatencyKey, Rollups};

const KEYS: [&str; 3] = ["hour", "dimension_id", "currency"];

/// True unless the writer `?2` has written entry `?3` already.
const IS_NEW: &str = "NOT EXISTS (SELECT 1 FROM record_writers WHERE id = ?2 AND last_entry >= ?3)";

static ADD_DIMENSIONS: &str = "\
    INSERT INTO rollup_dimensions (id, model, provider, provider_model, key_id, key_name, dialect) \
    SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6 FROM json_each(?1) WHERE true \
    ON CONFLICT (id) DO UPDATE SET key_name = excluded.key_name WHERE key_name <> excluded.key_name";

static ADD_COUNTS: LazyLock<String> = LazyLock::new(|| {
    let sums = Counts::COLUMNS.iter().map(|column| format!("{column} = {column} + excluded.{column}"));
    let sums = sums.collect::<Vec<_>>().join(", ");
    format!("{} WHERE {IS_NEW} ON CONFLICT (hour, dimension_id, currency) DO UPDATE SET {sums}", &*SELECT_COUNTS)
});

static SELECT_COUNTS: LazyLock<String> = LazyLock::new(|| {
    let columns = KEYS.iter().chain(Counts::COLUMNS).copied().collect::<Vec<_>>().join(", ");
    let values =
        (0..KEYS.len() + Counts::COLUMNS.len()).map(|index| format!("value->>{index}")).collect::<Vec<_>>().join(", ");
    format!("INSERT INTO rollups ({columns}) SELECT {values} FROM json_each(?1)")
});

static SELECT_LATENCIES: &str = "\
    INSERT INTO rollup_latencies (hour, dimension_id, metric, bucket, count) \
    SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?1)";

static ADD_LATENCIES: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{SELECT_LATENCIES} WHERE {IS_NEW} \
         ON CONFLICT (hour, dimension_id, metric, bucket) DO UPDATE SET count = count + excluded.count"
    )
});

/// `last_entry` is the number of the last entry of the newest batch.
static FINISH_BATCH: &str = "\
    INSERT INTO record_writers (id, last_entry, updated_at) VALUES (?1, ?2, ?3) \
    ON CONFLICT (id) DO UPDATE SET last_entry = excluded.last_entry, updated_at = excluded.updated_at \
    WHERE last_entry < ?4";

/// The end of a batch: adds `rollups` unless `writer` has written any of its entries before, and marks them as written.
///
/// A writer numbers its entries upwards, and sends a batch, the entries `numbers`, only after those before it were
/// written. The same entries may come again, all together or each alone. The rows of each table travel as one JSON
/// parameter, because D1 allows 100 parameters to a statement.
pub(crate) fn add(rollups: &Rollups, writer: &str, numbers: &RangeInclusive<i64>, now: Timestamp) -> Vec<Statement> {
    let guarded = |sql: &'static str, rows: String| {
        Statement::new(sql, vec![rows.into(), writer.into(), (*numbers.start()).into()])
    };
    let rows = Rows::of(rollups);
    let mut statements =
        vec![Statement::new(ADD_DIMENSIONS, vec![rows.dimensions.into()]), guarded(&ADD_COUNTS, rows.counts)];
    if !rollups.latencies.is_empty() {
        statements.push(guarded(&ADD_LATENCIES, rows.latencies));
    }
    statements.push(finish(writer, numbers, now));
    statements
}

/// Marks the entries `numbers` as written, unless any of them was before.
pub(crate) fn finish(writer: &str, numbers: &RangeInclusive<i64>, now: Timestamp) -> Statement {
    let (first, last) = (*numbers.start(), *numbers.end());
    Statement::new(FINISH_BATCH, vec![writer.into(), last.into(), now.as_micros().into(), first.into()])
}

/// An hour of the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogHour {
    pub(crate) begins: Timestamp,
    pub(crate) entries: u64,
}

impl LogHour {
    pub(crate) fn ends(&self) -> Timestamp {
        Timestamp::from_secs(self.begins.as_secs() + HOUR_SECS)
    }

    /// Ids of the hour are these and those between them; the second is the next hour's.
    fn ids(&self) -> [Value; 2] {
        [first_id_at(self.begins).into(), first_id_at(self.ends()).into()]
    }
}

/// Hours from `from` to `to` of which the log holds more than the rollups.
pub(crate) async fn incomplete_hours(
    database: &dyn Database,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<LogHour>, DatabaseError> {
    let sql = "\
        SELECT log.hour, log.entries FROM \
        (SELECT created_at / 3600000000 * 3600 AS hour, count(*) AS entries, sum(is_final) AS requests, \
         count(provider) AS attempts FROM logs WHERE id >= ?1 AND id < ?2 GROUP BY hour) AS log \
        LEFT JOIN (SELECT hour, sum(requests) AS requests, sum(attempts) AS attempts FROM rollups \
         WHERE hour >= ?3 AND hour < ?4 GROUP BY hour) AS sums ON sums.hour = log.hour \
        WHERE log.requests > coalesce(sums.requests, 0) OR log.attempts > coalesce(sums.attempts, 0) ORDER BY log.hour";
    let params = vec![first_id_at(from).into(), first_id_at(to).into(), from.as_secs().into(), to.as_secs().into()];
    let rows = database.query(Statement::new(sql, params)).await?;
    let hour = |row: Row<'_>| {
        let entries = u64::try_from(row.integer("entries")?).unwrap_or(0);
        Ok(LogHour { begins: Timestamp::from_secs(row.integer("hour")?), entries })
    };
    rows.iter().map(hour).collect()
}

/// Puts `rollups` in the place of what an hour had, unless the log has gained or lost entries of that hour meanwhile;
/// `false` then.
pub(crate) async fn replace(database: &dyn Database, hour: &LogHour, rollups: &Rollups) -> Result<bool, DatabaseError> {
    const IS_SAME: &str = "(SELECT count(*) FROM logs WHERE id >= ?2 AND id < ?3) = ?4";
    let guarded = |sql: String, first: Value| {
        let [from, to] = hour.ids();
        Statement::new(sql, vec![first, from, to, hour.entries.into()])
    };
    let begins: Value = hour.begins.as_secs().into();
    let rows = Rows::of(rollups);
    let statements = vec![
        guarded(format!("DELETE FROM rollup_latencies WHERE hour = ?1 AND {IS_SAME}"), begins.clone()),
        guarded(format!("DELETE FROM rollups WHERE hour = ?1 AND {IS_SAME}"), begins),
        Statement::new(ADD_DIMENSIONS, vec![rows.dimensions.into()]),
        guarded(format!("{} WHERE {IS_SAME}", &*SELECT_COUNTS), rows.counts.into()),
        guarded(format!("{SELECT_LATENCIES} WHERE {IS_SAME}"), rows.latencies.into()),
    ];
    let answers = database.batch(statements).await?;
    Ok(answers.get(3).is_some_and(|counts| counts.affected > 0))
}

/// The rows of each table as one JSON parameter.
struct Rows {
    dimensions: String,
    counts: String,
    latencies: String,
}

impl Rows {
    fn of(rollups: &Rollups) -> Self {
        let text = |rows: Vec<Json>| Json::Array(rows).to_string();
        Self {
            dimensions: text(rollups.dimensions.iter().map(dimension_row).collect()),
            counts: text(rollups.counts.iter().map(counts_row).collect()),
            latencies: text(rollups.latencies.iter().map(latency_row).collect()),
        }
    }
}

fn dimension_row((id, dimension): (&i64, &Dimension)) -> Json {
    let Dimension { model, provider, provider_model, key_id, key_name, dialect } = dimension;
    json!([id, model, provider, provider_model, key_id, key_name, dialect])
}

fn counts_row((key, counts): (&CountsKey, &Counts)) -> Json {
    let mut row = vec![key.hour.into(), key.dimension_id.into(), key.currency.as_str().into()];
    row.extend(counts.values());
    Json::Array(row)
}

fn latency_row((key, count): (&LatencyKey, &u64)) -> Json {
    json!([key.hour, key.dimension_id, key.metric.as_str(), key.bucket, count])
}
