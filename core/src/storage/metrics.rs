//! Reading the rollups: each stretch of time from the coarsest level that has it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::folds::{self, Blocks, FoldedDay};
use super::rollups;
use crate::platform::{Database, DatabaseError, Timestamp};
use crate::record::Sums;
use crate::record::fold::{DAY_HOURS, KEY, MODEL, OF_KEY, OF_MODEL, OF_PROVIDER, PROVIDER, ROUTE, THIRD_HOURS, TOTAL};
use crate::record::pack::{self, Block, Names};
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
    /// By the start of the interval ([`Interval::Whole`]: zero) and the group's index.
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
    if query.interval != Interval::FiveMinutes {
        let first_day = from.div_euclid(DAY_SECS) * DAY_SECS;
        let days = folds::folded_days(database, first_day, to).await?;
        read_days(database, query, &days, &mut sums).await?;
        let days: Vec<_> = days.iter().map(|it| (it.day, it.day + DAY_SECS)).collect();
        gaps = without(&gaps, &days);
        let mut hours = Vec::new();
        if !gaps.is_empty() {
            folds::hours(database, &gaps, |start, bytes| {
                hours.push((start, start + HOUR_SECS));
                sums.block(start, bytes, |_| Some(start))
            })
            .await?;
        }
        hours.dedup();
        gaps = without(&gaps, &hours);
    }
    // Behind them what was written late, which is kept under its negative time.
    gaps.push((1 - to, 1 - from));
    gaps.retain(|(from, to)| from < to);
    rollups::read(database, &gaps, |row| {
        sums.add(row.names, row.start, |sums| sums.add_fine(row.currency, &row.fine));
    })
    .await?;
    Ok(sums.found)
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
    // By the lengths of the blocks that are read of them.
    let mut plans = BTreeMap::<(&str, &[u8]), Vec<i64>>::new();
    for FoldedDay { day, is_current } in days {
        let hours = if *is_current { query.lengths(*day, !is_parts) } else { &[1] };
        plans.entry((if *is_current { axis } else { form_1(axis) }, hours)).or_default().push(*day);
    }
    for ((axis, hours), days) in plans {
        let blocks = Blocks { days: &days, axis, parts: parts.as_deref(), hours };
        folds::blocks(database, &blocks, |day, length, bytes| {
            let length = u8::try_from(length).unwrap_or(1);
            sums.block(day, bytes, |slot| {
                let start = day + i64::from(slot) * i64::from(length) * HOUR_SECS;
                let third = day + i64::from(slot / THIRD_HOURS) * i64::from(THIRD_HOURS) * HOUR_SECS;
                let is_in_coarser = length == 1 && hours.len() > 1 && query.is_one(third, THIRD_HOURS);
                (query.is_one(start, length) && !is_in_coarser).then_some(start)
            })
        })
        .await?;
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
    fn start_of(&self, second: i64) -> i64 {
        match self.interval {
            Interval::Whole => 0,
            Interval::FiveMinutes => second.div_euclid(FINE_SECS) * FINE_SECS,
            Interval::Hour => second.div_euclid(HOUR_SECS) * HOUR_SECS,
            Interval::Day { offset_minutes } => {
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

    /// By which blocks of a day it can be answered, and by which parts of them.
    fn axis(&self) -> (&'static str, Option<Vec<String>>) {
        let filters = self.filter.iter().filter(|choice| !choice.values.is_empty()).map(|choice| choice.axis);
        let mut axes: BTreeSet<Axis> = self.group_by.iter().copied().chain(filters).collect();
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

impl Axis {
    fn of<'a>(self, names: &Names<'a>) -> &'a str {
        match self {
            Self::Model => names.model,
            Self::Provider => names.provider,
            Self::ProviderModel => names.provider_model,
            Self::Association => names.association_id,
            Self::Key => names.key_id,
            Self::Dialect => names.dialect,
            Self::Origin => names.origin,
        }
    }

    fn name_of(self, names: &Names<'_>) -> String {
        match self {
            Self::Key => names.key_name.to_owned(),
            Self::Association if !names.association_id.is_empty() => {
                format!("{} / {}", names.provider, names.provider_model)
            }
            _ => String::new(),
        }
    }
}

struct Collector<'a> {
    query: &'a MetricsQuery,
    /// By their values.
    index: HashMap<Vec<String>, usize>,
    /// When the periods began, by group, that its names are of.
    named_at: Vec<i64>,
    found: Metrics,
}

impl<'a> Collector<'a> {
    fn new(query: &'a MetricsQuery, breakdown_since: Timestamp) -> Self {
        Self {
            query,
            index: HashMap::new(),
            named_at: Vec::new(),
            found: Metrics { breakdown_since, ..Metrics::default() },
        }
    }

    fn add(&mut self, names: Names<'_>, start: i64, add: impl FnOnce(&mut Sums)) {
        if let Some(group) = self.group(&names, start) {
            add(self.point(start, group));
        }
    }

    /// Adds the periods of a block, which begins at `begin`; `start_of` answers when each began, in seconds, or that it does not
    /// count.
    fn block(&mut self, begin: i64, bytes: &[u8], start_of: impl Fn(u8) -> Option<i64>) -> Result<(), DatabaseError> {
        let block: Block<'_> = pack::decode(bytes)?;
        let groups: Vec<_> = block.dimensions().map(|names| self.group(&names, begin)).collect();
        for entry in &block.entries {
            let group = usize::try_from(entry.dimension).ok().and_then(|index| groups.get(index).copied()).flatten();
            let (Some(group), Some(start)) = (group, start_of(entry.slot)) else { continue };
            block.add_to(self.point(start, group), entry)?;
        }
        Ok(())
    }

    fn point(&mut self, start: i64, group: usize) -> &mut Sums {
        let start = Timestamp::from_secs(self.query.start_of(start));
        self.found.points.entry((start, group)).or_default()
    }

    /// The group's index, or `None` for what is not wanted. Its names are those of the newest period: folded days may be read
    /// after newer ones.
    fn group(&mut self, names: &Names<'_>, start: i64) -> Option<usize> {
        let wanted = |choice: &Choice| {
            let value = choice.axis.of(names);
            choice.values.is_empty() || choice.values.iter().any(|wanted| wanted == value) != choice.leaves_out
        };
        if !self.query.filter.iter().all(wanted) {
            return None;
        }
        let values: Vec<_> = self.query.group_by.iter().map(|axis| axis.of(names).to_owned()).collect();
        let named = || self.query.group_by.iter().map(|axis| axis.name_of(names)).collect();
        if let Some(index) = self.index.get(&values) {
            if let (Some(group), Some(named_at)) = (self.found.groups.get_mut(*index), self.named_at.get_mut(*index))
                && *named_at < start
            {
                *named_at = start;
                group.names = named();
            }
            return Some(*index);
        }
        let index = self.found.groups.len();
        self.index.insert(values.clone(), index);
        self.found.groups.push(Group { values, names: named() });
        self.named_at.push(start);
        Some(index)
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
