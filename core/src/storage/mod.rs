//! SQL: the schema, and what is read from and written to it.

pub mod cleanups;
mod collector;
mod column;
mod conditions;
pub(crate) mod day_margins;
mod error;
pub(crate) mod fold_hours;
pub(crate) mod folds;
mod hrana;
mod id;
pub mod imports;
mod load;
pub mod log_counts;
pub mod log_details;
pub mod log_filter;
pub mod log_query;
pub mod log_scan;
pub(crate) mod logs;
pub mod metrics;
mod migrate;
pub mod newest;
pub mod recents;
pub(crate) mod rests;
pub(crate) mod rollups;
pub(crate) mod sizes;
mod store;
mod together;
mod write;

pub use error::StorageError;
pub use hrana::HranaDatabase;
pub(crate) use id::made_at;
pub use id::new_id;
pub use load::{load, version};
pub use migrate::{Applied, MigrateError, migrate, pending, schema_version};
pub use store::{ConfigStore, Edited};
