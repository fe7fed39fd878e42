//! JSON without a tree: reading, editing and watching documents as bytes; and a tree that borrows, for translation.
//!
//! [`Scanner`] walks a whole document, [`splice`] replaces values and keeps every other byte, [`Capture`] and
//! [`Elements`] watch documents that arrive in chunks, [`Writer`] writes new ones,
//! [`Value`] is the tree.

mod capture;
mod elements;
mod machine;
mod member;
mod scan;
mod splice;
mod value;
mod writer;

use std::fmt;

pub use capture::{Capture, Path};
pub use elements::Elements;
pub(crate) use member::{MemberName, looks_whole, member_name, top_text};
pub use scan::{Kind, Scanner, Text};
pub use splice::{Edits, splice};
pub use value::{Members, Value};
pub use writer::Writer;

/// Deeper documents are refused; `serde_json` draws the same line.
pub const MAX_DEPTH: u32 = 127;

/// The bytes are not the JSON that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidJson {
    /// In bytes, from the start of the document.
    pub offset: usize,
    pub message: &'static str,
}

impl fmt::Display for InvalidJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.message, self.offset)
    }
}

impl std::error::Error for InvalidJson {}
