//! Which provider is asked next: strategies, circuit breakers, cool-downs, latency averages.
//!
//! Everything is a pure function of its state and of the time it is given; [`Balancer`] only keeps the states.

mod breaker;
mod latency;
mod retry_after;
mod selection;
mod verdict;

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use breaker::Breaker;
pub use latency::LatencyAverage;
pub use retry_after::retry_after;
pub use selection::{Contender, Selection};
pub use verdict::{Verdict, verdict, verdict_in_answer};

use crate::platform::Timestamp;

/// What the gateway knows of its associations' health. It outlives configuration changes and belongs to one process.
#[derive(Debug, Default)]
pub struct Balancer {
    states: Mutex<HashMap<String, AssociationState>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AssociationState {
    pub breaker: Breaker,
    /// Not asked before this time, on the provider's own word.
    pub cooldown_until: Option<Timestamp>,
    /// To the first meaningful event of a stream.
    pub stream_latency: LatencyAverage,
    /// To the end of an answer that is not streamed.
    pub whole_latency: LatencyAverage,
    /// The running balance of smooth weighted round robin.
    pub credit: f64,
}

impl AssociationState {
    /// In seconds.
    pub fn latency(&self, stream: bool, now: Timestamp) -> f64 {
        if stream { self.stream_latency.estimate(now) } else { self.whole_latency.estimate(now) }
    }

    /// When it may be asked again; `None` when it may be asked now.
    pub fn unavailable_until(&self, use_breaker: bool, now: Timestamp) -> Option<Timestamp> {
        let cooldown = self.cooldown_until.filter(|until| *until > now);
        let breaker = if use_breaker { self.breaker.retry_at(now) } else { None };
        cooldown.max(breaker)
    }
}

/// How an exchange with an association ended, as far as its health goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    Success,
    Failure,
    /// An answer has begun; whether it ends well is still to be seen.
    Answering,
    /// A rate limit, with the time the provider asked for.
    RateLimited(Option<Duration>),
    /// Says nothing about the provider: the client left or made a mistake.
    Neutral,
}

impl Balancer {
    pub fn state(&self, association: &str) -> AssociationState {
        self.lock().get(association).copied().unwrap_or_default()
    }

    /// Reserves the right to ask `association`; `false` when its breaker has just let another probe through.
    pub fn start(&self, association: &str, use_breaker: bool, now: Timestamp) -> bool {
        self.change(association, |state| {
            if use_breaker && !state.breaker.permits(now) {
                return false;
            }
            state.breaker.started(now);
            true
        })
    }

    pub fn report(&self, association: &str, report: Report, now: Timestamp) {
        self.change(association, |state| match report {
            Report::Success => state.breaker.succeeded(),
            Report::Failure => state.breaker.failed(now),
            Report::RateLimited(delay) => {
                state.breaker.released();
                if let Some(delay) = delay {
                    state.cooldown_until = Some(now.plus(delay)).max(state.cooldown_until);
                }
            }
            // A long answer does not keep the next probe waiting.
            Report::Answering | Report::Neutral => state.breaker.released(),
        });
    }

    pub fn record_latency(&self, association: &str, stream: bool, latency: Duration, now: Timestamp) {
        self.change(association, |state| {
            let average = if stream { &mut state.stream_latency } else { &mut state.whole_latency };
            average.record(latency, now);
        });
    }

    /// One turn of smooth weighted round robin: everybody who took part gains its weight, the chosen one pays them all.
    pub fn take_turn(&self, turn: &[(&str, f64)], chosen: &str) {
        let total: f64 = turn.iter().map(|(_, weight)| weight).sum();
        for (association, weight) in turn {
            self.change(association, |state| {
                state.credit += weight;
                if *association == chosen {
                    state.credit -= total;
                }
            });
        }
    }

    /// Forgets associations that are no longer configured.
    pub fn retain(&self, is_configured: impl Fn(&str) -> bool) {
        self.lock().retain(|association, _| is_configured(association));
    }

    fn change<T>(&self, association: &str, change: impl FnOnce(&mut AssociationState) -> T) -> T {
        let mut states = self.lock();
        match states.get_mut(association) {
            Some(state) => change(state),
            None => change(states.entry(association.to_owned()).or_default()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, AssociationState>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Strategy;

    #[test]
    fn round_robin_is_smooth_and_exact() {
        let balancer = Balancer::default();
        let turn = [("a", 5.0), ("b", 1.0), ("c", 1.0)];
        let mut order = String::new();
        for _ in 0..14 {
            let contenders = turn.iter().enumerate().map(|(index, (association, weight))| Contender {
                index,
                weight: *weight,
                native: true,
                latency: 0.0,
                credit: balancer.state(association).credit,
                last: false,
            });
            let chosen = Selection::new(Strategy::RoundRobin, contenders.collect()).pick(|_| true, || 0.0).unwrap();
            balancer.take_turn(&turn, turn[chosen].0);
            order.push_str(turn[chosen].0);
        }
        assert_eq!(order, "aabacaaaabacaa");
    }

    #[test]
    fn a_rate_limit_is_a_cooldown_and_no_failure() {
        let balancer = Balancer::default();
        let now = Timestamp::from_secs(100);
        for _ in 0..9 {
            assert!(balancer.start("a", true, now));
            balancer.report("a", Report::RateLimited(Some(Duration::from_secs(7))), now);
        }
        assert_eq!(balancer.state("a").unavailable_until(true, now), Some(Timestamp::from_secs(107)));
        assert_eq!(balancer.state("a").unavailable_until(true, Timestamp::from_secs(107)), None);
        assert_eq!(balancer.state("a").breaker, Breaker::Closed { failures: 0 });
        balancer.report("a", Report::RateLimited(Some(Duration::from_secs(1))), now);
        assert_eq!(
            balancer.state("a").cooldown_until,
            Some(Timestamp::from_secs(107)),
            "a shorter one does not shorten it"
        );
    }

    #[test]
    fn a_model_without_breaker_ignores_it() {
        let balancer = Balancer::default();
        let now = Timestamp::from_secs(100);
        for _ in 0..5 {
            balancer.report("a", Report::Failure, now);
        }
        assert!(!balancer.start("a", true, now));
        assert!(balancer.state("a").unavailable_until(true, now).is_some());
        assert!(balancer.start("a", false, now));
        assert!(balancer.state("a").unavailable_until(false, now).is_none());
    }
}
