use serde_json::{Value, json};

use crate::dialect::progress::Progress;
use crate::dialect::{ErrorKind, GatewayError};

/// `{"error": {"code", "message", "status", "details"}}` after `google.rpc.Status`. `error` must stay the first key:
/// the official Python client recognises an error in a stream by how its JSON begins.
pub(in crate::dialect) fn body(error: &GatewayError, trace_id: &str) -> Value {
    let mut metadata = json!({"traceId": trace_id});
    if let (Some(param), Some(metadata)) = (&error.param, metadata.as_object_mut()) {
        metadata.insert("param".to_owned(), json!(param));
    }
    let reason = error.code.unwrap_or("gateway_error").to_ascii_uppercase();
    let mut details = vec![json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "llmio",
        "metadata": metadata,
    })];
    if let Some(delay) = error.retry_after {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": format!("{}s", delay.as_secs_f64()),
        }));
    }
    json!({
        "error": {
            "code": error.kind.status(),
            "message": error.message,
            "status": status(error.kind),
            "details": details,
        }
    })
}

/// What ends a broken stream of server-sent events: the error as an event, and once more as bare JSON.
///
/// Clients differ. `@google/genai` 3 and the Python client raise on the event. Older JavaScript clients, also the one
/// inside Gemini CLI, give an error event to their user as an empty answer; they raise on bare JSON, either because it
/// is a network chunk of its own or because it is left over at the end. A parser of server-sent events ignores it.
pub(in crate::dialect) fn event(error: &GatewayError, trace_id: &str, _progress: &Progress) -> String {
    ending(error, trace_id)
}

/// The same, whatever came before.
pub(in crate::dialect) fn ending(error: &GatewayError, trace_id: &str) -> String {
    let body = body(error, trace_id);
    format!("data: {body}\n\n{body}\n\n")
}

const fn status(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest
        | ErrorKind::MethodNotAllowed
        | ErrorKind::TooLarge
        | ErrorKind::UnsupportedMediaType => "INVALID_ARGUMENT",
        ErrorKind::Unauthenticated => "UNAUTHENTICATED",
        ErrorKind::Forbidden => "PERMISSION_DENIED",
        ErrorKind::NotFound => "NOT_FOUND",
        ErrorKind::UpgradeRequired => "FAILED_PRECONDITION",
        ErrorKind::RateLimited => "RESOURCE_EXHAUSTED",
        ErrorKind::Internal => "INTERNAL",
        ErrorKind::NotImplemented => "UNIMPLEMENTED",
        ErrorKind::BadGateway | ErrorKind::Unavailable => "UNAVAILABLE",
        ErrorKind::Timeout => "DEADLINE_EXCEEDED",
    }
}
