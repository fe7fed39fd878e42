//! SQL: the schema, and what is read from and written to it.

mod error;
mod id;
mod load;
mod migrate;
mod store;
mod write;

pub use error::StorageError;
pub use id::new_id;
pub use load::{load, version};
pub use migrate::{Applied, MigrateError, is_current, migrate, schema_version};
pub use store::{ConfigStore, Edited};
