//! Makes coarse rollups of fine ones: an hour of five-minute rows when it has ended, a day of hours.
//!
//! Nothing of it is needed for exact reports, which read what is not folded yet from the finer level; it makes them quick.
//! Each step is small, may be interrupted, and is only written if nothing was written late since it began to read, so that
//! any number of instances may fold at once. The finest rows go three days later; from then on the folded sums are all there
//! is, and what comes later still is added to them.

use std::collections::BTreeMap;

use super::blocks::{Cells, OF_KEY, day_blocks, hour_blocks};
use super::pack::{self, Names};
use super::rollup::{DAY_SECS, FINE_SECS, HOUR_SECS};
use super::sums::{Detail, Sums};
use crate::platform::{Database, DatabaseError, Timestamp};
use crate::storage::day_sums::{self, Blocks, Table};
use crate::storage::fold_hours;
use crate::storage::folds::{self, State};
use crate::storage::rollups::{self, SKEW_SECS};

/// For how long the finest rollups are kept behind the end of their day.
pub const FINE_RETENTION_DAYS: i64 = 3;

pub use super::blocks::{MAX_NAMES, OTHER};

/// Does the most useful piece of work there is, a few dozen milliseconds of it on a big database; `false` when there is none.
pub async fn step(database: &dyn Database, now: Timestamp) -> Result<bool, DatabaseError> {
    let state = folds::state(database).await?;
    // This day is not over, and the one before it may have late entries; a third tells whether there is an older one.
    for day in folds::days_to_fold(database, now.as_secs(), 3).await? {
        let ended = |start: i64, length: i64| start + length + SKEW_SECS <= now.as_secs();
        let hours = fold_hours::to_fold(database, day).await?;
        if let Some(hour) = hours.iter().rev().find(|hour| ended(**hour, HOUR_SECS)) {
            return fold_hour(database, *hour, state, now).await;
        }
        if hours.is_empty() && ended(day, DAY_SECS) {
            return fold_day(database, day, state).await;
        }
    }
    if day_sums::delete_replaced(database).await? > 0 {
        return Ok(true);
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

async fn fold_hour(database: &dyn Database, hour: i64, state: State, now: Timestamp) -> Result<bool, DatabaseError> {
    let mut cells = Cells::new();
    rollups::read(database, &[(hour, hour + HOUR_SECS)], |row| {
        let period = u8::try_from((row.start - hour) / FINE_SECS).unwrap_or(0);
        slots_of(&mut cells, row.names).entry(period).or_default().add_fine(row.currency, &row.fine);
    })
    .await?;
    // Of a history that is taken over only days are read.
    let is_recent = hour >= now.as_secs() - (FINE_RETENTION_DAYS + 1) * DAY_SECS;
    let (chunks, margins) = hour_blocks(&cells, is_recent)?;
    fold_hours::write(database, hour, &chunks, &margins, state.changes).await
}

async fn fold_day(database: &dyn Database, day: i64, state: State) -> Result<bool, DatabaseError> {
    let mut cells = Cells::new();
    fold_hours::read(database, &[(day, day + DAY_SECS)], |start, bytes| {
        let hour = u8::try_from((start - day) / HOUR_SECS).unwrap_or(0);
        add_block(&mut cells, bytes, |_| hour)
    })
    .await?;
    day_sums::write(database, day, &day_blocks(cells)?, state.changes, false).await
}

/// Makes a folded day of itself and of what was written after its finest rows had gone.
async fn fold_again(database: &dyn Database, day: i64, state: State) -> Result<bool, DatabaseError> {
    let mut cells = Cells::new();
    // All parts together are all there is; days of older forms have them, too.
    for folded in folds::folded_days(database, day, day + DAY_SECS).await? {
        let table = Table::of(folded);
        let all = Blocks { table, days: &[folded.day], axis: OF_KEY, parts: None, hours: &[1] };
        day_sums::read(database, &all, |_, _, bytes| add_block(&mut cells, bytes, |slot| slot)).await?;
    }
    rollups::read(database, &[(1 - day - DAY_SECS, 1 - day)], |row| {
        let hour = u8::try_from((row.start - day) / HOUR_SECS).unwrap_or(0);
        slots_of(&mut cells, row.names).entry(hour).or_default().add_fine(row.currency, &row.fine);
    })
    .await?;
    day_sums::write(database, day, &day_blocks(cells)?, state.changes, true).await
}

fn add_block(cells: &mut Cells, bytes: &[u8], hour_of: impl Fn(u8) -> u8) -> Result<(), DatabaseError> {
    let block = pack::decode(bytes)?;
    let dimensions: Vec<_> = block.dimensions().collect();
    for entries in block.entries.chunk_by(|one, next| one.dimension == next.dimension) {
        let index = entries.first().and_then(|entry| usize::try_from(entry.dimension).ok());
        let Some(names) = index.and_then(|index| dimensions.get(index)) else { continue };
        let slots = slots_of(cells, *names);
        for entry in entries {
            block.add_to(slots.entry(hour_of(entry.slot)).or_default(), entry, Detail::All)?;
        }
    }
    Ok(())
}

fn slots_of<'a>(cells: &'a mut Cells, names: Names<'_>) -> &'a mut BTreeMap<u8, Sums> {
    cells.entry(names.to_dimension()).or_default()
}
