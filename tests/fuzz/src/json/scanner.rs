use llmio_core::wire::json::{InvalidJson, Kind, Scanner};
use serde_json::{Map, Value};

use super::reference::{is_accepted, plain};

/// The scanner accepts what `serde_json` accepts, in every way of walking, and reads the same.
pub(super) fn check(data: &[u8]) {
    let skipped = whole(data, Scanner::skip);
    assert_eq!(skipped.is_ok(), is_accepted(data), "{skipped:?}");
    let mut walked = None;
    let result = whole(data, |scanner| tree(scanner).map(|value| walked = Some(value)));
    assert_eq!(result, skipped, "walking");
    let mut something = None;
    let result = whole(data, |scanner| scanner.holds_something().map(|value| something = Some(value)));
    assert_eq!(result, skipped, "looking whether it holds something");
    check_rest(data, skipped);

    // `serde_json` itself draws the line of the depth, and reads the same values.
    if let Err(error) = serde_json::from_slice::<Value>(&plain(data))
        && skipped.is_ok()
    {
        assert!(error.to_string().contains("out of range"), "{error}");
    }
    let Ok(value) = serde_json::from_slice::<Value>(data) else { return };
    assert_eq!(skipped, Ok(()));
    let empty = match &value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
    };
    assert_eq!(something, Some(!empty), "{value}");
    assert_eq!(walked, Some(value));
}

fn whole<'a>(
    data: &'a [u8],
    pass: impl FnOnce(&mut Scanner<'a>) -> Result<(), InvalidJson>,
) -> Result<(), InvalidJson> {
    let mut scanner = Scanner::new(data);
    pass(&mut scanner)?;
    scanner.end()
}

/// From behind any member of the outermost object, its rest can be passed.
fn check_rest(data: &[u8], whole: Result<(), InvalidJson>) {
    let walk = Scanner::new(data).each_member::<InvalidJson>(|scanner, _| {
        scanner.skip()?;
        assert_eq!(scanner.clone().rest_of_object(), whole, "the rest of an object");
        Ok(())
    });
    if whole.is_ok() {
        assert!(walk.is_ok());
    }
}

/// The document's values; those of strings that cannot be read are empty.
fn tree(scanner: &mut Scanner<'_>) -> Result<Value, InvalidJson> {
    Ok(match scanner.peek()? {
        Kind::Object => {
            let mut members = Map::new();
            scanner.each_member::<InvalidJson>(|scanner, key| {
                if let Some(name) = key.to_str() {
                    assert!(key.is(&name));
                }
                let value = tree(scanner)?;
                members.insert(key.name().into_owned(), value);
                Ok(())
            })?;
            Value::Object(members)
        }
        Kind::Array => {
            let mut elements = Vec::new();
            scanner.each_element::<InvalidJson>(|scanner| {
                elements.push(tree(scanner)?);
                Ok(())
            })?;
            Value::Array(elements)
        }
        Kind::String => Value::from(scanner.string()?.name()),
        Kind::Bool => Value::from(scanner.bool_or_skip()?),
        Kind::Number | Kind::Null => serde_json::from_slice(scanner.raw()?).unwrap_or_default(),
    })
}
