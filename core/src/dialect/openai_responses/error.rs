use serde_json::json;

use crate::dialect::progress::Progress;
use crate::dialect::{GatewayError, openai_chat};

/// The event that ends a broken stream: flat, unlike an error body, and all its keys are required.
pub(in crate::dialect) fn event(error: &GatewayError, _trace_id: &str, progress: &Progress) -> String {
    let sequence_number = progress.sequence_number.map_or(0, |number| number.saturating_add(1));
    let code = error.code.unwrap_or_else(|| openai_chat::error::kind(error.kind));
    let event = json!({
        "type": "error",
        "code": code,
        "message": error.message,
        "param": error.param,
        "sequence_number": sequence_number,
    });
    format!("event: error\ndata: {event}\n\n")
}
