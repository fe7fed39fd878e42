//! Metrics of this process, for Prometheus.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::{LogEntry, Operation, Outcome, RecorderStatus};
use crate::balance::Breaker;
use crate::dialect::Dialect;

/// Of what [`Metrics::render`] answers.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// In seconds. The OpenTelemetry conventions advise these for `gen_ai.server.request.duration`.
const DURATION_BUCKETS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

/// Combinations of dialect, model and provider before new ones are counted as `other`. The labels come from the
/// configuration alone; this bounds a configuration that is rewritten all day.
const MAX_SERIES: usize = 2_000;
const OTHER: &str = "other";
/// The provider of a request for which none was asked.
const NONE: &str = "none";

const TOKEN_TYPES: [&str; 6] = ["input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning"];

/// Counts since the process started.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    families: Families,
    in_flight: Gauge,
    breakers: Family<BreakerLabels, Gauge>,
    queued: Gauge,
    degraded: Gauge,
    dropped: Counter,
    dropped_bodies: Counter,
    /// The handles of what was counted before, so that the hot path makes no label. By model, provider and dialect.
    series: RwLock<ByName<ByName<ByDialect>>>,
}

type ByName<T> = HashMap<Box<str>, T>;
type ByDialect = [Option<Arc<Series>>; Dialect::ALL.len()];

#[derive(Debug)]
struct Families {
    requests: Family<OutcomeLabels, Counter>,
    attempts: Family<OutcomeLabels, Counter>,
    tokens: Family<TokenLabels, Counter>,
    duration: Family<Labels, Histogram>,
    first_token: Family<Labels, Histogram>,
}

/// One combination of dialect, model and provider. What was never counted is not exposed.
#[derive(Debug)]
struct Series {
    labels: Labels,
    requests: [OnceLock<Counter>; Outcome::ALL.len()],
    attempts: [OnceLock<Counter>; Outcome::ALL.len()],
    tokens: [OnceLock<Counter>; TOKEN_TYPES.len()],
    duration: OnceLock<Histogram>,
    first_token: OnceLock<Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    dialect: &'static str,
    model: Arc<str>,
    provider: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    #[prometheus(flatten)]
    labels: Labels,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    #[prometheus(flatten)]
    labels: Labels,
    token_type: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BreakerLabels {
    model: String,
    provider: String,
    provider_model: String,
}

/// A request is in flight as long as this lives.
#[derive(Debug)]
pub struct InFlight(Gauge);

impl Metrics {
    pub fn new() -> Self {
        let histogram = || Histogram::new(DURATION_BUCKETS);
        let metrics = Self {
            registry: Registry::default(),
            families: Families {
                requests: Family::default(),
                attempts: Family::default(),
                tokens: Family::default(),
                duration: Family::new_with_constructor(histogram),
                first_token: Family::new_with_constructor(histogram),
            },
            in_flight: Gauge::default(),
            breakers: Family::default(),
            queued: Gauge::default(),
            degraded: Gauge::default(),
            dropped: Counter::default(),
            dropped_bodies: Counter::default(),
            series: RwLock::default(),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let mut all = Registry::with_prefix("llmio");
        all.register("build", "The running version", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        all.register(
            "requests",
            "Requests by their end (gen_ai.request.model is `model`)",
            self.families.requests.clone(),
        );
        all.register("attempts", "Exchanges with providers by their end", self.families.attempts.clone());
        all.register(
            "tokens",
            "Tokens used (gen_ai.client.token.usage), each counted in one type",
            self.families.tokens.clone(),
        );
        all.register_with_unit(
            "request_duration",
            "From a request's arrival to the end of its answer (gen_ai.server.request.duration)",
            Unit::Seconds,
            self.families.duration.clone(),
        );
        all.register_with_unit(
            "first_token",
            "From a request's arrival to the first meaningful output (gen_ai.server.time_to_first_token)",
            Unit::Seconds,
            self.families.first_token.clone(),
        );
        all.register("requests_in_flight", "Requests being answered", self.in_flight.clone());
        all.register("breaker_state", "0 closed, 1 half-open, 2 open", self.breakers.clone());
        all.register("log_queue_entries", "Log entries not yet written", self.queued.clone());
        all.register(
            "log_queue_dropped",
            "Log entries lost because the queue was full or the database refused them",
            self.dropped.clone(),
        );
        all.register(
            "log_queue_dropped_bodies",
            "Log entries written without their bodies because too many bodies were queued",
            self.dropped_bodies.clone(),
        );
        all.register("log_degraded", "1 while the log cannot be written", self.degraded.clone());
        self.registry = all;
        self
    }

    /// Counts an entry. `model` is the configured name or pattern that answered for the model the client named, or
    /// `None` when there was none: a client's own words never become a label.
    pub fn observe(&self, entry: &LogEntry, model: Option<&str>) {
        let series = self.series_of(entry.dialect, model.unwrap_or(OTHER), entry.provider.as_deref().unwrap_or(NONE));
        let families = &self.families;
        let outcome = entry.outcome as usize;
        let with_outcome = || OutcomeLabels { labels: series.labels.clone(), outcome: entry.outcome.as_str() };
        if entry.provider.is_some()
            && let Some(attempts) = series.attempts.get(outcome)
        {
            attempts.get_or_init(|| families.attempts.get_or_create_owned(&with_outcome())).inc();
        }
        let usage = &entry.usage;
        let tokens =
            [usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h, usage.output, usage.reasoning];
        for ((count, token_type), counter) in tokens.into_iter().zip(TOKEN_TYPES).zip(&series.tokens) {
            if let Some(count) = count.filter(|count| *count > 0) {
                let labels = || TokenLabels { labels: series.labels.clone(), token_type };
                counter.get_or_init(|| families.tokens.get_or_create_owned(&labels())).inc_by(count);
            }
        }
        if !entry.is_final {
            return;
        }
        if let Some(requests) = series.requests.get(outcome) {
            requests.get_or_init(|| families.requests.get_or_create_owned(&with_outcome())).inc();
        }
        if entry.operation != Operation::Generate {
            return;
        }
        let histogram = |family: &Family<Labels, Histogram>| family.get_or_create_owned(&series.labels);
        series.duration.get_or_init(|| histogram(&families.duration)).observe(seconds(entry.total_us));
        if let Some(first_token_us) = entry.first_token_us {
            series.first_token.get_or_init(|| histogram(&families.first_token)).observe(seconds(first_token_us));
        }
    }

    /// Counts a request as in flight until the answer is dropped.
    pub fn in_flight(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    pub fn set_recorder(&self, status: &RecorderStatus) {
        self.queued.set(i64::try_from(status.queued).unwrap_or(i64::MAX));
        self.degraded.set(status.degraded.is_some().into());
        self.dropped.inner().store(status.dropped, Ordering::Relaxed);
        self.dropped_bodies.inner().store(status.dropped_bodies, Ordering::Relaxed);
    }

    /// Forgets all breakers, before those that there are now are set.
    pub fn clear_breakers(&self) {
        self.breakers.clear();
    }

    pub fn set_breaker(&self, model: &str, provider: &str, provider_model: &str, breaker: &Breaker) {
        let labels = BreakerLabels {
            model: model.to_owned(),
            provider: provider.to_owned(),
            provider_model: provider_model.to_owned(),
        };
        self.breakers.get_or_create(&labels).set(match breaker {
            Breaker::Closed { .. } => 0,
            Breaker::HalfOpen { .. } => 1,
            Breaker::Open { .. } => 2,
        });
    }

    /// All in the OpenMetrics text format, which is of [`CONTENT_TYPE`].
    pub fn render(&self) -> String {
        let mut out = String::new();
        if let Err(error) = text::encode(&mut out, &self.registry) {
            tracing::error!(%error, "the metrics could not be written");
        }
        out
    }

    fn series_of(&self, dialect: Dialect, model: &str, provider: &str) -> Arc<Series> {
        let all = self.series.read().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(model).and_then(|providers| providers.get(provider));
        if let Some(Some(series)) = known.and_then(|dialects| dialects.get(dialect as usize)) {
            return Arc::clone(series);
        }
        let count: usize = all.values().map(|providers| providers.len() * Dialect::ALL.len()).sum();
        drop(all);
        if count >= MAX_SERIES && model != OTHER {
            return self.series_of(dialect, OTHER, OTHER);
        }
        let mut all = self.series.write().unwrap_or_else(PoisonError::into_inner);
        let dialects = all.entry(model.into()).or_default().entry(provider.into()).or_default();
        let new = || {
            Arc::new(Series::new(Labels { dialect: dialect.as_str(), model: model.into(), provider: provider.into() }))
        };
        match dialects.get_mut(dialect as usize) {
            Some(slot) => Arc::clone(slot.get_or_insert_with(new)),
            None => new(),
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Series {
    fn new(labels: Labels) -> Self {
        Self {
            labels,
            requests: Default::default(),
            attempts: Default::default(),
            tokens: Default::default(),
            duration: OnceLock::new(),
            first_token: OnceLock::new(),
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn seconds(micros: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "exact for 285 years")]
    let micros = micros as f64;
    micros / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Usage;
    use crate::platform::Timestamp;
    use crate::record::{Origin, TraceId};
    use crate::testing::FixedEntropy;

    fn entry() -> LogEntry {
        let trace_id = TraceId::new(Timestamp::default(), &FixedEntropy::default());
        LogEntry {
            id: trace_id.entry_id(1),
            trace_id: trace_id.to_string(),
            created_at: Timestamp::default(),
            attempt: 1,
            is_final: true,
            dialect: Dialect::Anthropic,
            operation: Operation::Generate,
            stream: true,
            model: "claude-opus-5".to_owned(),
            provider: Some("main".to_owned()),
            provider_model: None,
            association_id: None,
            key_id: None,
            key_name: None,
            status: 200,
            outcome: Outcome::Success,
            error: None,
            remote_addr: None,
            user_agent: None,
            session_id: None,
            finish_reason: None,
            proxy_us: None,
            first_token_us: Some(300_000),
            total_us: 2_000_000,
            request_bytes: 0,
            response_bytes: 0,
            usage: Usage { input: Some(10), output: Some(7), reasoning: Some(0), ..Usage::default() },
            cost: None,
            currency: None,
            bodies: None,
            origin: Origin::Client,
            replay_of: None,
            provider_type: None,
            answered_model: None,
            started_offset_us: None,
            prices: None,
            request_truncated: false,
            response_truncated: false,
            decision: None,
            translation: Vec::new(),
        }
    }

    fn value(metrics: &Metrics, series: &str) -> Option<String> {
        metrics.render().lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ').map(str::to_owned))
    }

    fn check(metrics: &Metrics, rows: &[(&str, Option<&str>)]) {
        for (series, expected) in rows {
            assert_eq!(value(metrics, series).as_deref(), *expected, "{series} in\n{}", metrics.render());
        }
    }

    #[test]
    fn an_entry_counts_under_the_configured_model() {
        let metrics = Metrics::new();
        let route = Some("claude-*");
        metrics.observe(&LogEntry { is_final: false, outcome: Outcome::Timeout, ..entry() }, route);
        metrics.observe(&entry(), route);
        metrics.observe(&entry(), route);
        metrics.observe(&LogEntry { operation: Operation::CountTokens, ..entry() }, route);
        metrics.observe(&LogEntry { provider: None, outcome: Outcome::GatewayError, ..entry() }, None);
        let main = r#"dialect="anthropic",model="claude-*",provider="main""#;
        let nobody = r#"dialect="anthropic",model="other",provider="none""#;
        check(
            &metrics,
            &[
                (&format!("llmio_requests_total{{{main},outcome=\"success\"}}"), Some("3")),
                (&format!("llmio_requests_total{{{main},outcome=\"timeout\"}}"), None),
                (&format!("llmio_attempts_total{{{main},outcome=\"timeout\"}}"), Some("1")),
                (&format!("llmio_attempts_total{{{main},outcome=\"success\"}}"), Some("3")),
                (&format!("llmio_requests_total{{{nobody},outcome=\"gateway_error\"}}"), Some("1")),
                (&format!("llmio_attempts_total{{{nobody},outcome=\"gateway_error\"}}"), None),
                (&format!("llmio_tokens_total{{{main},token_type=\"input\"}}"), Some("40")),
                (&format!("llmio_tokens_total{{{main},token_type=\"reasoning\"}}"), None),
                (&format!("llmio_first_token_seconds_count{{{main}}}"), Some("2")),
                (&format!("llmio_request_duration_seconds_sum{{{main}}}"), Some("4.0")),
                (&format!("llmio_request_duration_seconds_bucket{{le=\"1.28\",{main}}}"), Some("0")),
                (&format!("llmio_request_duration_seconds_bucket{{le=\"2.56\",{main}}}"), Some("2")),
                (concat!("llmio_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), Some("1")),
            ],
        );
        assert!(!metrics.render().contains("claude-opus-5"), "the client's own name is no label");
    }

    #[test]
    fn gauges_follow_what_they_are_told() {
        let metrics = Metrics::new();
        let first = metrics.in_flight();
        let second = metrics.in_flight();
        drop(first);
        let degraded = Some("no disk".to_owned());
        metrics.set_recorder(&RecorderStatus { queued: 4, dropped: 2, dropped_bodies: 3, degraded });
        metrics.set_breaker("gone", "p", "m", &Breaker::Open { until: Timestamp::default() });
        metrics.clear_breakers();
        metrics.set_breaker("gpt-5", "p", "m", &Breaker::Open { until: Timestamp::default() });
        check(
            &metrics,
            &[
                ("llmio_requests_in_flight", Some("1")),
                ("llmio_log_queue_entries", Some("4")),
                ("llmio_log_queue_dropped_total", Some("2")),
                ("llmio_log_queue_dropped_bodies_total", Some("3")),
                ("llmio_log_degraded", Some("1")),
                (r#"llmio_breaker_state{model="gpt-5",provider="p",provider_model="m"}"#, Some("2")),
                (r#"llmio_breaker_state{model="gone",provider="p",provider_model="m"}"#, None),
            ],
        );
        drop(second);
        check(&metrics, &[("llmio_requests_in_flight", Some("0"))]);
    }

    #[test]
    fn series_are_bounded() {
        let metrics = Metrics::new();
        for index in 0..3 * MAX_SERIES {
            metrics.observe(&entry(), Some(&format!("model-{index}")));
        }
        let requests = metrics.render().lines().filter(|line| line.starts_with("llmio_requests_total{")).count();
        assert!(requests <= MAX_SERIES, "{requests}");
        let others = r#"llmio_requests_total{dialect="anthropic",model="other",provider="other",outcome="success"}"#;
        let others: usize = value(&metrics, others).unwrap().parse().unwrap();
        assert_eq!(others, 3 * MAX_SERIES - (requests - 1));
    }
}
