//! OpenAI Chat Completions and what other vendors made of it.

pub(super) mod request;
