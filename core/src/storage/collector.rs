//! What a report has found so far.

use std::collections::{HashMap, HashSet};

use rustc_hash::FxHashMap;

use super::metrics::{Axis, Choice, Group, Metrics, MetricsQuery};
use crate::platform::{DatabaseError, Timestamp};
use crate::record::Sums;
use crate::record::pack::{self, Block, Names};

pub(super) struct Collector<'a> {
    query: &'a MetricsQuery,
    texts: Numbers,
    /// By the numbers of their values.
    index: FxHashMap<[u32; 2], usize>,
    groups: Vec<Found>,
    /// Whether groups that are not there yet count.
    takes_others: bool,
}

/// A group, and what was found of it.
struct Found {
    values: [u32; 2],
    /// The texts of the newest of its dimensions, which has its names.
    newest: [u32; 8],
    /// When the period began that this one is of.
    newest_at: i64,
    /// By the start of the interval, in order: most are added to the last, so that none is searched for.
    points: Vec<(Timestamp, Sums)>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(query: &'a MetricsQuery) -> Self {
        let (texts, index) = (Numbers::default(), FxHashMap::default());
        Self { query, texts, index, groups: Vec::new(), takes_others: true }
    }

    /// As [`Self::new`], of some groups.
    pub(super) fn only(query: &'a MetricsQuery, groups: &HashSet<Vec<String>>) -> Self {
        let mut collector = Self::new(query);
        for values in groups {
            let values = collector.texts.numbers(values.iter().map(String::as_str));
            collector.place_of(values);
        }
        collector.takes_others = false;
        collector
    }

    pub(super) fn add(&mut self, names: Names<'_>, start: i64, add: impl FnOnce(&mut Sums)) {
        if !self.query.filter.iter().all(|choice| choice.takes(&names)) {
            return;
        }
        let values = self.texts.numbers(self.query.group_by.iter().map(|axis| axis.of(&names)));
        let Some(group) = self.place_of(values) else { return };
        self.name(group, start, |numbers| names.texts().map(|text| numbers.number(text)));
        if let Some(point) = self.point(group, Timestamp::from_secs(self.query.start_of(start))) {
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
        let asked = Asked::of(self.query, &block.texts, &mut self.texts);
        let mut groups = Vec::with_capacity(block.dimensions.len());
        for indices in &block.dimensions {
            let group = asked.group(indices).and_then(|values| self.place_of(values));
            if let Some(group) = group {
                self.name(group, begin, |_| asked.texts(indices));
            }
            groups.push(group);
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

    /// The place of the group whose values have these numbers, or `None` if it does not count.
    fn place_of(&mut self, values: [u32; 2]) -> Option<usize> {
        if !self.takes_others {
            return self.index.get(&values).copied();
        }
        let groups = &mut self.groups;
        Some(*self.index.entry(values).or_insert_with(|| {
            groups.push(Found { values, newest: [0; 8], newest_at: i64::MIN, points: Vec::new() });
            groups.len() - 1
        }))
    }

    /// A group's names are those of the newest period: folded days may be read after newer ones.
    fn name(&mut self, group: usize, start: i64, texts: impl FnOnce(&mut Numbers) -> [u32; 8]) {
        if let Some(found) = self.groups.get_mut(group)
            && found.newest_at < start
        {
            (found.newest, found.newest_at) = (texts(&mut self.texts), start);
        }
    }

    /// What was found, without groups of which nothing was.
    pub(super) fn finish(self, breakdown_since: Timestamp) -> Metrics {
        let texts = self.texts.texts();
        let text = |number: u32| usize::try_from(number).ok().and_then(|number| texts.get(number)).copied();
        let axes = &self.query.group_by;
        let mut groups = Vec::with_capacity(self.groups.len());
        let mut points = Vec::new();
        for found in self.groups.into_iter().filter(|found| !found.points.is_empty()) {
            let index = groups.len();
            let names = Names::of(found.newest.map(|number| text(number).unwrap_or_default()));
            groups.push(Group {
                values: found
                    .values
                    .iter()
                    .take(axes.len())
                    .map(|value| text(*value).unwrap_or_default().to_owned())
                    .collect(),
                names: axes.iter().map(|axis| axis.name_of(&names)).collect(),
            });
            points.extend(found.points.into_iter().map(|(start, sums)| ((start, index), sums)));
        }
        Metrics { groups, points: points.into_iter().collect(), breakdown_since }
    }
}

/// Numbers for texts: what is found has few of them, many times.
#[derive(Default)]
pub(super) struct Numbers(HashMap<String, u32>);

impl Numbers {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.0.get(text) {
            return *number;
        }
        let number = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.insert(text.to_owned(), number);
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

    /// The texts in the order of their numbers.
    pub(super) fn texts(&self) -> Vec<&str> {
        let mut texts: Vec<_> = self.0.iter().map(|(text, number)| (number, text.as_str())).collect();
        texts.sort_unstable();
        texts.into_iter().map(|(_, text)| text).collect()
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
    pub(super) fn of(query: &MetricsQuery, texts: &[&str], numbers: &mut Numbers) -> Self {
        let choices = query.filter.iter().filter(|choice| !choice.values.is_empty());
        let taken = |choice: &Choice| texts.iter().map(|text| choice.takes_value(text)).collect();
        Self {
            groups: query.group_by.iter().map(|axis| axis.place()).collect(),
            numbers: texts.iter().map(|text| numbers.number(text)).collect(),
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

    /// The numbers of all texts of a dimension.
    fn texts(&self, dimension: &[u32; 8]) -> [u32; 8] {
        let number = |index: u32| usize::try_from(index).ok().and_then(|index| self.numbers.get(index));
        dimension.map(|index| number(index).copied().unwrap_or_default())
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
