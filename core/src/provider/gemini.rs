use http::{HeaderMap, HeaderName};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::models::{percent_encoded, text};
use super::{Kind, pass, set_key};
use crate::config::snapshot::Upstream;
use crate::dialect::{ErrorKind, GatewayError};
use crate::platform::HttpRequest;

const X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");

/// What may stand in a path unescaped. Model names have slashes and colons.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b':').remove(b'@');

pub(super) static KIND: Kind = Kind {
    generate_path: |model, stream| path(model, if stream { "streamGenerateContent" } else { "generateContent" }),
    count_tokens_path: |model| path(model, "countTokens"),
    models_path: |next| match next {
        None => "/models?pageSize=1000".to_owned(),
        Some(next) => format!("/models?pageSize=1000&pageToken={}", percent_encoded(next)),
    },
    next_page: |list| text(list, "nextPageToken"),
    prepare,
};

fn prepare(request: &mut HttpRequest, upstream: &Upstream, client: &HeaderMap) -> Result<(), GatewayError> {
    pass(request, client, |name| name == "x-goog-api-client");
    set_key(request, upstream, X_GOOG_API_KEY, str::to_owned)
}

fn path(model: &str, method: &str) -> Result<String, GatewayError> {
    let model = model.strip_prefix("models/").unwrap_or(model);
    if model.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        let message = format!("`{}` cannot be a model's name in a URL", model.escape_debug());
        return Err(GatewayError::new(ErrorKind::InvalidRequest, message).code("invalid_model").param("model"));
    }
    // Tuned models have a collection of their own.
    let collection = if model.starts_with("tunedModels/") { "" } else { "models/" };
    Ok(format!("/{collection}{}:{method}", utf8_percent_encode(model, PATH)))
}
