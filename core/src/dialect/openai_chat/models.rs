use serde_json::{Value, json};

use crate::dialect::ModelEntry;

pub(in crate::dialect) fn entry(model: &ModelEntry) -> Value {
    json!({"id": model.name, "object": "model", "created": model.created_at.as_secs(), "owned_by": "llmio"})
}

/// All models on one page; the format knows no other.
pub(in crate::dialect) fn list(models: &[ModelEntry], _query: Option<&str>) -> Value {
    json!({"object": "list", "data": models.iter().map(entry).collect::<Vec<_>>()})
}
