use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::environment::{Absent, Variables};

/// A text in a configuration file, with the line it is on. `${NAME}` in it stands for a variable, `$${` for `${`.
#[derive(Clone, Default)]
pub(super) struct Text {
    pub(super) value: String,
    /// From 1; 0 when it was not read from a file.
    pub(super) line: u64,
    /// The variable that is the whole of a secret and was not to be had; `value` is empty then.
    pub(super) missing: Option<Missing>,
}

/// A variable that was not to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) name: String,
    pub(super) why: Absent,
}

/// Why a text could not be expanded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ExpandError {
    Missing(Missing),
    Malformed,
}

impl Text {
    /// A text that expands to `value`, whatever that holds.
    pub(super) fn literal(value: &str) -> Self {
        Self { value: value.replace("${", "$${"), line: 0, missing: None }
    }

    pub(super) fn variable(name: &str) -> Self {
        Self { value: format!("${{{name}}}"), line: 0, missing: None }
    }
}

/// Replaces each `${NAME}` in `text`. What a variable holds is not looked at again.
pub(super) fn expand(text: &str, env: Variables<'_>) -> Result<String, ExpandError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            out.push_str(before);
            out.push_str("${");
            rest = after;
            continue;
        }
        out.push_str(before);
        let (name, after) = after.split_once('}').ok_or(ExpandError::Malformed)?;
        if !is_variable(name) {
            return Err(ExpandError::Malformed);
        }
        out.push_str(&env(name).map_err(|why| ExpandError::Missing(Missing { name: name.to_owned(), why }))?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn is_variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Out of a [`super::node::Node`] only, which knows the line.
impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Located(String, u64);
        let Located(value, line) = Located::deserialize(deserializer)?;
        Ok(Self { value, line, missing: None })
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.value)
    }
}

impl JsonSchema for Text {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables() {
        let env = |name: &str| match name {
            "A" => Ok("alpha".to_owned()),
            "NESTED" => Ok("${A}".to_owned()),
            "EMPTY" => Ok(String::new()),
            _ => Err(Absent::NotSet),
        };
        let missing = |name: &str| Err(ExpandError::Missing(Missing { name: name.to_owned(), why: Absent::NotSet }));
        let rows = [
            ("plain", Ok("plain".to_owned())),
            ("${A}", Ok("alpha".to_owned())),
            ("<${A}-${A}>", Ok("<alpha-alpha>".to_owned())),
            ("${NESTED}", Ok("${A}".to_owned())),
            ("${EMPTY}", Ok(String::new())),
            ("$${A}", Ok("${A}".to_owned())),
            ("$$${A}", Ok("$${A}".to_owned())),
            ("$A $ {A} $", Ok("$A $ {A} $".to_owned())),
            ("${B}", missing("B")),
            ("${", Err(ExpandError::Malformed)),
            ("${}", Err(ExpandError::Malformed)),
            ("${A:-x}", Err(ExpandError::Malformed)),
            ("${1}", Err(ExpandError::Malformed)),
        ];
        for (text, expected) in rows {
            assert_eq!(expand(text, &env), expected, "{text}");
        }
        for literal in ["", "a", "${A}", "$${A}", "$$$${", "${${"] {
            assert_eq!(expand(&Text::literal(literal).value, &env), Ok(literal.to_owned()));
        }
    }
}
