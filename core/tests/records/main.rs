//! Records on a real database: the queue, the log's pages, rollups, retention.

mod api;
#[path = "../support/explaining.rs"]
mod explaining;
#[path = "../support/libsql.rs"]
mod libsql;
mod log;
mod queue;
mod remote;
mod retention;
mod rollups;
mod support;
