use serde_json::{Value, json};

use crate::dialect::progress::Progress;
use crate::dialect::{ErrorKind, GatewayError};

/// `{"type": "error", "error": {…}, "request_id": …}`.
pub(in crate::dialect) fn body(error: &GatewayError, trace_id: &str) -> Value {
    json!({
        "type": "error",
        "error": {"type": kind(error.kind), "message": error.message},
        "request_id": trace_id,
    })
}

/// The event that ends a broken stream.
pub(in crate::dialect) fn event(error: &GatewayError, trace_id: &str, _progress: &Progress) -> String {
    format!("event: error\ndata: {}\n\n", body(error, trace_id))
}

const fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest
        | ErrorKind::MethodNotAllowed
        | ErrorKind::UnsupportedMediaType
        | ErrorKind::UpgradeRequired => "invalid_request_error",
        ErrorKind::Unauthenticated => "authentication_error",
        ErrorKind::Forbidden => "permission_error",
        ErrorKind::NotFound => "not_found_error",
        ErrorKind::TooLarge => "request_too_large",
        ErrorKind::RateLimited => "rate_limit_error",
        ErrorKind::Internal | ErrorKind::BadGateway => "api_error",
        // Claude Code counts tokens itself when it is told this.
        ErrorKind::NotImplemented => "not_supported",
        ErrorKind::Unavailable => "overloaded_error",
        ErrorKind::Timeout => "timeout_error",
    }
}
