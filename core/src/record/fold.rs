//! Makes coarse rollups of fine ones: an hour of five-minute rows when it has ended, a day of hours.
//!
//! Nothing of it is needed for exact reports, which read what is not folded yet from the finer level; it makes them quick.
//! Each step is small, may be interrupted, and is only written if nothing was written late since it began to read, so that
//! any number of instances may fold at once. The finest rows go three days later; from then on the folded sums are all there
//! is, and what comes later still is added to them.

use std::collections::{BTreeMap, HashMap};

use super::pack::{self, Cell};
use super::rollup::{DAY_SECS, Dimension, HOUR_SECS};
use super::sums::Sums;
use crate::platform::{Database, DatabaseError, Timestamp};
use crate::storage::folds::{self, BlockRow, Blocks, State};
use crate::storage::rollups::{self, SKEW_SECS};

/// For how long the finest rollups are kept behind the end of their day.
pub const FINE_RETENTION_DAYS: i64 = 3;

/// Names of models, which clients may choose, that a day keeps apart, and so for the providers' names; the rest is
/// counted as [`OTHER`].
pub const MAX_NAMES: usize = 1000;
/// In the place of names that are not kept apart.
pub const OTHER: &str = "(other)";

/// What a day's sums are by, and the lengths of their periods in hours.
pub(crate) const TOTAL: &str = "total";
pub(crate) const MODEL: &str = "model";
pub(crate) const PROVIDER: &str = "provider";
pub(crate) const ROUTE: &str = "route";
pub(crate) const KEY: &str = "key";
pub(crate) const OF_KEY: &str = "of_key";
pub(crate) const OF_MODEL: &str = "of_model";
pub(crate) const OF_PROVIDER: &str = "of_provider";
pub(crate) const DAY_HOURS: u8 = 24;
pub(crate) const THIRD_HOURS: u8 = 8;
const LENGTHS: [u8; 3] = [DAY_HOURS, THIRD_HOURS, 1];
/// A day of one part has little more in it than a third of it.
const PART_LENGTHS: [u8; 2] = [THIRD_HOURS, 1];

/// Sums by dimension and hour of the day.
type Cells = BTreeMap<(Dimension, u8), Sums>;

/// Does the most useful piece of work there is, a few dozen milliseconds of it on a big database; `false` when there is none.
pub async fn step(database: &dyn Database, now: Timestamp) -> Result<bool, DatabaseError> {
    let state = folds::state(database).await?;
    // This day is not over, and the one before it may have late entries; a third tells whether there is an older one.
    for day in folds::days_to_fold(database, now.as_secs(), 3).await? {
        let ended = |start: i64, length: i64| start + length + SKEW_SECS <= now.as_secs();
        let hours = folds::hours_to_fold(database, day).await?;
        if let Some(hour) = hours.iter().rev().find(|hour| ended(**hour, HOUR_SECS)) {
            return fold_hour(database, *hour, state).await;
        }
        if hours.is_empty() && ended(day, DAY_SECS) {
            return fold_day(database, day, state).await;
        }
    }
    let day = match folds::day_with_additions(database).await? {
        Some(day) => Some(day),
        None => folds::day_of_older_form(database).await?,
    };
    if let Some(day) = day {
        return fold_again(database, day, state).await;
    }
    if folds::delete_pruned_chunk(database).await? > 0 {
        return Ok(true);
    }
    folds::prune_oldest(database, now.as_secs() - (FINE_RETENTION_DAYS + 1) * DAY_SECS).await
}

async fn fold_hour(database: &dyn Database, hour: i64, state: State) -> Result<bool, DatabaseError> {
    let mut sums = BTreeMap::<Dimension, Sums>::new();
    rollups::read(database, &[(hour, hour + HOUR_SECS)], |row| {
        sums.entry(row.names.to_dimension()).or_default().add_fine(row.currency, &row.fine);
    })
    .await?;
    let chunks = pack::encode(sums.iter().map(|(dimension, sums)| (dimension, 0, sums)))?;
    folds::write_hour(database, hour, &chunks, state.changes).await
}

async fn fold_day(database: &dyn Database, day: i64, state: State) -> Result<bool, DatabaseError> {
    let mut cells = Cells::new();
    folds::hours(database, &[(day, day + DAY_SECS)], |start, bytes| {
        let hour = u8::try_from((start - day) / HOUR_SECS).unwrap_or(0);
        add_block(&mut cells, bytes, |_| hour)
    })
    .await?;
    folds::write_day(database, day, &day_blocks(cells)?, state.changes, false).await
}

/// Makes a folded day of itself and of what was written after its finest rows had gone.
async fn fold_again(database: &dyn Database, day: i64, state: State) -> Result<bool, DatabaseError> {
    let mut cells = Cells::new();
    // The parts of any one kind are all there is.
    let all = Blocks { days: &[day], axis: OF_MODEL, parts: None, hours: &[1] };
    folds::blocks(database, &all, |_, _, bytes| add_block(&mut cells, bytes, |slot| slot)).await?;
    rollups::read(database, &[(1 - day - DAY_SECS, 1 - day)], |row| {
        let hour = u8::try_from((row.start - day) / HOUR_SECS).unwrap_or(0);
        cells.entry((row.names.to_dimension(), hour)).or_default().add_fine(row.currency, &row.fine);
    })
    .await?;
    folds::write_day(database, day, &day_blocks(cells)?, state.changes, true).await
}

fn add_block(cells: &mut Cells, bytes: &[u8], hour_of: impl Fn(u8) -> u8) -> Result<(), DatabaseError> {
    let block = pack::decode(bytes)?;
    let dimensions: Vec<_> = block.dimensions().collect();
    for entry in &block.entries {
        let names = usize::try_from(entry.dimension).ok().and_then(|index| dimensions.get(index));
        let Some(names) = names else { continue };
        let sums = cells.entry((names.to_dimension(), hour_of(entry.slot))).or_default();
        block.add_to(sums, entry)?;
    }
    Ok(())
}

/// All rows of a day: what is read most first, so that it lies together.
fn day_blocks(cells: Cells) -> Result<Vec<BlockRow>, DatabaseError> {
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

/// Sums of what `of` keeps of dimensions, in periods of so many hours.
fn merged(cells: &Cells, of: fn(&Dimension) -> Dimension, hours: u8) -> Cells {
    let mut sums = Cells::new();
    for ((dimension, hour), cell) in cells {
        *sums.entry((of(dimension), hour / hours)).or_default() += cell;
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
    hours: u8,
    cells: impl IntoIterator<Item = Cell<'a>>,
) -> Result<(), DatabaseError> {
    for (chunk, sums) in pack::encode(cells)?.into_iter().enumerate() {
        rows.push(BlockRow { axis, part: part.to_owned(), hours, chunk, sums });
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
