//! SQL of the request log.

use std::sync::LazyLock;

use crate::platform::{Statement, Value};
use crate::record::LogEntry;

/// In the order of [`insert`].
pub(super) const COLUMNS: [&str; 35] = [
    "id",
    "trace_id",
    "created_at",
    "attempt",
    "is_final",
    "dialect",
    "operation",
    "stream",
    "model",
    "provider",
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
    "proxy_us",
    "first_token_us",
    "total_us",
    "request_bytes",
    "response_bytes",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost",
    "currency",
    "has_bodies",
];

static INSERT: LazyLock<String> = LazyLock::new(|| {
    let parameters = (1..=COLUMNS.len()).map(|index| format!("?{index}")).collect::<Vec<_>>().join(", ");
    format!("INSERT OR IGNORE INTO logs ({}) VALUES ({parameters})", COLUMNS.join(", "))
});

static INSERT_BODY: &str = "INSERT OR IGNORE INTO log_bodies (log_id, side, body) VALUES (?1, ?2, ?3)";

/// Writes an entry and its bodies, once however often it is sent.
///
/// One statement a row, always the same text: a kept compiled statement takes a fifth of the time that SQLite needs to
/// read many rows out of one JSON parameter.
pub(crate) fn insert(entry: &LogEntry, statements: &mut Vec<Statement>) {
    let usage = &entry.usage;
    let params: Vec<Value> = vec![
        entry.id.as_str().into(),
        entry.trace_id.as_str().into(),
        entry.created_at.as_micros().into(),
        entry.attempt.into(),
        entry.is_final.into(),
        entry.dialect.as_str().into(),
        entry.operation.as_str().into(),
        entry.stream.into(),
        entry.model.as_str().into(),
        entry.provider.as_deref().into(),
        entry.provider_model.as_deref().into(),
        entry.association_id.as_deref().into(),
        entry.key_id.as_deref().into(),
        entry.key_name.as_deref().into(),
        u32::from(entry.status).into(),
        entry.outcome.as_str().into(),
        entry.error.as_deref().into(),
        entry.remote_addr.as_deref().into(),
        entry.user_agent.as_deref().into(),
        entry.session_id.as_deref().into(),
        entry.finish_reason.as_deref().into(),
        entry.proxy_us.into(),
        entry.first_token_us.into(),
        entry.total_us.into(),
        entry.request_bytes.into(),
        entry.response_bytes.into(),
        usage.input.into(),
        usage.cache_read.into(),
        usage.cache_write_5m.into(),
        usage.cache_write_1h.into(),
        usage.output.into(),
        usage.reasoning.into(),
        entry.cost.into(),
        entry.currency.as_deref().into(),
        entry.bodies.is_some().into(),
    ];
    statements.push(Statement::new(INSERT.as_str(), params));
    if let Some(bodies) = &entry.bodies {
        for (side, body) in [("request", &bodies.request), ("response", &bodies.response)] {
            statements
                .push(Statement::new(INSERT_BODY, vec![entry.id.as_str().into(), side.into(), body.as_str().into()]));
        }
    }
}
