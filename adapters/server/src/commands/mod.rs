//! What the binary does besides serving.

pub(crate) mod config_file;
pub(crate) mod health;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod migrate;
