use libsql::ffi;
use llmio_core::platform::{DatabaseError, DatabaseErrorKind};

/// Sorts a libSQL error by SQLite's primary result code, <https://www.sqlite.org/rescode.html>.
pub(super) fn database_error(error: &libsql::Error) -> DatabaseError {
    let libsql::Error::SqliteFailure(code, message) = error else {
        return DatabaseError::new(DatabaseErrorKind::Other, error.to_string());
    };
    let kind = match code & 0xff {
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => DatabaseErrorKind::Busy,
        ffi::SQLITE_FULL => DatabaseErrorKind::Full,
        ffi::SQLITE_CONSTRAINT => DatabaseErrorKind::Constraint,
        ffi::SQLITE_ERROR if names_missing(message) => DatabaseErrorKind::Missing,
        _ => DatabaseErrorKind::Other,
    };
    DatabaseError::new(kind, message.clone())
}

/// SQLite has no code of its own for a missing table or column, only these words.
fn names_missing(message: &str) -> bool {
    message.starts_with("no such table")
        || message.starts_with("no such column")
        || message.contains("has no column named")
}
