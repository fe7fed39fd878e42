//! How a provider of each type is asked, one file a type: its paths, its credentials, its own model list.

mod anthropic;
mod gemini;
mod models;
mod openai;
mod url;

use http::HeaderMap;
use http::{HeaderName, HeaderValue};

pub use models::{ListedModel, ProviderModels};
pub(crate) use url::join;

use crate::config::ProviderType;
use crate::config::snapshot::Upstream;
use crate::dialect::{ErrorKind, GatewayError};
use crate::platform::HttpRequest;

/// What a type of provider has of its own: a row of functions.
struct Kind {
    generate_path: fn(model: &str, stream: bool) -> Result<String, GatewayError>,
    count_tokens_path: fn(model: &str) -> Result<String, GatewayError>,
    models_path: fn(next: Option<&str>) -> String,
    next_page: fn(&serde_json::Value) -> Option<String>,
    prepare: fn(&mut HttpRequest, &Upstream, client: &HeaderMap) -> Result<(), GatewayError>,
}

impl ProviderType {
    const fn row(self) -> &'static Kind {
        match self {
            Self::OpenAi => &openai::CHAT,
            Self::OpenAiRes => &openai::RESPONSES,
            Self::Anthropic => &anthropic::KIND,
            Self::Gemini => &gemini::KIND,
        }
    }

    /// The path that generates with `model`. Only Gemini's depends on the arguments; its name may not lead elsewhere.
    pub fn generate_path(self, model: &str, stream: bool) -> Result<String, GatewayError> {
        (self.row().generate_path)(model, stream)
    }

    /// The path that counts the tokens of a request to `model`; not every provider can.
    pub fn count_tokens_path(self, model: &str) -> Result<String, GatewayError> {
        (self.row().count_tokens_path)(model)
    }

    /// The path, with its query, that lists the provider's models; `next` as the page before gave it.
    pub fn models_path(self, next: Option<&str>) -> String {
        (self.row().models_path)(next)
    }

    /// Gives a request, complete but for that, what this type of provider wants of it: the credentials, the version of
    /// its API. `client` are the headers of the client's own request.
    pub fn prepare(
        self,
        request: &mut HttpRequest,
        upstream: &Upstream,
        client: &HeaderMap,
    ) -> Result<(), GatewayError> {
        (self.row().prepare)(request, upstream, client)
    }
}

/// Passes the client's own headers of these names, whether other headers of its pass or not: they are part of what it
/// asks.
fn pass(request: &mut HttpRequest, client: &HeaderMap, is_part: impl Fn(&str) -> bool) {
    let headers = request.headers_mut();
    for name in client.keys().filter(|name| is_part(name.as_str())) {
        headers.remove(name);
        for value in client.get_all(name) {
            headers.append(name, value.clone());
        }
    }
}

/// Sets the provider's key as a header that is never logged.
fn set_key(
    request: &mut HttpRequest,
    upstream: &Upstream,
    name: HeaderName,
    value: impl FnOnce(&str) -> String,
) -> Result<(), GatewayError> {
    if upstream.api_key.is_empty() {
        return Ok(());
    }
    let mut value = HeaderValue::try_from(value(upstream.api_key.reveal())).map_err(|_| {
        let message = format!("the api_key of provider `{}` cannot be sent in a header; set it again", upstream.name);
        GatewayError::new(ErrorKind::Internal, message)
    })?;
    value.set_sensitive(true);
    request.headers_mut().insert(name, value);
    Ok(())
}

#[cfg(test)]
mod tests;
