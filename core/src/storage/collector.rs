//! What a report has found so far.

use std::collections::{HashMap, HashSet};

use super::metrics::{Axis, Choice, Group, Metrics, MetricsQuery};
use crate::platform::{DatabaseError, Timestamp};
use crate::record::Sums;
use crate::record::pack::{self, Block, Names};

pub(super) struct Collector<'a> {
    query: &'a MetricsQuery,
    /// Those that groups or filters tell apart.
    axes: Vec<Axis>,
    /// By their values.
    index: HashMap<Vec<String>, usize>,
    /// When the periods began, by group, that its names are of.
    named_at: Vec<i64>,
    pub(super) found: Metrics,
}

impl<'a> Collector<'a> {
    pub(super) fn new(query: &'a MetricsQuery, breakdown_since: Timestamp) -> Self {
        Self {
            query,
            axes: query.axes().into_iter().collect(),
            index: HashMap::new(),
            named_at: Vec::new(),
            found: Metrics { breakdown_since, ..Metrics::default() },
        }
    }

    pub(super) fn add(&mut self, names: Names<'_>, start: i64, add: impl FnOnce(&mut Sums)) {
        if let Some(group) = self.group(&names, start) {
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
        // Many dimensions of a block differ only in what nobody asked for.
        let mut known = HashMap::<[u32; 8], Option<usize>>::new();
        let mut groups = Vec::with_capacity(block.dimensions.len());
        for indices in &block.dimensions {
            let mut asked = [0; 8];
            for axis in &self.axes {
                if let (Some(slot), Some(index)) = (asked.get_mut(axis.place()), indices.get(axis.place())) {
                    *slot = *index;
                }
            }
            groups.push(*known.entry(asked).or_insert_with(|| self.group(&block.names(indices), begin)));
        }
        let latencies = self.query.latencies;
        for entry in &block.entries {
            let group = usize::try_from(entry.dimension).ok().and_then(|index| groups.get(index).copied()).flatten();
            let (Some(group), Some(start)) = (group, start_of(entry.slot)) else { continue };
            block.add_to(self.point(start, group), entry, latencies)?;
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
        if !self.query.filter.iter().all(|choice| choice.takes(names)) {
            return None;
        }
        let group_by = &self.query.group_by;
        let values = group_by.iter().map(|axis| axis.of(names).to_owned()).collect();
        Some(self.named_group(values, start, || group_by.iter().map(|axis| axis.name_of(names)).collect()))
    }

    fn named_group(&mut self, values: Vec<String>, start: i64, names: impl FnOnce() -> Vec<String>) -> usize {
        if let Some(index) = self.index.get(&values) {
            if let (Some(group), Some(named_at)) = (self.found.groups.get_mut(*index), self.named_at.get_mut(*index))
                && *named_at < start
            {
                *named_at = start;
                group.names = names();
            }
            return *index;
        }
        let index = self.found.groups.len();
        self.index.insert(values.clone(), index);
        self.found.groups.push(Group { values, names: names() });
        self.named_at.push(start);
        index
    }

    /// Forgets what was found of other groups.
    pub(super) fn keep(&mut self, groups: &HashSet<Vec<String>>) {
        let found = &mut self.found;
        let is_kept: Vec<_> = found.groups.iter().map(|group| groups.contains(&group.values)).collect();
        found.points.retain(|(_, group), _| is_kept.get(*group).copied().unwrap_or(false));
    }

    /// Leaves of what was found, of all groups together, what another has not found, as one group of these `values`.
    pub(super) fn take_away(&mut self, other: &Collector<'_>, values: Vec<String>) {
        for ((start, _), sums) in &other.found.points {
            if let Some(rest) = self.found.points.get_mut(&(*start, 0)) {
                rest.subtract(sums);
            }
        }
        self.found.points.retain(|_, rest| !rest.is_empty());
        for group in &mut self.found.groups {
            *group = Group { names: vec![String::new(); values.len()], values: values.clone() };
        }
    }

    /// Adds what another has found.
    pub(super) fn add_found(&mut self, other: &Collector<'_>) {
        for ((start, group), sums) in &other.found.points {
            let (Some(group), Some(named_at)) = (other.found.groups.get(*group), other.named_at.get(*group)) else {
                continue;
            };
            let place = self.named_group(group.values.clone(), *named_at, || group.names.clone());
            *self.found.points.entry((*start, place)).or_default() += sums;
        }
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
    pub(super) const fn place(self) -> usize {
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
