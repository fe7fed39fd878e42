//! The request log: entries, prices, rollups, and the queue between the hot path and the database.

mod entry;

pub use entry::{Bodies, LogEntry, Operation, Outcome};
