//! The admin API on a real database, without a server: requests in, answers out.

mod associations;
mod batch;
mod bounds;
mod changes;
mod config;
mod frame;
mod keys;
mod models;
mod probe;
mod providers;
mod secrets;
mod support;
