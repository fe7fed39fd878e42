use llmio_core::platform::{DatabaseError, DatabaseErrorKind};

/// D1 tells only in words what went wrong (<https://developers.cloudflare.com/d1/observability/debug-d1/>).
const WORDS: [(DatabaseErrorKind, &[&str]); 6] = [
    (DatabaseErrorKind::Missing, &["no such table", "no such column", "has no column"]),
    (DatabaseErrorKind::Constraint, &["constraint failed", "SQLITE_CONSTRAINT"]),
    (DatabaseErrorKind::Busy, &["SQLITE_BUSY", "database is locked", "overloaded", "Too many requests queued"]),
    (DatabaseErrorKind::Full, &["SQLITE_FULL", "database or disk is full", "Exceeded maximum DB size"]),
    (
        DatabaseErrorKind::Network,
        &[
            "Network connection lost",
            "storage caused object to be reset",
            "reset because its code was updated",
            "timed out",
            "timeout",
        ],
    ),
    (DatabaseErrorKind::Auth, &["not authorized"]),
];

pub(super) fn from_message(message: &str) -> DatabaseError {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let kind = WORDS.iter().find(|(_, words)| says(words)).map_or(DatabaseErrorKind::Other, |(kind, _)| *kind);
    DatabaseError::new(kind, message)
}
