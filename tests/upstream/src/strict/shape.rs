use serde_json::Value;

use crate::ProviderError;

/// What a field may hold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Text,
    Number,
    Integer,
    Flag,
    List,
    Object,
    TextOrList,
    TextOrObject,
}

impl Shape {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Integer => value.is_u64() || value.is_i64(),
            Self::Flag => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
            Self::TextOrList => value.is_string() || value.is_array(),
            Self::TextOrObject => value.is_string() || value.is_object(),
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Number => "a number",
            Self::Integer => "an integer",
            Self::Flag => "a boolean",
            Self::List => "an array",
            Self::Object => "an object",
            Self::TextOrList => "a string or an array",
            Self::TextOrObject => "a string or an object",
        }
    }
}

/// A known field. Unknown ones pass: a provider is always newer than its description here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
}

pub(super) const fn required(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: true }
}

pub(super) const fn optional(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: false }
}

/// Checks the fields of an object; `at` is its path, for the error.
pub(super) fn fields(body: &Value, at: &str, fields: &[Field]) -> Result<(), ProviderError> {
    if !body.is_object() {
        return Err(wrong_type(at, "an object"));
    }
    for field in fields {
        let path = if at.is_empty() { field.name.to_owned() } else { format!("{at}.{}", field.name) };
        match body.get(field.name) {
            None | Some(Value::Null) if field.required => {
                return Err(ProviderError::new(400, format!("Missing required parameter: '{path}'."))
                    .param(path)
                    .code("missing_required_parameter"));
            }
            None | Some(Value::Null) => {}
            Some(value) if field.shape.fits(value) => {}
            Some(_) => return Err(wrong_type(&path, field.shape.words())),
        }
    }
    Ok(())
}

pub(super) fn wrong_type(path: &str, expected: &str) -> ProviderError {
    ProviderError::new(400, format!("Invalid type for '{path}': expected {expected}.")).param(path).code("invalid_type")
}

pub(super) fn invalid(path: &str, message: &str) -> ProviderError {
    ProviderError::new(400, format!("{path}: {message}")).param(path).code("invalid_value")
}

/// The items of a list field, with their paths; none when it is absent or not a list.
pub(super) fn items<'a>(body: &'a Value, at: &str, name: &str) -> Vec<(String, &'a Value)> {
    let path = if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    let list = body.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().enumerate().map(|(index, item)| (format!("{path}[{index}]"), item)).collect()
}
