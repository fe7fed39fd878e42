//! What an instance is doing: its requests on their way, and how fast they come.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::ClientKey;
use crate::config::snapshot::Candidate;
use crate::dialect::Dialect;
use crate::platform::Timestamp;
use crate::record::{LogEntry, Origin, Outcome, TraceId};

/// Further requests on their way are not shown.
const MAX_SHOWN: usize = 10_000;
/// Rates are those of so many seconds.
const WINDOW_SECS: i64 = 60;

#[derive(Debug, Default)]
pub(crate) struct Activity {
    requests: Mutex<BTreeMap<u64, Arc<Live>>>,
    next: AtomicU64,
    /// The oldest first.
    window: Mutex<VecDeque<Second>>,
}

/// One request on its way. Its bytes are counted without a lock.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) trace: TraceId,
    pub(crate) received_at: Timestamp,
    pub(crate) dialect: Dialect,
    pub(crate) origin: Origin,
    pub(crate) key: Option<Arc<ClientKey>>,
    step: Mutex<Step>,
    /// Microseconds from the request's arrival; negative before.
    first_token_us: AtomicI64,
    response_bytes: AtomicU64,
}

/// How far a request has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Step {
    pub(crate) model: String,
    pub(crate) stream: bool,
    /// From 1, 0 before the first.
    pub(crate) attempt: u32,
    /// Who is being asked.
    pub(crate) asked: Option<(Arc<Candidate>, String)>,
}

/// The sums of one second, or of several.
#[derive(Clone, Debug, Default)]
pub(crate) struct Second {
    second: i64,
    pub(crate) requests: u64,
    /// Without those whose clients left.
    pub(crate) errors: u64,
    pub(crate) left: u64,
    pub(crate) tokens: u64,
    /// By currency.
    pub(crate) costs: Vec<(String, f64)>,
}

impl Activity {
    /// A request has come. The number ends it.
    pub(crate) fn begin(&self, live: Live) -> (u64, Arc<Live>) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let live = Arc::new(live);
        let mut requests = self.requests();
        if requests.len() < MAX_SHOWN {
            requests.insert(number, Arc::clone(&live));
        }
        (number, live)
    }

    pub(crate) fn end(&self, number: u64) {
        self.requests().remove(&number);
    }

    /// The newest that `wanted` takes, at most `limit`.
    pub(crate) fn newest(&self, limit: usize, wanted: impl Fn(&Live) -> bool) -> Vec<Arc<Live>> {
        self.requests().values().rev().filter(|live| wanted(live)).take(limit).map(Arc::clone).collect()
    }

    /// An attempt or a request has ended.
    pub(crate) fn count(&self, entry: &LogEntry, now: Timestamp) {
        let second = now.as_secs();
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if window.back().is_none_or(|newest| newest.second != second) {
            window.retain(|old| is_in_window(old, second));
            window.push_back(Second { second, ..Second::default() });
        }
        let Some(slot) = window.back_mut() else { return };
        if entry.is_final {
            slot.requests += 1;
            match entry.outcome {
                Outcome::Success => {}
                Outcome::Cancelled => slot.left += 1,
                _ => slot.errors += 1,
            }
        }
        slot.tokens = slot.tokens.saturating_add(entry.usage.tokens());
        if let (Some(cost), Some(currency)) = (entry.cost, &entry.currency) {
            slot.cost(currency, cost);
        }
    }

    /// The sums of the last minute.
    pub(crate) fn last_minute(&self, now: Timestamp) -> Second {
        let window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sum = Second::default();
        for second in window.iter().filter(|it| is_in_window(it, now.as_secs())) {
            sum.requests += second.requests;
            sum.errors += second.errors;
            sum.left += second.left;
            sum.tokens = sum.tokens.saturating_add(second.tokens);
            second.costs.iter().for_each(|(currency, cost)| sum.cost(currency, *cost));
        }
        sum
    }

    fn requests(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Live>>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    pub(crate) fn new(
        trace: TraceId,
        received_at: Timestamp,
        dialect: Dialect,
        origin: Origin,
        key: Option<Arc<ClientKey>>,
    ) -> Self {
        let (step, first_token_us, response_bytes) = (Mutex::default(), AtomicI64::new(-1), AtomicU64::new(0));
        Self { trace, received_at, dialect, origin, key, step, first_token_us, response_bytes }
    }

    pub(crate) fn step(&self) -> Step {
        self.lock().clone()
    }

    /// What the request asks for.
    pub(crate) fn asks_for(&self, model: &str, stream: bool) {
        let mut step = self.lock();
        model.clone_into(&mut step.model);
        step.stream = stream;
    }

    /// Another attempt has begun, or with `None` the last one has failed.
    pub(crate) fn attempt(&self, attempt: u32, asked: Option<(Arc<Candidate>, String)>) {
        let mut step = self.lock();
        step.attempt = attempt;
        step.asked = asked;
    }

    pub(crate) fn first_token(&self, micros: i64) {
        self.first_token_us.store(micros, Ordering::Relaxed);
    }

    pub(crate) fn answered(&self, bytes: u64) {
        self.response_bytes.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn first_token_us(&self) -> Option<i64> {
        Some(self.first_token_us.load(Ordering::Relaxed)).filter(|micros| *micros >= 0)
    }

    pub(crate) fn response_bytes(&self) -> u64 {
        self.response_bytes.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Step> {
        self.step.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Second {
    fn cost(&mut self, currency: &str, cost: f64) {
        match self.costs.iter_mut().find(|(known, _)| known == currency) {
            Some((_, sum)) => *sum += cost,
            None => self.costs.push((currency.to_owned(), cost)),
        }
    }
}

/// A clock that is put back leaves nothing behind that lies ahead of it.
fn is_in_window(second: &Second, now: i64) -> bool {
    (0..WINDOW_SECS).contains(&now.saturating_sub(second.second))
}
