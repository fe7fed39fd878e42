//! How a provider of each type is asked: paths below its base URL, its credentials, its own model list.

use http::{HeaderName, HeaderValue, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{ErrorKind, GatewayError};
use crate::config::ProviderType;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");

/// What may stand in a path unescaped. Model names have slashes and colons.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b':').remove(b'@');

/// One page of a provider's own model list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderModels {
    /// As a request names them: without Gemini's `models/`.
    pub names: Vec<String>,
    /// Asks for the next page, see [`ProviderType::models_path`].
    pub next: Option<String>,
}

impl ProviderType {
    /// The path that generates with `model`. Only Gemini's depends on the arguments; its name may not lead elsewhere.
    pub fn generate_path(self, model: &str, stream: bool) -> Result<String, GatewayError> {
        match self {
            Self::OpenAi => Ok("/chat/completions".to_owned()),
            Self::OpenAiRes => Ok("/responses".to_owned()),
            Self::Anthropic => Ok("/messages".to_owned()),
            Self::Gemini => gemini_path(model, if stream { "streamGenerateContent" } else { "generateContent" }),
        }
    }

    /// The path that counts the tokens of a request to `model`; not every provider can.
    pub fn count_tokens_path(self, model: &str) -> Result<String, GatewayError> {
        match self {
            Self::OpenAi | Self::OpenAiRes => {
                let message = format!("providers of type `{}` cannot count tokens", self.as_str());
                Err(GatewayError::new(ErrorKind::NotImplemented, message).code("not_supported"))
            }
            Self::Anthropic => Ok("/messages/count_tokens".to_owned()),
            Self::Gemini => gemini_path(model, "countTokens"),
        }
    }

    /// The header that carries the provider's key; `None` when the key cannot stand in a header.
    pub fn credentials(self, key: &str) -> Option<(HeaderName, HeaderValue)> {
        let (name, mut value) = match self {
            Self::OpenAi | Self::OpenAiRes => {
                (header::AUTHORIZATION, HeaderValue::try_from(format!("Bearer {key}")).ok()?)
            }
            Self::Anthropic => (X_API_KEY, HeaderValue::try_from(key).ok()?),
            Self::Gemini => (X_GOOG_API_KEY, HeaderValue::try_from(key).ok()?),
        };
        value.set_sensitive(true);
        Some((name, value))
    }

    /// The path, with its query, that lists the provider's models; `next` as the page before gave it.
    pub fn models_path(self, next: Option<&str>) -> String {
        let next = next.map(|next| utf8_percent_encode(next, NON_ALPHANUMERIC).to_string());
        match (self, next) {
            (Self::OpenAi | Self::OpenAiRes, _) => "/models".to_owned(),
            (Self::Anthropic, None) => "/models?limit=1000".to_owned(),
            (Self::Anthropic, Some(next)) => format!("/models?limit=1000&after_id={next}"),
            (Self::Gemini, None) => "/models?pageSize=1000".to_owned(),
            (Self::Gemini, Some(next)) => format!("/models?pageSize=1000&pageToken={next}"),
        }
    }

    /// Reads the answer to [`ProviderType::models_path`]. Also takes the forms of compatible vendors: a bare array, and
    /// entries that are only names. The error says what is wrong, for an operator.
    pub fn read_models(self, body: &[u8]) -> Result<ProviderModels, String> {
        let value: Value =
            serde_json::from_slice(body).map_err(|error| format!("the model list is not valid JSON: {error}"))?;
        let list =
            [value.get("data"), value.get("models"), Some(&value)].into_iter().flatten().find_map(Value::as_array);
        let list = list.ok_or("the answer holds no model list: neither `data` nor `models` is an array")?;
        let name_of = |entry: &Value| {
            let name =
                [Some(entry), entry.get("id"), entry.get("name")].into_iter().flatten().find_map(Value::as_str)?;
            Some(name.strip_prefix("models/").unwrap_or(name).to_owned())
        };
        let text = |name: &str| value.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let next = match self {
            Self::OpenAi | Self::OpenAiRes => None,
            Self::Anthropic => text("last_id").filter(|_| value.get("has_more") == Some(&Value::Bool(true))),
            Self::Gemini => text("nextPageToken"),
        };
        Ok(ProviderModels { names: list.iter().filter_map(name_of).collect(), next })
    }
}

fn gemini_path(model: &str, method: &str) -> Result<String, GatewayError> {
    let model = model.strip_prefix("models/").unwrap_or(model);
    if model.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        let message = format!("`{}` cannot be a model's name in a URL", model.escape_debug());
        return Err(GatewayError::new(ErrorKind::InvalidRequest, message).code("invalid_model").param("model"));
    }
    // Tuned models have a collection of their own.
    let collection = if model.starts_with("tunedModels/") { "" } else { "models/" };
    Ok(format!("/{collection}{}:{method}", utf8_percent_encode(model, PATH)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let rows = [
            (ProviderType::OpenAi, "m", "/chat/completions"),
            (ProviderType::OpenAiRes, "m", "/responses"),
            (ProviderType::Anthropic, "m", "/messages"),
            (ProviderType::Gemini, "gemini-3-pro", "/models/gemini-3-pro:streamGenerateContent"),
            (ProviderType::Gemini, "models/g", "/models/g:streamGenerateContent"),
            (ProviderType::Gemini, "tunedModels/t", "/tunedModels/t:streamGenerateContent"),
            (ProviderType::Gemini, "a/b:free", "/models/a/b:free:streamGenerateContent"),
            (ProviderType::Gemini, "a?key=x#%2e", "/models/a%3Fkey%3Dx%23%252e:streamGenerateContent"),
        ];
        for (kind, model, path) in rows {
            assert_eq!(kind.generate_path(model, true).unwrap(), path);
        }
        for model in ["", "..", "../x", "a/../b", "a//b", "/a", "models/"] {
            assert!(ProviderType::Gemini.generate_path(model, false).is_err(), "{model}");
        }
        assert_eq!(ProviderType::Gemini.count_tokens_path("g").unwrap(), "/models/g:countTokens");
        assert_eq!(ProviderType::Anthropic.count_tokens_path("c").unwrap(), "/messages/count_tokens");
        assert_eq!(ProviderType::OpenAi.count_tokens_path("g").unwrap_err().kind, ErrorKind::NotImplemented);
    }

    #[test]
    fn credentials_are_sensitive() {
        let rows = [
            (ProviderType::OpenAi, "authorization", "Bearer k"),
            (ProviderType::OpenAiRes, "authorization", "Bearer k"),
            (ProviderType::Anthropic, "x-api-key", "k"),
            (ProviderType::Gemini, "x-goog-api-key", "k"),
        ];
        for (kind, name, value) in rows {
            let header = kind.credentials("k").unwrap();
            assert_eq!((header.0.as_str(), header.1.to_str().unwrap()), (name, value));
            assert!(header.1.is_sensitive());
            assert_eq!(kind.credentials("line\nbreak"), None);
        }
    }

    #[test]
    fn model_lists() {
        let rows = [
            (ProviderType::OpenAi, r#"{"object":"list","data":[{"id":"a"},{"id":"b"}]}"#, vec!["a", "b"], None),
            (ProviderType::OpenAi, r#"[{"id":"a"}]"#, vec!["a"], None),
            (ProviderType::OpenAi, r#"{"models":["a",{"name":"b"},{"x":1}]}"#, vec!["a", "b"], None),
            (ProviderType::Anthropic, r#"{"data":[{"id":"c"}],"has_more":true,"last_id":"c"}"#, vec!["c"], Some("c")),
            (ProviderType::Anthropic, r#"{"data":[{"id":"c"}],"has_more":false,"last_id":"c"}"#, vec!["c"], None),
            (ProviderType::Gemini, r#"{"models":[{"name":"models/g"}],"nextPageToken":"t="}"#, vec!["g"], Some("t=")),
        ];
        for (kind, body, names, next) in rows {
            let page = kind.read_models(body.as_bytes()).unwrap();
            assert_eq!(
                (page.names.iter().map(String::as_str).collect(), page.next.as_deref()),
                (names, next),
                "{body}"
            );
        }
        assert_eq!(ProviderType::Gemini.models_path(Some("t=")), "/models?pageSize=1000&pageToken=t%3D");
        for body in ["<html>", "{}", "{\"data\":5}"] {
            assert!(ProviderType::OpenAi.read_models(body.as_bytes()).is_err(), "{body}");
        }
    }
}
