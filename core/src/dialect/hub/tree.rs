//! Short ways into a JSON tree: a null is as good as nothing.

use super::ledger::Ledger;
use crate::wire::json::{InvalidJson, Value};

/// Reads an event's or a body's JSON.
pub fn parse(bytes: &[u8]) -> Result<Value<'_>, InvalidJson> {
    serde_json::from_slice(bytes)
        .map_err(|error| InvalidJson { offset: error.column(), message: "expected a JSON value" })
}

pub(in crate::dialect) fn member<'a>(value: &'a Value<'a>, name: &str) -> Option<&'a Value<'a>> {
    value.get(name).filter(|value| !value.is_null())
}

pub(in crate::dialect) fn text<'a>(value: &'a Value<'a>, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

pub(in crate::dialect) fn flag(value: &Value<'_>, name: &str) -> Option<bool> {
    value.get(name)?.as_bool()
}

/// The elements of a member that is an array; none of anything else.
pub(in crate::dialect) fn list<'a>(value: &'a Value<'a>, name: &str) -> &'a [Value<'a>] {
    value.get(name).map(array).unwrap_or_default()
}

/// Notes the members of an object that are not `known` as lost, but for those that say nothing.
pub(in crate::dialect) fn note_others(value: &Value<'_>, known: &[&str], ledger: &mut Ledger) {
    for (name, value) in value.as_object().into_iter().flatten() {
        if !known.contains(&name) && !says_nothing(value) {
            ledger.unknown(name);
        }
    }
}

pub(in crate::dialect) fn says_nothing(value: &Value<'_>) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(all) => all.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

pub(in crate::dialect) fn array<'a>(value: &'a Value<'a>) -> &'a [Value<'a>] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
