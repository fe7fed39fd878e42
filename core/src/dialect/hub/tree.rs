//! Short ways into a JSON tree: a null is as good as nothing.

use serde_json::Value;

use super::ledger::Ledger;
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

/// Notes the members of an object that are not `known` as lost, but for those that say nothing.
pub(in crate::dialect) fn note_others(value: &Value, known: &[&str], ledger: &mut Ledger) {
    for (name, value) in value.as_object().into_iter().flatten() {
        if !known.contains(&name.as_str()) && !says_nothing(value) {
            ledger.unknown(name);
        }
    }
}

pub(in crate::dialect) fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(all) => all.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

pub(in crate::dialect) fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
