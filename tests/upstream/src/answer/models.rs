use serde_json::{Value, json};

use crate::Dialect;

/// The names that the scripted provider lists; it answers to every other name as well.
const NAMES: [&str; 3] = ["ok", "ok+thinking", "tool:get_weather"];

pub(crate) fn list_models(dialect: Dialect) -> Value {
    let models: Vec<Value> = NAMES.iter().map(|name| model(dialect, name)).collect();
    match dialect {
        Dialect::Chat | Dialect::Responses => json!({"object": "list", "data": models}),
        Dialect::Anthropic => {
            json!({"data": models, "has_more": false, "first_id": NAMES[0], "last_id": NAMES[NAMES.len() - 1]})
        }
        Dialect::Gemini => json!({"models": models}),
    }
}

pub(crate) fn model(dialect: Dialect, name: &str) -> Value {
    match dialect {
        Dialect::Chat | Dialect::Responses => {
            json!({"id": name, "object": "model", "created": 1_790_000_000, "owned_by": "upstream"})
        }
        Dialect::Anthropic => {
            json!({"type": "model", "id": name, "display_name": name, "created_at": "2026-09-01T00:00:00Z"})
        }
        Dialect::Gemini => json!({
            "name": format!("models/{name}"),
            "version": "001",
            "displayName": name,
            "inputTokenLimit": 1_048_576,
            "outputTokenLimit": 65_536,
            "supportedGenerationMethods": ["generateContent", "countTokens"]
        }),
    }
}
