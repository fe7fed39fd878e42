use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::merge::{Context, merge};
use super::parse::File;
use super::problem::FileError;
use crate::config::{Action, Change, Config, diff};
use crate::storage::{ConfigStore, Edited, StorageError};

/// What a change did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Applied {
    /// Empty when there was nothing to change.
    pub changes: Vec<Change>,
    /// The configuration's version afterwards.
    pub version: i64,
}

impl Applied {
    pub fn of<T>(edited: &Edited<T>) -> Self {
        let mut changes = diff(&edited.before, &edited.after);
        if !edited.changed() {
            // What a dry run makes has no id that would be found again.
            changes.iter_mut().filter(|change| change.action == Action::Create).for_each(|change| change.id.clear());
        }
        Self { changes, version: edited.after.version }
    }
}

/// Makes the stored configuration what the file says, in one batch: all of it or nothing. Applying the same file again
/// changes nothing.
///
/// A section that the file has is the whole truth about its subject, a section that it does not have is left alone.
pub async fn apply(store: &ConfigStore, file: &File) -> Result<Applied, ApplyError> {
    let merge = |config: &mut Config| Ok::<_, ApplyError>(merge_into(store, file, config)?);
    Ok(Applied::of(&store.edit(merge).await?))
}

/// What [`apply`] would do now.
pub async fn plan(store: &ConfigStore, file: &File) -> Result<Applied, ApplyError> {
    let merge = |config: &mut Config| Ok::<_, ApplyError>(merge_into(store, file, config)?);
    Ok(Applied::of(&store.dry_run(merge).await?))
}

/// Makes a stored configuration what the file says.
pub fn merge_into(store: &ConfigStore, file: &File, config: &mut Config) -> Result<(), FileError> {
    let context = Context { new_id: &|| store.new_id(), now: store.clock.now(), offline: false };
    merge(&file.document, config, &context)
}

#[derive(Clone, Debug)]
pub enum ApplyError {
    File(FileError),
    Storage(StorageError),
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Storage(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ApplyError {}

impl From<FileError> for ApplyError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<StorageError> for ApplyError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}
