use std::sync::Arc;

use super::ask::provider_model;
use crate::config::snapshot::{Candidate, Route};
use crate::record::{Considered, DecidedBy, Decision, Excluded};

/// How a route's candidates stood when the first was chosen, noted by the plan that chose. It becomes a [`Decision`] only
/// where it is recorded.
#[derive(Debug)]
pub(super) struct Choice {
    route: Arc<Route>,
    decided_by: DecidedBy,
    /// In the order of the route's candidates.
    stands: Vec<Stand>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stand {
    pub(super) share: f64,
    pub(super) excluded: Option<Excluded>,
    /// The first attempt at which it was asked.
    pub(super) asked_at: Option<u32>,
}

impl Stand {
    pub(super) fn excluded(excluded: Option<Excluded>) -> Self {
        Self { excluded, ..Self::default() }
    }
}

impl Choice {
    pub(super) fn new(route: Arc<Route>, decided_by: DecidedBy, stands: Vec<Stand>) -> Self {
        Self { route, decided_by, stands }
    }

    /// `candidate` is asked at the `attempt`th attempt.
    pub(super) fn asked(&mut self, candidate: &Arc<Candidate>, attempt: u32) {
        let stands = self.route.candidates.iter().zip(&mut self.stands);
        for (_, stand) in stands.filter(|(other, _)| Arc::ptr_eq(other, candidate)) {
            stand.asked_at.get_or_insert(attempt);
        }
    }

    /// In the order of the route's candidates.
    pub(super) fn shares(&self) -> impl Iterator<Item = f64> {
        self.stands.iter().map(|stand| stand.share)
    }

    /// For a request for `model`.
    pub(super) fn decision(&self, model: &str) -> Decision {
        let considered = |(candidate, stand): (&Arc<Candidate>, &Stand)| Considered {
            association_id: candidate.association_id.clone(),
            provider: candidate.upstream.name.clone(),
            provider_model: provider_model(candidate, model).to_owned(),
            weight: candidate.weight,
            priority: candidate.priority,
            share: stand.share,
            excluded: stand.excluded,
            chosen_at_attempt: stand.asked_at,
        };
        let candidates = self.route.candidates.iter().zip(&self.stands).map(considered).collect();
        Decision::new(self.route.strategy, self.decided_by, candidates)
    }
}
