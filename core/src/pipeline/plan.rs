use core::time::Duration;
use std::sync::Arc;

use super::call::Call;
use crate::balance::{Contender, Selection};
use crate::config::snapshot::{Candidate, Route};
use crate::config::{Capabilities, Strategy};
use crate::dialect::{ErrorKind, GatewayError};
use crate::platform::Timestamp;
use crate::shared::Shared;

/// The candidates of one request, in the order in which they will be asked.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    route: &'a Route,
    candidates: Vec<&'a Arc<Candidate>>,
    selection: Selection,
}

impl<'a> Plan<'a> {
    /// The route's associations that speak the call's dialect and can do what it needs; an error says what is missing.
    pub(super) fn new(shared: &Shared, call: &Call, route: &'a Route) -> Result<Self, GatewayError> {
        let speaking: Vec<_> =
            route.candidates.iter().filter(|it| it.upstream.kind.dialect() == call.dialect).collect();
        if speaking.is_empty() {
            return Err(not_served(call, route));
        }
        let needs = call.head.needs;
        let candidates: Vec<_> = speaking.iter().copied().filter(|it| can(it.capabilities, needs)).collect();
        if candidates.is_empty() {
            return Err(not_capable(call, &speaking));
        }
        let now = shared.now();
        let contenders = candidates.iter().enumerate().map(|(index, candidate)| {
            let state = shared.balancer.state(&candidate.association_id);
            Contender {
                index,
                weight: f64::from(candidate.weight),
                native: true,
                latency: state.latency(call.stream, now),
                credit: state.credit,
                last: false,
            }
        });
        let selection = Selection::new(route.strategy, contenders.collect());
        Ok(Self { route, candidates, selection })
    }

    /// The next association to ask, if one is available now.
    pub(super) fn next(&self, shared: &Shared) -> Option<Arc<Candidate>> {
        let now = shared.now();
        let index = self.selection.pick(|index| self.is_available(shared, index, now), || shared.platform.random())?;
        self.candidates.get(index).map(|candidate| Arc::clone(candidate))
    }

    fn is_available(&self, shared: &Shared, index: usize, now: Timestamp) -> bool {
        self.candidates.get(index).is_some_and(|candidate| {
            shared.balancer.state(&candidate.association_id).unavailable_until(self.route.breaker, now).is_none()
        })
    }

    /// Takes the right to ask `candidate`, and its turn; `false` when somebody else has just taken it.
    pub(super) fn start(&mut self, shared: &Shared, candidate: &Arc<Candidate>) -> bool {
        let now = shared.now();
        let association = &candidate.association_id;
        // Who rests takes no part in the turn, or it would be owed all that it missed.
        let turn: Vec<_> = match self.route.strategy {
            Strategy::RoundRobin => {
                let taking_part = self.selection.indexes().filter(|index| self.is_available(shared, *index, now));
                let candidates = taking_part.filter_map(|index| self.candidates.get(index));
                candidates.map(|it| (it.association_id.as_str(), f64::from(it.weight))).collect()
            }
            _ => Vec::new(),
        };
        if !shared.balancer.start(association, self.route.breaker, now) {
            self.remove(candidate);
            return false;
        }
        shared.balancer.take_turn(&turn, association);
        true
    }

    pub(super) fn remove(&mut self, candidate: &Arc<Candidate>) {
        if let Some(index) = self.index(candidate) {
            self.selection.remove(index);
        }
    }

    pub(super) fn demote(&mut self, candidate: &Arc<Candidate>) {
        if let Some(index) = self.index(candidate) {
            self.selection.demote(index);
        }
    }

    /// Why nobody could be asked: all wait for a rate limit or an open breaker.
    pub(super) fn unavailable(&self, shared: &Shared) -> GatewayError {
        let now = shared.now();
        let states = self.candidates.iter().map(|it| shared.balancer.state(&it.association_id));
        let first = states.clone().filter_map(|state| state.unavailable_until(self.route.breaker, now)).min();
        let wait = first.map(|until| until.since(now).max(Duration::from_secs(1)));
        if states.clone().any(|state| state.cooldown_until.is_some_and(|until| until > now)) {
            let message = format!("every provider of `{}` is over its rate limit; try again later", self.route.name);
            GatewayError::new(ErrorKind::RateLimited, message).code("rate_limit_exceeded").retry_after(wait)
        } else {
            let message =
                format!("every provider of `{}` has failed repeatedly and rests; try again later", self.route.name);
            GatewayError::new(ErrorKind::Unavailable, message).code("providers_unavailable").retry_after(wait)
        }
    }

    fn index(&self, candidate: &Arc<Candidate>) -> Option<usize> {
        self.candidates.iter().position(|it| Arc::ptr_eq(it, candidate))
    }
}

fn can(has: Capabilities, needs: Capabilities) -> bool {
    (has.tool_call || !needs.tool_call)
        && (has.structured_output || !needs.structured_output)
        && (has.image || !needs.image)
}

fn not_served(call: &Call, route: &Route) -> GatewayError {
    let message = if route.candidates.is_empty() {
        format!("the model `{}` has no provider that is switched on; add an association or enable one", call.model)
    } else {
        let mut dialects: Vec<_> = route.candidates.iter().map(|it| it.upstream.kind.dialect().as_str()).collect();
        dialects.sort_unstable();
        dialects.dedup();
        format!(
            "the model `{}` has no provider that speaks {}; ask for it by the endpoint for {}, or add a provider",
            call.model,
            call.dialect,
            dialects.join(" or ")
        )
    };
    GatewayError::new(ErrorKind::NotFound, message).code("model_not_found").param("model")
}

/// Names what is missing: a capability that no provider has, or the whole set when only their combination is missing.
fn not_capable(call: &Call, speaking: &[&Arc<Candidate>]) -> GatewayError {
    let needs = call.head.needs;
    let needed = [
        (needs.tool_call, "tool calls", speaking.iter().any(|it| it.capabilities.tool_call)),
        (needs.structured_output, "structured output", speaking.iter().any(|it| it.capabilities.structured_output)),
        (needs.image, "image input", speaking.iter().any(|it| it.capabilities.image)),
    ];
    let mut missing: Vec<_> =
        needed.iter().filter(|(needed, _, has)| *needed && !has).map(|(_, name, _)| *name).collect();
    let mut together = "";
    if missing.is_empty() {
        missing = needed.iter().filter(|(needed, ..)| *needed).map(|(_, name, _)| *name).collect();
        together = " together";
    }
    let message = format!(
        "no provider of the model `{}` has the capability for {}{together}, which this request needs",
        call.model,
        missing.join(" and ")
    );
    GatewayError::new(ErrorKind::InvalidRequest, message).code("missing_capability").param("model")
}
