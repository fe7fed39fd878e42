//! Tools for what goes over the wire, whatever the dialect: JSON read and rewritten without a tree, server-sent events.

pub mod json;
pub mod sse;
