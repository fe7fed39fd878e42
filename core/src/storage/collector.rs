//! What a report has found so far.

use std::collections::HashMap;

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

impl Choice {
    pub(super) fn takes(&self, names: &Names<'_>) -> bool {
        let value = self.axis.of(names);
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
