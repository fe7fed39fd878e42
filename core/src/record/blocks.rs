//! What folded sums are by: the blocks of a day, the margins of an hour.

use std::collections::{BTreeMap, HashMap};

use super::pack::{self, Cell};
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
pub(crate) const OF_KEY: &str = "of_key";
pub(crate) const OF_MODEL: &str = "of_model";
pub(crate) const OF_PROVIDER: &str = "of_provider";
/// Those that an hour has margins by; each is few beside all.
pub(crate) const HAVE_MARGINS: [&str; 5] = [TOTAL, MODEL, PROVIDER, KEY, ROUTE];
/// The lengths of their periods: in hours those of a day, in minutes those of an hour.
pub(crate) const DAY_HOURS: u8 = 24;
pub(crate) const THIRD_HOURS: u8 = 8;
const LENGTHS: [u8; 3] = [DAY_HOURS, THIRD_HOURS, 1];
/// A day of one part has little more in it than a third of it.
const PART_LENGTHS: [u8; 2] = [THIRD_HOURS, 1];
pub(crate) const HOUR_MINUTES: u8 = 60;
pub(crate) const FINE_MINUTES: u8 = 5;
const MARGIN_LENGTHS: [u8; 2] = [HOUR_MINUTES, FINE_MINUTES];

/// An hour of fewer cells than this has no margins: all of it is read as quickly, and writing costs.
const FEW_CELLS: usize = 200;

/// Sums by dimension and period: the hour of the day, or which five minutes of the hour.
pub(super) type Cells = BTreeMap<(Dimension, u8), Sums>;

/// All rows of a day: what is read most first, so that it lies together.
pub(super) fn day_blocks(cells: Cells) -> Result<Vec<BlockRow>, DatabaseError> {
    let cells = bounded(cells);
    let mut rows = Vec::new();
    for hours in LENGTHS {
        for (axis, of) in AXES {
            let sums = merged(&cells, of, hours);
            push(&mut rows, axis, "", hours, sums.iter().map(as_cell))?;
        }
    }
    for hours in PART_LENGTHS {
        let sums = merged(&cells, Dimension::clone, hours);
        for (axis, part_of) in PARTS {
            let mut parts = BTreeMap::<&str, Vec<Cell<'_>>>::new();
            for cell in &sums {
                parts.entry(part_of(&cell.0.0)).or_default().push(as_cell(cell));
            }
            for (part, cells) in parts {
                push(&mut rows, axis, part, hours, cells)?;
            }
        }
    }
    Ok(rows)
}

/// All sums of an hour, and its margins if they are wanted.
pub(super) fn hour_blocks(cells: &Cells, with_margins: bool) -> Result<(Vec<Vec<u8>>, Vec<BlockRow>), DatabaseError> {
    let periods = |minutes: u8| minutes / FINE_MINUTES;
    let chunks = pack::encode(merged(cells, Dimension::clone, periods(HOUR_MINUTES)).iter().map(as_cell))?;
    let mut margins = Vec::new();
    if with_margins && cells.len() >= FEW_CELLS {
        for minutes in MARGIN_LENGTHS {
            for (axis, of) in AXES {
                let sums = merged(cells, of, periods(minutes));
                push(&mut margins, axis, "", minutes, sums.iter().map(as_cell))?;
            }
        }
    }
    Ok((chunks, margins))
}

/// Sums of what `of` keeps of dimensions, so many periods as one.
fn merged(cells: &Cells, of: fn(&Dimension) -> Dimension, periods: u8) -> Cells {
    let mut sums = Cells::new();
    for ((dimension, period), cell) in cells {
        *sums.entry((of(dimension), period / periods)).or_default() += cell;
    }
    sums
}

/// A kind of blocks, and what it keeps of a dimension.
type AxisOf = (&'static str, fn(&Dimension) -> Dimension);
/// A kind of blocks that hold all, and by what it is divided.
type PartOf = (&'static str, fn(&Dimension) -> &str);

const AXES: [AxisOf; 5] = [(TOTAL, total), (MODEL, model), (PROVIDER, provider), (KEY, key), (ROUTE, route)];
const PARTS: [PartOf; 3] = [(OF_KEY, |of| &of.key_id), (OF_MODEL, |of| &of.model), (OF_PROVIDER, |of| &of.provider)];

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

fn as_cell<'a>(((dimension, slot), sums): (&'a (Dimension, u8), &'a Sums)) -> Cell<'a> {
    (dimension, *slot, sums)
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
        for ((dimension, _), sums) in &cells {
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
    for ((mut dimension, hour), cell) in cells {
        for (name, kept) in [(&mut dimension.model, &models), (&mut dimension.provider_model, &provider_models)] {
            if kept.as_ref().is_some_and(|kept| !kept.contains(name.as_str())) {
                OTHER.clone_into(name);
            }
        }
        *sums.entry((dimension, hour)).or_default() += &cell;
    }
    sums
}
