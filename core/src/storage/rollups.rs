//! SQL of the hourly rollups.

use core::ops::RangeInclusive;
use std::sync::LazyLock;

use serde_json::{Value as Json, json};

use crate::platform::{Statement, Timestamp};
use crate::record::rollup::{Counts, CountsKey, Dimension, LatencyKey, Rollups};

const KEYS: [&str; 3] = ["hour", "dimension_id", "currency"];

/// True unless the writer `?2` has written entry `?3` already.
const IS_NEW: &str = "NOT EXISTS (SELECT 1 FROM record_writers WHERE id = ?2 AND last_entry >= ?3)";

static ADD_DIMENSIONS: &str = "\
    INSERT INTO rollup_dimensions (id, model, provider, provider_model, key_id, key_name, dialect) \
    SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6 FROM json_each(?1) WHERE true \
    ON CONFLICT (id) DO UPDATE SET key_name = excluded.key_name WHERE key_name <> excluded.key_name";

static ADD_COUNTS: LazyLock<String> = LazyLock::new(|| {
    let columns = KEYS.iter().chain(Counts::COLUMNS).copied().collect::<Vec<_>>().join(", ");
    let values =
        (0..KEYS.len() + Counts::COLUMNS.len()).map(|index| format!("value->>{index}")).collect::<Vec<_>>().join(", ");
    let sums = Counts::COLUMNS.iter().map(|column| format!("{column} = {column} + excluded.{column}"));
    let sums = sums.collect::<Vec<_>>().join(", ");
    format!(
        "INSERT INTO rollups ({columns}) SELECT {values} FROM json_each(?1) WHERE {IS_NEW} \
         ON CONFLICT (hour, dimension_id, currency) DO UPDATE SET {sums}"
    )
});

static ADD_LATENCIES: LazyLock<String> = LazyLock::new(|| {
    format!(
        "INSERT INTO rollup_latencies (hour, dimension_id, metric, bucket, count) \
         SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?1) WHERE {IS_NEW} \
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
    let dimensions = rollups.dimensions.iter().map(dimension_row).collect();
    let counts = rollups.counts.iter().map(counts_row).collect();
    let latencies = rollups.latencies.iter().map(latency_row).collect::<Vec<_>>();
    let guarded = |sql: &'static str, rows: Vec<Json>| {
        Statement::new(sql, vec![Json::Array(rows).to_string().into(), writer.into(), (*numbers.start()).into()])
    };
    let mut statements = vec![
        Statement::new(ADD_DIMENSIONS, vec![Json::Array(dimensions).to_string().into()]),
        guarded(&ADD_COUNTS, counts),
    ];
    if !latencies.is_empty() {
        statements.push(guarded(&ADD_LATENCIES, latencies));
    }
    statements.push(finish(writer, numbers, now));
    statements
}

/// Marks the entries `numbers` as written, unless any of them was before.
pub(crate) fn finish(writer: &str, numbers: &RangeInclusive<i64>, now: Timestamp) -> Statement {
    let (first, last) = (*numbers.start(), *numbers.end());
    Statement::new(FINISH_BATCH, vec![writer.into(), last.into(), now.as_micros().into(), first.into()])
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
