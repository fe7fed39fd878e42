use http::{HeaderName, HeaderValue, Response, StatusCode, header};

use super::{Dialect, GatewayError};
use crate::platform::Body;

/// What the official SDKs of OpenAI and Anthropic obey before all else.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// The answer to a request that the gateway itself refuses or cannot fulfil, in the dialect's own form. Stating the
/// trace id in a header is the caller's business, as for every answer.
pub fn error_response(dialect: Dialect, error: &GatewayError, trace_id: &str) -> Response<Body> {
    let body = (dialect.row().error_body)(error, trace_id);
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(delay) = error.retry_after {
        let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        headers.insert(header::RETRY_AFTER, HeaderValue::from(millis.div_ceil(1000)));
        headers.insert(RETRY_AFTER_MS, HeaderValue::from(millis));
    }
    if error.is_final {
        headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
    }
    response
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::dialect::ErrorKind;

    #[test]
    fn each_dialect_has_its_own_body() {
        let error = GatewayError::new(ErrorKind::NotFound, "no model `x`").code("model_not_found").param("model");
        let limited = GatewayError::new(ErrorKind::RateLimited, "wait").retry_after(Some(Duration::from_millis(1500)));
        let openai = json!({"error": {"message": "no model `x`", "type": "invalid_request_error", "param": "model", "code": "model_not_found"}});
        let rows = [
            (Dialect::OpenAiChat, &error, 404, None, openai.clone()),
            (Dialect::OpenAiResponses, &error, 404, None, openai),
            (
                Dialect::OpenAiChat,
                &limited,
                429,
                Some("2"),
                json!({"error": {"message": "wait", "type": "rate_limit_error", "param": null, "code": null}}),
            ),
            (
                Dialect::Anthropic,
                &error,
                404,
                None,
                json!({"type": "error", "error": {"type": "not_found_error", "message": "no model `x`"}, "request_id": "t1"}),
            ),
            (
                Dialect::Gemini,
                &limited,
                429,
                Some("2"),
                json!({"error": {"code": 429, "message": "wait", "status": "RESOURCE_EXHAUSTED", "details": [
                    {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "GATEWAY_ERROR", "domain": "llmio", "metadata": {"traceId": "t1"}},
                    {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.5s"},
                ]}}),
            ),
        ];
        for (dialect, error, status, retry_after, body) in rows {
            let response = error_response(dialect, error, "t1");
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
            let delay = response.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(delay.as_deref(), retry_after);
            let Body::Whole(bytes) = response.into_body() else { panic!("the body is whole") };
            assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), body, "{dialect}");
        }
    }
}
