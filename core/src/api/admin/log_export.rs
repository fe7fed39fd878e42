//! The log as a table or as lines of JSON, for other programs.

use core::time::Duration;

use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use super::csv::Csv;
use super::log_view::LogView;
use super::logs::invalid;
use super::{Admin, AdminCall, AdminError, Reply};
use crate::storage::log_filter::LogFilter;
use crate::storage::log_query;

/// Rows of an export.
pub(super) const MAX_ROWS: usize = 100_000;
/// An answer is whole in memory, twice while it grows, and a Worker has 128 MB for everything. One that grows past this is cut
/// behind a row.
const MAX_BYTES: usize = 16 << 20;
/// An export that has looked so long for more is cut.
const PATIENCE: Duration = Duration::from_secs(20);
const PAGE: usize = 500;

/// On an export that was cut: there is more.
const TRUNCATED: HeaderName = HeaderName::from_static("x-llmio-truncated");

/// The columns of a table: fields of an entry, those of an object by `object.field`.
const COLUMNS: [&str; 40] = [
    "id",
    "trace_id",
    "created_at",
    "attempt",
    "is_final",
    "origin",
    "dialect",
    "operation",
    "stream",
    "model",
    "provider",
    "provider_type",
    "provider_model",
    "association_id",
    "key_id",
    "key_name",
    "status",
    "outcome",
    "error",
    "remote_addr",
    "user_agent",
    "session_id",
    "finish_reason",
    "proxy_ms",
    "first_token_ms",
    "total_ms",
    "tokens_per_second",
    "request_bytes",
    "response_bytes",
    "usage.input_tokens",
    "usage.cache_read_tokens",
    "usage.cache_write_5m_tokens",
    "usage.cache_write_1h_tokens",
    "usage.output_tokens",
    "usage.reasoning_tokens",
    "cost",
    "currency",
    "has_bodies",
    "started_offset_ms",
    "answered_model",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Csv,
    Lines,
}

impl Form {
    /// `None` is the usual page.
    pub(super) fn wanted(call: &AdminCall) -> Option<Self> {
        if call.wants_csv() {
            Some(Self::Csv)
        } else if call.accepts("application/x-ndjson") {
            Some(Self::Lines)
        } else {
            None
        }
    }
}

/// Entries from `cursor` on, newest first: `limit` at most, or as many as an export may have.
pub(super) async fn export(
    admin: &Admin,
    filter: &LogFilter,
    mut cursor: Option<String>,
    limit: Option<usize>,
    form: Form,
) -> Result<Reply, AdminError> {
    let limit = limit.unwrap_or(MAX_ROWS);
    if !(1..=MAX_ROWS).contains(&limit) {
        return Err(invalid("limit", format!("of an export must be from 1 to {MAX_ROWS}")));
    }
    let (database, clock) = (&*admin.platform.database, &*admin.platform.clock);
    let started_at = clock.now();
    let mut csv = Csv::default();
    let mut lines = Vec::new();
    if form == Form::Csv {
        csv.row(COLUMNS);
    }
    let mut left = limit;
    let mut is_cut = true;
    while left > 0 && csv.len() + lines.len() < MAX_BYTES && clock.now().since(started_at) < PATIENCE {
        let patience = PATIENCE.saturating_sub(clock.now().since(started_at));
        let page = log_query::search(database, clock, filter, cursor.as_deref(), left.min(PAGE), patience).await?;
        left -= page.entries.len().min(left);
        for entry in page.entries {
            let row = LogView::from(entry);
            match form {
                Form::Csv => {
                    let row = serde_json::to_value(row).unwrap_or_default();
                    csv.row(COLUMNS.map(|column| cell(&row, column)));
                }
                Form::Lines => {
                    // Writing to memory cannot fail.
                    let _ = serde_json::to_writer(&mut lines, &row);
                    lines.push(b'\n');
                }
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            is_cut = false;
            break;
        }
    }
    let reply = match form {
        Form::Csv => csv.into_reply(),
        Form::Lines => Reply::with_body(StatusCode::OK, "application/x-ndjson", lines),
    };
    Ok(if is_cut { reply.header(TRUNCATED, HeaderValue::from_static("true")) } else { reply })
}

/// A field as the cell of a table; empty for null.
fn cell(row: &Value, column: &str) -> String {
    let value = column.split('.').fold(row, |value, name| &value[name]);
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_fields() {
        let row = serde_json::json!({"a": "x", "b": {"c": 3, "d": null}, "e": true});
        let rows = [("a", "x"), ("b.c", "3"), ("b.d", ""), ("e", "true"), ("z", "")];
        for (column, expected) in rows {
            assert_eq!(cell(&row, column), expected);
        }
    }
}
