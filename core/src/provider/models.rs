use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::config::ProviderType;

/// One page of a provider's own model list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderModels {
    /// As a request names them: without Gemini's `models/`.
    pub names: Vec<String>,
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
        let name_of = |entry: &Value| {
            let name =
                [Some(entry), entry.get("id"), entry.get("name")].into_iter().flatten().find_map(Value::as_str)?;
            Some(name.strip_prefix("models/").unwrap_or(name).to_owned()).filter(|name| !name.trim().is_empty())
        };
        Ok(ProviderModels { names: list.iter().filter_map(name_of).collect(), next: (self.row().next_page)(&value) })
    }
}

/// A member of a list's page.
pub(super) fn text(list: &Value, name: &str) -> Option<String> {
    list.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

pub(super) fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
