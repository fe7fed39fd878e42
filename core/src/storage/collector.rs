//! What a report has found so far.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use rustc_hash::FxHashMap;

use super::metrics::{Axis, Choice, Group, Metrics, MetricsQuery};
use crate::platform::{DatabaseError, Timestamp};
use crate::record::Sums;
use crate::record::blocks::OTHER;
use crate::record::pack::{self, Block, Names};

pub(super) struct Collector<'a> {
    query: &'a MetricsQuery,
    /// The groups that count, if not all do.
    only: Option<&'a HashSet<Vec<String>>>,
    values: Numbers,
    /// By the numbers of their values; `None` for one that does not count.
    index: FxHashMap<[u32; 2], Option<usize>>,
    /// When the periods began, by group, that its names are of.
    named_at: Vec<i64>,
    pub(super) found: Metrics,
}

impl<'a> Collector<'a> {
    pub(super) fn new(query: &'a MetricsQuery) -> Self {
        Self {
            query,
            only: None,
            values: Numbers::default(),
            index: FxHashMap::default(),
            named_at: Vec::new(),
            found: Metrics::default(),
        }
    }

    /// As [`Self::new`], of some groups.
    pub(super) fn only(query: &'a MetricsQuery, groups: &'a HashSet<Vec<String>>) -> Self {
        Self { only: Some(groups), ..Self::new(query) }
    }

    pub(super) fn add(&mut self, names: Names<'_>, start: i64, add: impl FnOnce(&mut Sums)) {
        if !self.query.filter.iter().all(|choice| choice.takes_value(choice.axis.of(&names))) {
            return;
        }
        let numbers = self.values.numbers(self.query.group_by.iter().map(|axis| axis.of(&names)));
        if let Some(group) = self.group(numbers, &names, start) {
            add(self.point(start, group));
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
        let detail = self.query.detail;
        for entry in &block.entries {
            let group = usize::try_from(entry.dimension).ok().and_then(|index| groups.get(index).copied()).flatten();
            let (Some(group), Some(start)) = (group, start_of(entry.slot)) else { continue };
            block.add_to(self.point(start, group), entry, detail)?;
        }
        Ok(())
    }

    fn point(&mut self, start: i64, group: usize) -> &mut Sums {
        let start = Timestamp::from_secs(self.query.start_of(start));
        self.found.points.entry((start, group)).or_default()
    }

    /// The index of the group whose values have these numbers, or `None` if it does not count. Its names are those of the newest
    /// period: folded days may be read after newer ones.
    fn group(&mut self, numbers: [u32; 2], names: &Names<'_>, start: i64) -> Option<usize> {
        let group_by = &self.query.group_by;
        let found = &mut self.found.groups;
        let index = (*self.index.entry(numbers).or_insert_with(|| {
            let values: Vec<_> = group_by.iter().map(|axis| axis.of(names).to_owned()).collect();
            let counts = self.only.is_none_or(|only| only.contains(&values));
            counts.then(|| {
                found.push(Group { names: vec![String::new(); values.len()], values });
                self.named_at.push(i64::MIN);
                found.len() - 1
            })
        }))?;
        if let (Some(group), Some(named_at)) = (self.found.groups.get_mut(index), self.named_at.get_mut(index))
            && *named_at < start
        {
            *named_at = start;
            for (known, axis) in group.names.iter_mut().zip(group_by) {
                let name = axis.name_of(names);
                if *known != name {
                    *known = name.into_owned();
                }
            }
        }
        Some(index)
    }

    /// As one group, what is left of all, as these were found, without those of this.
    pub(super) fn add_rest(&mut self, all: Collector<'_>) {
        let mut rest: BTreeMap<_, _> = all.found.points.into_iter().map(|((start, _), sums)| (start, sums)).collect();
        for ((start, _), sums) in &self.found.points {
            if let Some(rest) = rest.get_mut(start) {
                rest.subtract(sums);
            }
        }
        rest.retain(|_, sums| !sums.is_empty());
        if !rest.is_empty() {
            let other = self.found.groups.len();
            self.found.points.extend(rest.into_iter().map(|(start, sums)| ((start, other), sums)));
            let count = self.query.group_by.len();
            self.found.groups.push(Group { values: vec![OTHER.to_owned(); count], names: vec![String::new(); count] });
        }
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

    pub(super) fn takes_value(&self, value: &str) -> bool {
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
