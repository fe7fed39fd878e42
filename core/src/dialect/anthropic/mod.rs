//! Anthropic Messages.

pub(super) mod error;
pub(super) mod inspect;
pub(super) mod meter;
pub(super) mod models;
pub(super) mod usage;
