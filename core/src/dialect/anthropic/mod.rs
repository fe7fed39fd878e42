//! Anthropic Messages.

pub(super) mod error;
pub(super) mod models;
pub(super) mod request;
pub(super) mod stream;
pub(super) mod usage;
