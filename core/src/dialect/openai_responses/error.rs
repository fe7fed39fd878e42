use serde_json::{Value, json};

use crate::dialect::progress::{Created, Progress};
use crate::dialect::{GatewayError, openai_chat};

/// The event that ends a broken stream. Once a response was created it is that which fails: Codex, for one, reads nothing
/// else then.
pub(in crate::dialect) fn event(error: &GatewayError, _trace_id: &str, progress: &Progress) -> String {
    let sequence_number = progress.sequence_number.map_or(0, |number| number.saturating_add(1));
    write(error, progress.created.as_ref(), sequence_number)
}

/// The same, of a stream that we have written.
pub(super) fn write(error: &GatewayError, created: Option<&Created>, sequence_number: u64) -> String {
    let code = error.code.unwrap_or_else(|| openai_chat::error::kind(error.kind));
    let (name, event) = match created {
        Some(created) => (
            "response.failed",
            json!({
                "type": "response.failed",
                "sequence_number": sequence_number,
                "response": failed(created, code, &error.message),
            }),
        ),
        // Flat, unlike an error body, and all its keys are required.
        None => (
            "error",
            json!({
                "type": "error",
                "code": code,
                "message": error.message,
                "param": error.param,
                "sequence_number": sequence_number,
            }),
        ),
    };
    format!("event: {name}\ndata: {event}\n\n")
}

/// A response with all members that the format requires.
fn failed(created: &Created, code: &str, message: &str) -> Value {
    let created_at = created.created_at.as_deref().and_then(|number| serde_json::from_str::<Value>(number).ok());
    json!({
        "id": created.id,
        "object": "response",
        "created_at": created_at.filter(Value::is_number).unwrap_or(Value::from(0)),
        "status": "failed",
        "error": {"code": code, "message": message},
        "incomplete_details": null,
        "instructions": null,
        "metadata": {},
        "model": created.model.as_deref().unwrap_or_default(),
        "output": [],
        "parallel_tool_calls": true,
        "temperature": null,
        "tool_choice": "auto",
        "tools": [],
        "top_p": null,
        "usage": null,
    })
}
