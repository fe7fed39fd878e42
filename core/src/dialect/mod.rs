//! Wire formats. Each is a folder; what they share is here and in [`json`] and [`sse`].

mod anthropic;
mod error;
mod gemini;
mod head;
pub mod json;
mod openai_chat;
mod openai_responses;
mod usage;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use error::{ErrorKind, GatewayError};
pub use head::{InvalidRequest, RequestHead, inspect};
pub use usage::Usage;

/// A wire format. A client has one, by the path it asks; a provider has one, by its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Dialect {
    #[serde(rename = "openai_chat")]
    OpenAiChat,
    #[serde(rename = "openai_responses")]
    OpenAiResponses,
    #[serde(rename = "anthropic")]
    Anthropic,
    #[serde(rename = "gemini")]
    Gemini,
}

impl Dialect {
    pub const ALL: [Self; 4] = [Self::OpenAiChat, Self::OpenAiResponses, Self::Anthropic, Self::Gemini];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai_chat",
            Self::OpenAiResponses => "openai_responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
