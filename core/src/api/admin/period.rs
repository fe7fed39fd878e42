//! Days as the asker's clock has them.

use core::time::Duration;

use super::AdminError;
use super::logs::invalid;
use crate::platform::Timestamp;
use crate::storage::metrics::Interval;

pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// The world's clocks are at most 14 hours from UTC.
const MAX_OFFSET_MINUTES: i32 = 14 * 60;

/// Days of a clock that is so many minutes ahead of UTC.
#[derive(Clone, Copy, Debug)]
pub(super) struct Days {
    offset_minutes: i32,
}

impl Days {
    /// From the parameter `tz_offset_minutes`; UTC without it.
    pub(super) fn of(minutes: Option<i32>) -> Result<Self, AdminError> {
        let minutes = minutes.unwrap_or(0);
        if minutes.unsigned_abs() > MAX_OFFSET_MINUTES.unsigned_abs() {
            return Err(invalid(
                "tz_offset_minutes",
                format!("must be from -{MAX_OFFSET_MINUTES} to {MAX_OFFSET_MINUTES}"),
            ));
        }
        Ok(Self { offset_minutes: minutes })
    }

    pub(super) const fn interval(self) -> Interval {
        Interval::Day { offset_minutes: self.offset_minutes }
    }

    /// Days from `since` on; all before it in one.
    pub(super) const fn since(self, since: Timestamp) -> Interval {
        Interval::DaysSince { since, offset_minutes: self.offset_minutes }
    }

    /// When the day began that `time` belongs to.
    pub(super) fn midnight(self, time: Timestamp) -> Timestamp {
        let offset_secs = i64::from(self.offset_minutes) * 60;
        let day_secs = i64::try_from(DAY.as_secs()).unwrap_or(i64::MAX);
        let local = time.as_secs().saturating_add(offset_secs);
        Timestamp::from_secs(local.div_euclid(day_secs) * day_secs - offset_secs)
    }
}
