//! Tools for what goes over the wire, whatever the dialect: JSON read and rewritten without a tree, server-sent
//! events, the times in hints.

mod frame;
pub mod json;
mod retry_hint;
pub mod sse;

/// What some write before UTF-8; to most readers of JSON it is none.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

pub use frame::{Event, Frame};
pub use retry_hint::{RetryHint, leading_duration, seconds};
