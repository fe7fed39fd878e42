//! What folded sums are by: the blocks of a day, the margins of an hour.

use std::collections::{BTreeMap, HashMap};

use super::pack::{self, Cell};
use super::ranks;
use super::rollup::Dimension;
use super::sums::Sums;
use crate::platform::DatabaseError;
use crate::storage::folds::BlockRow;

/// Names of models, which clients may choose, that a day keeps apart, and so for the providers' names; the rest is
/// counted as [`OTHER`].
pub const MAX_NAMES: usize = 1000;
/// In the place of names that are not kept apart.
pub const OTHER: &str = "(other)";

/// What sums are by.
pub(crate) const TOTAL: &str = "total";
pub(crate) const MODEL: &str = "model";
pub(crate) const PROVIDER: &str = "provider";
pub(crate) const ROUTE: &str = "route";
pub(crate) const KEY: &str = "key";
/// By a key and one other thing, and divided by that.
pub(crate) const KEY_MODEL: &str = "key_model";
pub(crate) const KEY_PROVIDER: &str = "key_provider";
pub(crate) const KEY_DIALECT: &str = "key_dialect";
/// All that is told apart, and divided by one thing.
pub(crate) const OF_KEY: &str = "of_key";
pub(crate) const OF_ASSOCIATION: &str = "of_association";
/// How often all that is told apart was asked for, in one piece: see [`super::ranks`].
pub(crate) const RANKS: &str = "ranks";
/// As those, of days of older forms.
pub(crate) const OF_MODEL: &str = "of_model";
pub(crate) const OF_PROVIDER: &str = "of_provider";
/// Those that an hour has margins by; each is few beside all.
pub(crate) const HAVE_MARGINS: [&str; 5] = [TOTAL, MODEL, PROVIDER, KEY, ROUTE];
/// The lengths of their periods: in hours those of a day, in minutes those of an hour.
pub(crate) const DAY_HOURS: u8 = 24;
pub(crate) const THIRD_HOURS: u8 = 8;
/// In the place of a length: the day is cut in two, at the hour that the part names, for it is midnight somewhere.
pub(crate) const CUT: u8 = 0;
/// Cuts of what is divided would take more room than all the rest.
const PART_LENGTHS: [u8; 2] = [THIRD_HOURS, 1];
pub(crate) const HOUR_MINUTES: u8 = 60;
pub(crate) const FINE_MINUTES: u8 = 5;
const MARGIN_LENGTHS: [u8; 2] = [HOUR_MINUTES, FINE_MINUTES];

/// An hour of fewer cells than this has no margins: all of it is read as quickly, and writing costs.
const FEW_CELLS: usize = 200;

/// Sums by dimension, and by period: the hour of the day, or which five minutes of the hour. In two steps, since dimensions are
/// long to compare.
pub(super) type Cells = BTreeMap<Dimension, BTreeMap<u8, Sums>>;

/// All rows of a day: what is read most first, so that it lies together.
pub(super) fn day_blocks(cells: Cells) -> Result<Vec<BlockRow>, DatabaseError> {
    let cells = bounded(cells);
    let mut rows = Vec::new();
    let axes = AXES.map(|(axis, of)| (axis, merged(&cells, of, |hour| hour)));
    for (axis, hours) in &axes {
        push(&mut rows, axis, "", DAY_HOURS, each(&merged(hours, Dimension::clone, |_| 0)))?;
    }
    for (chunk, sums) in ranks::encode(each(&cells))?.into_iter().enumerate() {
        rows.push(BlockRow { axis: RANKS, part: String::new(), length: DAY_HOURS, chunk, sums });
    }
    for cut in 1..DAY_HOURS {
        for (axis, hours) in &axes {
            let sums = merged(hours, Dimension::clone, |hour| u8::from(hour >= cut));
            push(&mut rows, axis, &cut.to_string(), CUT, each(&sums))?;
        }
    }
    for (axis, hours) in &axes {
        push(&mut rows, axis, "", 1, each(hours))?;
    }
    for hours in PART_LENGTHS {
        let all = merged(&cells, Dimension::clone, |hour| hour / hours);
        for ((axis, of), part_of) in PAIRS {
            push_parts(&mut rows, axis, part_of, hours, &merged(&all, of, |period| period))?;
        }
        for (axis, part_of) in WHOLES {
            push_parts(&mut rows, axis, part_of, hours, &all)?;
        }
    }
    Ok(rows)
}

/// All sums of an hour, and its margins if they are wanted.
pub(super) fn hour_blocks(cells: &Cells, with_margins: bool) -> Result<(Vec<Vec<u8>>, Vec<BlockRow>), DatabaseError> {
    let chunks = pack::encode(each(&merged(cells, Dimension::clone, |_| 0)))?;
    let mut margins = Vec::new();
    if with_margins && each(cells).count() >= FEW_CELLS {
        for minutes in MARGIN_LENGTHS {
            for (axis, of) in AXES {
                let sums = merged(cells, of, |period| period / (minutes / FINE_MINUTES));
                push(&mut margins, axis, "", minutes, each(&sums))?;
            }
        }
    }
    Ok((chunks, margins))
}

/// Sums of what `of` keeps of dimensions, and `period_of` of periods.
fn merged(cells: &Cells, of: fn(&Dimension) -> Dimension, period_of: impl Fn(u8) -> u8) -> Cells {
    let mut merged = Cells::new();
    for (dimension, slots) in cells {
        let sums = merged.entry(of(dimension)).or_default();
        for (period, cell) in slots {
            *sums.entry(period_of(*period)).or_default() += cell;
        }
    }
    merged
}

/// A kind of blocks, and what it keeps of a dimension.
type AxisOf = (&'static str, fn(&Dimension) -> Dimension);
/// By what a kind of blocks is divided.
type PartOf = fn(&Dimension) -> &str;

const AXES: [AxisOf; 5] = [(TOTAL, total), (MODEL, model), (PROVIDER, provider), (KEY, key), (ROUTE, route)];
const PAIRS: [(AxisOf, PartOf); 3] = [
    ((KEY_MODEL, |of| Dimension { model: of.model.clone(), ..key(of) }), |of| &of.model),
    ((KEY_PROVIDER, |of| Dimension { provider: of.provider.clone(), ..key(of) }), |of| &of.provider),
    ((KEY_DIALECT, |of| Dimension { dialect: of.dialect.clone(), ..key(of) }), |of| &of.dialect),
];
const WHOLES: [(&str, PartOf); 2] = [(OF_KEY, |of| &of.key_id), (OF_ASSOCIATION, |of| &of.association_id)];

fn total(of: &Dimension) -> Dimension {
    Dimension { dialect: of.dialect.clone(), ..by_origin(of) }
}

fn by_origin(of: &Dimension) -> Dimension {
    Dimension { origin: of.origin.clone(), ..Dimension::default() }
}

fn model(of: &Dimension) -> Dimension {
    Dimension { model: of.model.clone(), ..by_origin(of) }
}

fn provider(of: &Dimension) -> Dimension {
    Dimension { provider: of.provider.clone(), ..by_origin(of) }
}

fn key(of: &Dimension) -> Dimension {
    Dimension { key_id: of.key_id.clone(), key_name: of.key_name.clone(), ..by_origin(of) }
}

fn route(of: &Dimension) -> Dimension {
    Dimension { key_id: String::new(), key_name: String::new(), ..of.clone() }
}

fn each(cells: &Cells) -> impl Iterator<Item = Cell<'_>> {
    cells.iter().flat_map(|(dimension, slots)| slots_of(dimension, slots))
}

fn slots_of<'a>(dimension: &'a Dimension, slots: &'a BTreeMap<u8, Sums>) -> impl Iterator<Item = Cell<'a>> {
    slots.iter().map(move |(slot, sums)| (dimension, *slot, sums))
}

fn push_parts(
    rows: &mut Vec<BlockRow>,
    axis: &'static str,
    part_of: PartOf,
    hours: u8,
    sums: &Cells,
) -> Result<(), DatabaseError> {
    let mut parts = BTreeMap::<&str, Vec<Cell<'_>>>::new();
    for (dimension, slots) in sums {
        parts.entry(part_of(dimension)).or_default().extend(slots_of(dimension, slots));
    }
    parts.into_iter().try_for_each(|(part, cells)| push(rows, axis, part, hours, cells))
}

fn push<'a>(
    rows: &mut Vec<BlockRow>,
    axis: &'static str,
    part: &str,
    length: u8,
    cells: impl IntoIterator<Item = Cell<'a>>,
) -> Result<(), DatabaseError> {
    for (chunk, sums) in pack::encode(cells)?.into_iter().enumerate() {
        rows.push(BlockRow { axis, part: part.to_owned(), length, chunk, sums });
    }
    Ok(())
}

/// Keeps the names apart that most was asked under.
fn bounded(cells: Cells) -> Cells {
    let kept = |name_of: fn(&Dimension) -> &str| {
        let mut attempts = HashMap::<&str, u64>::new();
        for (dimension, _, sums) in each(&cells) {
            *attempts.entry(name_of(dimension)).or_default() += sums.counts.requests + sums.counts.attempts;
        }
        let mut names: Vec<_> = attempts.into_iter().collect();
        if names.len() <= MAX_NAMES {
            return None;
        }
        names.sort_unstable_by_key(|(name, attempts)| (std::cmp::Reverse(*attempts), *name));
        names.truncate(MAX_NAMES);
        Some(names.into_iter().map(|(name, _)| name.to_owned()).collect::<std::collections::HashSet<_>>())
    };
    let (models, provider_models) = (kept(|of| &of.model), kept(|of| &of.provider_model));
    if models.is_none() && provider_models.is_none() {
        return cells;
    }
    let mut sums = Cells::new();
    for (mut dimension, slots) in cells {
        for (name, kept) in [(&mut dimension.model, &models), (&mut dimension.provider_model, &provider_models)] {
            if kept.as_ref().is_some_and(|kept| !kept.contains(name.as_str())) {
                OTHER.clone_into(name);
            }
        }
        let into = sums.entry(dimension).or_default();
        for (hour, cell) in &slots {
            *into.entry(*hour).or_default() += cell;
        }
    }
    sums
}
