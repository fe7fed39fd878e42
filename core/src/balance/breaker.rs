use core::time::Duration;

use crate::platform::Timestamp;

/// How long it then stays open.
const OPEN_FOR: Duration = Duration::from_secs(60);
/// Consecutive successful probes that close it again.
const SUCCESSES_TO_CLOSE: u32 = 2;
/// A probe that reported nothing for this long (its request was lost with its home) no longer blocks the next one.
const PROBE_LEASE: Duration = Duration::from_secs(120);

/// A circuit breaker as a pure value: everything it does depends on its state and on the time it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    Closed {
        failures: u32,
    },
    Open {
        until: Timestamp,
    },
    /// One probe at a time is let through.
    HalfOpen {
        successes: u32,
        probing_since: Option<Timestamp>,
    },
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// Consecutive failures that open it.
    pub const FAILURES_TO_OPEN: u32 = 5;

    /// Whether a request may be sent at `now`; changes nothing.
    pub fn permits(&self, now: Timestamp) -> bool {
        match *self {
            Self::Closed { .. } => true,
            Self::Open { until } => now >= until,
            Self::HalfOpen { probing_since, .. } => probing_since.is_none_or(|since| now.since(since) >= PROBE_LEASE),
        }
    }

    /// A request is being sent. Call only after [`Self::permits`].
    pub fn started(&mut self, now: Timestamp) {
        match *self {
            Self::Closed { .. } => {}
            Self::Open { .. } => *self = Self::HalfOpen { successes: 0, probing_since: Some(now) },
            Self::HalfOpen { successes, .. } => *self = Self::HalfOpen { successes, probing_since: Some(now) },
        }
    }

    pub fn succeeded(&mut self) {
        *self = match *self {
            Self::HalfOpen { successes, .. } if successes + 1 < SUCCESSES_TO_CLOSE => {
                Self::HalfOpen { successes: successes + 1, probing_since: None }
            }
            // A request that was sent before the breaker opened says nothing about now.
            Self::Open { until } => Self::Open { until },
            Self::Closed { .. } | Self::HalfOpen { .. } => Self::Closed { failures: 0 },
        };
    }

    pub fn failed(&mut self, now: Timestamp) {
        *self = match *self {
            Self::Closed { failures } if failures + 1 < Self::FAILURES_TO_OPEN => {
                Self::Closed { failures: failures + 1 }
            }
            Self::Open { until } => Self::Open { until },
            Self::Closed { .. } | Self::HalfOpen { .. } => Self::Open { until: now.plus(OPEN_FOR) },
        };
    }

    /// Another instance has opened its breaker of the same association.
    pub fn open(&mut self, until: Timestamp) {
        if self.open_until().is_none_or(|known| known < until) {
            *self = Self::Open { until };
        }
    }

    /// The clock was put back by so much.
    pub(super) fn shift(&mut self, by: Duration) {
        match self {
            Self::Closed { .. } => {}
            Self::Open { until } => *until = until.minus(by),
            Self::HalfOpen { probing_since, .. } => *probing_since = probing_since.map(|since| since.minus(by)),
        }
    }

    pub const fn open_until(&self) -> Option<Timestamp> {
        match *self {
            Self::Open { until } => Some(until),
            Self::Closed { .. } | Self::HalfOpen { .. } => None,
        }
    }

    /// The request ended without a verdict on the provider: the client left, erred, or was rate limited.
    pub fn released(&mut self) {
        if let Self::HalfOpen { probing_since, .. } = self {
            *probing_since = None;
        }
    }

    /// When a request will next be let through, for a breaker that does not permit one at `now`.
    pub fn retry_at(&self, now: Timestamp) -> Option<Timestamp> {
        match *self {
            _ if self.permits(now) => None,
            Self::Open { until } => Some(until),
            Self::HalfOpen { probing_since, .. } => probing_since.map(|since| since.plus(PROBE_LEASE)),
            Self::Closed { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `S` success, `F` failure, `R` released, `sent` no report yet, `+N` seconds pass; each request is sent only if
    /// permitted, and `!` expects the next one to be refused.
    fn run(script: &str) -> Breaker {
        let mut breaker = Breaker::default();
        let mut now = Timestamp::from_secs(1_000);
        for step in script.split_whitespace() {
            match step {
                "!" => assert!(!breaker.permits(now), "{script}: expected a refusal, is {breaker:?}"),
                wait if wait.starts_with('+') => now = now.plus(Duration::from_secs(wait[1..].parse().unwrap())),
                verdict => {
                    assert!(breaker.permits(now), "{script}: refused at {verdict}: {breaker:?}");
                    breaker.started(now);
                    match verdict {
                        "S" => breaker.succeeded(),
                        "F" => breaker.failed(now),
                        "R" => breaker.released(),
                        "sent" => {}
                        other => panic!("unknown step {other}"),
                    }
                }
            }
        }
        breaker
    }

    #[test]
    fn scripts() {
        let closed = |failures| Breaker::Closed { failures };
        for (script, expected) in [
            ("F F F F", closed(4)),
            ("F F F F S", closed(0)),
            ("F F F F S F", closed(1)),
            ("F F F F R F !", Breaker::Open { until: Timestamp::from_secs(1_060) }),
            ("F F F F F ! +59 !", Breaker::Open { until: Timestamp::from_secs(1_060) }),
            ("F F F F F +60 S", Breaker::HalfOpen { successes: 1, probing_since: None }),
            ("F F F F F +60 S S", closed(0)),
            ("F F F F F +60 F ! +59 ! +1 S S", closed(0)),
            ("F F F F F +60 S F !", Breaker::Open { until: Timestamp::from_secs(1_120) }),
            ("F F F F F +60 sent ! +119 ! +1 S S", closed(0)),
            ("F F F F F +60 R S S", closed(0)),
        ] {
            assert_eq!(run(script), expected, "{script}");
        }
    }

    #[test]
    fn a_late_success_does_not_close_an_open_breaker() {
        let mut breaker = run("F F F F F");
        breaker.succeeded();
        assert_eq!(breaker, Breaker::Open { until: Timestamp::from_secs(1_060) });
    }
}
