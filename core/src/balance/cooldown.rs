use core::time::Duration;

use super::health::Cause;
use crate::platform::Timestamp;

/// The first rest of our own after a rate limit that names no time; it doubles up to the longest.
const OWN: Duration = Duration::from_secs(2);
const LONGEST_OWN: Duration = Duration::from_secs(300);
/// A probe that reported nothing for this long no longer blocks the next one.
const PROBE_LEASE: Duration = Duration::from_secs(120);

/// A time in which somebody is not asked, on the provider's word. Where that named more than is granted at a time, one
/// request after the other may look whether it is over sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cooldown {
    pub until: Timestamp,
    /// What the provider said.
    named_until: Timestamp,
    pub cause: Cause,
    probing_since: Option<Timestamp>,
}

impl Cooldown {
    pub(super) fn new(cause: Cause, pause: Duration, max_rest: Duration, now: Timestamp) -> Self {
        Self { until: now.plus(pause.min(max_rest)), named_until: now.plus(pause), cause, probing_since: None }
    }

    pub(super) fn until(cause: Cause, until: Timestamp) -> Self {
        Self { until, named_until: until, cause, probing_since: None }
    }

    /// The one that ends later; of two that end alike, the first.
    pub(super) fn or_longer(self, other: Self) -> Self {
        if other.until > self.until { other } else { self }
    }

    pub(super) fn unavailable_until(&self, now: Timestamp) -> Option<Timestamp> {
        if now < self.until {
            return Some(self.until);
        }
        let lease = self.probing_since?.plus(PROBE_LEASE);
        (now < self.named_until && now < lease).then(|| lease.min(self.named_until))
    }

    pub(super) fn is_before_its_end(&self, now: Timestamp) -> bool {
        now < self.until
    }

    pub(super) fn started(&mut self, now: Timestamp) {
        self.probing_since = Some(now);
    }

    pub(super) fn released(&mut self) {
        self.probing_since = None;
    }

    pub(super) fn shift(&mut self, by: Duration) {
        self.until = self.until.minus(by);
        self.named_until = self.named_until.minus(by);
        self.probing_since = self.probing_since.map(|since| since.minus(by));
    }
}

/// Our own pause after the `nth` rate limit in a row that named none.
pub(super) fn own_pause(nth: u32) -> Duration {
    OWN.saturating_mul(1 << nth.saturating_sub(1).min(16)).min(LONGEST_OWN)
}
