//! Configuration as code: one file, YAML or JSON, that is applied, exported and checked.

mod apply;
mod check;
mod decode;
mod document;
mod environment;
mod export;
mod keep;
mod merge;
mod node;
mod parse;
mod problem;
mod scalar;
mod text;

pub use apply::{Applied, ApplyError, apply, merge_into, plan};
pub use check::{Findings, check};
pub(crate) use document::ConfigFile;
pub use environment::{Absent, Environment, Variables};
pub use export::{Export, export, export_with_secrets};
pub use parse::{File, parse};
pub use problem::{FileError, Problem};

/// The JSON Schema of a configuration file. Tests make it from the types and compare it with the published file.
pub const SCHEMA: &str = include_str!("../../../../docs/config.schema.json");

#[cfg(test)]
mod tests;
