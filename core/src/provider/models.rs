use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::config::ProviderType;
use crate::platform::Timestamp;

/// A model in a provider's own list. Most providers tell only a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ProviderModel")]
pub struct ListedModel {
    /// As a request names it: without Gemini's `models/`.
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owned_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// How many tokens fit into a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<u64>,
    /// How many an answer may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
}

/// One page of a provider's own model list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderModels {
    pub models: Vec<ListedModel>,
    /// Asks for the next page, see [`ProviderType::models_path`].
    pub next: Option<String>,
}

impl ProviderType {
    /// Reads the answer to [`ProviderType::models_path`]. Also takes the forms of compatible vendors: a bare array, and
    /// entries that are only names. The error says what is wrong, for an operator.
    pub fn read_models(self, body: &[u8]) -> Result<ProviderModels, String> {
        let value: Value =
            serde_json::from_slice(body).map_err(|error| format!("the model list is not valid JSON: {error}"))?;
        let list =
            [value.get("data"), value.get("models"), Some(&value)].into_iter().flatten().find_map(Value::as_array);
        let list = list.ok_or("the answer holds no model list: neither `data` nor `models` is an array")?;
        Ok(ProviderModels {
            models: list.iter().filter_map(ListedModel::read).collect(),
            next: (self.row().next_page)(&value),
        })
    }
}

impl ListedModel {
    /// In the words of OpenAI, Anthropic, Gemini and of those who are compatible with them.
    fn read(entry: &Value) -> Option<Self> {
        let name = [Some(entry), entry.get("id"), entry.get("name")].into_iter().flatten().find_map(Value::as_str)?;
        let name = name.strip_prefix("models/").unwrap_or(name).to_owned();
        let words = |names: &[&str]| names.iter().find_map(|name| text(entry, name)).map(|text| beginning(&text));
        let number = |names: &[&str]| names.iter().find_map(|name| entry.get(*name)?.as_u64());
        let created = entry.get("created").and_then(Value::as_i64).filter(|at| *at > 0).map(Timestamp::from_secs);
        let display_name = words(&["display_name", "displayName"]);
        // Where `id` is the name, `name` is for people.
        let display_name = display_name.or_else(|| words(&["name"]).filter(|shown| *shown != name));
        Some(Self {
            created: created.or_else(|| Timestamp::parse_rfc3339(entry.get("created_at")?.as_str()?)),
            owned_by: words(&["owned_by"]),
            display_name: display_name.filter(|shown| !shown.starts_with("models/")),
            context_tokens: number(&[
                "inputTokenLimit",
                "max_input_tokens",
                "context_length",
                "context_window",
                "max_model_len",
            ]),
            output_tokens: number(&["outputTokenLimit", "max_output_tokens", "max_completion_tokens", "max_tokens"]),
            name,
        })
        .filter(|model| !model.name.trim().is_empty())
    }
}

/// So much of a text of the provider's is kept.
fn beginning(text: &str) -> String {
    text.chars().take(200).collect()
}

/// A member of a list's page.
pub(super) fn text(list: &Value, name: &str) -> Option<String> {
    list.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

pub(super) fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
