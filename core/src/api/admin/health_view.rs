//! What is known of an association's health, for an operator.

use schemars::JsonSchema;
use serde::Serialize;

use crate::balance::{AssociationHealth, Breaker, Cause, Health};
use crate::platform::Timestamp;

/// How an association has answered of late, as far as the instance knows that was asked.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AssociationHealth")]
pub(super) struct HealthView {
    #[serde(flatten)]
    of_all: StateView,
    /// Models, by the provider's names, of which something else is to be said.
    models: Vec<ModelHealthView>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ModelHealth")]
struct ModelHealthView {
    provider_model: String,
    #[serde(flatten)]
    state: StateView,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "HealthState")]
struct StateView {
    state: State,
    /// Until when it is not asked; null when it is.
    resting_until: Option<String>,
    /// Why it rests.
    cause: Option<CauseView>,
    /// In a row, while that has not opened the breaker.
    failures: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    Asked,
    /// One request at a time finds out whether it works again.
    Probed,
    Resting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum CauseView {
    RateLimit,
    Failure,
}

impl HealthView {
    pub(super) fn of(health: &AssociationHealth, use_breaker: bool, now: Timestamp) -> Self {
        let view = |health: &Health| StateView::of(health, use_breaker, now);
        let models = health
            .models
            .iter()
            .map(|(name, health)| ModelHealthView { provider_model: name.clone(), state: view(health) });
        Self { of_all: view(&health.whole), models: models.filter(|model| !model.state.is_fine()).collect() }
    }
}

impl StateView {
    fn of(health: &Health, use_breaker: bool, now: Timestamp) -> Self {
        let resting = health.resting(use_breaker, now);
        let failures = match health.breaker {
            Breaker::Closed { failures } => failures,
            Breaker::Open { .. } | Breaker::HalfOpen { .. } => 0,
        };
        let is_probed = use_breaker && !matches!(health.breaker, Breaker::Closed { .. });
        Self {
            state: match resting {
                Some(_) => State::Resting,
                None if is_probed => State::Probed,
                None => State::Asked,
            },
            resting_until: resting.map(|it| it.until.to_rfc3339()),
            cause: resting.map(|it| match it.cause {
                Cause::RateLimit => CauseView::RateLimit,
                Cause::Failure => CauseView::Failure,
            }),
            failures,
        }
    }

    fn is_fine(&self) -> bool {
        self.state == State::Asked && self.failures == 0
    }
}
