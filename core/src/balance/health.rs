use core::time::Duration;

use super::breaker::Breaker;
use super::cooldown::{Cooldown, own_pause};
use crate::platform::Timestamp;

/// How those have answered of late who share it: an association with one of its provider's models, or all of an
/// association's models together. A pure value: everything it does depends on its state and on the time it is given.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Health {
    pub breaker: Breaker,
    pub cooldown: Option<Cooldown>,
    /// Rate limits in a row that named no time.
    unnamed: u32,
}

/// How an exchange ended, as far as health goes. A pause is the time that the provider asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    Success,
    /// An answer has begun; whether it ends well is still to be seen.
    Answering,
    /// Says nothing about the provider: the client left or made a mistake.
    Neutral,
    /// It does not work for now: 5xx, a time-out, a broken answer.
    Failed {
        pause: Option<Duration>,
    },
    /// It failed as [`Report::Failed`], but only the pause counts.
    Paused {
        pause: Duration,
    },
    /// A rate limit. Without a pause it rests for one of our own.
    RateLimited {
        pause: Option<Duration>,
    },
    /// The account is refused, whatever the model: a bad key, no money.
    Refused {
        pause: Option<Duration>,
    },
}

impl Report {
    /// Of another failure in the same request, which says nothing more about the health, but may name a pause.
    #[must_use]
    pub const fn repeated(self) -> Self {
        match self {
            Self::Failed { pause: None } => Self::Neutral,
            Self::Failed { pause: Some(pause) } => Self::Paused { pause },
            other => other,
        }
    }

    /// Whether it is about all of the association's models.
    pub(super) const fn is_about_all(self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

/// Why somebody is not asked, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resting {
    pub until: Timestamp,
    pub cause: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    RateLimit,
    Failure,
}

impl Health {
    /// Why it is not asked now; `None` when it may be.
    pub fn resting(&self, use_breaker: bool, now: Timestamp) -> Option<Resting> {
        let cooldown =
            self.cooldown.and_then(|it| Some(Resting { until: it.unavailable_until(now)?, cause: it.cause }));
        let breaker = self.breaker.retry_at(now).filter(|_| use_breaker);
        cooldown.max(breaker.map(|until| Resting { until, cause: Cause::Failure }))
    }

    /// A request is being sent. Call only where it is not [`Self::resting`].
    pub fn started(&mut self, now: Timestamp) {
        self.breaker.started(now);
        if let Some(cooldown) = &mut self.cooldown {
            cooldown.started(now);
        }
    }

    /// `max_rest` is the longest pause that is granted at a time.
    pub fn report(&mut self, report: Report, now: Timestamp, max_rest: Duration) {
        match report {
            Report::Success => {
                self.breaker.succeeded();
                self.unnamed = 0;
                // One that was sent before the rest began says nothing about now.
                self.cooldown = self.cooldown.filter(|it| it.is_before_its_end(now));
            }
            // A long answer does not keep the next probe waiting.
            Report::Answering | Report::Neutral => self.release(),
            Report::Failed { pause } | Report::Refused { pause } => {
                self.breaker.failed(now);
                self.pause(pause, Cause::Failure, now, max_rest);
            }
            Report::Paused { pause } => {
                self.breaker.released();
                self.pause(Some(pause), Cause::Failure, now, max_rest);
            }
            Report::RateLimited { pause } => {
                self.breaker.released();
                if pause.is_none() && self.resting(false, now).is_none() {
                    self.unnamed = self.unnamed.saturating_add(1);
                }
                let pause = pause.or_else(|| Some(own_pause(self.unnamed)));
                self.pause(pause, Cause::RateLimit, now, max_rest);
            }
        }
    }

    fn release(&mut self) {
        self.breaker.released();
        if let Some(cooldown) = &mut self.cooldown {
            cooldown.released();
        }
    }

    fn pause(&mut self, pause: Option<Duration>, cause: Cause, now: Timestamp, max_rest: Duration) {
        match pause {
            Some(pause) => {
                let cooldown = Cooldown::new(cause, pause, max_rest, now);
                self.cooldown = Some(self.cooldown.map_or(cooldown, |known| known.or_longer(cooldown)));
            }
            None => {
                if let Some(cooldown) = &mut self.cooldown {
                    cooldown.released();
                }
            }
        }
    }

    /// Another instance has found it resting.
    pub(super) fn learn(&mut self, open_until: Option<Timestamp>, cooldown_until: Option<Timestamp>, now: Timestamp) {
        if let Some(until) = open_until.filter(|until| *until > now) {
            self.breaker.open(until);
        }
        if let Some(until) = cooldown_until.filter(|until| *until > now) {
            let cooldown = Cooldown::until(Cause::RateLimit, until);
            self.cooldown = Some(self.cooldown.map_or(cooldown, |known| known.or_longer(cooldown)));
        }
    }

    /// The clock was put back by so much.
    pub(super) fn shift(&mut self, by: Duration) {
        self.breaker.shift(by);
        if let Some(cooldown) = &mut self.cooldown {
            cooldown.shift(by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    fn limited(seconds: Option<u64>) -> Report {
        Report::RateLimited { pause: seconds.map(Duration::from_secs) }
    }

    fn until(health: &Health, now: Timestamp) -> Option<i64> {
        health.resting(true, now).map(|it| it.until.as_secs())
    }

    #[test]
    fn a_rate_limit_is_a_rest_and_no_failure() {
        let mut health = Health::default();
        for _ in 0..9 {
            health.report(limited(Some(7)), at(100), HOUR);
        }
        assert_eq!(until(&health, at(100)), Some(107));
        assert_eq!(until(&health, at(107)), None);
        assert_eq!(health.breaker, Breaker::Closed { failures: 0 });
        health.report(limited(Some(1)), at(100), HOUR);
        assert_eq!(until(&health, at(100)), Some(107), "a shorter one does not shorten it");
    }

    #[test]
    fn without_a_time_it_rests_for_two_seconds_then_doubling() {
        let mut health = Health::default();
        let mut now = at(100);
        for rest in [2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            health.started(now);
            health.report(limited(None), now, HOUR);
            // A second answer of the same moment adds nothing.
            health.report(limited(None), now, HOUR);
            assert_eq!(until(&health, now), Some(now.as_secs() + rest));
            now = now.plus(Duration::from_secs(u64::try_from(rest).unwrap()));
        }
        health.started(now);
        health.report(Report::Success, now, HOUR);
        health.report(limited(None), now, HOUR);
        assert_eq!(until(&health, now), Some(now.as_secs() + 2), "a success ends the series");
    }

    #[test]
    fn a_longer_time_than_is_granted_is_probed_by_one_request() {
        let mut health = Health::default();
        health.report(limited(Some(5 * 3600)), at(0), HOUR);
        assert_eq!(until(&health, at(0)), Some(3600));
        assert_eq!(until(&health, at(3600)), None);
        health.started(at(3600));
        assert!(until(&health, at(3601)).is_some(), "one at a time");
        health.report(limited(Some(4 * 3600)), at(3602), HOUR);
        assert_eq!(until(&health, at(3602)), Some(7202));
        health.started(at(7202));
        health.report(Report::Success, at(7203), HOUR);
        assert_eq!(until(&health, at(7203)), None);
        assert_eq!(health.cooldown, None);
    }

    #[test]
    fn a_failure_may_name_a_time() {
        let mut health = Health::default();
        health.report(Report::Failed { pause: Some(Duration::from_secs(9)) }, at(100), HOUR);
        let resting = Resting { until: at(109), cause: Cause::Failure };
        assert_eq!(health.resting(false, at(100)), Some(resting));
        assert_eq!(health.breaker, Breaker::Closed { failures: 1 });
    }
}
