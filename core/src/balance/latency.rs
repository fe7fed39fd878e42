use core::time::Duration;

use crate::platform::Timestamp;

/// An average forgets half of its past in this time.
const HALF_LIFE: Duration = Duration::from_secs(30);

/// A decaying average of time to first token.
///
/// It also fades towards zero while nothing is measured, so that an association that was slow once is tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LatencyAverage {
    seconds: f64,
    weight: f64,
    updated_at: Timestamp,
}

impl LatencyAverage {
    pub fn record(&mut self, latency: Duration, now: Timestamp) {
        let keep = decay(now.since(self.updated_at));
        let weight = self.weight * keep;
        self.seconds = (self.seconds * weight + latency.as_secs_f64()) / (weight + 1.0);
        self.weight = weight + 1.0;
        self.updated_at = now;
    }

    /// In seconds; zero when nothing was measured yet.
    pub fn estimate(&self, now: Timestamp) -> f64 {
        self.seconds * decay(now.since(self.updated_at).saturating_sub(HALF_LIFE))
    }
}

fn decay(elapsed: Duration) -> f64 {
    0.5_f64.powf(elapsed.as_secs_f64() / HALF_LIFE.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_recent_measurements_and_fades_when_unused() {
        let at = |seconds| Timestamp::from_secs(seconds);
        let mut average = LatencyAverage::default();
        assert_eq!(average.estimate(at(0)), 0.0);
        average.record(Duration::from_secs(4), at(0));
        assert!((average.estimate(at(0)) - 4.0).abs() < 1e-9);
        average.record(Duration::from_secs(2), at(0));
        assert!((average.estimate(at(0)) - 3.0).abs() < 1e-9);
        average.record(Duration::from_secs(1), at(300));
        assert!(average.estimate(at(300)) < 1.01, "five minutes later the past hardly counts");
        let fresh = average.estimate(at(330));
        assert!((fresh - average.estimate(at(300))).abs() < 1e-9, "half a minute without use changes nothing");
        assert!((average.estimate(at(360)) - fresh / 2.0).abs() < 1e-9);
    }
}
