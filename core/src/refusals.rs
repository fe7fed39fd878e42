use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// What the gateway writes into a request that the client did not, and that a provider may refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// To be asked for a stream's usage (`stream_options`).
    Usage,
    /// To be told in translated requests how much to think.
    Reasoning,
    /// To stream: it answers whole.
    Stream,
    /// To answer whole: it only streams.
    Whole,
    /// To count the tokens of a translated request: it has no such endpoint.
    Count,
}

/// What associations' providers refuse, as this instance has learned.
#[derive(Debug, Default)]
pub(crate) struct Refusals(RwLock<HashMap<String, Vec<Refused>>>);

impl Refusals {
    pub(crate) fn contains(&self, association: &str, what: Refused) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(association).is_some_and(|refused| refused.contains(&what))
    }

    pub(crate) fn insert(&self, association: &str, what: Refused) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let refused = known.entry(association.to_owned()).or_default();
        if !refused.contains(&what) {
            refused.push(what);
        }
    }

    /// Forgets the associations of which it no longer holds.
    pub(crate) fn retain(&self, holds: impl Fn(&str) -> bool) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|association, _| holds(association));
    }
}
