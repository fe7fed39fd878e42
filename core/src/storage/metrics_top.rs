//! Reports of the greatest groups, where all of them would be too many to read.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use futures_util::future::try_join;
use rustc_hash::FxHashMap;

use super::collector::{Asked, Collector, Numbers};
use super::day_sums::{self, Blocks, Table};
use super::folds::{self, FoldedDay};
use super::metrics::{Axis, Choice, Detail, Group, Interval, Metrics, MetricsQuery, metrics, read};
use crate::platform::{Database, DatabaseError};
use crate::record::Rank;
use crate::record::blocks::{DAY_HOURS, OTHER, RANKS};
use crate::record::ranks::{self, Ranks};

/// As [`metrics`], for who tells `limit` groups and the others as one. Those may be one already, whose values are [`OTHER`], and the
/// minutes in which somebody was last asked may be too late.
pub async fn top_metrics(
    database: &dyn Database,
    query: &MetricsQuery,
    limit: usize,
) -> Result<Metrics, DatabaseError> {
    if !query.reads_many_parts() {
        return metrics(database, query).await;
    }
    if query.group_by.len() == 2 && query.group_by.iter().all(|axis| query.parts(*axis).is_none()) {
        return ranked(database, query, limit).await;
    }
    let is_left_out = |choice: &Choice| choice.leaves_out && !choice.values.is_empty() && choice.axis != Axis::Origin;
    match query.filter.iter().position(is_left_out) {
        Some(place) => all_but(database, query, place).await,
        None => metrics(database, query).await,
    }
}

/// What the choice at `place` leaves out is taken away from all, for that is divided less.
async fn all_but(database: &dyn Database, query: &MetricsQuery, place: usize) -> Result<Metrics, DatabaseError> {
    let (mut few, mut all) = (query.clone(), query.clone());
    all.filter.remove(place);
    if let Some(choice) = few.filter.get_mut(place) {
        choice.leaves_out = false;
    }
    // What is recorded meanwhile may only be in the second.
    let few = metrics(database, &few).await?;
    let mut all = metrics(database, &all).await?;
    let groups: HashMap<_, _> = all.groups.iter().zip(0..).map(|(group, index)| (&group.values, index)).collect();
    for ((start, group), sums) in &few.points {
        let index = few.groups.get(*group).and_then(|group| groups.get(&group.values));
        if let Some(point) = index.and_then(|index| all.points.get_mut(&(*start, *index))) {
            point.subtract(sums);
        }
    }
    all.points.retain(|_, sums| !sums.is_empty());
    Ok(all)
}

/// Finds the greatest groups by how often they were asked for, and reads the sums of those; the rest is what they leave of the sums
/// of all.
async fn ranked(database: &dyn Database, query: &MetricsQuery, limit: usize) -> Result<Metrics, DatabaseError> {
    // Of what is not folded every row would be read to find them, and once more for each of the others: so it is read whole.
    let (folded, open) = query.cut_at(folds::folded_until(database, query.bounds().1).await?);
    let (open, mut ranking) = try_join(metrics(database, &open), ranking(database, &folded)).await?;
    ranking.add(&open);
    let greatest = ranking.greatest(limit);
    let narrowed = folded.narrowed_to(&greatest);
    let (mut great, _) = read(database, &narrowed, Collector::only(&narrowed, &greatest), &|_| false).await?;
    // What is recorded meanwhile may only be in the second.
    let undivided = MetricsQuery { group_by: Vec::new(), ..folded.clone() };
    let mut all = metrics(database, &undivided).await?;
    add(&mut all, &open, |_| Some(Group::default()));
    add(&mut great, &open, |group| greatest.contains(&group.values).then(|| group.clone()));
    add_rest(&mut great, all, query.group_by.len());
    Ok(great)
}

/// Adds what was found of a later time, to the group that `group_of` answers, if to any.
fn add(sums: &mut Metrics, later: &Metrics, group_of: impl Fn(&Group) -> Option<Group>) {
    let places = sums.groups.iter().map(|group| group.values.clone()).zip(0..);
    let mut places: HashMap<Vec<String>, usize> = places.collect();
    let mut place_of = |group: &Group| {
        let group = group_of(group)?;
        let place = *places.entry(group.values.clone()).or_insert(sums.groups.len());
        match sums.groups.get_mut(place) {
            Some(known) => known.names = group.names,
            None => sums.groups.push(group),
        }
        Some(place)
    };
    let places: Vec<_> = later.groups.iter().map(&mut place_of).collect();
    for ((start, group), later) in &later.points {
        if let Some(Some(place)) = places.get(*group) {
            *sums.points.entry((*start, *place)).or_default() += later;
        }
    }
}

/// As one group, what the groups leave of all.
fn add_rest(groups: &mut Metrics, all: Metrics, axes: usize) {
    let mut rest: BTreeMap<_, _> = all.points.into_iter().map(|((start, _), sums)| (start, sums)).collect();
    for ((start, _), sums) in &groups.points {
        if let Some(rest) = rest.get_mut(start) {
            rest.subtract(sums);
        }
    }
    rest.retain(|_, sums| !sums.is_empty());
    if !rest.is_empty() {
        let other = groups.groups.len();
        groups.groups.push(Group { values: vec![OTHER.to_owned(); axes], names: vec![String::new(); axes] });
        groups.points.extend(rest.into_iter().map(|(start, sums)| ((start, other), sums)));
    }
}

/// How often all groups were asked for.
async fn ranking(database: &dyn Database, query: &MetricsQuery) -> Result<Ranking, DatabaseError> {
    let mut ranking = Ranking::default();
    // Of five minutes there are no others than are asked for, and no whole days.
    let interval = if query.interval == Interval::FiveMinutes { query.interval } else { Interval::Whole };
    let counted = MetricsQuery { interval, detail: Detail::Requests, ..query.clone() };
    let is_ranked = |day: FoldedDay| day.is_current() && query.has_all_of(day.day);
    let (found, days) = read(database, &counted, Collector::new(&counted), &is_ranked).await?;
    ranking.add(&found);
    let days: Vec<_> = days.iter().map(|it| it.day).collect();
    let blocks = Blocks { table: Table::Sums, days: &days, axis: RANKS, parts: None, hours: &[DAY_HOURS] };
    day_sums::read(database, &blocks, |_, _, bytes| ranking.add_dimensions(query, bytes)).await?;
    Ok(ranking)
}

/// Groups by how often they were asked for.
#[derive(Default)]
struct Ranking {
    texts: Numbers,
    groups: FxHashMap<[u32; 2], Rank>,
}

impl Ranking {
    fn add(&mut self, found: &Metrics) {
        for ((_, group), sums) in &found.points {
            if let Some(group) = found.groups.get(*group) {
                let group = self.texts.numbers(group.values.iter().map(String::as_str));
                self.add_to(group, sums.rank());
            }
        }
    }

    fn add_to(&mut self, group: [u32; 2], (requests, attempts): Rank) {
        let sum = self.groups.entry(group).or_default();
        *sum = (sum.0.saturating_add(requests), sum.1.saturating_add(attempts));
    }

    /// Adds what `ranks` tells of a day.
    fn add_dimensions(&mut self, query: &MetricsQuery, bytes: &[u8]) -> Result<(), DatabaseError> {
        let Ranks { texts, rows } = ranks::decode(bytes)?;
        let asked = Asked::of(query, &texts, &mut self.texts);
        for (dimension, rank) in &rows {
            if let Some(group) = asked.group(dimension) {
                self.add_to(group, *rank);
            }
        }
        Ok(())
    }

    /// The values of those that most was asked of, and of these the first by name, as the report orders them.
    fn greatest(self, limit: usize) -> HashSet<Vec<String>> {
        let texts = self.texts.texts();
        let value =
            |number| usize::try_from(number).ok().and_then(|number| texts.get(number)).copied().unwrap_or_default();
        let mut groups: Vec<_> =
            self.groups.into_iter().map(|(group, rank)| (Reverse(rank), group.map(value))).collect();
        groups.retain(|(_, group)| !group.contains(&OTHER));
        groups.sort_unstable();
        groups.truncate(limit);
        groups.into_iter().map(|(_, group)| group.map(str::to_owned).to_vec()).collect()
    }
}

impl MetricsQuery {
    /// The same of some groups at least: those that have, of what it is by, the values that are fewest.
    fn narrowed_to(&self, groups: &HashSet<Vec<String>>) -> Self {
        let values = |place: usize| groups.iter().filter_map(|group| group.get(place)).collect::<BTreeSet<_>>();
        let axes = self.group_by.iter().enumerate().filter(|(_, axis)| **axis != Axis::Origin);
        let fewest = axes.map(|(place, axis)| (*axis, values(place))).min_by_key(|(_, values)| values.len());
        let mut narrowed = self.clone();
        narrowed.filter.extend(fewest.map(|(axis, values)| {
            let values = values.into_iter().cloned().collect();
            Choice { axis, values, leaves_out: false }
        }));
        narrowed
    }
}
