use serde_json::Value;

use crate::wire::json::Writer;

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
