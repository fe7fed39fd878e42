//! OpenAI Chat Completions and what other vendors made of it.

pub(super) mod error;
pub(super) mod inspect;
pub(super) mod meter;
pub(super) mod models;
pub(super) mod usage;
