//! Tools for what goes over the wire, whatever the dialect: JSON read and rewritten without a tree, server-sent events.

mod frame;
pub mod json;
pub mod sse;

pub use frame::{Event, Frame};
