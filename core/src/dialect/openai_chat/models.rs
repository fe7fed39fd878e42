use serde_json::{Value, json};

use crate::dialect::ModelEntry;

pub(in crate::dialect) fn entry(model: &ModelEntry) -> Value {
    json!({"id": model.name, "object": "model", "created": model.created_at.as_secs(), "owned_by": "llmio"})
}
