//! Sums of the rollups as the API shows them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::log_view::{millis, per_second};
use crate::storage::metrics::{Metrics, Percentiles};

/// Sums over requests and attempts.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MetricsTotals")]
pub(super) struct TotalsView {
    /// By their last attempt, like `successes`, `errors` and `outcomes`.
    requests: u64,
    successes: u64,
    /// Requests that ended in anything but success, those that the client left excepted.
    errors: u64,
    outcomes: OutcomesView,
    /// Exchanges with providers, several to a request when some fail.
    attempts: u64,
    /// Those that failed by the provider's doing.
    failed_attempts: u64,
    usage: UsageTotalsView,
    /// By currency.
    costs: BTreeMap<String, f64>,
    request_bytes: u64,
    response_bytes: u64,
    /// Null when nothing was measured.
    first_token_ms: Option<LatencyView>,
    /// Of successful generations; null when there was none.
    total_ms: Option<LatencyView>,
    tokens_per_second: Option<f64>,
}

/// Requests that did not succeed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MetricsOutcomes")]
struct OutcomesView {
    client_error: u64,
    provider_error: u64,
    rate_limited: u64,
    timeout: u64,
    connect_error: u64,
    cancelled: u64,
    gateway_error: u64,
}

/// Tokens in mutually exclusive buckets.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MetricsUsage")]
struct UsageTotalsView {
    input_tokens: u64,
    cache_read_tokens: u64,
    cache_write_5m_tokens: u64,
    cache_write_1h_tokens: u64,
    output_tokens: u64,
    reasoning_tokens: u64,
    /// The sum of all.
    total_tokens: u64,
}

/// The mean is exact, a percentile within 4.5 %.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Latency")]
struct LatencyView {
    mean: f64,
    p50: f64,
    p90: f64,
    p99: f64,
}

impl From<&Metrics> for TotalsView {
    fn from(metrics: &Metrics) -> Self {
        let counts = &metrics.counts;
        let buckets = [
            counts.input_tokens,
            counts.cache_read_tokens,
            counts.cache_write_5m_tokens,
            counts.cache_write_1h_tokens,
            counts.output_tokens,
            counts.reasoning_tokens,
        ];
        let generation_us = i64::try_from(counts.generation_us).unwrap_or(i64::MAX);
        Self {
            requests: counts.requests,
            successes: counts.successes,
            errors: counts.requests.saturating_sub(counts.successes).saturating_sub(counts.cancelled),
            outcomes: OutcomesView {
                client_error: counts.client_errors,
                provider_error: counts.provider_errors,
                rate_limited: counts.rate_limited,
                timeout: counts.timeouts,
                connect_error: counts.connect_errors,
                cancelled: counts.cancelled,
                gateway_error: counts.gateway_errors,
            },
            attempts: counts.attempts,
            failed_attempts: counts.failed_attempts,
            usage: UsageTotalsView {
                input_tokens: counts.input_tokens,
                cache_read_tokens: counts.cache_read_tokens,
                cache_write_5m_tokens: counts.cache_write_5m_tokens,
                cache_write_1h_tokens: counts.cache_write_1h_tokens,
                output_tokens: counts.output_tokens,
                reasoning_tokens: counts.reasoning_tokens,
                total_tokens: buckets.into_iter().fold(0, u64::saturating_add),
            },
            costs: metrics.costs.clone(),
            request_bytes: counts.request_bytes,
            response_bytes: counts.response_bytes,
            first_token_ms: latency(counts.first_token_us, counts.first_token_count, metrics.first_token),
            total_ms: latency(counts.total_us, counts.total_count, metrics.total),
            tokens_per_second: (generation_us > 0).then(|| per_second(counts.generation_tokens, generation_us)),
        }
    }
}

fn latency(sum_us: u64, count: u64, percentiles: Option<Percentiles>) -> Option<LatencyView> {
    let Percentiles { p50, p90, p99 } = percentiles?;
    let mean_us = i64::try_from(sum_us.checked_div(count)?).unwrap_or(i64::MAX);
    Some(LatencyView { mean: millis(mean_us), p50, p90, p99 })
}
