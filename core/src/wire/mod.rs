//! Tools for what goes over the wire, whatever the dialect: JSON read and rewritten without a tree, server-sent
//! events, the times in hints.

mod frame;
pub mod json;
mod retry_hint;
pub mod sse;

pub use frame::{Event, Frame};
pub use retry_hint::{RetryHint, leading_duration, seconds};
