use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{LogEntry, Operation, Outcome, latency};

const HOUR_SECS: i64 = 3600;

/// What a batch of entries adds to the hourly rollups, summed up in memory so that it takes few rows to write.
#[derive(Debug, Default)]
pub(crate) struct Rollups {
    pub(crate) dimensions: BTreeMap<i64, Dimension>,
    pub(crate) counts: BTreeMap<CountsKey, Counts>,
    pub(crate) latencies: BTreeMap<LatencyKey, u64>,
}

/// What is counted apart. Absent values are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dimension {
    pub(crate) model: String,
    pub(crate) provider: String,
    pub(crate) provider_model: String,
    pub(crate) key_id: String,
    /// As it was last; not part of the identity.
    pub(crate) key_name: String,
    pub(crate) dialect: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CountsKey {
    /// The second at which the hour began.
    pub(crate) hour: i64,
    pub(crate) dimension_id: i64,
    /// Empty for entries without cost.
    pub(crate) currency: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LatencyKey {
    pub(crate) hour: i64,
    pub(crate) dimension_id: i64,
    pub(crate) metric: LatencyMetric,
    pub(crate) bucket: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LatencyMetric {
    FirstToken,
    Total,
}

impl LatencyMetric {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::FirstToken => "first_token",
            Self::Total => "total",
        }
    }
}

/// Sums over entries. Requests and outcomes are counted by the final entry, the rest by each.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) requests: u64,
    pub(crate) successes: u64,
    pub(crate) client_errors: u64,
    pub(crate) provider_errors: u64,
    pub(crate) rate_limited: u64,
    pub(crate) timeouts: u64,
    pub(crate) connect_errors: u64,
    pub(crate) cancelled: u64,
    pub(crate) gateway_errors: u64,
    /// Entries for which a provider was asked.
    pub(crate) attempts: u64,
    /// Those that failed by the provider's doing.
    pub(crate) failed_attempts: u64,
    pub(crate) input_tokens: u64,
    pub(crate) cache_read_tokens: u64,
    pub(crate) cache_write_5m_tokens: u64,
    pub(crate) cache_write_1h_tokens: u64,
    pub(crate) output_tokens: u64,
    pub(crate) reasoning_tokens: u64,
    pub(crate) cost: f64,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
    pub(crate) first_token_us: i64,
    pub(crate) first_token_count: u64,
    /// Of successful generations.
    pub(crate) total_us: i64,
    pub(crate) total_count: u64,
    /// Time spent on output and the tokens that came in it, where both are known.
    pub(crate) generation_us: i64,
    pub(crate) generation_tokens: u64,
}

impl Rollups {
    pub(crate) fn of(entries: &[LogEntry]) -> Self {
        let mut rollups = Self::default();
        for entry in entries {
            rollups.add(entry);
        }
        rollups
    }

    fn add(&mut self, entry: &LogEntry) {
        let hour = entry.created_at.as_secs().div_euclid(HOUR_SECS) * HOUR_SECS;
        let dimension = Dimension::of(entry);
        let dimension_id = dimension.id();
        self.dimensions.insert(dimension_id, dimension);
        let currency = entry.cost.and(entry.currency.clone()).unwrap_or_default();
        self.counts.entry(CountsKey { hour, dimension_id, currency }).or_default().add(entry);
        let latencies = [
            (LatencyMetric::FirstToken, measured_first_token_us(entry)),
            (LatencyMetric::Total, measured_total_us(entry)),
        ];
        for (metric, micros) in latencies {
            if let Some(micros) = micros {
                let bucket = latency::bucket(micros);
                *self.latencies.entry(LatencyKey { hour, dimension_id, metric, bucket }).or_default() += 1;
            }
        }
    }
}

impl Dimension {
    fn of(entry: &LogEntry) -> Self {
        // A name that the gateway knows no model for is the client's invention, and would let it grow the table.
        let model = if entry.provider.is_none() && entry.status == 404 { "" } else { &entry.model };
        Self {
            model: model.to_owned(),
            provider: entry.provider.clone().unwrap_or_default(),
            provider_model: entry.provider_model.clone().unwrap_or_default(),
            key_id: entry.key_id.clone().unwrap_or_default(),
            key_name: entry.key_name.clone().unwrap_or_default(),
            dialect: entry.dialect.as_str(),
        }
    }

    /// A hash, so that a writer knows the id without asking the database. 52 bits, because D1 counts in JavaScript
    /// numbers.
    fn id(&self) -> i64 {
        let mut hash = Sha256::new();
        for part in [&self.model, &self.provider, &self.provider_model, &self.key_id, self.dialect] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(part);
        }
        let [a, b, c, d, e, f, g, ..] = <[u8; 32]>::from(hash.finalize());
        i64::from_le_bytes([a, b, c, d, e, f, g & 0x0f, 0])
    }
}

impl Counts {
    fn add(&mut self, entry: &LogEntry) {
        if entry.is_final {
            self.requests += 1;
            *self.outcome_mut(entry.outcome) += 1;
        }
        if entry.provider.is_some() {
            self.attempts += 1;
            self.failed_attempts += u64::from(entry.outcome.is_providers_failure());
        }
        let usage = &entry.usage;
        self.input_tokens += usage.input.unwrap_or(0);
        self.cache_read_tokens += usage.cache_read.unwrap_or(0);
        self.cache_write_5m_tokens += usage.cache_write_5m.unwrap_or(0);
        self.cache_write_1h_tokens += usage.cache_write_1h.unwrap_or(0);
        self.output_tokens += usage.output.unwrap_or(0);
        self.reasoning_tokens += usage.reasoning.unwrap_or(0);
        self.cost += entry.cost.unwrap_or(0.0);
        self.request_bytes += entry.request_bytes;
        self.response_bytes += entry.response_bytes;
        if let Some(micros) = measured_first_token_us(entry) {
            self.first_token_us += micros;
            self.first_token_count += 1;
        }
        if let Some(micros) = measured_total_us(entry) {
            self.total_us += micros;
            self.total_count += 1;
        }
        if let Some((tokens, micros)) = entry.generation() {
            self.generation_tokens += tokens;
            self.generation_us += micros;
        }
    }

    fn outcome_mut(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Success => &mut self.successes,
            Outcome::ClientError => &mut self.client_errors,
            Outcome::ProviderError => &mut self.provider_errors,
            Outcome::RateLimited => &mut self.rate_limited,
            Outcome::Timeout => &mut self.timeouts,
            Outcome::ConnectError => &mut self.connect_errors,
            Outcome::Cancelled => &mut self.cancelled,
            Outcome::GatewayError => &mut self.gateway_errors,
        }
    }
}

/// Latencies are those of generations: counting tokens is another, much faster thing.
fn measured_first_token_us(entry: &LogEntry) -> Option<i64> {
    entry.first_token_us.filter(|_| entry.is_final && entry.operation == Operation::Generate)
}

/// Failures say nothing about how long an answer takes.
fn measured_total_us(entry: &LogEntry) -> Option<i64> {
    let measured = entry.is_final && entry.operation == Operation::Generate && entry.outcome == Outcome::Success;
    measured.then_some(entry.total_us)
}
