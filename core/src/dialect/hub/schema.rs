use std::borrow::Cow;

use serde_json::Value;

use super::ledger::Ledger;
use crate::wire::json::Writer;

/// The schema of an answer with what is said of it, for targets that have no other place for that.
pub(in crate::dialect) fn described<'a>(
    schema: &'a Value,
    description: Option<&str>,
    ledger: &mut Ledger,
) -> Cow<'a, Value> {
    let Some(description) = description else { return Cow::Borrowed(schema) };
    ledger.approximated("response_format.description");
    let mut schema = schema.clone();
    if let Some(members) = schema.as_object_mut() {
        members.entry("description").or_insert_with(|| description.into());
    }
    Cow::Owned(schema)
}

/// The schema of a call's arguments, as those targets take it that want an object: one without a type gets it.
pub(in crate::dialect) fn write_schema(out: &mut Writer, schema: Option<&Value>) {
    let members = schema.and_then(Value::as_object);
    let has = |name: &str| members.and_then(|members| members.get(name)).is_some_and(|value| !value.is_null());
    out.object(|it| {
        if !has("type") {
            it.text_member("type", "object");
        }
        for (name, value) in members.into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            it.key(name).value(value);
        }
        if !has("properties") {
            it.key("properties").object(|_| {});
        }
    });
}
