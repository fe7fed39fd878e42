use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Translated;
use crate::config::{Prices, ProviderType};
use crate::dialect::{Dialect, Usage};
use crate::platform::Timestamp;

/// One row of the request log: one attempt at one provider, or a request that reached none.
///
/// All attempts of a request share its `trace_id`; the last one has `is_final` and stands for the whole request.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// Made by [`super::TraceId::entry_id`].
    pub id: String,
    /// Made by [`super::TraceId::new`] with `created_at`; also the answer's `x-llmio-trace-id`.
    pub trace_id: String,
    /// When the request (not the attempt) arrived.
    pub created_at: Timestamp,
    /// From 1.
    pub attempt: u32,
    pub is_final: bool,
    pub dialect: Dialect,
    pub operation: Operation,
    pub stream: bool,
    pub origin: Origin,
    /// The id of the entry whose request was sent again.
    pub replay_of: Option<String>,
    /// The name the client asked for.
    pub model: String,
    /// Names, not references: a log outlives the configuration. `None` when no provider was asked.
    pub provider: Option<String>,
    /// Its dialect is the one in which it was asked.
    pub provider_type: Option<ProviderType>,
    pub provider_model: Option<String>,
    /// What the provider's answer calls the model, where it does.
    pub answered_model: Option<String>,
    pub association_id: Option<String>,
    pub key_id: Option<String>,
    pub key_name: Option<String>,
    /// Of a final entry what the client was answered, 499 when it left; of another what the provider answered, 0 when no
    /// answer came.
    pub status: u16,
    pub outcome: Outcome,
    /// In words, for an operator; `None` on success.
    pub error: Option<String>,
    pub remote_addr: Option<String>,
    pub user_agent: Option<String>,
    pub session_id: Option<String>,
    pub finish_reason: Option<String>,
    /// From the request's arrival to the attempt's start, in microseconds; `None` when no provider was asked.
    pub started_offset_us: Option<i64>,
    /// From the attempt's start to the head of the provider's answer, in microseconds.
    pub proxy_us: Option<i64>,
    /// From the request's arrival to the first meaningful output, in microseconds.
    pub first_token_us: Option<i64>,
    /// From the request's arrival to the end of the answer (or of the failed attempt), in microseconds.
    pub total_us: i64,
    pub request_bytes: u64,
    pub response_bytes: u64,
    pub usage: Usage,
    /// In `currency`; `None` without prices or without usage.
    pub cost: Option<f64>,
    pub currency: Option<String>,
    /// The association's at that time, where it had any; also of an entry without `cost`.
    pub prices: Option<Prices>,
    /// Only where the client's key asks for it.
    pub bodies: Option<Bodies>,
    /// Whether the recorded body is only its beginning.
    pub request_truncated: bool,
    pub response_truncated: bool,
    /// How the providers were chosen, packed; of final entries only.
    pub decision: Option<String>,
    /// What was said otherwise in the provider's dialect; at most [`super::MAX_TRANSLATED`].
    pub translation: Vec<Translated>,
}

impl LogEntry {
    /// How many tokens (reasoning included) were generated, and in how many microseconds: from the first token of a
    /// stream, else from the request's arrival, to the end.
    pub fn generation(&self) -> Option<(u64, i64)> {
        let tokens = match (self.usage.output, self.usage.reasoning) {
            (None, None) => return None,
            (output, reasoning) => output.unwrap_or(0).saturating_add(reasoning.unwrap_or(0)),
        };
        let before = self.first_token_us.filter(|_| self.stream).unwrap_or(0);
        Some((tokens, self.total_us.saturating_sub(before))).filter(|(_, micros)| *micros > 0)
    }
}

/// What passed, as text; a body that was too long says so at its end.
#[derive(Clone, Debug, Default)]
pub struct Bodies {
    pub request: String,
    pub response: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    Generate,
    CountTokens,
}

impl Operation {
    pub const ALL: [Self; 2] = [Self::Generate, Self::CountTokens];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generate => "generate",
            Self::CountTokens => "count_tokens",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.as_str() == text)
    }
}

/// Who sent a request. All but clients name themselves with the admin token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    #[default]
    Client,
    /// An operator, by the admin token.
    Console,
    /// A test of an association.
    Test,
    /// A recorded request that was sent again.
    Replay,
}

impl Origin {
    pub const ALL: [Self; 4] = [Self::Client, Self::Console, Self::Test, Self::Replay];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Console => "console",
            Self::Test => "test",
            Self::Replay => "replay",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.as_str() == text)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Success,
    /// The client's own mistake (400, 404, 413, 422 …), answered at once.
    ClientError,
    /// 401, 402, 403 or 5xx of the provider, an error event, an unusable answer.
    ProviderError,
    RateLimited,
    Timeout,
    /// No answer came: refused, TLS, cut.
    ConnectError,
    /// The client left before the end.
    Cancelled,
    /// The gateway itself refused: no such model, no candidate left.
    GatewayError,
}

impl Outcome {
    pub const ALL: [Self; 8] = [
        Self::Success,
        Self::ClientError,
        Self::ProviderError,
        Self::RateLimited,
        Self::Timeout,
        Self::ConnectError,
        Self::Cancelled,
        Self::GatewayError,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::ClientError => "client_error",
            Self::ProviderError => "provider_error",
            Self::RateLimited => "rate_limited",
            Self::Timeout => "timeout",
            Self::ConnectError => "connect_error",
            Self::Cancelled => "cancelled",
            Self::GatewayError => "gateway_error",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }

    /// Whether an attempt that ended so counts against its provider.
    pub const fn is_providers_failure(self) -> bool {
        matches!(self, Self::ProviderError | Self::RateLimited | Self::Timeout | Self::ConnectError)
    }
}
