//! Which provider is asked next: strategies, circuit breakers, cool-downs, latency averages.
//!
//! Everything is a pure function of its state and of the time it is given; [`Balancer`] only keeps the states.

mod breaker;
mod latency;
mod rest;
mod retry_after;
mod selection;
mod verdict;

use core::time::Duration;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use breaker::Breaker;
pub use latency::LatencyAverage;
pub use rest::Rest;
pub use retry_after::retry_after;
pub use selection::{Contender, Selection};
pub use verdict::{Verdict, verdict, verdict_in_answer};

use crate::platform::Timestamp;

/// A cool-down that grows by less is not told to others.
const NEWS: Duration = Duration::from_secs(1);

/// What the gateway knows of its associations' health. It outlives configuration changes and belongs to one instance,
/// which tells others on its database and learns from them who rests ([`Rest`]).
#[derive(Debug, Default)]
pub struct Balancer {
    states: Mutex<HashMap<String, AssociationState>>,
    /// Associations of whose rest the others are still to be told.
    untold: Mutex<BTreeSet<String>>,
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
        let is_news = self.change(association, |state| match report {
            Report::Success => {
                state.breaker.succeeded();
                false
            }
            Report::Failure => {
                let open_until = state.breaker.open_until();
                state.breaker.failed(now);
                state.breaker.open_until() > open_until
            }
            Report::RateLimited(delay) => {
                state.breaker.released();
                let Some(until) = delay.map(|delay| now.plus(delay)) else { return false };
                let known_until = state.cooldown_until.unwrap_or(now).max(now);
                state.cooldown_until = Some(until).max(state.cooldown_until);
                until.since(known_until) >= NEWS
            }
            // A long answer does not keep the next probe waiting.
            Report::Answering | Report::Neutral => {
                state.breaker.released();
                false
            }
        });
        if is_news {
            self.untold().insert(association.to_owned());
        }
    }

    /// What others are to be told, until [`Balancer::told`].
    pub fn news(&self, now: Timestamp) -> Vec<Rest> {
        let associations: Vec<String> = self.untold().iter().cloned().collect();
        let (over, news): (Vec<_>, Vec<_>) =
            associations.into_iter().map(|association| self.rest(association)).partition(|rest| rest.is_over(now));
        self.told(&over);
        news
    }

    /// The others know of `rests`, unless there is something newer.
    pub fn told(&self, rests: &[Rest]) {
        for rest in rests {
            if self.rest(rest.association_id.clone()) == *rest {
                self.untold().remove(&rest.association_id);
            }
        }
    }

    /// Takes over what others have told.
    pub fn learn(&self, rests: &[Rest], now: Timestamp) {
        for rest in rests.iter().filter(|rest| !rest.is_over(now)) {
            self.change(&rest.association_id, |state| {
                if let Some(until) = rest.open_until.filter(|until| *until > now) {
                    state.breaker.open(until);
                }
                state.cooldown_until = rest.cooldown_until.max(state.cooldown_until);
            });
        }
    }

    fn rest(&self, association_id: String) -> Rest {
        let state = self.state(&association_id);
        Rest { association_id, open_until: state.breaker.open_until(), cooldown_until: state.cooldown_until }
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

    fn untold(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn instances_learn_from_each_other_who_rests() {
        let (one, other) = (Balancer::default(), Balancer::default());
        let at = Timestamp::from_secs;
        for _ in 0..4 {
            one.report("failing", Report::Failure, at(100));
        }
        assert_eq!(one.news(at(100)), [], "a breaker that has not opened is nobody else's business");
        one.report("failing", Report::Failure, at(100));
        one.report("busy", Report::RateLimited(Some(Duration::from_secs(30))), at(100));
        one.report("busy", Report::RateLimited(None), at(100));
        let news = one.news(at(100));
        let rest = |association: &str, open: Option<i64>, cooldown: Option<i64>| Rest {
            association_id: association.to_owned(),
            open_until: open.map(at),
            cooldown_until: cooldown.map(at),
        };
        let (busy, failing) = (rest("busy", None, Some(130)), rest("failing", Some(160), None));
        assert_eq!(news, [busy.clone(), failing.clone()]);
        assert_eq!(one.news(at(140)), std::slice::from_ref(&failing), "they are news until they are told, or over");
        one.told(&news);
        assert_eq!(one.news(at(100)), []);

        other.learn(&news, at(101));
        assert!(!other.start("failing", true, at(159)));
        assert_eq!(other.state("busy").unavailable_until(true, at(101)), Some(at(130)));
        assert_eq!(other.news(at(101)), [], "what was learnt is not told again");
        one.report("busy", Report::RateLimited(Some(Duration::from_millis(29_900))), at(101));
        assert_eq!(one.news(at(101)), [], "not a second more is no news");
        one.report("busy", Report::RateLimited(Some(Duration::from_secs(60))), at(101));
        one.told(&[busy]);
        assert_eq!(one.news(at(101)), [rest("busy", None, Some(161))], "what was told is not the newest");

        assert!(other.start("failing", true, at(160)), "each instance probes by itself");
        other.learn(&[failing], at(160));
        assert_eq!(other.state("failing").breaker, Breaker::HalfOpen { successes: 0, probing_since: Some(at(160)) });
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
