use std::ops::Deref;

use super::ledger::Ledger;
use crate::wire::json::{Value, Writer};

/// A JSON Schema, as it was given or as the gateway made it.
#[derive(Clone, Debug, PartialEq)]
pub enum Schema<'a> {
    Given(&'a Value<'a>),
    Made(Box<Value<'a>>),
}

impl Schema<'_> {
    pub(in crate::dialect) fn made(schema: serde_json::Value) -> Self {
        Self::Made(Box::new(schema.into()))
    }
}

impl<'a> Deref for Schema<'a> {
    type Target = Value<'a>;

    fn deref(&self) -> &Value<'a> {
        match self {
            Self::Given(schema) => schema,
            Self::Made(schema) => schema,
        }
    }
}

/// The schema of an answer with what is said of it, for targets that have no other place for that.
pub(in crate::dialect) fn described<'a>(
    schema: &'a Value<'a>,
    description: Option<&str>,
    ledger: &mut Ledger,
) -> Schema<'a> {
    let Some(description) = description else { return Schema::Given(schema) };
    ledger.approximated("response_format.description");
    let mut schema = schema.to_json();
    if let Some(members) = schema.as_object_mut() {
        members.entry("description").or_insert_with(|| description.into());
    }
    Schema::made(schema)
}

/// The schema of a call's arguments, as those targets take it that want an object: one without a type gets it.
pub(in crate::dialect) fn write_schema(out: &mut Writer, schema: Option<&Value<'_>>) {
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
