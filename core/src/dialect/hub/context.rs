use serde_json::Value;

use super::names::Names;
use super::proof::Origin;
use super::reasoning::Thoughts;
use crate::wire::json::Writer;

/// Whom a request is encoded for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Target<'a> {
    /// The provider's own name for the model.
    pub model: &'a str,
    /// The host of its address.
    pub host: &'a str,
    pub origin: Origin,
    pub stream: bool,
    /// Ask for a stream's usage, where that must be asked for.
    pub asks_usage: bool,
    /// Leave out how much to think: the provider has refused it.
    pub without_reasoning: bool,
    /// The client's request has so many bytes, and the provider's will have about as many. Room for them is made at once: a
    /// buffer that grows takes up to three times as much.
    pub size: usize,
}

impl Target<'_> {
    /// What the provider's request is written into.
    pub(in crate::dialect) fn writer(&self) -> Writer {
        Writer::with_capacity(self.size + self.size / 16 + 4096)
    }
}

/// Whom an answer is encoded for, and whose it is.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// What the answer says its model is.
    pub model: String,
    /// For an answer without an id of its own.
    pub id: String,
    /// In seconds since 1970.
    pub created: i64,
    pub origin: Origin,
    pub thoughts: Thoughts,
    /// The client of a Chat stream asked for its usage.
    pub usage: bool,
    /// The client's stream is a JSON array, not one of events: Gemini without `alt=sse`.
    pub as_array: bool,
    pub names: Names,
    /// The client's tools that take any text, which the provider may know as functions.
    pub freeform: Vec<String>,
    /// Members of the request that the answer repeats.
    pub repeated: Vec<(String, Value)>,
}
