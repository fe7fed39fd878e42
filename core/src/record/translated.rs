use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Of one request's translation so much is recorded.
pub const MAX_TRANSLATED: usize = 50;

/// One thing that the provider's dialect cannot say as the client's said it, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Translated {
    /// Where in the client's request, as `tools.0.input_schema`.
    pub path: String,
    pub kind: TranslatedKind,
    /// As the client said it; at most 256 bytes.
    #[serde(default)]
    pub from: Option<String>,
    /// As the provider was told; null where it was told nothing.
    #[serde(default)]
    pub to: Option<String>,
    /// Why, in words.
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TranslatedKind {
    /// Said in the nearest words that the dialect has.
    Approximated,
    /// Left out; the answer may differ.
    Dropped,
    /// Without it the request would mean something else: it was refused.
    Refused,
}
