use serde::{Deserialize, Serialize};

/// A wire format that this provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
pub enum Dialect {
    #[serde(rename = "openai_chat")]
    #[value(name = "openai_chat")]
    Chat,
    #[serde(rename = "openai_responses")]
    #[value(name = "openai_responses")]
    Responses,
    #[serde(rename = "anthropic")]
    #[value(name = "anthropic")]
    Anthropic,
    #[serde(rename = "gemini")]
    #[value(name = "gemini")]
    Gemini,
}

impl Dialect {
    pub const ALL: [Self; 4] = [Self::Chat, Self::Responses, Self::Anthropic, Self::Gemini];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "openai_chat",
            Self::Responses => "openai_responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
        }
    }

    /// What a provider's base address ends with; the dialect's own paths follow it.
    pub const fn base_path(self) -> &'static str {
        match self {
            Self::Chat | Self::Responses | Self::Anthropic => "/v1",
            Self::Gemini => "/v1beta",
        }
    }

    /// The header that carries the credential at the real provider.
    pub const fn credential_header(self) -> &'static str {
        match self {
            Self::Chat | Self::Responses => "authorization",
            Self::Anthropic => "x-api-key",
            Self::Gemini => "x-goog-api-key",
        }
    }
}
