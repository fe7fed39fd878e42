//! The API's own `Schema` as JSON Schema, which everyone else takes.

use serde_json::{Map, Value as Json, json};

use super::members::camel;
use crate::dialect::hub::Schema;
use crate::wire::json::Value;

/// `schema` in the words of JSON Schema: types in small letters, `nullable` as a type, limits as numbers. A schema that is
/// in these words already is taken as it is.
pub(super) fn json_schema<'a>(schema: &'a Value<'a>) -> Schema<'a> {
    if is_plain(schema) { Schema::Given(schema) } else { Schema::made(converted(schema)) }
}

fn is_plain(schema: &Value<'_>) -> bool {
    let Some(members) = schema.as_object() else { return true };
    members.iter().all(|(name, value)| match &*camel(name) {
        "type" => value.as_str().is_none_or(|kind| kind.chars().all(|letter| letter.is_ascii_lowercase())),
        "nullable" | "example" | "propertyOrdering" => false,
        name if is_limit(name) => !value.is_string(),
        "properties" => value.as_object().is_none_or(|all| all.values().all(is_plain)),
        "items" => is_plain(value),
        "anyOf" => value.as_array().is_none_or(|all| all.iter().all(is_plain)),
        _ => !name.contains('_'),
    })
}

fn is_limit(name: &str) -> bool {
    matches!(name, "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties" | "maxProperties")
}

fn converted(schema: &Value<'_>) -> Json {
    let Some(members) = schema.as_object() else { return schema.to_json() };
    let is_nullable = members.get("nullable") == Some(&Value::Bool(true));
    let mut all = Map::new();
    for (name, value) in members.iter() {
        let name = camel(name);
        let value = match (&*name, value) {
            ("nullable", _) => continue,
            ("type", Value::String(kind)) if kind == "TYPE_UNSPECIFIED" => continue,
            ("type", Value::String(kind)) if is_nullable => json!([kind.to_ascii_lowercase(), "null"]),
            ("type", Value::String(kind)) => json!(kind.to_ascii_lowercase()),
            ("properties", Value::Object(properties)) => {
                properties.iter().map(|(name, schema)| (name.to_owned(), converted(schema))).collect()
            }
            ("items", schema) => converted(schema),
            ("anyOf", Value::Array(schemas)) => schemas.iter().map(converted).collect(),
            ("example", example) => {
                all.insert("examples".to_owned(), json!([example.to_json()]));
                continue;
            }
            // In which order an answer has its members.
            ("propertyOrdering", _) => continue,
            (name, Value::String(number)) if is_limit(name) => {
                number.parse::<u64>().map_or_else(|_| value.to_json(), Json::from)
            }
            (_, value) => value.to_json(),
        };
        all.insert(name.into_owned(), value);
    }
    Json::Object(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_words_of_json_schema() {
        let plain =
            json!({"type": "object", "properties": {"type": {"type": "string"}}, "additionalProperties": false});
        assert!(matches!(json_schema(&plain.into()), Schema::Given(_)));
        let own = json!({"type": "OBJECT", "required": ["a"], "propertyOrdering": ["a"], "properties": {
            "a": {"type": "STRING", "nullable": true, "max_length": "9", "example": "x"},
            "nullable": {"type": "ARRAY", "items": {"any_of": [{"type": "INTEGER"}, {"type": "TYPE_UNSPECIFIED"}]}}}});
        let expected = json!({"type": "object", "required": ["a"], "properties": {
            "a": {"type": ["string", "null"], "maxLength": 9, "examples": ["x"]},
            "nullable": {"type": "array", "items": {"anyOf": [{"type": "integer"}, {}]}}}});
        assert_eq!(json_schema(&own.into()).to_json(), expected);
    }
}
