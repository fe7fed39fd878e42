use std::fmt;

use crate::config::{Invalid, SealError};
use crate::platform::{DatabaseError, DatabaseErrorKind};

/// Why the configuration could not be read or written.
#[derive(Clone, Debug)]
pub enum StorageError {
    Database(DatabaseError),
    /// A stored secret does not open.
    Seal(SealError),
    /// A stored value makes no sense; the text names its place.
    Corrupt(String),
    /// What was to be written breaks a rule; nothing was written.
    Invalid {
        /// As "provider `main`".
        record: String,
        invalid: Invalid,
    },
    /// Others changed the configuration again and again meanwhile; nothing was written.
    Contended,
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) if error.kind == DatabaseErrorKind::Missing => {
                write!(f, "the database is not migrated ({error}): run `llmio migrate`")
            }
            Self::Database(error) => write!(f, "the database failed: {error}"),
            Self::Seal(error) => error.fmt(f),
            Self::Corrupt(what) => write!(f, "the database holds an unusable configuration: {what}"),
            Self::Invalid { record, invalid } => write!(f, "{record}: {invalid}"),
            Self::Contended => f.write_str("the configuration is being changed by others at the same time: try again"),
        }
    }
}

impl std::error::Error for StorageError {}

impl From<DatabaseError> for StorageError {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl From<SealError> for StorageError {
    fn from(error: SealError) -> Self {
        Self::Seal(error)
    }
}
