use serde_json::{Value, json};

use crate::dialect::progress::Progress;
use crate::dialect::{ErrorKind, GatewayError};

/// `{"error": {…}}` with its four keys, as both OpenAI dialects write it.
pub(in crate::dialect) fn body(error: &GatewayError, _trace_id: &str) -> Value {
    json!({"error": {"message": error.message, "type": kind(error.kind), "param": error.param, "code": error.code}})
}

/// The event that ends a broken stream. No `[DONE]` follows: official clients take the error for the end.
pub(in crate::dialect) fn event(error: &GatewayError, trace_id: &str, _progress: &Progress) -> String {
    format!("data: {}\n\n", body(error, trace_id))
}

pub(in crate::dialect) const fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest
        | ErrorKind::NotFound
        | ErrorKind::MethodNotAllowed
        | ErrorKind::TooLarge
        | ErrorKind::UnsupportedMediaType
        | ErrorKind::UpgradeRequired => "invalid_request_error",
        ErrorKind::Unauthenticated => "authentication_error",
        ErrorKind::Forbidden => "permission_error",
        ErrorKind::RateLimited => "rate_limit_error",
        ErrorKind::NotImplemented => "not_supported_error",
        ErrorKind::Internal | ErrorKind::BadGateway | ErrorKind::Unavailable => "server_error",
        ErrorKind::Timeout => "timeout_error",
    }
}
