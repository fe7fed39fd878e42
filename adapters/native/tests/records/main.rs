//! Records on a real database: the queue, the log's pages, rollups, retention.

mod api;
mod log;
mod queue;
mod retention;
mod rollups;
mod support;
