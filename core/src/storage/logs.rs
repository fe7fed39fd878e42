//! SQL of the request log.

use std::sync::LazyLock;

use super::together;
use crate::config::ProviderType;
use crate::platform::{Statement, Value};
use crate::record::LogEntry;

/// What is large and of use only beside one request's other details.
pub(super) const DETAILS: [&str; 2] = ["decision", "translation"];

pub(super) const COLUMNS: [&str; 49] = [
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
    "origin",
    "replay_of",
    "provider_type",
    "answered_model",
    "started_offset_us",
    "price_input",
    "price_output",
    "price_cache_read",
    "price_cache_write",
    "price_cache_write_1h",
    "request_truncated",
    "response_truncated",
    "decision",
    "translation",
];

/// So many rows go into one statement: more are no quicker (docs/BENCHMARKS.md).
const ROWS: usize = 4;

static INSERT: LazyLock<String> = LazyLock::new(|| insert_rows(1));

static INSERT_ROWS: LazyLock<String> = LazyLock::new(|| insert_rows(ROWS));

fn insert_rows(rows: usize) -> String {
    let row = format!("({})", vec!["?"; COLUMNS.len()].join(", "));
    format!("INSERT OR IGNORE INTO logs ({}) VALUES {}", COLUMNS.join(", "), vec![row; rows].join(", "))
}

static INSERT_TOGETHER: LazyLock<String> = LazyLock::new(|| {
    let values = (0..COLUMNS.len()).map(|index| format!("value->>{index}")).collect::<Vec<_>>().join(", ");
    format!("INSERT OR IGNORE INTO logs ({}) SELECT {values} FROM json_each(?1)", COLUMNS.join(", "))
});

static INSERT_BODY: &str = "INSERT OR IGNORE INTO log_bodies (log_id, side, body) VALUES (?1, ?2, ?3)";

static INSERT_BODIES: &str = "INSERT OR IGNORE INTO log_bodies (log_id, side, body) \
                              SELECT value->>0, value->>1, value->>2 FROM json_each(?1)";

/// Writes entries and their bodies, each once however often it is sent.
///
/// One statement for some rows, and one for each that is left, always the same texts: a kept compiled statement takes a fifth
/// of the time that SQLite needs to read many rows out of one JSON parameter.
pub(crate) fn insert(entries: &[LogEntry], statements: &mut Vec<Statement>) {
    let (some, left) = entries.as_chunks::<ROWS>();
    statements
        .extend(some.iter().map(|rows| Statement::new(INSERT_ROWS.as_str(), rows.iter().flat_map(row).collect())));
    statements.extend(left.iter().map(|entry| Statement::new(INSERT.as_str(), row(entry))));
    statements.extend(entries.iter().flat_map(bodies).map(|body| insert_body(&body)));
}

/// As [`insert`] in few statements, for databases where each has its price.
pub(crate) fn insert_together(entries: &[LogEntry], statements: &mut Vec<Statement>) {
    let rows = together::parameters(entries.iter().map(|entry| together::row(row(entry))));
    statements.extend(rows.into_iter().map(|rows| Statement::new(INSERT_TOGETHER.as_str(), vec![rows])));
    let mut small = Vec::new();
    for body in entries.iter().flat_map(bodies) {
        let row = together::row([body.log_id.into(), body.side.into(), body.text.into()]);
        // Without JSON's escapes it is no longer than the log lets it be.
        if row.len() > together::MAX_BYTES {
            statements.push(insert_body(&body));
        } else {
            small.push(row);
        }
    }
    let bodies = together::parameters(small).into_iter();
    statements.extend(bodies.map(|rows| Statement::new(INSERT_BODIES, vec![rows])));
}

static INSERT_NUMBERED: LazyLock<String> = LazyLock::new(|| {
    let parameters = (1..=COLUMNS.len() + 1).map(|index| format!("?{index}")).collect::<Vec<_>>().join(", ");
    format!("INSERT OR IGNORE INTO logs ({}, rowid) VALUES ({parameters})", COLUMNS.join(", "))
});

static INSERT_NUMBERED_TOGETHER: LazyLock<String> = LazyLock::new(|| {
    let values = (0..=COLUMNS.len()).map(|index| format!("value->>{index}")).collect::<Vec<_>>().join(", ");
    format!("INSERT OR IGNORE INTO logs ({}, rowid) SELECT {values} FROM json_each(?1)", COLUMNS.join(", "))
});

/// As [`insert`], without bodies, with numbers that are not those of their writing.
pub(crate) fn insert_numbered(entries: &[(i64, LogEntry)], statements: &mut Vec<Statement>) {
    statements.extend(entries.iter().map(|entry| Statement::new(INSERT_NUMBERED.as_str(), numbered(entry))));
}

/// As [`insert_numbered`], in few statements.
pub(crate) fn insert_numbered_together(entries: &[(i64, LogEntry)], statements: &mut Vec<Statement>) {
    let rows = together::parameters(entries.iter().map(|entry| together::row(numbered(entry))));
    statements.extend(rows.into_iter().map(|rows| Statement::new(INSERT_NUMBERED_TOGETHER.as_str(), vec![rows])));
}

fn numbered((number, entry): &(i64, LogEntry)) -> Vec<Value> {
    let mut values = row(entry);
    values.push((*number).into());
    values
}

/// What recorded bodies tell of an entry that was written without them.
pub(crate) struct BodyFacts {
    pub(crate) is_stream: bool,
    pub(crate) request_bytes: u64,
    pub(crate) request_truncated: bool,
    pub(crate) response_truncated: bool,
}

/// Adds bodies to an entry, if it is there still.
pub(crate) fn add_bodies(id: &str, request: &str, response: &str, facts: &BodyFacts) -> Vec<Statement> {
    let add = |side: &'static str, body: &str| {
        let sql = "INSERT OR IGNORE INTO log_bodies (log_id, side, body) SELECT ?1, ?2, ?3 \
                   WHERE EXISTS (SELECT 1 FROM logs WHERE id = ?1)";
        Statement::new(sql, vec![id.into(), side.into(), body.into()])
    };
    let BodyFacts { is_stream, request_bytes, request_truncated, response_truncated } = *facts;
    let update = "UPDATE logs SET has_bodies = 1, stream = ?2, request_bytes = ?3, request_truncated = ?4, \
                  response_truncated = ?5 WHERE id = ?1";
    let params =
        vec![id.into(), is_stream.into(), request_bytes.into(), request_truncated.into(), response_truncated.into()];
    vec![add("request", request), add("response", response), Statement::new(update, params)]
}

struct Body<'a> {
    log_id: &'a str,
    side: &'static str,
    text: &'a str,
}

fn bodies(entry: &LogEntry) -> impl Iterator<Item = Body<'_>> {
    let log_id = entry.id.as_str();
    entry.bodies.iter().flat_map(move |bodies| {
        [("request", bodies.request.as_str()), ("response", bodies.response.as_str())].map(|(side, text)| Body {
            log_id,
            side,
            text,
        })
    })
}

fn insert_body(body: &Body<'_>) -> Statement {
    Statement::new(INSERT_BODY, vec![body.log_id.into(), body.side.into(), body.text.into()])
}

/// In the order of [`COLUMNS`].
fn row(entry: &LogEntry) -> Vec<Value> {
    let usage = &entry.usage;
    let prices = entry.prices.as_ref();
    vec![
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
        entry.currency.as_deref().or(prices.map(|prices| prices.currency.as_str())).into(),
        entry.bodies.is_some().into(),
        entry.origin.as_str().into(),
        entry.replay_of.as_deref().into(),
        entry.provider_type.map(ProviderType::as_str).into(),
        entry.answered_model.as_deref().into(),
        entry.started_offset_us.into(),
        prices.map(|prices| prices.input).into(),
        prices.map(|prices| prices.output).into(),
        prices.map(|prices| prices.cache_read).into(),
        prices.map(|prices| prices.cache_write).into(),
        prices.and_then(|prices| prices.cache_write_1h).into(),
        entry.request_truncated.into(),
        entry.response_truncated.into(),
        entry.decision.as_deref().into(),
        translation(entry).into(),
    ]
}

fn translation(entry: &LogEntry) -> Option<String> {
    let translated = Some(&entry.translation).filter(|it| !it.is_empty())?;
    serde_json::to_string(translated).ok()
}
