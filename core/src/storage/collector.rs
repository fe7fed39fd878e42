//! What a report has found so far.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use rustc_hash::FxHashMap;

use super::metrics::{Axis, Choice, Group, Metrics, MetricsQuery};
use crate::platform::{DatabaseError, Timestamp};
use crate::record::Sums;
use crate::record::pack::{self, Block, Names};

pub(super) struct Collector<'a> {
    query: &'a MetricsQuery,
    /// The groups that count, if not all do.
    only: Option<&'a HashSet<Vec<String>>>,
    values: Numbers,
    /// By the numbers of their values; `None` for one that does not count.
    index: FxHashMap<[u32; 2], Option<usize>>,
    groups: Vec<Found>,
}

/// A group, and what was found of it.
struct Found {
    group: Group,
    /// When the period began that its names are of.
    named_at: i64,
    /// By the start of the interval, in order: most are added to the last, so that none is searched for.
    points: Vec<(Timestamp, Sums)>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(query: &'a MetricsQuery) -> Self {
        Self { query, only: None, values: Numbers::default(), index: FxHashMap::default(), groups: Vec::new() }
    }

    /// As [`Self::new`], of some groups.
    pub(super) fn only(query: &'a MetricsQuery, groups: &'a HashSet<Vec<String>>) -> Self {
        Self { only: Some(groups), ..Self::new(query) }
    }

    pub(super) fn add(&mut self, names: Names<'_>, start: i64, add: impl FnOnce(&mut Sums)) {
        if !self.query.filter.iter().all(|choice| choice.takes(&names)) {
            return;
        }
        let numbers = self.values.numbers(self.query.group_by.iter().map(|axis| axis.of(&names)));
        let start_of_interval = Timestamp::from_secs(self.query.start_of(start));
        if let Some(point) = self.group(numbers, &names, start).and_then(|group| self.point(group, start_of_interval)) {
            add(point);
        }
    }

    /// Adds the periods of a block, which begins at `begin`; `start_of` answers when each began, in seconds, or that it does not
    /// count.
    pub(super) fn block(
        &mut self,
        begin: i64,
        bytes: &[u8],
        start_of: impl Fn(u8) -> Option<i64>,
    ) -> Result<(), DatabaseError> {
        let block: Block<'_> = pack::decode(bytes)?;
        let asked = Asked::of(self.query, &block.texts, &mut self.values);
        let mut groups = Vec::with_capacity(block.dimensions.len());
        for indices in &block.dimensions {
            let numbers = asked.group(indices);
            groups.push(numbers.and_then(|numbers| self.group(numbers, &block.names(indices), begin)));
        }
        let query = self.query;
        // A block has many entries of few periods.
        let mut starts = [None; 1 << u8::BITS];
        let mut start = |slot: u8| {
            let known = starts.get_mut(usize::from(slot))?;
            *known.get_or_insert_with(|| start_of(slot).map(|start| Timestamp::from_secs(query.start_of(start))))
        };
        for entry in &block.entries {
            let group = usize::try_from(entry.dimension).ok().and_then(|index| groups.get(index).copied()).flatten();
            let (Some(group), Some(start)) = (group, start(entry.slot)) else { continue };
            if let Some(point) = self.point(group, start) {
                block.add_to(point, entry, query.detail)?;
            }
        }
        Ok(())
    }

    fn point(&mut self, group: usize, start: Timestamp) -> Option<&mut Sums> {
        let points = &mut self.groups.get_mut(group)?.points;
        let place = match points.last() {
            Some((last, _)) if *last == start => points.len() - 1,
            Some((last, _)) if *last > start => match points.binary_search_by_key(&start, |(start, _)| *start) {
                Ok(place) => place,
                Err(place) => {
                    points.insert(place, (start, Sums::default()));
                    place
                }
            },
            _ => {
                points.push((start, Sums::default()));
                points.len() - 1
            }
        };
        points.get_mut(place).map(|(_, sums)| sums)
    }

    /// The index of the group whose values have these numbers, or `None` if it does not count. Its names are those of the newest
    /// period: folded days may be read after newer ones.
    fn group(&mut self, numbers: [u32; 2], names: &Names<'_>, start: i64) -> Option<usize> {
        let group_by = &self.query.group_by;
        let groups = &mut self.groups;
        let index = (*self.index.entry(numbers).or_insert_with(|| {
            let values: Vec<_> = group_by.iter().map(|axis| axis.of(names).to_owned()).collect();
            let counts = self.only.is_none_or(|only| only.contains(&values));
            counts.then(|| {
                let group = Group { names: vec![String::new(); values.len()], values };
                groups.push(Found { group, named_at: i64::MIN, points: Vec::new() });
                groups.len() - 1
            })
        }))?;
        if let Some(found) = groups.get_mut(index)
            && found.named_at < start
        {
            found.named_at = start;
            for (known, axis) in found.group.names.iter_mut().zip(group_by) {
                let name = axis.name_of(names);
                if *known != name {
                    *known = name.into_owned();
                }
            }
        }
        Some(index)
    }

    /// What was found, without groups of which nothing was.
    pub(super) fn finish(self, breakdown_since: Timestamp) -> Metrics {
        let mut groups = Vec::with_capacity(self.groups.len());
        let mut points = Vec::new();
        for found in self.groups.into_iter().filter(|found| !found.points.is_empty()) {
            let index = groups.len();
            groups.push(found.group);
            points.extend(found.points.into_iter().map(|(start, sums)| ((start, index), sums)));
        }
        Metrics { groups, points: points.into_iter().collect(), breakdown_since }
    }
}

/// Numbers for the values of groups, since there are many groups of few.
#[derive(Default)]
pub(super) struct Numbers(HashMap<String, u32>);

impl Numbers {
    fn number(&mut self, value: &str) -> u32 {
        if let Some(number) = self.0.get(value) {
            return *number;
        }
        let number = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.insert(value.to_owned(), number);
        number
    }

    /// Those of a group's values.
    pub(super) fn numbers<'v>(&mut self, values: impl Iterator<Item = &'v str>) -> [u32; 2] {
        let mut numbers = [0; 2];
        for (slot, value) in numbers.iter_mut().zip(values) {
            *slot = self.number(value);
        }
        numbers
    }

    /// The values by their numbers.
    pub(super) fn values(&self) -> HashMap<u32, &str> {
        self.0.iter().map(|(value, number)| (*number, value.as_str())).collect()
    }
}

/// What a question asks of dimensions that have these texts.
pub(super) struct Asked {
    /// Where a dimension has the values of its group.
    groups: Vec<usize>,
    /// The numbers of the texts.
    numbers: Vec<u32>,
    /// Where a dimension has what is chosen by, and which texts are taken.
    taken: Vec<(usize, Vec<bool>)>,
}

impl Asked {
    pub(super) fn of(query: &MetricsQuery, texts: &[&str], values: &mut Numbers) -> Self {
        let choices = query.filter.iter().filter(|choice| !choice.values.is_empty());
        let taken = |choice: &Choice| texts.iter().map(|text| choice.takes_value(text)).collect();
        Self {
            groups: query.group_by.iter().map(|axis| axis.place()).collect(),
            numbers: texts.iter().map(|text| values.number(text)).collect(),
            taken: choices.map(|choice| (choice.axis.place(), taken(choice))).collect(),
        }
    }

    /// The numbers of the group's values, or `None` for what is not chosen.
    pub(super) fn group(&self, dimension: &[u32; 8]) -> Option<[u32; 2]> {
        let index = |place: usize| dimension.get(place).and_then(|index| usize::try_from(*index).ok());
        for (place, taken) in &self.taken {
            if !*taken.get(index(*place)?)? {
                return None;
            }
        }
        let mut numbers = [0; 2];
        for (slot, place) in numbers.iter_mut().zip(&self.groups) {
            *slot = *self.numbers.get(index(*place)?)?;
        }
        Some(numbers)
    }
}

impl Choice {
    pub(super) fn takes(&self, names: &Names<'_>) -> bool {
        self.takes_value(self.axis.of(names))
    }

    fn takes_value(&self, value: &str) -> bool {
        self.values.is_empty() || self.values.iter().any(|wanted| wanted == value) != self.leaves_out
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

    /// Where a packed dimension has it.
    const fn place(self) -> usize {
        match self {
            Self::Model => 0,
            Self::Provider => 1,
            Self::ProviderModel => 2,
            Self::Association => 3,
            Self::Key => 4,
            Self::Dialect => 6,
            Self::Origin => 7,
        }
    }

    fn name_of<'a>(self, names: &Names<'a>) -> Cow<'a, str> {
        match self {
            Self::Key => names.key_name.into(),
            Self::Association if !names.association_id.is_empty() => {
                format!("{} / {}", names.provider, names.provider_model).into()
            }
            _ => Cow::Borrowed(""),
        }
    }
}
