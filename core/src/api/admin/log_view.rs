//! Log entries as the API shows them.

use schemars::JsonSchema;
use serde::Serialize;

use crate::config::ProviderType;
use crate::dialect::Dialect;
use crate::platform::Timestamp;
use crate::record::{self, Bodies, Operation, Origin, Outcome};
use crate::storage::log_query::StoredEntry;

/// One attempt at one provider, or a request that reached none.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Log")]
pub(super) struct LogView {
    id: String,
    /// Shared by all attempts of a request; the answer's `x-llmio-trace-id`.
    trace_id: String,
    /// When the request arrived.
    created_at: Timestamp,
    /// From 1.
    attempt: u32,
    /// Whether it is the last attempt, which stands for the whole request.
    is_final: bool,
    dialect: Dialect,
    operation: Operation,
    stream: bool,
    /// Who sent it; all but `client` did so with the admin token.
    origin: Origin,
    /// The id of the log entry whose request was sent again.
    replay_of: Option<String>,
    /// The name the client asked for.
    model: String,
    /// Null when no provider was asked.
    provider: Option<String>,
    /// Its dialect is the one in which it was asked. Null also for entries of before there was this field.
    provider_type: Option<ProviderType>,
    provider_model: Option<String>,
    /// What the provider's answer calls the model; null where it said nothing.
    answered_model: Option<String>,
    association_id: Option<String>,
    key_id: Option<String>,
    key_name: Option<String>,
    /// The provider's, or the gateway's own where there was none; 499 when the client left.
    status: u16,
    outcome: Outcome,
    error: Option<String>,
    remote_addr: Option<String>,
    user_agent: Option<String>,
    session_id: Option<String>,
    finish_reason: Option<String>,
    /// From the request's arrival to the attempt's start; null when no provider was asked.
    started_offset_ms: Option<f64>,
    /// From the attempt's start to the head of the provider's answer.
    proxy_ms: Option<f64>,
    /// From the request's arrival to the first meaningful output.
    first_token_ms: Option<f64>,
    /// From the request's arrival to the end.
    total_ms: f64,
    /// Output and reasoning, over the time after the first token of a stream, else over all of it.
    tokens_per_second: Option<f64>,
    request_bytes: u64,
    response_bytes: u64,
    usage: UsageView,
    cost: Option<f64>,
    /// Of `cost`.
    currency: Option<String>,
    /// Whether bodies were recorded.
    has_bodies: bool,
}

/// Tokens in mutually exclusive buckets; null is not reported.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LogUsage")]
struct UsageView {
    /// From no cache, and not written to one.
    input_tokens: Option<u64>,
    cache_read_tokens: Option<u64>,
    cache_write_5m_tokens: Option<u64>,
    cache_write_1h_tokens: Option<u64>,
    /// Without reasoning.
    output_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LogPage")]
pub(super) struct LogPageView {
    /// Newest first.
    pub(super) data: Vec<LogView>,
    /// The `cursor` of the next page; null on the last.
    pub(super) next_cursor: Option<String>,
    /// Where there was no time to look for a whole page: only what arrived then or later was looked at, and `next_cursor`
    /// goes on from there.
    pub(super) scanned_to: Option<Timestamp>,
}

/// In the currency of `prices`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CostParts")]
pub(super) struct CostPartsView {
    input: f64,
    cache_read: f64,
    /// Of both lifetimes.
    cache_write: f64,
    /// With reasoning.
    output: f64,
}

/// As text; a body that was too long says so at its end.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LogBodies")]
pub(super) struct BodiesView {
    request: String,
    response: String,
}

/// One cell of an association's strip.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RecentAttempt")]
pub(super) struct RecentView {
    /// Of the log entry.
    id: String,
    created_at: Timestamp,
    status: u16,
    outcome: Outcome,
    error: Option<String>,
    first_token_ms: Option<f64>,
    total_ms: f64,
}

impl From<StoredEntry> for LogView {
    fn from(StoredEntry { entry, has_bodies }: StoredEntry) -> Self {
        Self {
            tokens_per_second: entry.generation().map(|(tokens, micros)| per_second(tokens, micros)),
            id: entry.id,
            trace_id: entry.trace_id,
            created_at: entry.created_at,
            attempt: entry.attempt,
            is_final: entry.is_final,
            dialect: entry.dialect,
            operation: entry.operation,
            stream: entry.stream,
            origin: entry.origin,
            replay_of: entry.replay_of,
            model: entry.model,
            provider: entry.provider,
            provider_type: entry.provider_type,
            provider_model: entry.provider_model,
            answered_model: entry.answered_model,
            association_id: entry.association_id,
            key_id: entry.key_id,
            key_name: entry.key_name,
            status: entry.status,
            outcome: entry.outcome,
            error: entry.error,
            remote_addr: entry.remote_addr,
            user_agent: entry.user_agent,
            session_id: entry.session_id,
            finish_reason: entry.finish_reason,
            started_offset_ms: entry.started_offset_us.map(millis),
            proxy_ms: entry.proxy_us.map(millis),
            first_token_ms: entry.first_token_us.map(millis),
            total_ms: millis(entry.total_us),
            request_bytes: entry.request_bytes,
            response_bytes: entry.response_bytes,
            usage: UsageView {
                input_tokens: entry.usage.input,
                cache_read_tokens: entry.usage.cache_read,
                cache_write_5m_tokens: entry.usage.cache_write_5m,
                cache_write_1h_tokens: entry.usage.cache_write_1h,
                output_tokens: entry.usage.output,
                reasoning_tokens: entry.usage.reasoning,
            },
            cost: entry.cost,
            currency: entry.currency,
            has_bodies,
        }
    }
}

impl From<StoredEntry> for RecentView {
    fn from(StoredEntry { entry, .. }: StoredEntry) -> Self {
        Self {
            id: entry.id,
            created_at: entry.created_at,
            status: entry.status,
            outcome: entry.outcome,
            error: entry.error,
            first_token_ms: entry.first_token_us.map(millis),
            total_ms: millis(entry.total_us),
        }
    }
}

impl From<record::CostParts> for CostPartsView {
    fn from(record::CostParts { input, cache_read, cache_write, output }: record::CostParts) -> Self {
        Self { input, cache_read, cache_write, output }
    }
}

impl From<Bodies> for BodiesView {
    fn from(Bodies { request, response }: Bodies) -> Self {
        Self { request, response }
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact for 285 years")]
pub(in crate::api) fn millis(micros: i64) -> f64 {
    micros as f64 / 1e3
}

#[expect(clippy::cast_precision_loss, reason = "a rate needs no 53 bits")]
pub(super) fn per_second(count: u64, micros: i64) -> f64 {
    count as f64 * 1e6 / micros as f64
}
