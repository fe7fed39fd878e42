use std::collections::HashMap;

use core::time::Duration;

use super::health::{Health, Report, Resting};
use super::latency::LatencyAverage;
use crate::platform::Timestamp;

/// Under a pattern clients choose the names, so only so many are remembered.
const MAX_MODELS: usize = 256;

/// What is known of an association.
#[derive(Debug, Default)]
pub(super) struct AssociationState {
    /// Of all its models together: what concerns the account.
    pub(super) whole: Health,
    /// By the provider's name.
    models: HashMap<String, ModelState>,
    /// The running balance of smooth weighted round robin.
    pub(super) credit: f64,
    /// When its rests were last lifted, as told by another instance.
    pub(super) reset_at: Option<Timestamp>,
    /// Counts the uses of `models`.
    uses: u64,
}

/// What is known of an association and one of its provider's models.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct ModelState {
    pub(super) health: Health,
    /// To the first meaningful event of a stream.
    stream_latency: LatencyAverage,
    /// To the end of an answer that is not streamed.
    whole_latency: LatencyAverage,
    last_use: u64,
}

impl AssociationState {
    pub(super) fn model(&self, name: &str) -> ModelState {
        self.models.get(name).copied().unwrap_or_default()
    }

    /// Of one model, or with an empty name of all together.
    pub(super) fn health(&self, model: &str) -> Health {
        if model.is_empty() { self.whole } else { self.model(model).health }
    }

    /// Those of which anything is known.
    pub(super) fn models(&self) -> impl Iterator<Item = (&str, &ModelState)> {
        self.models.iter().map(|(name, state)| (name.as_str(), state))
    }

    pub(super) fn with_model<T>(&mut self, name: &str, change: impl FnOnce(&mut ModelState) -> T) -> T {
        self.uses += 1;
        let uses = self.uses;
        let change = |state: &mut ModelState| {
            state.last_use = uses;
            change(state)
        };
        if let Some(state) = self.models.get_mut(name) {
            return change(state);
        }
        if self.models.len() >= MAX_MODELS {
            let oldest = self.models.iter().min_by_key(|(_, state)| state.last_use).map(|(name, _)| name.clone());
            oldest.and_then(|oldest| self.models.remove(&oldest));
        }
        change(self.models.entry(name.to_owned()).or_default())
    }

    pub(super) fn resting(&self, model: &str, use_breaker: bool, now: Timestamp) -> Option<Resting> {
        let of_model = self.models.get(model).and_then(|state| state.health.resting(use_breaker, now));
        self.whole.resting(use_breaker, now).max(of_model)
    }

    pub(super) fn started(&mut self, model: &str, now: Timestamp) {
        self.whole.started(now);
        self.with_model(model, |state| state.health.started(now));
    }

    pub(super) fn report(&mut self, model: &str, report: Report, now: Timestamp, max_rest: Duration) {
        // A refused account says nothing about the model, and a failing model nothing about the account.
        let (of_model, of_all) = match report {
            Report::Refused { .. } => (Report::Neutral, report),
            Report::Failed { .. } | Report::Paused { .. } | Report::RateLimited { .. } => (report, Report::Neutral),
            Report::Success | Report::Answering | Report::Neutral => (report, report),
        };
        self.with_model(model, |state| state.health.report(of_model, now, max_rest));
        self.whole.report(of_all, now, max_rest);
    }

    /// Lifts every rest.
    pub(super) fn reset(&mut self) {
        self.whole = Health::default();
        self.models.values_mut().for_each(|state| state.health = Health::default());
    }

    pub(super) fn shift(&mut self, by: Duration) {
        self.whole.shift(by);
        self.models.values_mut().for_each(|state| state.health.shift(by));
    }
}

impl ModelState {
    pub(super) fn latency(&self, stream: bool) -> &LatencyAverage {
        if stream { &self.stream_latency } else { &self.whole_latency }
    }

    pub(super) fn latency_mut(&mut self, stream: bool) -> &mut LatencyAverage {
        if stream { &mut self.stream_latency } else { &mut self.whole_latency }
    }
}
