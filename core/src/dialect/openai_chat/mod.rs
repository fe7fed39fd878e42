//! OpenAI Chat Completions and what other vendors made of it.

pub(super) mod error;
pub(super) mod models;
pub(super) mod request;
pub(super) mod stream;
pub(super) mod usage;
