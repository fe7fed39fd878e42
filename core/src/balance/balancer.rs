use core::time::Duration;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::association::AssociationState;
use super::health::{Health, Report, Resting};
use super::rest::{Reset, Rest};
use crate::platform::Timestamp;

/// A cool-down that grows by less is not told to others.
const NEWS: Duration = Duration::from_secs(1);
/// The clock of a home may be put right by so much without anybody noticing.
const JITTER: Duration = Duration::from_secs(1);
/// Unless [`Balancer::set_max_rest`] says otherwise.
const MAX_REST: Duration = Duration::from_secs(3600);

/// What the gateway knows of its associations' health. It outlives configuration changes and belongs to one instance,
/// which tells others on its database and learns from them who rests ([`Rest`]).
#[derive(Debug, Default)]
pub struct Balancer {
    states: Mutex<States>,
    /// Association and model of whose rest the others are still to be told; an empty model stands for all.
    untold: Mutex<BTreeSet<(String, String)>>,
}

#[derive(Debug, Default)]
struct States {
    associations: HashMap<String, AssociationState>,
    /// The newest time that was seen.
    latest: Timestamp,
    max_rest: Option<Duration>,
}

/// An association, and the provider's name for the model that it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair<'a> {
    pub association: &'a str,
    pub provider_model: &'a str,
}

/// What a strategy decides by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Standing {
    /// In seconds; zero when nothing was measured yet.
    pub latency: f64,
    /// The running balance of smooth weighted round robin.
    pub credit: f64,
}

/// The health of an association, for operators.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssociationHealth {
    pub whole: Health,
    /// By the provider's name, sorted; only those that are not in perfect health.
    pub models: Vec<(String, Health)>,
}

impl Balancer {
    /// The longest pause that is granted at a time on a provider's word.
    pub fn set_max_rest(&self, max_rest: Duration) {
        self.lock().max_rest = Some(max_rest);
    }

    pub fn standing(&self, pair: Pair<'_>, stream: bool, now: Timestamp) -> Standing {
        let states = self.lock();
        states.associations.get(pair.association).map_or(Standing::default(), |state| Standing {
            latency: state.model(pair.provider_model).latency(stream).estimate(now),
            credit: state.credit,
        })
    }

    /// Why it is not asked now; `None` when it may be.
    pub fn resting(&self, pair: Pair<'_>, use_breaker: bool, now: Timestamp) -> Option<Resting> {
        self.at(now).associations.get(pair.association)?.resting(pair.provider_model, use_breaker, now)
    }

    pub fn health(&self, association: &str, now: Timestamp) -> AssociationHealth {
        let states = self.at(now);
        let Some(state) = states.associations.get(association) else { return AssociationHealth::default() };
        let ill = state.models().filter(|(_, model)| model.health != Health::default());
        let mut models: Vec<_> = ill.map(|(name, model)| (name.to_owned(), model.health)).collect();
        models.sort_by(|(one, _), (other, _)| one.cmp(other));
        AssociationHealth { whole: state.whole, models }
    }

    /// Reserves the right to ask; `false` when a breaker has just let another probe through.
    pub fn start(&self, pair: Pair<'_>, use_breaker: bool, now: Timestamp) -> bool {
        self.change(pair.association, now, |state, _| {
            if state.resting(pair.provider_model, use_breaker, now).is_some() {
                return false;
            }
            state.started(pair.provider_model, now);
            true
        })
    }

    pub fn report(&self, pair: Pair<'_>, report: Report, now: Timestamp) {
        let is_news = self.change(pair.association, now, |state, max_rest| {
            let model = if report.is_about_all() { "" } else { pair.provider_model };
            let before = state.health(model);
            state.report(pair.provider_model, report, now, max_rest);
            let after = state.health(model);
            let known = before.cooldown.map_or(now, |it| it.until.max(now));
            after.breaker.open_until() > before.breaker.open_until()
                || after.cooldown.is_some_and(|it| it.until.since(known) >= NEWS)
        });
        if is_news {
            let model = if report.is_about_all() { "" } else { pair.provider_model };
            self.untold().insert((pair.association.to_owned(), model.to_owned()));
        }
    }

    /// Lifts every rest of an association: its operator says that it works, or has changed what did not.
    pub fn reset(&self, association: &str) {
        if let Some(state) = self.lock().associations.get_mut(association) {
            state.reset();
        }
        self.untold().retain(|(other, _)| other != association);
    }

    /// What others are to be told, until [`Balancer::told`].
    pub fn news(&self, now: Timestamp) -> Vec<Rest> {
        let untold: Vec<_> = self.untold().iter().cloned().collect();
        let rests = untold.into_iter().map(|(association, model)| self.rest(association, model));
        let (over, news): (Vec<_>, Vec<_>) = rests.partition(|rest| rest.is_over(now));
        self.told(&over);
        news
    }

    /// The others know of `rests`, unless there is something newer.
    pub fn told(&self, rests: &[Rest]) {
        for rest in rests {
            if self.rest(rest.association_id.clone(), rest.provider_model.clone()) == *rest {
                self.untold().remove(&(rest.association_id.clone(), rest.provider_model.clone()));
            }
        }
    }

    /// Takes over what others have told. Nobody rests for longer than is granted, whatever the others' clocks say.
    pub fn learn(&self, rests: &[Rest], resets: &[Reset], now: Timestamp) {
        for reset in resets {
            self.change(&reset.association_id, now, |state, _| {
                if state.reset_at.is_none_or(|known| known < reset.at) {
                    state.reset();
                    state.reset_at = Some(reset.at);
                }
            });
        }
        for rest in rests.iter().filter(|rest| !rest.is_over(now)) {
            self.change(&rest.association_id, now, |state, max_rest| {
                let longest = now.plus(max_rest);
                let within = |until: Option<Timestamp>| until.map(|until| until.min(longest));
                let (open_until, cooldown_until) = (within(rest.open_until), within(rest.cooldown_until));
                match rest.provider_model.as_str() {
                    "" => state.whole.learn(open_until, cooldown_until, now),
                    model => state.with_model(model, |state| state.health.learn(open_until, cooldown_until, now)),
                }
            });
        }
    }

    pub fn record_latency(&self, pair: Pair<'_>, stream: bool, latency: Duration, now: Timestamp) {
        self.change(pair.association, now, |state, _| {
            state.with_model(pair.provider_model, |state| state.latency_mut(stream).record(latency, now));
        });
    }

    /// One turn of smooth weighted round robin: everybody who took part gains its weight, the chosen one pays them all.
    pub fn take_turn(&self, turn: &[(&str, f64)], chosen: &str) {
        let total: f64 = turn.iter().map(|(_, weight)| weight).sum();
        let mut states = self.lock();
        for (association, weight) in turn {
            states.with(association, |state| {
                state.credit += weight;
                if *association == chosen {
                    state.credit -= total;
                }
            });
        }
    }

    /// Forgets associations that are no longer configured.
    pub fn retain(&self, is_configured: impl Fn(&str) -> bool) {
        self.lock().associations.retain(|association, _| is_configured(association));
    }

    fn rest(&self, association_id: String, provider_model: String) -> Rest {
        let states = self.lock();
        let health = states.associations.get(&association_id).map(|state| state.health(&provider_model));
        let health = health.unwrap_or_default();
        Rest {
            association_id,
            provider_model,
            open_until: health.breaker.open_until(),
            cooldown_until: health.cooldown.map(|it| it.until),
        }
    }

    fn change<T>(
        &self,
        association: &str,
        now: Timestamp,
        change: impl FnOnce(&mut AssociationState, Duration) -> T,
    ) -> T {
        let mut states = self.at(now);
        let max_rest = states.max_rest.unwrap_or(MAX_REST);
        states.with(association, |state| change(state, max_rest))
    }

    /// The states, with their times as the clock now counts them.
    fn at(&self, now: Timestamp) -> MutexGuard<'_, States> {
        let mut states = self.lock();
        states.follow_clock(now);
        states
    }

    fn untold(&self) -> MutexGuard<'_, BTreeSet<(String, String)>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, States> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl States {
    fn with<T>(&mut self, association: &str, change: impl FnOnce(&mut AssociationState) -> T) -> T {
        match self.associations.get_mut(association) {
            Some(state) => change(state),
            None => change(self.associations.entry(association.to_owned()).or_default()),
        }
    }

    /// A clock that is put back would lengthen every rest.
    fn follow_clock(&mut self, now: Timestamp) {
        let back = self.latest.since(now);
        if back > JITTER {
            self.associations.values_mut().for_each(|state| state.shift(back));
            self.latest = now;
        }
        self.latest = self.latest.max(now);
    }
}
