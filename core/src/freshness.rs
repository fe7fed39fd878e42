//! When an instance last looked at what others on its database did, and what follows for a request.

use core::time::Duration;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use crate::platform::Timestamp;

/// From this age on a configuration is renewed in the background.
const RENEW_AFTER: Duration = Duration::from_secs(2);
/// A configuration of this age is not used unless the database fails. A second less than what the guides promise.
const USABLE_FOR: Duration = Duration::from_secs(4);
/// A configuration of this age breaks what the guides promise.
const OVERDUE: Duration = Duration::from_secs(5);
/// A flush that was promised this long ago was lost with its request.
const PROMISE: Duration = Duration::from_secs(5);

/// Between two steps of folding rollups.
const FOLD_EVERY: Duration = Duration::from_secs(120);

/// When the stored configuration was last looked at, and whether a flush is on its way.
#[derive(Debug, Default)]
pub(crate) struct Freshness {
    /// Of the last look that succeeded, in microseconds, like all times here.
    refreshed_at: AtomicI64,
    tried_at: AtomicI64,
    has_failed: AtomicBool,
    /// Zero when no flush is promised.
    flush_promised_at: AtomicI64,
    /// Of the last flush that a client waited for; zero when it went well.
    flush_failed_at: AtomicI64,
    folded_at: AtomicI64,
}

/// What a request does about the age of the configuration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Nothing,
    Renewal,
    /// As [`Need::Renewal`], and it must be waited for.
    Wait,
}

impl Freshness {
    /// The configuration was read at `now`.
    pub(crate) fn new(now: Timestamp) -> Self {
        let freshness = Self::default();
        freshness.begin(now);
        freshness.end(now, true);
        freshness
    }

    /// Whether a step of folding rollups is due, which then begins.
    pub(crate) fn begin_fold(&self, now: Timestamp) -> bool {
        let last = self.folded_at.load(Ordering::Relaxed);
        let due = now.since(Timestamp::from_micros(last)) >= FOLD_EVERY;
        due && self.folded_at.compare_exchange(last, now.as_micros(), Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    pub(crate) fn begin(&self, now: Timestamp) {
        self.tried_at.store(now.as_micros(), Ordering::Relaxed);
    }

    pub(crate) fn end(&self, now: Timestamp, succeeded: bool) {
        if succeeded {
            self.refreshed_at.store(now.as_micros(), Ordering::Relaxed);
        }
        self.has_failed.store(!succeeded, Ordering::Relaxed);
    }

    /// Whether the last look failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    /// Whether the configuration is older than a home that looks all the time lets it become.
    pub(crate) fn is_overdue(&self, now: Timestamp) -> bool {
        self.age(now) >= OVERDUE
    }

    pub(crate) fn age(&self, now: Timestamp) -> Duration {
        now.since(Timestamp::from_micros(self.refreshed_at.load(Ordering::Relaxed)))
    }

    pub(crate) fn need(&self, now: Timestamp) -> Need {
        let age = self.age(now);
        let untried = now.since(Timestamp::from_micros(self.tried_at.load(Ordering::Relaxed)));
        // While the database fails nobody waits for it: the last good configuration stays in force.
        if age >= USABLE_FOR && !(self.has_failed() && untried < USABLE_FOR) {
            Need::Wait
        } else if age >= RENEW_AFTER && untried >= RENEW_AFTER {
            Need::Renewal
        } else {
            Need::Nothing
        }
    }

    /// Whether a client would wait in vain for the log: the database has just failed.
    pub(crate) fn is_flush_hopeless(&self, now: Timestamp) -> bool {
        let at = |time: &AtomicI64| Timestamp::from_micros(time.load(Ordering::Relaxed));
        let flush_failed_at = at(&self.flush_failed_at);
        let has_flush_failed = flush_failed_at > at(&self.refreshed_at) && now.since(flush_failed_at) < USABLE_FOR;
        has_flush_failed || self.has_failed() && now.since(at(&self.tried_at)) < USABLE_FOR
    }

    pub(crate) fn flush_ended(&self, now: Timestamp, succeeded: bool) {
        self.flush_failed_at.store(if succeeded { 0 } else { now.as_micros() }, Ordering::Relaxed);
    }

    /// `true` for the one who is to flush.
    pub(crate) fn promise_flush(&self, now: Timestamp) -> bool {
        let promised_at = self.flush_promised_at.load(Ordering::Relaxed);
        if promised_at != 0 && now.since(Timestamp::from_micros(promised_at)) < PROMISE {
            return false;
        }
        let promise =
            self.flush_promised_at.compare_exchange(promised_at, now.as_micros(), Ordering::Relaxed, Ordering::Relaxed);
        promise.is_ok()
    }

    pub(crate) fn flush_begins(&self) {
        self.flush_promised_at.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_does_about_an_old_configuration() {
        let at = Timestamp::from_millis;
        // Refreshed, last tried, whether that failed, now, all in milliseconds.
        for (refreshed, tried, failed, now, expected) in [
            (0, 0, false, 1_999, Need::Nothing),
            (0, 0, false, 2_000, Need::Renewal),
            (0, 2_000, false, 3_999, Need::Nothing),
            (0, 2_000, false, 4_000, Need::Wait),
            (0, 2_000, true, 4_000, Need::Renewal),
            (0, 4_000, true, 5_999, Need::Nothing),
            (0, 4_000, true, 7_999, Need::Renewal),
            (0, 4_000, true, 8_000, Need::Wait),
            (0, 0, false, 3_600_000, Need::Wait),
        ] {
            let freshness = Freshness::new(at(refreshed));
            freshness.begin(at(tried));
            freshness.has_failed.store(failed, Ordering::Relaxed);
            assert_eq!(freshness.need(at(now)), expected, "{refreshed} {tried} {failed} {now}");
        }
    }

    #[test]
    fn nobody_waits_for_the_log_of_a_database_that_has_just_failed() {
        let at = Timestamp::from_millis;
        let freshness = Freshness::new(at(1_000));
        assert!(!freshness.is_flush_hopeless(at(1_000)));
        freshness.flush_ended(at(2_000), false);
        assert!(freshness.is_flush_hopeless(at(5_999)));
        assert!(!freshness.is_flush_hopeless(at(6_000)), "now and then one tries");
        freshness.flush_ended(at(6_000), true);
        assert!(!freshness.is_flush_hopeless(at(6_000)));
        freshness.flush_ended(at(6_000), false);
        freshness.end(at(6_100), true);
        assert!(!freshness.is_flush_hopeless(at(6_100)), "the database is back");
        freshness.begin(at(7_000));
        freshness.end(at(8_000), false);
        assert!(freshness.is_flush_hopeless(at(10_999)), "the configuration could not be read either");
        assert!(!freshness.is_flush_hopeless(at(11_000)));
    }

    #[test]
    fn one_flush_is_promised_at_a_time() {
        let freshness = Freshness::default();
        let at = Timestamp::from_secs;
        assert!(freshness.promise_flush(at(100)));
        assert!(!freshness.promise_flush(at(104)));
        assert!(freshness.promise_flush(at(105)), "the first was lost");
        freshness.flush_begins();
        assert!(freshness.promise_flush(at(106)));
    }
}
