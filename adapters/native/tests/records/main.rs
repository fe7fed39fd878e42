//! Records on a real database: the queue, the log's pages, rollups, retention.

mod api;
mod log;
mod queue;
mod remote;
mod retention;
mod rollups;
#[path = "../support/sqld.rs"]
mod sqld;
mod support;
