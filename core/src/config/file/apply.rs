use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::merge::{Context, merge};
use super::parse::File;
use super::problem::FileError;
use crate::config::{Change, Config, diff};
use crate::storage::{ConfigStore, StorageError};

/// What applying a file did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Applied {
    /// Empty when the configuration was already as the file says.
    pub changes: Vec<Change>,
    /// The configuration's version afterwards.
    pub version: i64,
}

/// Makes the stored configuration what the file says, in one batch: all of it or nothing. Applying the same file again
/// changes nothing.
///
/// A section that the file has is the whole truth about its subject, a section that it does not have is left alone.
/// Also returns the configuration as it is afterwards.
pub async fn apply(store: &ConfigStore, file: &File) -> Result<(Applied, Config), ApplyError> {
    let edited = store.edit(|config| merge_into(store, file, config)).await?;
    let changes = diff(&edited.before, &edited.after);
    Ok((Applied { changes, version: edited.after.version }, edited.after))
}

/// What [`apply`] would do now.
pub async fn plan(store: &ConfigStore, file: &File) -> Result<Applied, ApplyError> {
    let edited = store.dry_run(|config| merge_into(store, file, config)).await?;
    Ok(Applied { changes: diff(&edited.before, &edited.after), version: edited.before.version })
}

fn merge_into(store: &ConfigStore, file: &File, config: &mut Config) -> Result<(), ApplyError> {
    let context = Context { new_id: &|| store.new_id(), now: store.clock.now(), offline: false };
    Ok(merge(&file.document, config, &context)?)
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
