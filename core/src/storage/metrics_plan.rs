//! Which sums answer a question: of which periods, by what.

use std::collections::BTreeSet;

use super::metrics::{Axis, Choice, Interval, MetricsQuery};
use crate::platform::Timestamp;
use crate::record::blocks::{
    CUT, DAY_HOURS, HAVE_MARGINS, KEY, KEY_DIALECT, KEY_MODEL, KEY_PROVIDER, MODEL, OF_ASSOCIATION, OF_KEY, OF_MODEL,
    OF_PROVIDER, PROVIDER, ROUTE, THIRD_HOURS, TOTAL,
};
use crate::record::retention::ROLLUP_RETENTION_DAYS;
use crate::record::rollup::{DAY_SECS, FINE_SECS, HOUR_SECS};

/// A kind of blocks of a day, and which parts of it; `None` for all.
type AxisAndParts = (&'static str, Option<Vec<String>>);

/// The pieces that a day is read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pieces {
    Day,
    /// What was before an hour, and from it on.
    Cut(u8),
    Thirds,
    /// Those of thirds that are no piece.
    ThirdsAndHours,
    Hours,
}

impl Pieces {
    /// The lengths that they have among the blocks.
    pub(super) const fn lengths(self) -> &'static [u8] {
        match self {
            Self::Day => &[DAY_HOURS],
            Self::Cut(_) => &[CUT],
            Self::Thirds => &[THIRD_HOURS],
            Self::ThirdsAndHours => &[THIRD_HOURS, 1],
            Self::Hours => &[1],
        }
    }

    /// The part of the blocks that are divided by nothing.
    pub(super) fn part(self) -> String {
        if let Self::Cut(hour) = self { hour.to_string() } else { String::new() }
    }

    /// The hour of the day at which a piece begins, and how many it has.
    pub(super) const fn hours(self, length: u8, slot: u8) -> (u8, u8) {
        match self {
            Self::Cut(hour) if slot == 0 => (0, hour),
            Self::Cut(hour) => (hour, DAY_HOURS - hour),
            _ => (slot.saturating_mul(length), length),
        }
    }
}

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

    /// The same of the times before a second and from it on; five minutes are not parted, since they are not read from what is folded.
    pub(super) fn cut_at(&self, second: i64) -> (Self, Self) {
        let (from, to) = self.bounds();
        let second = if self.interval == Interval::FiveMinutes { to } else { second.max(from).min(to) };
        let cut = Timestamp::from_secs(second);
        // As it is bounded for all, not for the time before the cut.
        let from = Timestamp::from_secs(from);
        (Self { from, to: cut, ..self.clone() }, Self { from: cut, ..self.clone() })
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

    /// The pieces that a day is to be read in: of sums that are divided by a part, or not.
    pub(super) fn pieces(&self, day: i64, is_divided: bool) -> Pieces {
        let (from, to) = self.bounds();
        let interval_of = |hour: u8| {
            let start = day + i64::from(hour) * HOUR_SECS;
            (from <= start && start < to).then(|| self.start_of(start))
        };
        let begins: Vec<_> = (1..DAY_HOURS).filter(|hour| interval_of(*hour) != interval_of(*hour - 1)).collect();
        let is_third = |third: &u8| {
            let first = third * THIRD_HOURS;
            !begins.iter().any(|hour| *hour > first && *hour < first + THIRD_HOURS)
        };
        match (begins.as_slice(), (0..3).filter(is_third).count()) {
            ([], _) if !is_divided => Pieces::Day,
            ([hour], _) if !is_divided => Pieces::Cut(*hour),
            (_, 3) if is_divided => Pieces::Thirds,
            (_, 1..) if is_divided => Pieces::ThirdsAndHours,
            _ => Pieces::Hours,
        }
    }

    /// Whether all of a day is wanted.
    pub(super) fn has_all_of(&self, day: i64) -> bool {
        let (from, to) = self.bounds();
        from <= day && day + DAY_SECS <= to
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

    /// Whether its blocks are divided, and all their parts are to be read, or those of some associations.
    pub(super) fn reads_many_parts(&self) -> bool {
        let (axis, parts) = self.axis();
        !HAVE_MARGINS.contains(&axis) && parts.is_none()
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
    pub(super) fn parts(&self, axis: Axis) -> Option<Vec<String>> {
        let mut choices = self.chosen().filter(|choice| choice.axis == axis && !choice.leaves_out);
        let values: BTreeSet<_> = choices.next()?.values.iter().cloned().collect();
        Some(values.into_iter().collect())
    }
}
