use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::models::{percent_encoded, text};
use super::{Kind, pass, set_key};
use crate::config::snapshot::Upstream;
use crate::dialect::GatewayError;
use crate::platform::HttpRequest;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const VERSION: HeaderName = HeaderName::from_static("anthropic-version");
const BETA: HeaderName = HeaderName::from_static("anthropic-beta");
/// The version asked for when neither client nor provider names one.
const DEFAULT_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

pub(super) static KIND: Kind = Kind {
    generate_path: |_, _| Ok("/messages".to_owned()),
    count_tokens_path: |_| Ok("/messages/count_tokens".to_owned()),
    models_path: |next| match next {
        None => "/models?limit=1000".to_owned(),
        Some(next) => format!("/models?limit=1000&after_id={}", percent_encoded(next)),
    },
    next_page: |list| text(list, "last_id").filter(|_| list.get("has_more") == Some(&Value::Bool(true))),
    prepare,
};

fn prepare(request: &mut HttpRequest, upstream: &Upstream, client: &HeaderMap) -> Result<(), GatewayError> {
    pass(request, client, |name| VERSION == name || BETA == name);
    let headers = request.headers_mut();
    if !headers.contains_key(VERSION) {
        headers.insert(VERSION, upstream.version.clone().unwrap_or(DEFAULT_VERSION));
    }
    set_key(request, upstream, X_API_KEY, str::to_owned)
}
