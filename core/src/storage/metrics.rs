//! Reading the rollups: each stretch of time from the coarsest level that has it.

use std::collections::{BTreeMap, BTreeSet};

use super::collector::Collector;
use super::folds::{self, Blocks, FoldedDay};
use super::rollups::{self, By};
use super::{day_margins, fold_hours};
use crate::platform::{Database, DatabaseError, Timestamp};
use crate::record::Sums;
use crate::record::blocks::{
    DAY_HOURS, FINE_MINUTES, HAVE_MARGINS, HOUR_MINUTES, KEY, MODEL, OF_KEY, OF_MODEL, OF_PROVIDER, PROVIDER, ROUTE,
    THIRD_HOURS, TOTAL,
};
use crate::record::retention::ROLLUP_RETENTION_DAYS;
use crate::record::rollup::{DAY_SECS, FINE_SECS, HOUR_SECS};

/// What to sum up. But for [`Interval::FiveMinutes`], whole hours (UTC) count: that of `from` in full, and so that of `to`
/// unless it begins exactly then.
#[derive(Clone, Debug)]
pub struct MetricsQuery {
    pub from: Timestamp,
    pub to: Timestamp,
    pub interval: Interval,
    /// Two at most.
    pub group_by: Vec<Axis>,
    pub filter: Vec<Choice>,
    /// Whether histograms of latencies are wanted.
    pub latencies: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// All in one.
    Whole,
    /// Only of times that the finest rollups are kept of, [`crate::record::fold::FINE_RETENTION_DAYS`].
    FiveMinutes,
    Hour,
    /// From midnight to midnight where the clock is that many minutes ahead of UTC. An offset of no whole hours
    /// counts the hour that midnight divides to the day in which it begins.
    Day {
        offset_minutes: i32,
    },
    /// As [`Interval::Day`] from `since` on; all before it in one.
    DaysSince {
        since: Timestamp,
        offset_minutes: i32,
    },
}

/// What requests are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Axis {
    Model,
    Provider,
    ProviderModel,
    /// By id.
    Association,
    /// By id.
    Key,
    Dialect,
    Origin,
}

/// Takes what has one of the values, or leaves it out. An empty value is that of what has none.
#[derive(Clone, Debug)]
pub struct Choice {
    pub axis: Axis,
    pub values: Vec<String>,
    pub leaves_out: bool,
}

/// What was found; intervals and groups without any entry are absent.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    pub groups: Vec<Group>,
    /// By the start of the interval (zero, where it is all there was) and the group's index.
    pub points: BTreeMap<(Timestamp, usize), Sums>,
    /// Before this time nothing is known of associations and origins.
    pub breakdown_since: Timestamp,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// One for each axis; empty for what has none.
    pub values: Vec<String>,
    /// For people, where a value is an id: the name of the key, or the provider and its model; else empty.
    pub names: Vec<String>,
}

impl Metrics {
    /// The sums of each group over all the time.
    pub fn totals(&self) -> Vec<Sums> {
        let mut totals = vec![Sums::default(); self.groups.len()];
        for ((_, group), sums) in &self.points {
            if let Some(total) = totals.get_mut(*group) {
                *total += sums;
            }
        }
        totals
    }
}

pub async fn metrics(database: &dyn Database, query: &MetricsQuery) -> Result<Metrics, DatabaseError> {
    let state = folds::state(database).await?;
    let mut sums = Collector::new(query, Timestamp::from_secs(state.breakdown_since));
    let (from, to) = query.bounds();
    let mut gaps = vec![(from.max(state.pruned_until), to)];
    let five_minutes = query.interval == Interval::FiveMinutes;
    if !five_minutes {
        let first_day = from.div_euclid(DAY_SECS) * DAY_SECS;
        let days = folds::folded_days(database, first_day, to).await?;
        read_days(database, query, &days, &mut sums).await?;
        let days: Vec<_> = days.iter().map(|it| (it.day, it.day + DAY_SECS)).collect();
        gaps = without(&gaps, &days);
    }
    read_margins(database, query, &mut gaps, &mut sums).await?;
    if !five_minutes && !gaps.is_empty() {
        let mut hours = Vec::new();
        fold_hours::read(database, &gaps, |start, bytes| {
            hours.push((start, start + HOUR_SECS));
            sums.block(start, bytes, |_| Some(start))
        })
        .await?;
        hours.dedup();
        gaps = without(&gaps, &hours);
    }
    // Behind them what was written late, which is kept under its negative time.
    gaps.push((1 - to, 1 - from));
    gaps.retain(|(from, to)| from < to);
    let axes = query.axes().into_iter().collect();
    let by = By { axes, filter: &query.filter, five_minutes, latencies: query.latencies };
    rollups::read_sums(database, &gaps, &by, |row| {
        sums.add(row.names, row.start, |sums| sums.add_fine(row.currency, &row.fine));
    })
    .await?;
    Ok(sums.found)
}

/// Reads the margins of hours in the gaps, where they answer the question, and leaves the gaps between those.
async fn read_margins(
    database: &dyn Database,
    query: &MetricsQuery,
    gaps: &mut Vec<(i64, i64)>,
    sums: &mut Collector<'_>,
) -> Result<(), DatabaseError> {
    let (axis, _) = query.axis();
    if gaps.is_empty() || !HAVE_MARGINS.contains(&axis) {
        return Ok(());
    }
    let minutes = if query.interval == Interval::FiveMinutes { FINE_MINUTES } else { HOUR_MINUTES };
    let hour = |second: i64| second.div_euclid(HOUR_SECS) * HOUR_SECS;
    let spans: Vec<_> = gaps.iter().map(|(from, to)| (hour(*from), hour(*to + HOUR_SECS - 1))).collect();
    let mut hours = Vec::new();
    fold_hours::read_margins(database, axis, minutes, &spans, |start, bytes| {
        hours.push((start, start + HOUR_SECS));
        sums.block(start, bytes, |slot| {
            let start = start + i64::from(slot) * i64::from(minutes) * 60;
            gaps.iter().any(|(from, to)| (*from..*to).contains(&start)).then_some(start)
        })
    })
    .await?;
    hours.dedup();
    *gaps = without(gaps, &hours);
    Ok(())
}

/// What is left of the spans outside of `others`, which are in order.
fn without(spans: &[(i64, i64)], others: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut left = Vec::new();
    for (from, to) in spans {
        let mut rest = *from;
        for (begin, end) in others.iter().filter(|(begin, end)| begin < to && end > from) {
            left.push((rest, *begin));
            rest = *end;
        }
        left.push((rest, *to));
    }
    left.retain(|(from, to)| from < to);
    left
}

async fn read_days(
    database: &dyn Database,
    query: &MetricsQuery,
    days: &[FoldedDay],
    sums: &mut Collector<'_>,
) -> Result<(), DatabaseError> {
    let (axis, parts) = query.axis();
    let is_parts = matches!(axis, OF_KEY | OF_MODEL | OF_PROVIDER);
    // By what they have of it: the axis, the lengths of the blocks, whether these are margins.
    let mut plans = BTreeMap::<(&str, &[u8], bool), Vec<i64>>::new();
    for FoldedDay { day, is_current, has_margins } in days {
        let (axis, hours) = if *is_current { (axis, query.lengths(*day, !is_parts)) } else { (form_1(axis), &[1][..]) };
        plans.entry((axis, hours, *has_margins && day_margins::hold(axis, hours))).or_default().push(*day);
    }
    for ((axis, hours, are_margins), days) in plans {
        let show = |day: i64, length: i64, bytes: &[u8]| {
            let length = u8::try_from(length).unwrap_or(1);
            sums.block(day, bytes, |slot| {
                let start = day + i64::from(slot) * i64::from(length) * HOUR_SECS;
                let third = day + i64::from(slot / THIRD_HOURS) * i64::from(THIRD_HOURS) * HOUR_SECS;
                let is_in_coarser = length == 1 && hours.len() > 1 && query.is_one(third, THIRD_HOURS);
                (query.is_one(start, length) && !is_in_coarser).then_some(start)
            })
        };
        if are_margins {
            day_margins::read(database, &days, axis, hours, show).await?;
        } else {
            let blocks = Blocks { days: &days, axis, parts: parts.as_deref(), hours };
            folds::blocks(database, &blocks, show).await?;
        }
    }
    Ok(())
}

/// What days of the first form have in the place of an axis.
fn form_1(axis: &'static str) -> &'static str {
    if matches!(axis, MODEL | PROVIDER) { ROUTE } else { axis }
}

impl MetricsQuery {
    /// The seconds at which the first period begins, and the first one no more.
    fn bounds(&self) -> (i64, i64) {
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
    fn is_one(&self, start: i64, hours: u8) -> bool {
        let (from, to) = self.bounds();
        let end = start + i64::from(hours) * HOUR_SECS;
        from <= start && end <= to && self.start_of(start) == self.start_of(end - HOUR_SECS)
    }

    /// The lengths, in hours, of the periods that a day is to be read in; parts have no days.
    fn lengths(&self, day: i64, has_days: bool) -> &'static [u8] {
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
        let filters = self.filter.iter().filter(|choice| !choice.values.is_empty()).map(|choice| choice.axis);
        self.group_by.iter().copied().chain(filters).collect()
    }

    /// By which blocks of a day it can be answered, and by which parts of them.
    fn axis(&self) -> (&'static str, Option<Vec<String>>) {
        let mut axes = self.axes();
        // All blocks know it.
        axes.remove(&Axis::Origin);
        let axes: Vec<_> = axes.into_iter().collect();
        match axes.as_slice() {
            [] | [Axis::Dialect] => return (TOTAL, None),
            [Axis::Model] => return (MODEL, None),
            [Axis::Provider] => return (PROVIDER, None),
            [Axis::Key] => return (KEY, None),
            axes if !axes.contains(&Axis::Key) => return (ROUTE, None),
            _ => {}
        }
        let parts = [(Axis::Key, OF_KEY), (Axis::Model, OF_MODEL), (Axis::Provider, OF_PROVIDER)];
        let chosen = parts.into_iter().find_map(|(axis, kind)| {
            let choice = |choice: &&Choice| choice.axis == axis && !choice.leaves_out && !choice.values.is_empty();
            let values = self.filter.iter().find(choice)?.values.iter().cloned().collect::<BTreeSet<_>>();
            Some((kind, Some(values.into_iter().collect())))
        });
        chosen.unwrap_or((OF_MODEL, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_what_is_left() {
        type Spans = &'static [(i64, i64)];
        let rows: [(Spans, Spans); 7] = [
            (&[], &[(10, 50), (70, 90)]),
            (&[(0, 10), (50, 70)], &[(10, 50), (70, 90)]),
            (&[(0, 20), (70, 80)], &[(20, 50), (80, 90)]),
            (&[(20, 30), (30, 40)], &[(10, 20), (40, 50), (70, 90)]),
            (&[(40, 75)], &[(10, 40), (75, 90)]),
            (&[(0, 60)], &[(70, 90)]),
            (&[(0, 100)], &[]),
        ];
        for (others, expected) in rows {
            assert_eq!(without(&[(10, 50), (70, 90)], others), expected, "{others:?}");
        }
    }
}
