//! OpenAI Responses.

pub(super) mod request;
