//! What the configuration consists of, as stored and as read by [`super::snapshot`].

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Timeouts;
use super::fields::{association_fields, each};
use crate::dialect::Dialect;
use crate::platform::Timestamp;

/// Everything that an operator configures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Grows by one with every change.
    pub version: i64,
    pub providers: Vec<Provider>,
    /// In the operator's order.
    pub models: Vec<Model>,
    pub keys: Vec<ClientKey>,
    pub settings: Settings,
}

/// An upstream account.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    pub id: String,
    pub name: String,
    pub kind: ProviderType,
    /// Without a trailing slash; the dialect's path is appended (`/chat/completions`, `/messages`, …).
    pub base_url: String,
    /// Where it speaks other dialects, one address each, with the same key.
    pub also: Vec<Address>,
    pub api_key: Secret,
    /// `anthropic-version` for clients that send none. Only where an address is of [`ProviderType::Anthropic`].
    pub version: Option<String>,
    /// `http://`, `https://` or `socks5://`; may hold credentials.
    pub proxy: Option<Secret>,
    /// A 200 whose body contains one of these samples is a failure. Compared without case and white space. None holds a
    /// line's end.
    pub error_matcher: Vec<String>,
    /// Where its operator looks after the account: `http://` or `https://`.
    pub console_url: Option<String>,
    pub note: String,
    /// One that is switched off takes no part.
    pub enabled: bool,
}

/// A further address of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ProviderAddress")]
pub struct Address {
    #[serde(rename = "type")]
    pub kind: ProviderType,
    /// As the provider's own.
    pub base_url: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ProviderType {
    #[serde(rename = "openai")]
    OpenAi,
    #[serde(rename = "openai-res")]
    OpenAiRes,
    #[serde(rename = "anthropic")]
    Anthropic,
    #[serde(rename = "gemini")]
    Gemini,
}

impl Provider {
    /// Whether one of its addresses is of this type.
    pub fn has(&self, kind: ProviderType) -> bool {
        self.kind == kind || self.also.iter().any(|address| address.kind == kind)
    }
}

impl ProviderType {
    pub const ALL: [Self; 4] = [Self::OpenAi, Self::OpenAiRes, Self::Anthropic, Self::Gemini];

    pub const fn dialect(self) -> Dialect {
        match self {
            Self::OpenAi => Dialect::OpenAiChat,
            Self::OpenAiRes => Dialect::OpenAiResponses,
            Self::Anthropic => Dialect::Anthropic,
            Self::Gemini => Dialect::Gemini,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::OpenAiRes => "openai-res",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A name that clients ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub id: String,
    /// A name, or a pattern with `*` (`claude-*`).
    pub name: String,
    pub strategy: Strategy,
    /// How many further attempts may follow the first.
    pub max_retry: u32,
    pub timeouts: Timeouts,
    pub breaker: bool,
    /// Whether a conversation keeps its provider.
    pub affinity: bool,
    /// Whether within a tier providers of the client's own dialect are asked before others.
    pub prefer_same_dialect: bool,
    /// Whether a request is refused rather than told to a provider with losses.
    pub strict: bool,
    pub note: String,
    /// Clients of one that is switched off are told so.
    pub enabled: bool,
    pub created_at: Timestamp,
    pub associations: Vec<Association>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Random by weight.
    #[default]
    Lottery,
    /// Strict priority by weight.
    Rotor,
    /// Smooth weighted round robin.
    RoundRobin,
    /// The faster of two drawn by weight, by a decaying average of time to first token.
    LeastLatency,
}

impl Strategy {
    pub const ALL: [Self; 4] = [Self::Lottery, Self::Rotor, Self::RoundRobin, Self::LeastLatency];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lottery => "lottery",
            Self::Rotor => "rotor",
            Self::RoundRobin => "round_robin",
            Self::LeastLatency => "least_latency",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.as_str() == text)
    }
}

/// Whether a provider is asked to stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamMode {
    /// As the client wants its answer; in the other form where that is refused.
    #[default]
    Auto,
    Force,
    Never,
}

impl StreamMode {
    const ALL: [Self; 3] = [Self::Auto, Self::Force, Self::Never];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Force => "force",
            Self::Never => "never",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

/// One provider serving one model. Its `Debug` shows no header's value, for it may be a token.
#[derive(Clone, PartialEq)]
pub struct Association {
    pub id: String,
    pub provider_id: String,
    /// The provider's own name for the model; `*` is the name the client asked for.
    pub provider_model: String,
    /// At least 1.
    pub weight: u32,
    /// Its tier: the strategy works among those of the highest that has one awake.
    pub priority: i32,
    pub tool_call: bool,
    pub structured_output: bool,
    pub image: bool,
    /// Whether it takes no part where the request would have to be translated.
    pub relay_only: bool,
    /// The most tokens of a request that it takes, as far as that is known; at least 1.
    pub context_window: Option<u32>,
    /// Whether the provider is asked to stream.
    pub stream: StreamMode,
    /// Whether the client's own headers pass to the provider.
    pub with_header: bool,
    /// Set on the provider's request; they win over everything but framing.
    pub headers: Vec<(String, String)>,
    /// Dotted path to value, merged into the request's body.
    pub extra_body: serde_json::Map<String, serde_json::Value>,
    pub prices: Option<Prices>,
    pub note: String,
    pub enabled: bool,
}

/// For [`each`]: a field's name, and what shows it.
macro_rules! shown {
    (($from:ident) $field:ident) => {
        (stringify!($field), &$from.$field as &dyn fmt::Debug)
    };
}

impl fmt::Debug for Association {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header_names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let mut shown = f.debug_struct("Association");
        shown
            .field("id", &self.id)
            .field("provider_id", &self.provider_id)
            .field("provider_model", &self.provider_model)
            .field("headers", &header_names)
            .field("note", &self.note);
        for (name, value) in association_fields! { each! { shown!(self) } } {
            shown.field(name, value);
        }
        shown.finish()
    }
}

impl Association {
    pub fn capabilities(&self) -> Capabilities {
        Capabilities { tool_call: self.tool_call, structured_output: self.structured_output, image: self.image }
    }
}

/// What a request needs, or what an association can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Capabilities {
    pub tool_call: bool,
    pub structured_output: bool,
    pub image: bool,
}

impl Capabilities {
    pub const ALL: Self = Self { tool_call: true, structured_output: true, image: true };
}

/// Per million tokens, in `currency`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    #[serde(default)]
    pub input: f64,
    /// Also for reasoning.
    #[serde(default)]
    pub output: f64,
    #[serde(default)]
    pub cache_read: f64,
    #[serde(default)]
    pub cache_write: f64,
    /// A cache write that is kept for an hour; null costs `cache_write`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<f64>,
    #[serde(default = "usd")]
    pub currency: String,
}

fn usd() -> String {
    "USD".to_owned()
}

/// A client's API key. The key itself is not stored.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientKey {
    pub id: String,
    pub name: String,
    /// SHA-256 of the key.
    pub hash: [u8; 32],
    /// The first characters of the key, to recognise it by.
    pub prefix: String,
    /// Its last characters, where it is long enough that they do not tell too much.
    pub suffix: Option<String>,
    pub note: String,
    pub enabled: bool,
    /// Names or patterns; `None` allows all.
    pub models: Option<Vec<String>>,
    pub expires_at: Option<Timestamp>,
    /// Whether bodies of requests and answers are recorded.
    pub log_io: bool,
    /// Whether its requests are refused rather than told to a provider with losses.
    pub strict: bool,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Older logs are deleted daily; 0 keeps them for ever.
    pub log_retention_days: u32,
    /// Seconds without a byte after which a stream that has begun is kept alive by a comment or the dialect's ping; 0
    /// never does.
    pub keep_alive: u32,
    /// The longest that a provider is left in peace on its own word, in seconds. After it one request looks whether
    /// that is still necessary.
    pub max_rest: u32,
    /// The provider (by name, of type `anthropic`, `gemini` or `openai-res`) that counts tokens for models whose own providers cannot.
    pub counting_provider: Option<String>,
    /// Of which requests the log says how their provider was chosen. It takes up to 1 KiB of each.
    pub record_decisions: RecordDecisions,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordDecisions {
    /// Those that did not succeed at the first attempt.
    #[default]
    Failed,
    All,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            log_retention_days: 30,
            keep_alive: 15,
            max_rest: 3600,
            counting_provider: None,
            record_decisions: RecordDecisions::Failed,
        }
    }
}

impl Settings {
    pub fn max_rest(&self) -> core::time::Duration {
        core::time::Duration::from_secs(self.max_rest.into())
    }
}

/// A text that never shows in logs, errors or answers.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
