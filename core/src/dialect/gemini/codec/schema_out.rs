//! JSON Schema as far as the API takes it: an unknown word would have the whole request refused.

use crate::wire::json::{Members, Value};
use serde_json::{Map, Value as Json, json};

/// Words whose values are taken as they are.
const KEPT: [&str; 12] = [
    "type",
    "format",
    "title",
    "enum",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "required",
    "propertyOrdering",
    "$id",
    "$anchor",
];
/// Words that say nothing of what a value may be.
const MEANINGLESS: [&str; 4] = ["$schema", "$comment", "$vocabulary", "strict"];

/// `schema` in words that the API takes; what else it says stands in its descriptions. Whether there was such.
pub(super) fn projected(schema: &Value<'_>) -> (Json, bool) {
    let mut is_approximated = false;
    let value = project(schema, &mut is_approximated);
    (value, is_approximated)
}

/// The schema of an object: one without a type gets it.
pub(super) fn object(schema: &Value<'_>) -> (Map<String, Json>, bool) {
    let (value, is_approximated) = projected(schema);
    let Json::Object(mut members) = value else { return (Map::new(), true) };
    if !members.contains_key("type") {
        members.shift_insert(0, "type".to_owned(), json!("object"));
    }
    (members, is_approximated)
}

fn project(schema: &Value<'_>, is_approximated: &mut bool) -> Json {
    // `true` and `false` are schemas, too.
    let Some(members) = schema.as_object() else { return schema.to_json() };
    let mut all = Map::new();
    let mut said = Map::new();
    for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
        match (name, value) {
            ("properties", Value::Object(schemas)) => {
                all.insert(name.to_owned(), each(schemas, is_approximated));
            }
            ("$defs" | "definitions", Value::Object(schemas)) => {
                all.insert("$defs".to_owned(), each(schemas, is_approximated));
            }
            ("$ref", Value::String(place)) => {
                all.insert(name.to_owned(), json!(place.replacen("#/definitions/", "#/$defs/", 1)));
            }
            ("items" | "additionalProperties", schema) if !schema.is_array() => {
                all.insert(name.to_owned(), project(schema, is_approximated));
            }
            ("items", schema) => {
                all.insert("prefixItems".to_owned(), list(schema, is_approximated));
            }
            ("anyOf" | "oneOf" | "prefixItems", Value::Array(_)) => {
                all.insert(name.to_owned(), list(value, is_approximated));
            }
            // One schema of all is that schema.
            ("allOf", Value::Array(schemas)) if schemas.len() == 1 => {
                let only = schemas.first().map(|schema| project(schema, is_approximated));
                if let Some(Json::Object(only)) = only {
                    for (name, value) in only {
                        all.entry(name).or_insert(value);
                    }
                }
            }
            ("const", only) if only.is_string() && !members.contains_key("enum") => {
                all.entry("type").or_insert(json!("string"));
                all.insert("enum".to_owned(), json!([only]));
            }
            ("description", _) => {
                all.insert(name.to_owned(), value.to_json());
            }
            (name, _) if KEPT.contains(&name) => {
                all.insert(name.to_owned(), value.to_json());
            }
            (name, _) if MEANINGLESS.contains(&name) => {}
            (name, _) => {
                said.insert(name.to_owned(), value.to_json());
            }
        }
    }
    if !said.is_empty() {
        *is_approximated = true;
        let said = Json::Object(said).to_string();
        let words = match all.get("description").and_then(Json::as_str) {
            Some(words) => format!("{words}\n{said}"),
            None => said,
        };
        all.insert("description".to_owned(), json!(words));
    }
    Json::Object(all)
}

/// Names of a schema's own are no words, whatever they look like.
fn each(schemas: &Members<'_>, is_approximated: &mut bool) -> Json {
    schemas.iter().map(|(name, schema)| (name.to_owned(), project(schema, is_approximated))).collect()
}

fn list(schemas: &Value<'_>, is_approximated: &mut bool) -> Json {
    schemas.as_array().into_iter().flatten().map(|schema| project(schema, is_approximated)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_that_are_taken() {
        let schema = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "definitions": {"node": {"type": "object", "properties": {"next": {"$ref": "#/definitions/node"}}}},
            "properties": {
                "pattern": {"type": "string", "pattern": "^a", "minLength": 1, "description": "d"},
                "kind": {"const": "x"},
                "any": true,
                "pair": {"items": [{"type": "string"}, {"exclusiveMinimum": 0}]},
                "all": {"allOf": [{"type": "integer", "maximum": 3}]}
            },
            "additionalProperties": false,
            "required": ["pattern"]
        });
        let expected = json!({
            "type": "object",
            "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
            "properties": {
                "pattern": {"type": "string", "description": "d\n{\"pattern\":\"^a\",\"minLength\":1}"},
                "kind": {"type": "string", "enum": ["x"]},
                "any": true,
                "pair": {"prefixItems": [{"type": "string"}, {"description": "{\"exclusiveMinimum\":0}"}]},
                "all": {"type": "integer", "maximum": 3}
            },
            "additionalProperties": false,
            "required": ["pattern"]
        });
        let (members, is_approximated) = object(&schema.into());
        assert_eq!((Json::Object(members), is_approximated), (expected.clone(), true));
        let again = projected(&expected.clone().into());
        assert_eq!(again, (expected, false), "what was projected is taken");
    }
}
