//! Paths, credentials and model lists of the dialects.
use super::*;
use crate::config::ProviderType;
use crate::platform::Timestamp;
#[derive(Debug)]
pub struct ModelEntry {
    pub name: String,
    pub created_at: Timestamp,
}
pub fn model_list_body(_: Dialect, e: &[ModelEntry], _: Option<&str>) -> String {
    serde_json::json!({"object":"list","data": e.iter().map(|e| serde_json::json!({"id": e.name, "object":"model"})).collect::<Vec<_>>()}).to_string()
}
pub fn model_body(_: Dialect, e: &ModelEntry) -> String {
    serde_json::json!({"id": e.name}).to_string()
}
impl ProviderType {
    pub fn generate_path(self, m: &str, stream: bool) -> Result<String, GatewayError> {
        Ok(match self {
            Self::OpenAi => "/chat/completions".into(),
            Self::OpenAiRes => "/responses".into(),
            Self::Anthropic => "/messages".into(),
            Self::Gemini => format!("/models/{m}:{}", if stream { "streamGenerateContent" } else { "generateContent" }),
        })
    }
    pub fn count_tokens_path(self, m: &str) -> Result<String, GatewayError> {
        Ok(if self == Self::Anthropic { "/messages/count_tokens".into() } else { format!("/models/{m}:countTokens") })
    }
    pub fn credentials(self, k: &str) -> Option<(http::HeaderName, http::HeaderValue)> {
        Some(match self {
            Self::OpenAi | Self::OpenAiRes => (http::header::AUTHORIZATION, format!("Bearer {k}").parse().ok()?),
            Self::Anthropic => (http::HeaderName::from_static("x-api-key"), k.parse().ok()?),
            Self::Gemini => (http::HeaderName::from_static("x-goog-api-key"), k.parse().ok()?),
        })
    }
}
