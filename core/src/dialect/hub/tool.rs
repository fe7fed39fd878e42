use std::borrow::Cow;

use serde_json::Value;

use super::part::Cache;

/// A function that the client runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool<'a> {
    pub name: Cow<'a, str>,
    pub description: Option<Cow<'a, str>>,
    /// JSON Schema of the arguments; `None` for no arguments.
    pub schema: Option<Cow<'a, Value>>,
    pub strict: Option<bool>,
    pub cache: Option<Cache>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolChoice<'a> {
    Auto,
    None,
    /// Some tool must be called.
    Required,
    Named(&'a str),
}
