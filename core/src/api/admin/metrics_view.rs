//! Sums of the rollups as the API shows them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::log_view::{millis, per_second};
use crate::record::{Histogram, Sums};

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
    pub(super) costs: BTreeMap<String, f64>,
    unpriced: UnpricedView,
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

/// What `costs` do not hold, for want of a price or of usage.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MetricsUnpriced")]
struct UnpricedView {
    /// Successful generations.
    requests: u64,
    tokens: u64,
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
    p95: f64,
    p99: f64,
}

impl From<&Sums> for TotalsView {
    fn from(sums: &Sums) -> Self {
        let counts = &sums.counts;
        let generation_us = i64::try_from(counts.generation_us).unwrap_or(i64::MAX);
        Self {
            requests: counts.requests,
            successes: counts.successes,
            errors: counts.errors(),
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
                total_tokens: counts.tokens(),
            },
            costs: sums.costs.clone(),
            unpriced: UnpricedView { requests: sums.unpriced.requests, tokens: sums.unpriced.tokens },
            request_bytes: counts.request_bytes,
            response_bytes: counts.response_bytes,
            first_token_ms: latency(counts.first_token_us, counts.first_token_count, &sums.first_token),
            total_ms: latency(counts.total_us, counts.total_count, &sums.total),
            tokens_per_second: (generation_us > 0).then(|| per_second(counts.generation_tokens, generation_us)),
        }
    }
}

fn latency(sum_us: u64, count: u64, histogram: &Histogram) -> Option<LatencyView> {
    let mean_us = i64::try_from(sum_us.checked_div(count)?).unwrap_or(i64::MAX);
    let [p50, p90, p95, p99] = histogram.percentiles_ms([50, 90, 95, 99])?;
    Some(LatencyView { mean: millis(mean_us), p50, p90, p95, p99 })
}

impl TotalsView {
    /// Names of the columns of [`TotalsView::cells`]; costs follow, a column for each currency.
    pub(super) const COLUMNS: [&'static str; 29] = [
        "requests",
        "successes",
        "errors",
        "client_error",
        "provider_error",
        "rate_limited",
        "timeout",
        "connect_error",
        "cancelled",
        "gateway_error",
        "attempts",
        "failed_attempts",
        "input_tokens",
        "cache_read_tokens",
        "cache_write_5m_tokens",
        "cache_write_1h_tokens",
        "output_tokens",
        "reasoning_tokens",
        "total_tokens",
        "unpriced_requests",
        "unpriced_tokens",
        "request_bytes",
        "response_bytes",
        "first_token_ms_p50",
        "first_token_ms_p95",
        "total_ms_p50",
        "total_ms_p95",
        "total_ms_mean",
        "tokens_per_second",
    ];

    pub(super) fn cells(&self, currencies: &[String]) -> Vec<String> {
        let Self { outcomes, usage, unpriced, .. } = self;
        let counts = [
            self.requests,
            self.successes,
            self.errors,
            outcomes.client_error,
            outcomes.provider_error,
            outcomes.rate_limited,
            outcomes.timeout,
            outcomes.connect_error,
            outcomes.cancelled,
            outcomes.gateway_error,
            self.attempts,
            self.failed_attempts,
            usage.input_tokens,
            usage.cache_read_tokens,
            usage.cache_write_5m_tokens,
            usage.cache_write_1h_tokens,
            usage.output_tokens,
            usage.reasoning_tokens,
            usage.total_tokens,
            unpriced.requests,
            unpriced.tokens,
            self.request_bytes,
            self.response_bytes,
        ];
        let (first, total) = (self.first_token_ms.as_ref(), self.total_ms.as_ref());
        let reals = [
            first.map(|latency| latency.p50),
            first.map(|latency| latency.p95),
            total.map(|latency| latency.p50),
            total.map(|latency| latency.p95),
            total.map(|latency| latency.mean),
            self.tokens_per_second,
        ];
        let costs = currencies.iter().map(|currency| self.costs.get(currency).copied());
        let reals = reals.into_iter().chain(costs).map(|real| real.map(|real| real.to_string()).unwrap_or_default());
        counts.iter().map(u64::to_string).chain(reals).collect()
    }
}
