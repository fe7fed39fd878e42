//! The four wire formats. Each is a folder and a row of what differs; what they share is here, and in [`crate::wire`].

mod answer_meter;
mod anthropic;
mod beginning;
mod counters;
mod error;
mod error_response;
mod figures;
mod gather;
mod gemini;
mod hint;
pub mod hub;
mod inspect;
mod models;
mod openai_chat;
mod openai_responses;
mod progress;
mod provider_error;
mod row;
mod stream_meter;
mod trouble;
mod usage;
mod usage_filter;
mod what_came;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use answer_meter::{AnswerMeter, AnswerSummary};
pub use error::{ErrorKind, GatewayError};
pub use error_response::error_response;
pub use gather::{Unfit, gather, spread};
pub use inspect::{InvalidRequest, RequestHead, inspect};
pub use models::{ModelEntry, model_body, model_list_body};
pub use progress::Phase;
pub use provider_error::{ProviderError, classify_error};
pub use stream_meter::{Remainder, StreamForm, StreamMeter, stream_close, stream_error};
pub use trouble::Trouble;
pub use usage::Usage;
pub use usage_filter::ChatUsageFilter;
pub use what_came::what_came;

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

    /// Whether it has a request that asks how many tokens another one has.
    pub fn counts(self) -> bool {
        self.codec().count_request.is_some()
    }

    /// The number in an answer to such a request.
    pub(crate) fn counted(self, answer: &[u8]) -> Option<u64> {
        let answer: serde_json::Value = serde_json::from_slice(answer).ok()?;
        self.row().count.iter().try_fold(&answer, |value, name| value.get(name))?.as_u64()
    }

    /// Its translators to and from the hub.
    pub fn codec(self) -> &'static hub::Codec {
        self.row().codec
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
