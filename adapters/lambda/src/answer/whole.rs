use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use llmio_core::Answer;
use llmio_core::platform::BodyError;
use serde_json::{Value, json};

use super::headers;

/// Lambda takes no larger answer that is handed over as a whole.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const MAX_BYTES: usize = 6 * 1024 * 1024;

/// A whole answer in the payload format 2.0 of API Gateway, as JSON.
pub(crate) async fn whole_answer(response: Response<Answer>) -> Vec<u8> {
    let (parts, answer) = response.into_parts();
    let document = match answer.into_body().read(MAX_BYTES, 0).await {
        Ok(body) => document(parts.status, &parts.headers, &body),
        Err(BodyError::TooLarge { .. }) => return too_large(),
        Err(error) => return failure(&error.to_string()),
    };
    if document.len() > MAX_BYTES { too_large() } else { document }
}

fn document(status: StatusCode, headers_of_answer: &HeaderMap, body: &[u8]) -> Vec<u8> {
    let (headers, cookies) = headers(headers_of_answer);
    let (body, is_base64) = match std::str::from_utf8(body) {
        Ok(text) => (Value::from(text), false),
        Err(_) => (Value::from(BASE64_STANDARD.encode(body)), true),
    };
    let answer = json!({
        "statusCode": status.as_u16(),
        "headers": headers,
        "cookies": cookies,
        "body": body,
        "isBase64Encoded": is_base64
    });
    answer.to_string().into_bytes()
}

fn too_large() -> Vec<u8> {
    failure(&format!(
        "the answer is larger than the {MAX_BYTES} bytes that API Gateway takes from a function; call the function URL, \
         which streams answers"
    ))
}

fn failure(message: &str) -> Vec<u8> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = json!({"error": {"message": message, "type": "server_error", "code": "bad_gateway"}}).to_string();
    document(StatusCode::BAD_GATEWAY, &headers, body.as_bytes())
}
