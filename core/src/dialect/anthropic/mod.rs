//! Anthropic Messages.

pub(super) mod request;
