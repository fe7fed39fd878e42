use super::history::shift;
use super::merge::{Merged, merge};
use super::row::Tables;
use crate::config::{Change, diff};
use crate::platform::{DatabaseErrorKind, Timestamp};
use crate::record::retention::{CleanupKind, Criterion};
use crate::storage::imports::{self, Import, PastCleanup};
use crate::storage::{ConfigStore, StorageError};

/// What [`take_configuration`] did, or would do.
#[derive(Clone, Debug)]
pub struct Taken {
    pub changes: Vec<Change>,
    /// Empty for a database whose configuration was taken before.
    pub merged: Merged,
    /// How far its history is; `None` when nothing was written.
    pub import: Option<Import>,
    /// Whether its configuration was taken before.
    pub before: Option<Timestamp>,
}

/// Adds the original's configuration to the stored one, and enters its history as one that is to come. Of a database that
/// was taken before only what its log has gained since is entered. `source` says where its file is.
pub async fn take_configuration(store: &ConfigStore, tables: &Tables, source: &str) -> Result<Taken, StorageError> {
    let database = &*store.database;
    if let Some(import) = imports::find(database, &tables.identity).await? {
        let before = Some(import.started_at);
        let import = renew(store, tables, source, import).await?;
        return Ok(Taken { changes: Vec::new(), merged: Merged::default(), import: Some(import), before });
    }
    let now = store.clock.now();
    // Whatever stops it here, the records have the same ids the next time, and are left as they are.
    let edited = store.edit(|config| Ok::<_, StorageError>(merge(tables, config, now))).await?;
    let import = Import {
        id: tables.identity.clone(),
        source: source.to_owned(),
        started_at: now,
        entries: Default::default(),
        bodies: Default::default(),
        shift: shift(database, tables.totals.last_entry).await?,
        finished_at: None,
    }
    .up_to(tables.totals.last_entry, tables.totals.last_body);
    match imports::start(database, &import, &cleanups(tables)).await {
        Ok(()) => {}
        // Another process has done the same at this moment.
        Err(error) if error.kind == DatabaseErrorKind::Constraint => {}
        Err(error) => return Err(error.into()),
    }
    let changes = diff(&edited.before, &edited.after);
    Ok(Taken { changes, merged: edited.output, import: Some(import), before: None })
}

/// Goes on where it was; from the end it has reached, when the original has written more since.
async fn renew(store: &ConfigStore, tables: &Tables, source: &str, import: Import) -> Result<Import, StorageError> {
    let mut next = Import { source: source.to_owned(), ..import.clone() };
    let totals = &tables.totals;
    if import.finished_at.is_some() && (totals.last_entry > import.entries.top || totals.last_body > import.bodies.top)
    {
        next.shift = shift(&*store.database, totals.last_entry).await?;
        next.finished_at = None;
        next = next.up_to(totals.last_entry, totals.last_body);
    }
    imports::change(&*store.database, &import, &next).await?;
    Ok(next)
}

/// The history of clean-ups, as ours has it.
fn cleanups(tables: &Tables) -> Vec<PastCleanup> {
    let rows = tables.cleanups.iter().filter(|row| !row.common.is_deleted);
    // Each is entered before those that are there.
    rows.rev()
        .filter_map(|row| {
            let criterion = match row.kind.as_str() {
                kind if kind.contains("count") || kind.contains("keep") => Criterion::KeepNewest(row.retention_days),
                _ => Criterion::OlderThanDays(u32::try_from(row.retention_days).unwrap_or(u32::MAX)),
            };
            Some(PastCleanup {
                started_at: row.common.created_at?,
                kind: if row.source == "manual" { CleanupKind::Manual } else { CleanupKind::Scheduled },
                criterion,
                deleted: row.deleted_count,
                duration_us: i64::try_from(row.duration_ms.saturating_mul(1_000)).unwrap_or(i64::MAX),
            })
        })
        .collect()
}
