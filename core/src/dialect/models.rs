use percent_encoding::percent_decode_str;

use super::Dialect;
use crate::platform::Timestamp;

/// A model as clients see it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelEntry {
    pub name: String,
    pub created_at: Timestamp,
}

/// The body of a model list, in the dialect's shape. `query` is the request's raw query: `limit`, `after_id` and
/// `before_id` page through Anthropic's list, `pageSize` and `pageToken` through Gemini's. A cursor that names no model
/// gives an empty page.
pub fn model_list_body(dialect: Dialect, models: &[ModelEntry], query: Option<&str>) -> String {
    (dialect.row().models)(models, query).to_string()
}

/// The body that describes one model.
pub fn model_body(dialect: Dialect, model: &ModelEntry) -> String {
    (dialect.row().model)(model).to_string()
}

/// The decoded value of a query parameter under any of `names`.
pub(super) fn query_value(query: Option<&str>, names: &[&str]) -> Option<String> {
    let pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.into_iter().find(|(name, _)| names.contains(name))?.1;
    Some(percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned()).filter(|it| !it.is_empty())
}

/// How many entries a page may have: what the query asks for, within `1..=most`.
pub(super) fn page_size(query: Option<&str>, names: &[&str], default: usize, most: usize) -> usize {
    let asked = query_value(query, names).and_then(|text| text.parse::<usize>().ok());
    asked.filter(|size| *size > 0).unwrap_or(default).min(most)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn models(names: &[&str]) -> Vec<ModelEntry> {
        let entry =
            |name: &&str| ModelEntry { name: (*name).to_owned(), created_at: Timestamp::from_secs(1_760_000_000) };
        names.iter().map(entry).collect()
    }

    fn list_of(dialect: Dialect, models: &[ModelEntry], query: Option<&str>) -> Value {
        serde_json::from_str(&model_list_body(dialect, models, query)).unwrap()
    }

    #[test]
    fn each_dialect_has_its_own_shape() {
        let models = models(&["m"]);
        let rows = [
            (
                Dialect::OpenAiChat,
                json!({"object": "list", "data": [{"id": "m", "object": "model", "created": 1_760_000_000, "owned_by": "llmio"}]}),
            ),
            (
                Dialect::Anthropic,
                json!({
                    "data": [{
                        "type": "model", "id": "m", "display_name": "m", "created_at": "2025-10-09T08:53:20Z",
                        "lifecycle": "active", "line": null, "deprecated_at": null, "retires_at": null,
                        "max_input_tokens": null, "max_tokens": null, "capabilities": null,
                    }],
                    "has_more": false, "first_id": "m", "last_id": "m",
                }),
            ),
            (
                Dialect::Gemini,
                json!({"models": [{
                    "name": "models/m", "baseModelId": "m", "version": "1", "displayName": "m",
                    "supportedGenerationMethods": ["generateContent", "streamGenerateContent", "countTokens"],
                }]}),
            ),
        ];
        for (dialect, expected) in rows {
            assert_eq!(list_of(dialect, &models, None), expected);
        }
        assert_eq!(
            list_of(Dialect::Anthropic, &[], None),
            json!({"data": [], "has_more": false, "first_id": null, "last_id": null})
        );
    }

    #[test]
    fn pages() {
        let all = models(&["a", "b/c", "d", "e"]);
        let names = |body: &Value, list: &str, field: &str| -> String {
            body[list]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it[field].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        for (query, expected, has_more) in [
            ("limit=1000", "a b/c d e", false),
            ("limit=2", "a b/c", true),
            ("limit=2&after_id=b%2Fc", "d e", false),
            ("limit=1&after_id=b%2Fc", "d", true),
            ("before_id=d", "a b/c", false),
            ("limit=1&before_id=d", "b/c", true),
            ("after_id=unknown", "", false),
            ("limit=0&x", "a b/c d e", false),
        ] {
            let body = list_of(Dialect::Anthropic, &all, Some(query));
            assert_eq!(
                (names(&body, "data", "id").as_str(), &body["has_more"]),
                (expected, &json!(has_more)),
                "{query}"
            );
        }
        for (query, expected, next) in [
            ("pageSize=1000", "models/a models/b/c models/d models/e", Value::Null),
            ("pageSize=2", "models/a models/b/c", json!("b/c")),
            ("page_size=2&pageToken=b%2fc", "models/d models/e", Value::Null),
            ("pageToken=unknown", "", Value::Null),
        ] {
            let body = list_of(Dialect::Gemini, &all, Some(query));
            assert_eq!((names(&body, "models", "name").as_str(), &body["nextPageToken"]), (expected, &next), "{query}");
        }
    }
}
