//! Gemini `generateContent`.

pub(super) mod request;
