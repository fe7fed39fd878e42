//! Arguments that come value by value, each under its JSON path, as Vertex streams them.

use serde_json::{Map, Value as Json};

use super::members::{each, get, word};
use crate::wire::json::Value;

/// Of an array that has no such element yet.
const INDEX_LIMIT: usize = 10_000;
const DEPTH_LIMIT: usize = 64;

/// Puts the values of a piece into `arguments`. What stands at no path that can be followed is left out; whether there was
/// such.
pub(super) fn take(arguments: &mut Map<String, Json>, piece: &Value<'_>) -> bool {
    let mut is_whole = true;
    for partial in get(piece, "partialArgs").map(each).unwrap_or_default() {
        let Some(path) = word(partial, "jsonPath").and_then(steps) else {
            is_whole = false;
            continue;
        };
        let [Step::Member(first), rest @ ..] = &path[..] else {
            is_whole = false;
            continue;
        };
        match place(arguments.entry(first.clone()).or_insert(Json::Null), rest) {
            Some(place) => set(place, partial),
            None => is_whole = false,
        }
    }
    is_whole
}

fn set(place: &mut Json, partial: &Value<'_>) {
    if let Some(more) = word(partial, "stringValue") {
        match place {
            Json::String(text) => text.push_str(more),
            other => *other = Json::from(more),
        }
    } else if let Some(value) = get(partial, "numberValue").or_else(|| get(partial, "boolValue")) {
        *place = value.to_json();
    }
}

#[derive(Debug, PartialEq)]
enum Step {
    Member(String),
    Element(usize),
}

/// `$.foo.bar[0].data`, `$['a b']`.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if steps.len() == DEPTH_LIMIT {
            return None;
        }
        if let Some(behind) = rest.strip_prefix('.') {
            let end = behind.find(['.', '[']).unwrap_or(behind.len());
            let (name, behind) = behind.split_at(end);
            steps.push(Step::Member(name.to_owned()));
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix("['").or_else(|| rest.strip_prefix("[\"")) {
            let (name, behind) = behind.split_once("']").or_else(|| behind.split_once("\"]"))?;
            steps.push(Step::Member(name.to_owned()));
            rest = behind;
        } else {
            let (index, behind) = rest.strip_prefix('[')?.split_once(']')?;
            steps.push(Step::Element(index.parse().ok().filter(|index| *index < INDEX_LIMIT)?));
            rest = behind;
        }
    }
    Some(steps)
}

/// The value that `steps` lead to, made on the way.
fn place<'a>(value: &'a mut Json, steps: &[Step]) -> Option<&'a mut Json> {
    let Some((step, rest)) = steps.split_first() else { return Some(value) };
    match step {
        Step::Member(name) => {
            if value.is_null() {
                *value = Json::Object(Map::new());
            }
            place(value.as_object_mut()?.entry(name.clone()).or_insert(Json::Null), rest)
        }
        Step::Element(index) => {
            if value.is_null() {
                *value = Json::Array(Vec::new());
            }
            let elements = value.as_array_mut()?;
            // They come in order; a leap would be no element of anything.
            if *index == elements.len() {
                elements.push(Json::Null);
            }
            place(elements.get_mut(*index)?, rest)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_by_their_paths() {
        let mut all = Map::new();
        let piece = json!({"partialArgs": [
            {"jsonPath": "$.place", "stringValue": "Bo", "willContinue": true},
            {"jsonPath": "$.place", "stringValue": "ston"},
            {"jsonPath": "$.steps[0].name", "stringValue": "a"},
            {"jsonPath": "$.steps[0].n", "numberValue": 0.5},
            {"jsonPath": "$.steps[1].ok", "boolValue": true},
            {"jsonPath": "$['a b'][0]", "nullValue": "NULL_VALUE"}]});
        assert!(take(&mut all, &piece.into()));
        let expected = json!({"place": "Boston", "steps": [{"name": "a", "n": 0.5}, {"ok": true}], "a b": [null]});
        assert_eq!(Json::Object(all.clone()), expected);
        for path in ["", "$", "$[0]", "$.place.x", "$.steps[7]", "$.steps[99999999]", "$.x[", "$.x[-1]", "place"] {
            let piece = json!({"partialArgs": [{"jsonPath": path, "stringValue": "x"}]});
            assert!(!take(&mut all, &piece.into()), "{path}");
        }
        assert_eq!(all["steps"], expected["steps"]);
    }
}
