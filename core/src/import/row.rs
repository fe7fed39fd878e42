//! The rows of the original's configuration, as they are.

use super::Original;
use super::field::Fields;
use crate::platform::{DatabaseError, Statement, Timestamp};

/// More than this is no configuration, and is left behind.
const MAX_ROWS: usize = 20_000;
/// Bytes of a text that are read; longer than anything that our rules allow.
const MAX_TEXT: usize = 256 << 10;

/// The original's configuration.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    pub(super) identity: String,
    pub(super) providers: Vec<ProviderRow>,
    /// In the operator's order.
    pub(super) models: Vec<ModelRow>,
    pub(super) associations: Vec<AssociationRow>,
    pub(super) keys: Vec<KeyRow>,
    pub(super) settings: Vec<(String, String)>,
    pub(super) cleanups: Vec<CleanupRow>,
    pub totals: Totals,
}

/// How much there is of what comes bit by bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rows of its log: attempts.
    pub entries: u64,
    /// Requests and answers that were recorded.
    pub bodies: u64,
    pub(super) last_entry: i64,
    pub(super) last_body: i64,
}

#[derive(Clone, Debug)]
pub(super) struct Common {
    pub(super) id: i64,
    pub(super) created_at: Option<Timestamp>,
    pub(super) is_deleted: bool,
}

#[derive(Clone, Debug)]
pub(super) struct ProviderRow {
    pub(super) common: Common,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) config: String,
    pub(super) console: String,
    pub(super) proxy: String,
    pub(super) error_matcher: String,
}

#[derive(Clone, Debug)]
pub(super) struct ModelRow {
    pub(super) common: Common,
    pub(super) name: String,
    pub(super) remark: String,
    pub(super) max_retry: Option<i64>,
    pub(super) time_out: Option<i64>,
    pub(super) strategy: String,
    pub(super) breaker: Option<bool>,
}

#[derive(Clone, Debug)]
pub(super) struct AssociationRow {
    pub(super) common: Common,
    pub(super) model_id: i64,
    pub(super) provider_id: i64,
    pub(super) provider_model: String,
    pub(super) tool_call: Option<bool>,
    pub(super) structured_output: Option<bool>,
    pub(super) image: Option<bool>,
    pub(super) with_header: Option<bool>,
    pub(super) status: Option<bool>,
    pub(super) headers: String,
    pub(super) extra_body: String,
    pub(super) weight: Option<i64>,
    pub(super) prices: PriceRow,
}

#[derive(Clone, Debug, Default)]
pub(super) struct PriceRow {
    pub(super) input: Option<f64>,
    pub(super) cache_read: Option<f64>,
    pub(super) output: Option<f64>,
    pub(super) currency: String,
}

#[derive(Clone)]
pub(super) struct KeyRow {
    pub(super) common: Common,
    pub(super) name: String,
    pub(super) key: String,
    pub(super) status: Option<bool>,
    pub(super) io_log: Option<bool>,
    pub(super) allow_all: Option<bool>,
    pub(super) models: String,
    /// As it is written; empty for none.
    pub(super) expires_at: String,
    pub(super) usage_count: u64,
    pub(super) last_used_at: Option<Timestamp>,
}

impl std::fmt::Debug for KeyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRow").field("name", &self.name).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
pub(super) struct CleanupRow {
    pub(super) common: Common,
    pub(super) retention_days: u64,
    pub(super) deleted_count: u64,
    pub(super) duration_ms: u64,
    pub(super) source: String,
    pub(super) kind: String,
}

impl PriceRow {
    pub(super) fn of(row: Fields<'_>) -> Self {
        Self {
            input: row.real("input_price"),
            cache_read: row.real("cache_read_price"),
            output: row.real("output_price"),
            currency: row.text("currency"),
        }
    }
}

impl Tables {
    pub async fn read(original: &Original) -> Result<Self, DatabaseError> {
        let mut tables = Self { identity: original.identity().to_owned(), ..Self::default() };
        read(
            original,
            "providers",
            &["name", "type", "config", "console", "proxy", "error_matcher"],
            &[],
            |common, row| {
                tables.providers.push(ProviderRow {
                    common,
                    name: row.text("name"),
                    kind: row.text("type"),
                    config: row.text("config"),
                    console: row.text("console"),
                    proxy: row.text("proxy"),
                    error_matcher: row.text("error_matcher"),
                });
            },
        )
        .await?;
        let mut order = Vec::new();
        let numbers = ["max_retry", "time_out", "breaker", "display_order"];
        read(original, "models", &["name", "remark", "strategy"], &numbers, |common, row| {
            order.push(row.integer("display_order").filter(|order| *order > 0).unwrap_or(common.id));
            tables.models.push(ModelRow {
                common,
                name: row.text("name"),
                remark: row.text("remark"),
                max_retry: row.integer("max_retry"),
                time_out: row.integer("time_out"),
                strategy: row.text("strategy"),
                breaker: row.boolean("breaker"),
            });
        })
        .await?;
        let mut models: Vec<_> = order.into_iter().zip(std::mem::take(&mut tables.models)).collect();
        models.sort_by_key(|(order, model)| (*order, model.common.id));
        tables.models = models.into_iter().map(|(_, model)| model).collect();
        let texts = ["provider_model", "customer_headers", "extra_body", "currency"];
        let numbers = [
            "model_id",
            "provider_id",
            "tool_call",
            "structured_output",
            "image",
            "with_header",
            "status",
            "weight",
            "input_price",
            "cache_read_price",
            "output_price",
        ];
        read(original, "model_with_providers", &texts, &numbers, |common, row| {
            tables.associations.push(AssociationRow {
                common,
                model_id: row.integer("model_id").unwrap_or_default(),
                provider_id: row.integer("provider_id").unwrap_or_default(),
                provider_model: row.text("provider_model"),
                tool_call: row.boolean("tool_call"),
                structured_output: row.boolean("structured_output"),
                image: row.boolean("image"),
                with_header: row.boolean("with_header"),
                status: row.boolean("status"),
                headers: row.text("customer_headers"),
                extra_body: row.text("extra_body"),
                weight: row.integer("weight"),
                prices: PriceRow::of(row),
            });
        })
        .await?;
        let texts = ["name", "key", "models", "expires_at", "last_used_at"];
        read(original, "auth_keys", &texts, &["status", "io_log", "allow_all", "usage_count"], |common, row| {
            tables.keys.push(KeyRow {
                common,
                name: row.text("name"),
                key: row.text("key"),
                status: row.boolean("status"),
                io_log: row.boolean("io_log"),
                allow_all: row.boolean("allow_all"),
                models: row.text("models"),
                expires_at: row.text("expires_at"),
                usage_count: row.count("usage_count"),
                last_used_at: row.time("last_used_at"),
            });
        })
        .await?;
        read(original, "configs", &["key", "value"], &[], |common, row| {
            if !common.is_deleted {
                tables.settings.push((row.text("key"), row.text("value")));
            }
        })
        .await?;
        let numbers = ["retention_days", "deleted_count", "duration_ms"];
        read(original, "log_cleanup_records", &["source", "type"], &numbers, |common, row| {
            tables.cleanups.push(CleanupRow {
                common,
                retention_days: row.count("retention_days"),
                deleted_count: row.count("deleted_count"),
                duration_ms: row.count("duration_ms"),
                source: row.text("source"),
                kind: row.text("type"),
            });
        })
        .await?;
        tables.totals = totals(original).await?;
        Ok(tables)
    }

    /// The value of the newest setting of this name.
    pub(super) fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Shows the rows of a table, deleted ones too, in the order of their ids.
async fn read(
    original: &Original,
    table: &str,
    texts: &[&str],
    numbers: &[&str],
    mut show: impl FnMut(Common, Fields<'_>),
) -> Result<(), DatabaseError> {
    if !original.has(table) {
        return Ok(());
    }
    let mut columns = vec![original.number(table, "id", "t")];
    let times = ["created_at", "deleted_at"];
    columns.extend(texts.iter().chain(&times).map(|column| original.text(table, column, "t", MAX_TEXT)));
    columns.extend(numbers.iter().map(|column| original.number(table, column, "t")));
    let sql = format!("SELECT {} FROM {table} AS t ORDER BY t.id LIMIT {MAX_ROWS}", columns.join(", "));
    for row in original.database.query(Statement::new(sql, vec![])).await?.iter() {
        let row = Fields(row);
        let common = Common {
            id: row.integer("id").unwrap_or_default(),
            created_at: row.time("created_at"),
            is_deleted: row.optional_text("deleted_at").is_some(),
        };
        show(common, row);
    }
    Ok(())
}

/// Of the log and of recorded bodies.
pub(super) async fn totals(original: &Original) -> Result<Totals, DatabaseError> {
    let mut totals = Totals::default();
    let tables = [
        ("chat_logs", &mut totals.entries, &mut totals.last_entry),
        ("chat_ios", &mut totals.bodies, &mut totals.last_body),
    ];
    for (table, count, last) in tables {
        if !original.has(table) {
            continue;
        }
        // Each by itself: together they would read the whole table.
        let kept = original.is_kept(table, "t");
        let sql = format!(
            "SELECT (SELECT count(*) FROM {table} AS t WHERE {kept}) AS n, (SELECT max(id) FROM {table}) AS last"
        );
        if let Some(row) = original.database.query(Statement::new(sql, vec![])).await?.first() {
            *count = Fields(row).count("n");
            *last = Fields(row).integer("last").unwrap_or_default();
        }
    }
    Ok(totals)
}
