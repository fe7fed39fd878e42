//! A row of the original's log becomes an entry of ours.

use std::collections::HashMap;

use super::ending::ending;
use super::field::{Fields, json};
use super::models::prices;
use super::names::{Names, hash};
use super::original::Original;
use super::row::PriceRow;
use crate::config::ProviderType;
use crate::dialect::Usage;
use crate::platform::{DatabaseError, Statement, Timestamp, Value};
use crate::record::{CostParts, LogEntry, Operation, Origin, TraceId, limits};

/// Bytes of a name that are read; more than the log keeps.
pub(super) const MAX_NAME: usize = 1_000;
const MAX_ERROR: usize = 4 << 10;
/// Rows of the requests of a page. More than any request has attempts.
const MAX_SIBLINGS: u32 = 20_000;
/// A shorter time between the first and the last byte is that of an answer that came whole.
const STREAM_NS: i64 = 1_000_000;

/// A row's place among those of its request.
pub(super) struct Place {
    pub(super) id: String,
    trace: TraceId,
    arrived_at: Timestamp,
    attempt: u32,
    is_final: bool,
}

/// What a place is found by.
pub(super) struct Sibling {
    id: i64,
    retry: i64,
    created_at: Timestamp,
}

/// By the request's name in the original.
pub(super) type Siblings = HashMap<String, Vec<Sibling>>;

/// What [`entry`] reads, of a row named `l`.
pub(super) fn columns(original: &Original) -> String {
    let of = "chat_logs";
    let text = |column: &str, most: usize| original.text(of, column, "l", most);
    let mut columns = vec![text("error", MAX_ERROR)];
    for column in [
        "created_at",
        "name",
        "trace_id",
        "provider_model",
        "provider_name",
        "status",
        "style",
        "user_agent",
        "remote_ip",
        "session_id",
        "prompt_tokens_details",
        "currency",
    ] {
        columns.push(text(column, MAX_NAME));
    }
    for column in [
        "id",
        "auth_key_id",
        "retry",
        "proxy_time",
        "first_chunk_time",
        "chunk_time",
        "size",
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "input_price",
        "cache_read_price",
        "output_price",
    ] {
        columns.push(original.number(of, column, "l"));
    }
    columns.join(", ")
}

/// The rows of all requests that a SELECT names.
pub(super) async fn siblings(original: &Original, traces: &str, params: Vec<Value>) -> Result<Siblings, DatabaseError> {
    let mut siblings = Siblings::new();
    if !original.finds_traces {
        return Ok(siblings);
    }
    let of = "chat_logs";
    let sql = format!(
        "SELECT {}, {}, {}, {} FROM chat_logs AS o WHERE o.trace_id IN ({traces}) AND {} LIMIT {MAX_SIBLINGS}",
        original.text(of, "trace_id", "o", MAX_NAME),
        original.text(of, "created_at", "o", MAX_NAME),
        original.number(of, "id", "o"),
        original.number(of, "retry", "o"),
        original.is_kept(of, "o")
    );
    for row in original.database.query(Statement::new(sql, params)).await?.iter() {
        let row = Fields(row);
        siblings.entry(row.text("trace_id")).or_default().push(Sibling::of(row));
    }
    for rows in siblings.values_mut() {
        rows.sort_by_key(|row| (row.retry, row.id));
    }
    Ok(siblings)
}

pub(super) fn place(identity: &str, row: Fields<'_>, siblings: &Siblings) -> Place {
    let this = Sibling::of(row);
    let trace_id = row.text("trace_id");
    let alone = [Sibling { ..this }];
    let rows = siblings.get(&trace_id).map_or(&alone[..], Vec::as_slice);
    let index = rows.iter().position(|other| other.id == this.id).unwrap_or_default();
    let arrived_at = rows.iter().map(|other| other.created_at).min().unwrap_or(this.created_at);
    let row_name = this.id.to_string();
    let trace_name = if siblings.contains_key(&trace_id) { trace_id.as_str() } else { row_name.as_str() };
    let attempt = if rows.len() == 1 { this.retry.saturating_add(1) } else { i64::try_from(index).unwrap_or(0) + 1 };
    let attempt = u32::try_from(attempt).unwrap_or(1).max(1);
    Place {
        id: TraceId::with(arrived_at, &hash(&[identity, "entry", &row_name])).entry_id(attempt),
        trace: TraceId::with(arrived_at, &hash(&[identity, "trace", trace_name])),
        arrived_at,
        attempt,
        is_final: index + 1 == rows.len(),
    }
}

/// A row of the original's log, with its number there.
pub(super) fn entry(names: &Names, row: Fields<'_>, siblings: &Siblings) -> (i64, LogEntry) {
    let place = place(names.identity(), row, siblings);
    let micros = |column: &str| row.integer(column).unwrap_or(0).max(0) / 1_000;
    let (name, provider, provider_model) = (row.text("name"), row.text("provider_name"), row.text("provider_model"));
    let asked = !provider.is_empty();
    let kind = ProviderType::parse(&row.text("style")).unwrap_or(ProviderType::OpenAi);
    let error = row.text("error");
    let (outcome, status) = ending(&row.text("status"), &error, asked, place.is_final);
    let (proxy, first, rest) = (micros("proxy_time"), micros("first_chunk_time"), micros("chunk_time"));
    let usage = usage(row, kind);
    let prices = prices(&PriceRow::of(row));
    let cost = prices.as_ref().and_then(|prices| CostParts::of(prices, &usage)).map(|parts| parts.sum());
    let (key_id, key_name) = names.key(row.integer("auth_key_id").unwrap_or(0)).unzip();
    let mut entry = LogEntry {
        id: place.id,
        trace_id: place.trace.to_string(),
        created_at: place.arrived_at,
        attempt: place.attempt,
        is_final: place.is_final,
        dialect: kind.dialect(),
        operation: Operation::Generate,
        stream: row.integer("chunk_time").unwrap_or(0) >= STREAM_NS,
        origin: Origin::Client,
        replay_of: None,
        association_id: names.association(&name, &provider, &provider_model),
        model: names.model(&name),
        provider: asked.then(|| names.provider(&provider)),
        provider_type: asked.then_some(kind),
        provider_model: Some(provider_model).filter(|name| asked && !name.is_empty()),
        answered_model: None,
        key_id,
        key_name,
        status,
        outcome,
        error: Some(error).filter(|error| !error.is_empty()),
        remote_addr: row.optional_text("remote_ip"),
        user_agent: row.optional_text("user_agent"),
        session_id: row.optional_text("session_id"),
        finish_reason: None,
        started_offset_us: asked.then_some(proxy),
        proxy_us: None,
        first_token_us: (first > 0).then_some(proxy + first),
        total_us: proxy + first + rest,
        request_bytes: 0,
        response_bytes: row.count("size"),
        usage,
        cost,
        currency: prices.as_ref().map(|prices| prices.currency.clone()),
        prices,
        bodies: None,
        request_truncated: false,
        response_truncated: false,
        decision: None,
        translation: Vec::new(),
    };
    limits::apply(&mut entry);
    (row.integer("id").unwrap_or_default(), entry)
}

impl Sibling {
    fn of(row: Fields<'_>) -> Self {
        Self {
            id: row.integer("id").unwrap_or_default(),
            retry: row.integer("retry").unwrap_or(0).max(0),
            created_at: row.time("created_at").unwrap_or_default(),
        }
    }
}

/// In exclusive buckets: what the original counts as read from a cache is part of its prompt. Its older versions counted
/// Anthropic's apart, where there may be more of it.
fn usage(row: Fields<'_>, kind: ProviderType) -> Usage {
    let (prompt, completion) = (row.count("prompt_tokens"), row.count("completion_tokens"));
    if prompt == 0 && completion == 0 && row.count("total_tokens") == 0 {
        return Usage::default();
    }
    let details = json(&row.text("prompt_tokens_details")).ok().flatten();
    let cached = details.as_ref().and_then(|details| details.get("cached_tokens")?.as_u64());
    let (input, cache_read) = match cached {
        Some(cached) if cached > prompt && kind == ProviderType::Anthropic => (prompt, Some(cached)),
        Some(cached) => (prompt.saturating_sub(cached), Some(cached.min(prompt))),
        None => (prompt, None),
    };
    Usage { input: Some(input), cache_read, output: Some(completion), ..Usage::default() }
}
