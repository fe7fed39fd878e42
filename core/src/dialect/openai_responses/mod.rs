//! OpenAI Responses.

pub(super) mod error;
pub(super) mod inspect;
pub(super) mod meter;
pub(super) mod usage;
