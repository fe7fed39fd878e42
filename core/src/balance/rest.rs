use crate::platform::Timestamp;

/// Until when somebody is not asked: what instances on one database tell each other.
///
/// The rest of an association's state is each instance's own: failures that have not opened a breaker, the probes of a
/// half-open one, latencies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    pub association_id: String,
    /// The provider's name for the model; empty for all models of the association.
    pub provider_model: String,
    /// By an open breaker.
    pub open_until: Option<Timestamp>,
    /// By the provider's own word.
    pub cooldown_until: Option<Timestamp>,
}

/// Somebody has lifted every rest of an association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reset {
    pub association_id: String,
    pub at: Timestamp,
}

impl Rest {
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.open_until.max(self.cooldown_until).is_none_or(|until| until <= now)
    }
}
