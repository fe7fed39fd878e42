//! SQL of the hourly rollups.

use std::sync::LazyLock;

use serde_json::{Value as Json, json};

use crate::platform::{Statement, Timestamp};
use crate::record::rollup::{Counts, CountsKey, Dimension, LatencyKey, Rollups};

const KEYS: [&str; 3] = ["hour", "dimension_id", "currency"];

/// True unless the writer `?2` has written batch `?3` already.
const IS_NEW: &str = "NOT EXISTS (SELECT 1 FROM record_writers WHERE id = ?2 AND last_batch >= ?3)";

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

static FINISH_BATCH: &str = "\
    INSERT INTO record_writers (id, last_batch, updated_at) VALUES (?1, ?2, ?3) \
    ON CONFLICT (id) DO UPDATE SET last_batch = max(last_batch, excluded.last_batch), updated_at = excluded.updated_at";

/// The end of a batch: adds `rollups` unless `writer` has written `batch` before, and marks it as written.
///
/// A writer numbers its batches upwards and sends one only after the one before it was written. The rows of each table
/// travel as one JSON parameter, because D1 allows 100 parameters to a statement.
pub(crate) fn add(rollups: &Rollups, writer: &str, batch: i64, now: Timestamp) -> Vec<Statement> {
    let dimensions = rollups.dimensions.iter().map(dimension_row).collect();
    let counts = rollups.counts.iter().map(counts_row).collect();
    let latencies = rollups.latencies.iter().map(latency_row).collect::<Vec<_>>();
    let guarded = |sql: &'static str, rows: Vec<Json>| {
        Statement::new(sql, vec![Json::Array(rows).to_string().into(), writer.into(), batch.into()])
    };
    let mut statements = vec![
        Statement::new(ADD_DIMENSIONS, vec![Json::Array(dimensions).to_string().into()]),
        guarded(&ADD_COUNTS, counts),
    ];
    if !latencies.is_empty() {
        statements.push(guarded(&ADD_LATENCIES, latencies));
    }
    statements.push(Statement::new(FINISH_BATCH, vec![writer.into(), batch.into(), now.as_micros().into()]));
    statements
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
