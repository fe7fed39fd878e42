//! Taking over the database of the original LLMIO: its rows become our configuration and our log. It is read, never written.
//!
//! The configuration comes at once ([`merge`]), the history bit by bit ([`History`]), in steps that are each written once
//! however often they are tried. What our rules refuse is brought as near as can be, switched off where it would not work as
//! it did, and told by name ([`Report`]).

mod accounts;
mod bodies;
mod ending;
mod entry;
mod export;
mod field;
mod history;
mod keys;
mod merge;
mod models;
mod names;
mod original;
mod report;
mod row;
mod settings;
mod taken;

pub use export::export;
pub use history::{History, HistoryError, Progress};
pub use merge::{Merged, merge};
pub use names::Names;
pub use original::{LOOKS_LIKE_ORIGINAL, NotOriginal, Original};
pub use report::{Finding, Report};
pub use row::{Tables, Totals};
pub use taken::{Taken, take_configuration};
