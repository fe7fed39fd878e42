//! Which sums answer a question: of which periods, by what.

use std::collections::BTreeSet;

use super::metrics::{Axis, Choice, Interval, MetricsQuery};
use crate::platform::Timestamp;
use crate::record::blocks::{
    DAY_HOURS, KEY, KEY_DIALECT, KEY_MODEL, KEY_PROVIDER, MODEL, OF_ASSOCIATION, OF_KEY, OF_MODEL, OF_PROVIDER,
    PROVIDER, ROUTE, THIRD_HOURS, TOTAL,
};
use crate::record::retention::ROLLUP_RETENTION_DAYS;
use crate::record::rollup::{DAY_SECS, FINE_SECS, HOUR_SECS};

/// A kind of blocks of a day, and which parts of it; `None` for all.
type AxisAndParts = (&'static str, Option<Vec<String>>);

impl MetricsQuery {
    /// The seconds at which the first period begins, and the first one no more.
    pub(super) fn bounds(&self) -> (i64, i64) {
        let length = if self.interval == Interval::FiveMinutes { FINE_SECS } else { HOUR_SECS };
        // The end is exclusive, and rounded up to whole periods.
        let to = self.to.as_micros().saturating_add(999_999).div_euclid(1_000_000);
        let to = to.saturating_add(length - 1).div_euclid(length) * length;
        let from = self.from.as_secs().div_euclid(length) * length;
        (from.max(to - i64::from(ROLLUP_RETENTION_DAYS + 2) * DAY_SECS).max(1), to)
    }

    /// When the interval began that a period belongs to.
    pub(super) fn start_of(&self, second: i64) -> i64 {
        match self.interval {
            Interval::Whole => 0,
            Interval::FiveMinutes => second.div_euclid(FINE_SECS) * FINE_SECS,
            Interval::Hour => second.div_euclid(HOUR_SECS) * HOUR_SECS,
            Interval::DaysSince { since, .. } if Timestamp::from_secs(second) < since => 0,
            Interval::Day { offset_minutes } | Interval::DaysSince { offset_minutes, .. } => {
                let offset = i64::from(offset_minutes) * 60;
                let hour = second.div_euclid(HOUR_SECS) * HOUR_SECS;
                (hour + offset).div_euclid(DAY_SECS) * DAY_SECS - offset
            }
        }
    }

    /// Whether these hours are all wanted, and in one interval.
    pub(super) fn is_one(&self, start: i64, hours: u8) -> bool {
        let (from, to) = self.bounds();
        let end = start + i64::from(hours) * HOUR_SECS;
        from <= start && end <= to && self.start_of(start) == self.start_of(end - HOUR_SECS)
    }

    /// The lengths, in hours, of the periods that a day is to be read in; what is divided has no days.
    pub(super) fn lengths(&self, day: i64, has_days: bool) -> &'static [u8] {
        let (from, to) = self.bounds();
        let mut thirds = (0..3).map(|third| day + third * i64::from(THIRD_HOURS) * HOUR_SECS);
        let is_outside = |start: i64| start >= to || start + i64::from(THIRD_HOURS) * HOUR_SECS <= from;
        if self.interval == Interval::Hour {
            &[1]
        } else if has_days && self.is_one(day, DAY_HOURS) {
            &[DAY_HOURS]
        } else if thirds.all(|start| self.is_one(start, THIRD_HOURS) || is_outside(start)) {
            &[THIRD_HOURS]
        } else {
            &[THIRD_HOURS, 1]
        }
    }

    /// Those that groups or filters tell apart.
    pub(super) fn axes(&self) -> BTreeSet<Axis> {
        self.group_by.iter().copied().chain(self.chosen().map(|choice| choice.axis)).collect()
    }

    fn chosen(&self) -> impl Iterator<Item = &Choice> {
        self.filter.iter().filter(|choice| !choice.values.is_empty())
    }

    /// Whether not all associations count.
    pub(super) fn narrows_associations(&self) -> bool {
        self.chosen().any(|choice| !matches!(choice.axis, Axis::Key | Axis::Origin))
    }

    /// By which blocks of a day it can be answered, and by which parts of them; those of [`OF_ASSOCIATION`] are still to be found.
    pub(super) fn axis(&self) -> AxisAndParts {
        let mut axes = self.axes();
        // All blocks know it.
        axes.remove(&Axis::Origin);
        let axes: Vec<_> = axes.into_iter().collect();
        match axes.as_slice() {
            [] | [Axis::Dialect] => (TOTAL, None),
            [Axis::Model] => (MODEL, None),
            [Axis::Provider] => (PROVIDER, None),
            [Axis::Key] => (KEY, None),
            axes if !axes.contains(&Axis::Key) => (ROUTE, None),
            _ if self.parts(Axis::Key).is_some() => (OF_KEY, self.parts(Axis::Key)),
            [Axis::Model, Axis::Key] => (KEY_MODEL, self.parts(Axis::Model)),
            [Axis::Provider, Axis::Key] => (KEY_PROVIDER, self.parts(Axis::Provider)),
            [Axis::Key, Axis::Dialect] => (KEY_DIALECT, self.parts(Axis::Dialect)),
            _ => (OF_ASSOCIATION, None),
        }
    }

    /// As [`Self::axis`], of days of older forms.
    pub(super) fn axis_of_older_days(&self) -> AxisAndParts {
        match self.axis() {
            (MODEL | PROVIDER, _) => (ROUTE, None),
            (KEY_PROVIDER, parts) => (OF_PROVIDER, parts),
            (KEY_MODEL | KEY_DIALECT | OF_ASSOCIATION, _) => (OF_MODEL, self.parts(Axis::Model)),
            known => known,
        }
    }

    /// The values of an axis that are wanted, if it has to be one of some.
    fn parts(&self, axis: Axis) -> Option<Vec<String>> {
        let mut choices = self.chosen().filter(|choice| choice.axis == axis && !choice.leaves_out);
        let values: BTreeSet<_> = choices.next()?.values.iter().cloned().collect();
        Some(values.into_iter().collect())
    }
}
