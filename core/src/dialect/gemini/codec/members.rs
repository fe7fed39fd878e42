//! Members under either of the names that the API takes, `camelCase` and `snake_case`.

use std::borrow::Cow;

use crate::dialect::hub::{Ledger, says_nothing};
use crate::wire::json::Value;

/// A name as the API's documentation has it.
pub(super) fn camel(name: &str) -> Cow<'_, str> {
    let name = name.trim_start_matches('_');
    if !name.contains('_') {
        return Cow::Borrowed(name);
    }
    let mut pieces = name.split('_');
    let mut all = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let mut letters = piece.chars();
        all.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        all.push_str(letters.as_str());
    }
    Cow::Owned(all)
}

/// The member that is called `name` in camelCase; a null is as good as nothing.
pub(super) fn get<'a>(value: &'a Value<'a>, name: &str) -> Option<&'a Value<'a>> {
    let members = value.as_object()?;
    let found = members.get(name).or_else(|| {
        let same = |(key, value): (&str, &'a Value<'a>)| (camel(key) == name).then_some(value);
        members.iter().find_map(same)
    });
    found.filter(|value| !value.is_null())
}

pub(super) fn word<'a>(value: &'a Value<'a>, name: &str) -> Option<&'a str> {
    get(value, name)?.as_str()
}

/// Notes the members that are not `known` as lost.
pub(super) fn note_others(value: &Value<'_>, known: &[&str], ledger: &mut Ledger) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let name = camel(name);
        if !known.contains(&&*name) && !says_nothing(value) {
            ledger.unknown(&name);
        }
    }
}

/// Where the API wants an array it takes a single value, too.
pub(super) fn each<'a>(value: &'a Value<'a>) -> &'a [Value<'a>] {
    match value {
        Value::Null => &[],
        Value::Array(all) => all,
        one => std::slice::from_ref(one),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn either_spelling() {
        let rows = [
            ("top_p", "topP"),
            ("parameters_json_schema", "parametersJsonSchema"),
            ("_responseJsonSchema", "responseJsonSchema"),
            ("contents", "contents"),
            ("a__b", "aB"),
        ];
        for (name, expected) in rows {
            assert_eq!(camel(name), expected);
        }
        let value = json!({"function_call": 1, "nothing": null}).into();
        assert_eq!((get(&value, "functionCall"), get(&value, "nothing")), (Some(&json!(1).into()), None));
        assert_eq!((each(&Value::Null).len(), each(&value).len(), each(&json!([1, 2]).into()).len()), (0, 1, 2));
    }
}
