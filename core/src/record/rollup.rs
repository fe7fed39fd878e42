//! The finest rollups: what a batch of entries adds to the sums of five minutes each.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::AddAssign;

use sha2::{Digest, Sha256};

use super::{LogEntry, Operation, Outcome, latency};
use crate::platform::{Cells, DatabaseError, Value};

/// The length of the finest rollups' periods.
pub(crate) const FINE_SECS: i64 = 300;
pub(crate) const HOUR_SECS: i64 = 3600;
pub(crate) const DAY_SECS: i64 = 86_400;

/// What a batch of entries adds to the finest rollups, summed up in memory so that it takes few rows to write.
#[derive(Debug, Default)]
pub(crate) struct Rollups {
    pub(crate) dimensions: BTreeMap<i64, Dimension>,
    pub(crate) fine: BTreeMap<FineKey, Fine>,
}

/// What is counted apart. Absent values are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Dimension {
    pub(crate) model: String,
    pub(crate) provider: String,
    pub(crate) provider_model: String,
    pub(crate) association_id: String,
    pub(crate) key_id: String,
    /// As it was last; not part of the identity.
    pub(crate) key_name: String,
    pub(crate) dialect: String,
    pub(crate) origin: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FineKey {
    /// The second at which the five minutes began.
    pub(crate) start: i64,
    pub(crate) dimension_id: i64,
    /// Empty for entries without cost.
    pub(crate) currency: String,
}

/// One row of the finest rollups.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fine {
    pub(crate) counts: Counts,
    /// When the newest of its requests arrived, in microseconds.
    pub(crate) last_at: i64,
    pub(crate) latencies: BTreeMap<(LatencyMetric, i64), u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LatencyMetric {
    FirstToken,
    Total,
}

impl Fine {
    /// As the database keeps them: `f80*2,t96*1,` for two first tokens in bucket 80 and a total in 96. Such texts are
    /// joined, not merged, so that a batch needs no row of its own for each bucket.
    pub(crate) fn latencies_text(&self) -> String {
        use std::fmt::Write;
        self.latencies.iter().fold(String::new(), |mut text, ((metric, bucket), count)| {
            let letter = match metric {
                LatencyMetric::FirstToken => 'f',
                LatencyMetric::Total => 't',
            };
            // Writing to a String cannot fail.
            let _ = write!(text, "{letter}{bucket}*{count},");
            text
        })
    }
}

/// Reads what [`Fine::latencies_text`] has written, however many of them in a row. What is none is left out.
pub(crate) fn parse_latencies(text: &str) -> impl Iterator<Item = (LatencyMetric, i64, u64)> {
    text.split(',').filter_map(|item| {
        let (bucket, count) = item.get(1..)?.split_once('*')?;
        let metric = match item.get(..1)? {
            "f" => LatencyMetric::FirstToken,
            "t" => LatencyMetric::Total,
            _ => return None,
        };
        Some((metric, bucket.parse().ok()?, count.parse().ok()?))
    })
}

macro_rules! counts {
    ($($(#[$doc:meta])* $field:ident),+ $(,)?) => {
        /// Sums over entries. Requests and outcomes are counted by the final entry, the rest by each.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Counts {
            $($(#[$doc])* pub $field: u64,)+
            /// In the row's currency.
            pub cost: f64,
        }

        impl Counts {
            /// The columns of `rollups` behind its key.
            pub(crate) const COLUMNS: &[&str] = &[$(stringify!($field),)+ "cost"];
            pub(crate) const WHOLE_NUMBERS: usize = Self::COLUMNS.len() - 1;

            /// In the order of `COLUMNS`.
            pub(crate) fn values(&self) -> Vec<Value> {
                vec![$(self.$field.into(),)+ self.cost.into()]
            }

            /// Reads the next cells, in the order of `COLUMNS`.
            pub(crate) fn read(cells: &mut Cells<'_>) -> Result<Self, DatabaseError> {
                Ok(Self { $($field: u64::try_from(cells.integer()?).unwrap_or(0),)+ cost: cells.real()? })
            }

            /// Without the cost, in the order of `COLUMNS`.
            pub(crate) fn whole_numbers(&self) -> [u64; Self::WHOLE_NUMBERS] {
                [$(self.$field,)+]
            }

            pub(crate) fn add_whole_numbers(&mut self, numbers: &[u64; Self::WHOLE_NUMBERS]) {
                let [$($field,)+] = numbers;
                $(self.$field = self.$field.saturating_add(*$field);)+
            }

            /// But for the cost.
            pub(super) fn subtract(&mut self, others: &Self) {
                $(self.$field = self.$field.saturating_sub(others.$field);)+
            }
        }

        impl AddAssign<&Self> for Counts {
            fn add_assign(&mut self, other: &Self) {
                $(self.$field = self.$field.saturating_add(other.$field);)+
                self.cost += other.cost;
            }
        }
    };
}

counts! {
    requests,
    successes,
    client_errors,
    provider_errors,
    rate_limited,
    timeouts,
    connect_errors,
    cancelled,
    gateway_errors,
    /// Entries for which a provider was asked.
    attempts,
    /// Those that failed by the provider's doing.
    failed_attempts,
    input_tokens,
    cache_read_tokens,
    cache_write_5m_tokens,
    cache_write_1h_tokens,
    output_tokens,
    reasoning_tokens,
    request_bytes,
    response_bytes,
    /// A sum of microseconds, like all that end so.
    first_token_us,
    first_token_count,
    /// Of successful generations.
    total_us,
    total_count,
    /// Time spent on output, where it and the tokens that came in it are known.
    generation_us,
    generation_tokens,
}

impl Rollups {
    pub(crate) fn of<'a>(entries: impl IntoIterator<Item = &'a LogEntry>) -> Self {
        let mut rollups = Self::default();
        rollups.add(entries);
        rollups
    }

    pub(super) fn add<'a>(&mut self, entries: impl IntoIterator<Item = &'a LogEntry>) {
        let mut ids = HashMap::new();
        for entry in entries {
            let identity = identity(entry);
            let id = *ids.entry(identity).or_insert_with(|| dimension_id(identity));
            let dimension = self.dimensions.entry(id).or_insert_with(|| Dimension::of(identity));
            let key_name = entry.key_name.as_deref().unwrap_or_default();
            if dimension.key_name != key_name {
                key_name.clone_into(&mut dimension.key_name);
            }
            self.count(entry, id);
        }
    }

    fn count(&mut self, entry: &LogEntry, dimension_id: i64) {
        let start = entry.created_at.as_secs().div_euclid(FINE_SECS) * FINE_SECS;
        let currency = entry.cost.and(entry.currency.clone()).unwrap_or_default();
        let fine = self.fine.entry(FineKey { start, dimension_id, currency }).or_default();
        fine.counts += &Counts::of(entry);
        fine.last_at = fine.last_at.max(entry.created_at.as_micros());
        let latencies = [
            (LatencyMetric::FirstToken, measured_first_token_us(entry)),
            (LatencyMetric::Total, measured_total_us(entry)),
        ];
        for (metric, micros) in latencies {
            if let Some(micros) = micros {
                *fine.latencies.entry((metric, latency::bucket(micros))).or_default() += 1;
            }
        }
    }

    /// The hours that its periods belong to, by the second at which each began.
    pub(crate) fn hours(&self) -> BTreeSet<i64> {
        self.fine.keys().map(|key| key.start.div_euclid(HOUR_SECS) * HOUR_SECS).collect()
    }
}

/// What an entry is counted by: the fields of its dimension without the key's name, in the order of its hash.
type Identity<'a> = [&'a str; 7];

fn identity(entry: &LogEntry) -> Identity<'_> {
    // A name that the gateway knows no model for is the client's invention, and would let it grow the table.
    let model = if entry.provider.is_none() && entry.status == 404 { "" } else { &entry.model };
    let [provider, provider_model, key_id, association_id] =
        [&entry.provider, &entry.provider_model, &entry.key_id, &entry.association_id]
            .map(|name| name.as_deref().unwrap_or_default());
    [model, provider, provider_model, key_id, entry.dialect.as_str(), association_id, entry.origin.as_str()]
}

/// A hash, so that a writer knows the id without asking the database. 52 bits, because D1 counts in JavaScript numbers.
fn dimension_id(identity: Identity<'_>) -> i64 {
    let mut hash = Sha256::new();
    for part in identity {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part);
    }
    let [a, b, c, d, e, f, g, ..] = <[u8; 32]>::from(hash.finalize());
    i64::from_le_bytes([a, b, c, d, e, f, g & 0x0f, 0])
}

impl Dimension {
    fn of(identity: Identity<'_>) -> Self {
        let [model, provider, provider_model, key_id, dialect, association_id, origin] = identity.map(str::to_owned);
        Self { model, provider, provider_model, association_id, key_id, key_name: String::new(), dialect, origin }
    }
}

impl Counts {
    fn of(entry: &LogEntry) -> Self {
        let usage = &entry.usage;
        let asked = entry.provider.is_some();
        let first_token_us = measured_first_token_us(entry);
        let total_us = measured_total_us(entry);
        let (generation_tokens, generation_us) = entry.generation().unwrap_or_default();
        let mut counts = Self {
            attempts: asked.into(),
            failed_attempts: (asked && entry.outcome.is_providers_failure()).into(),
            input_tokens: usage.input.unwrap_or(0),
            cache_read_tokens: usage.cache_read.unwrap_or(0),
            cache_write_5m_tokens: usage.cache_write_5m.unwrap_or(0),
            cache_write_1h_tokens: usage.cache_write_1h.unwrap_or(0),
            output_tokens: usage.output.unwrap_or(0),
            reasoning_tokens: usage.reasoning.unwrap_or(0),
            cost: entry.cost.unwrap_or(0.0),
            request_bytes: entry.request_bytes,
            response_bytes: entry.response_bytes,
            first_token_us: micros(first_token_us),
            first_token_count: first_token_us.is_some().into(),
            total_us: micros(total_us),
            total_count: total_us.is_some().into(),
            generation_us: micros(Some(generation_us)),
            generation_tokens,
            ..Self::default()
        };
        if entry.is_final {
            counts.requests = 1;
            *counts.outcome_mut(entry.outcome) = 1;
        }
        counts
    }

    /// Requests that ended in anything but success, those that the client left excepted.
    pub(crate) fn errors(&self) -> u64 {
        self.requests.saturating_sub(self.successes).saturating_sub(self.cancelled)
    }

    /// Of all kinds.
    pub(crate) fn tokens(&self) -> u64 {
        let kinds = [
            self.input_tokens,
            self.cache_read_tokens,
            self.cache_write_5m_tokens,
            self.cache_write_1h_tokens,
            self.output_tokens,
            self.reasoning_tokens,
        ];
        kinds.into_iter().fold(0, u64::saturating_add)
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

fn micros(duration: Option<i64>) -> u64 {
    duration.and_then(|micros| u64::try_from(micros).ok()).unwrap_or(0)
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
