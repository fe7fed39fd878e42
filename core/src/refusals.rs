use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

/// Associations whose providers refuse what the gateway would add to a request of its own (`stream_options`), as this
/// instance has learned.
#[derive(Debug, Default)]
pub(crate) struct Refusals(RwLock<HashSet<String>>);

impl Refusals {
    pub(crate) fn contains(&self, association: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(association)
    }

    pub(crate) fn insert(&self, association: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(association.to_owned());
    }

    /// Forgets what no longer holds.
    pub(crate) fn retain(&self, holds: impl Fn(&str) -> bool) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|association| holds(association));
    }
}
