//! Short ways into a JSON tree: a null is as good as nothing.

use serde_json::Value;

use crate::wire::json::InvalidJson;

/// Reads an event's or a body's JSON.
pub fn parse(bytes: &[u8]) -> Result<Value, InvalidJson> {
    serde_json::from_slice(bytes)
        .map_err(|error| InvalidJson { offset: error.column(), message: "expected a JSON value" })
}

pub(in crate::dialect) fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.get(name).filter(|value| !value.is_null())
}

pub(in crate::dialect) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

pub(in crate::dialect) fn flag(value: &Value, name: &str) -> Option<bool> {
    value.get(name)?.as_bool()
}

/// The elements of a member that is an array; none of anything else.
pub(in crate::dialect) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).map(array).unwrap_or_default()
}

pub(in crate::dialect) fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
