//! Reading the rollups: each stretch of time from the coarsest level that has it.

use std::collections::{BTreeMap, BTreeSet};

use super::collector::Collector;
use super::day_sums::{self, Blocks, Table};
use super::fold_hours;
use super::folds::{self, FoldedDay};
use super::metrics_plan::Pieces;
use super::rollups::{self, By};
use crate::platform::{Database, DatabaseError, Timestamp};
use crate::record::Sums;
use crate::record::blocks::{DAY_HOURS, FINE_MINUTES, HAVE_MARGINS, HOUR_MINUTES, OF_ASSOCIATION, ROUTE, THIRD_HOURS};
use crate::record::pack;
use crate::record::rollup::{DAY_SECS, HOUR_SECS};

pub use crate::record::Detail;

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
    pub detail: Detail,
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
    let (found, _) = read(database, query, Collector::new(query), &|_| false).await?;
    Ok(found)
}

/// What [`metrics`] answers, collected by `sums`, but without the folded days that are to be left out, and which these are.
pub(super) async fn read(
    database: &dyn Database,
    query: &MetricsQuery,
    mut sums: Collector<'_>,
    is_left_out: &(dyn Fn(FoldedDay) -> bool + Sync),
) -> Result<(Metrics, Vec<FoldedDay>), DatabaseError> {
    let state = folds::state(database).await?;
    let (from, to) = query.bounds();
    let mut gaps = vec![(from.max(state.pruned_until), to)];
    let five_minutes = query.interval == Interval::FiveMinutes;
    let mut left_out = Vec::new();
    if !five_minutes {
        let first_day = from.div_euclid(DAY_SECS) * DAY_SECS;
        let days = folds::folded_days(database, first_day, to).await?;
        let spans: Vec<_> = days.iter().map(|it| (it.day, it.day + DAY_SECS)).collect();
        gaps = without(&gaps, &spans);
        let wanted: Vec<_>;
        (left_out, wanted) = days.into_iter().partition(|day| is_left_out(*day));
        read_days(database, query, &wanted, &mut sums).await?;
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
    let by = By { axes, filter: &query.filter, five_minutes, detail: query.detail };
    rollups::read_sums(database, &gaps, &by, |row| {
        sums.add(row.names, row.start, |sums| sums.add_fine(row.currency, &row.fine));
    })
    .await?;
    Ok((sums.finish(Timestamp::from_secs(state.breakdown_since)), left_out))
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

/// Reads the folded days: those of older forms by the hour.
async fn read_days(
    database: &dyn Database,
    query: &MetricsQuery,
    days: &[FoldedDay],
    sums: &mut Collector<'_>,
) -> Result<(), DatabaseError> {
    let (days, older): (Vec<FoldedDay>, Vec<FoldedDay>) = days.iter().partition(|day| day.is_in_sums());
    let numbers = |days: &[FoldedDay]| days.iter().map(|it| it.day).collect::<Vec<_>>();
    let (axis, mut parts) = query.axis();
    if axis == OF_ASSOCIATION && query.narrows_associations() {
        parts = Some(associations(database, query, &numbers(&days)).await?);
    }
    let is_divided = !HAVE_MARGINS.contains(&axis);
    let mut plans = BTreeMap::<Pieces, Vec<i64>>::new();
    for day in days {
        let mut pieces = query.pieces(day.day, is_divided);
        if matches!(pieces, Pieces::Cut(_)) && !day.is_current() {
            pieces = Pieces::Hours;
        }
        plans.entry(pieces).or_default().push(day.day);
    }
    for (pieces, days) in plans {
        let undivided = [pieces.part()];
        let parts = if is_divided { parts.as_deref() } else { Some(undivided.as_slice()) };
        let blocks = Blocks { table: Table::Sums, days: &days, axis, parts, hours: pieces.lengths() };
        read_blocks(database, query, pieces, &blocks, sums).await?;
    }
    let (axis, parts) = query.axis_of_older_days();
    let days = numbers(&older);
    let blocks = Blocks { table: Table::Older, days: &days, axis, parts: parts.as_deref(), hours: &[1] };
    read_blocks(database, query, Pieces::Hours, &blocks, sums).await
}

async fn read_blocks(
    database: &dyn Database,
    query: &MetricsQuery,
    pieces: Pieces,
    blocks: &Blocks<'_>,
    sums: &mut Collector<'_>,
) -> Result<(), DatabaseError> {
    day_sums::read(database, blocks, |day, length, bytes| {
        let length = u8::try_from(length).unwrap_or(1);
        sums.block(day, bytes, |slot| {
            let (first, hours) = pieces.hours(length, slot);
            let start = day + i64::from(first) * HOUR_SECS;
            let third = day + i64::from(first / THIRD_HOURS * THIRD_HOURS) * HOUR_SECS;
            let is_in_third = length == 1 && pieces == Pieces::ThirdsAndHours && query.is_one(third, THIRD_HOURS);
            (query.is_one(start, hours) && !is_in_third).then_some(start)
        })
    })
    .await
}

/// The associations that were asked for something that the filter takes, whoever asked.
async fn associations(
    database: &dyn Database,
    query: &MetricsQuery,
    days: &[i64],
) -> Result<Vec<String>, DatabaseError> {
    let mut found = BTreeSet::new();
    let whole = [String::new()];
    let routes = Blocks { table: Table::Sums, days, axis: ROUTE, parts: Some(&whole), hours: &[DAY_HOURS] };
    day_sums::read(database, &routes, |_, _, bytes| {
        let block = pack::decode(bytes)?;
        let taken =
            block.dimensions().filter(|names| query.filter.iter().all(|it| it.axis == Axis::Key || it.takes(names)));
        for names in taken {
            if !found.contains(names.association_id) {
                found.insert(names.association_id.to_owned());
            }
        }
        Ok(())
    })
    .await?;
    Ok(found.into_iter().collect())
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
