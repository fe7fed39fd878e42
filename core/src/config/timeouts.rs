use core::time::Duration;

use crate::platform::Timestamp;

/// How long a model's requests wait, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timeouts {
    /// The whole budget of a request until its answer begins, over all attempts.
    pub total: Option<f64>,
    /// How long one attempt waits for the head of the answer.
    pub header: Option<f64>,
    /// How long one streaming attempt waits for its first meaningful event.
    pub first_token: Option<f64>,
    /// How long a stream that has begun may be silent.
    pub idle: Option<f64>,
}

/// Where nothing is set, there is room for a model that thinks. Some providers send a stream's head with its first token.
const TOTAL: f64 = 600.0;
const HEAD: f64 = 300.0;
/// A stream's head while another provider could still be asked.
const HEAD_BEFORE_OTHERS: f64 = 60.0;
/// From a stream's head to its first meaningful event.
const FIRST_TOKEN: f64 = 300.0;
const IDLE: f64 = 300.0;

/// What is not set is a part of the total, if that is set.
impl Timeouts {
    pub fn total(&self) -> Duration {
        seconds(self.total.unwrap_or(TOTAL))
    }

    /// `others_left`: another provider could still be asked.
    pub fn header(&self, stream: bool, others_left: bool) -> Duration {
        seconds(self.header.unwrap_or(match self.total {
            Some(total) if stream => total / 3.0,
            Some(total) => total,
            None if !stream => TOTAL,
            None if others_left => HEAD_BEFORE_OTHERS,
            None => HEAD,
        }))
    }

    /// When a stream must have had its first meaningful event: of an attempt that began at `started_at`, and whose head
    /// came at `head_at`.
    pub fn first_token_by(&self, started_at: Timestamp, head_at: Timestamp) -> Timestamp {
        match self.first_token.or(self.total.map(|total| total * 2.0 / 3.0)) {
            Some(limit) => started_at.plus(seconds(limit)),
            None => head_at.plus(seconds(FIRST_TOKEN)),
        }
    }

    /// How long a stream may be silent before its first meaningful event; comments and pings are life.
    pub fn first_silence(&self, others_left: bool) -> Duration {
        let is_set = self.total.is_some() || self.first_token.is_some();
        if others_left && !is_set { seconds(HEAD_BEFORE_OTHERS) } else { Duration::MAX }
    }

    pub fn idle(&self) -> Duration {
        seconds(self.idle.unwrap_or(IDLE))
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_is_not_set_is_one_of_the_total_that_is() {
        let unset = Timeouts::default();
        let total = Timeouts { total: Some(60.0), ..unset };
        let parts = Timeouts { header: Some(7.5), first_token: Some(9.0), idle: Some(1.0), ..unset };
        // The total; the head of a stream while others are left and without, of another answer; the first event of an
        // attempt whose head took 5 s; a silence.
        for (timeouts, expected) in [
            (unset, [600.0, 60.0, 300.0, 600.0, 305.0, 300.0]),
            (total, [60.0, 20.0, 20.0, 60.0, 40.0, 300.0]),
            (parts, [600.0, 7.5, 7.5, 7.5, 9.0, 1.0]),
            (Timeouts { total: Some(60.0), ..parts }, [60.0, 7.5, 7.5, 7.5, 9.0, 1.0]),
            (Timeouts { idle: Some(1.0), ..total }, [60.0, 20.0, 20.0, 60.0, 40.0, 1.0]),
        ] {
            let started_at = Timestamp::from_secs(1_000);
            let first_token = timeouts.first_token_by(started_at, Timestamp::from_secs(1_005));
            let found = [
                timeouts.total(),
                timeouts.header(true, true),
                timeouts.header(true, false),
                timeouts.header(false, true),
                first_token.since(started_at),
                timeouts.idle(),
            ];
            assert_eq!(found.map(|duration| duration.as_secs_f64()), expected, "{timeouts:?}");
        }
    }
}
