use serde_json::Value;

use super::shape::Shape::{List, Number, Object, Text};
use super::shape::{fields, invalid, items, optional, required};
use crate::ProviderError;
use crate::seal::opened;

/// What the API documents for a call whose signature nobody has.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";
/// All that a `Schema` may say; one more word, and the whole request is refused.
const SCHEMA: [&str; 22] = [
    "type",
    "format",
    "title",
    "description",
    "nullable",
    "enum",
    "minItems",
    "maxItems",
    "properties",
    "required",
    "minProperties",
    "maxProperties",
    "minLength",
    "maxLength",
    "pattern",
    "example",
    "anyOf",
    "propertyOrdering",
    "default",
    "items",
    "minimum",
    "maximum",
];

pub(super) fn check(body: &Value) -> Result<(), ProviderError> {
    fields(body, "", &[required("contents", List), optional("tools", List)])?;
    for name in ["systemInstruction", "generationConfig", "toolConfig"] {
        check_both_spellings(body, name)?;
    }
    let config = either(body, "generationConfig");
    fields_or_absent(config, "generationConfig", &[optional("temperature", Number), optional("topP", Number)])?;
    let contents = items(body, "", "contents");
    if contents.is_empty() {
        return Err(invalid("contents", "contents are required"));
    }
    let asked = contents.iter().rposition(|(_, content)| is_question(content));
    let mut called: Vec<&str> = Vec::new();
    // How many calls wait for their results.
    let mut open = 0;
    for (index, (path, content)) in contents.into_iter().enumerate() {
        fields(content, &path, &[optional("role", Text), required("parts", List)])?;
        let role = content["role"].as_str().unwrap_or("user");
        if !["user", "model", "function"].contains(&role) {
            return Err(invalid(&format!("{path}.role"), "Please use a valid role: user, model."));
        }
        let results = count(content, "functionResponse");
        if results != open {
            let message = "Please ensure that the number of function response parts is equal to the number of function call \
                           parts of the function call turn.";
            return Err(invalid(&path, message));
        }
        open = count(content, "functionCall");
        let goes_on = asked.is_none_or(|asked| index > asked);
        check_signatures(content, &path, goes_on)?;
        for (path, part) in items(content, &path, "parts") {
            fields(part, &path, &[optional("text", Text)])?;
            let call = either(part, "functionCall");
            if call.is_object() {
                fields(call, &path, &[required("name", Text), optional("args", Object)])?;
                called.push(call["name"].as_str().unwrap_or_default());
            }
            let result = either(part, "functionResponse");
            if result.is_object() {
                fields(result, &path, &[required("name", Text), required("response", Object)])?;
                let name = result["name"].as_str().unwrap_or_default();
                if !called.contains(&name) {
                    return Err(invalid(
                        &path,
                        "Please ensure that function response turn comes immediately after a function call turn.",
                    ));
                }
            }
        }
    }
    for (path, tool) in items(body, "", "tools") {
        fields(tool, &path, &[])?;
        for name in ["functionDeclarations", "function_declarations"] {
            for (path, function) in items(tool, &path, name) {
                fields(function, &path, &[required("name", Text)])?;
                check_schema(either(function, "parameters"), &format!("{path}.parameters"))?;
            }
        }
    }
    check_schema(either(config, "responseSchema"), "generationConfig.responseSchema")
}

/// What the user says; a content with results goes on with the turn.
fn is_question(content: &Value) -> bool {
    content["role"] != "model" && count(content, "functionResponse") == 0
}

fn count(content: &Value, name: &str) -> usize {
    items(content, "", "parts").iter().filter(|(_, part)| either(part, name).is_object()).count()
}

/// The first call of each step has its signature, as it was given for that call, or the documented word for none.
fn check_signatures(content: &Value, path: &str, goes_on: bool) -> Result<(), ProviderError> {
    let parts = items(content, path, "parts");
    let first = parts.iter().find(|(_, part)| either(part, "functionCall").is_object());
    for (path, part) in &parts {
        let call = either(part, "functionCall");
        let is_of = |call: &Value, of: &str| {
            let (name, id) = of.split_once(' ').unwrap_or_default();
            call.is_null() || call["name"] == name && (call["id"].is_null() || call["id"] == id.trim_matches('"'))
        };
        let is_known = match either(part, "thoughtSignature").as_str() {
            Some(signature) => signature == NO_SIGNATURE || opened(signature).is_some_and(|of| is_of(call, &of)),
            None => either(part, "thoughtSignature").is_null(),
        };
        if !is_known {
            return Err(invalid(path, "Thought signature is not valid."));
        }
    }
    match first.filter(|(_, part)| goes_on && either(part, "thoughtSignature").is_null()) {
        Some((path, _)) => Err(invalid(path, "Function call is missing a thought_signature in functionCall parts.")),
        None => Ok(()),
    }
}

fn check_schema(schema: &Value, path: &str) -> Result<(), ProviderError> {
    for (name, value) in schema.as_object().into_iter().flatten() {
        if !SCHEMA.iter().any(|known| either(&serde_json::json!({name: 1}), known) == 1) {
            let message =
                format!("Invalid JSON payload received. Unknown name \"{name}\" at '{path}': Cannot find field.");
            return Err(ProviderError::new(400, message));
        }
        let inner = |value| check_schema(value, &format!("{path}.{name}"));
        match name.as_str() {
            "properties" => value.as_object().into_iter().flatten().try_for_each(|(_, value)| inner(value))?,
            "items" => inner(value)?,
            "anyOf" | "any_of" => value.as_array().into_iter().flatten().try_for_each(inner)?,
            _ => {}
        }
    }
    Ok(())
}

/// A count takes either the contents alone or a whole request, which names its model.
pub(super) fn check_count(body: &Value) -> Result<(), ProviderError> {
    let request = either(body, "generateContentRequest");
    if request.is_null() {
        return check(body);
    }
    fields(request, "generateContentRequest", &[required("model", Text)])?;
    check(request)
}

fn check_both_spellings(body: &Value, camel: &'static str) -> Result<(), ProviderError> {
    let value = either(body, camel);
    if value.is_null() || value.is_object() { Ok(()) } else { Err(super::shape::wrong_type(camel, "an object")) }
}

fn fields_or_absent(value: &Value, at: &str, known: &[super::shape::Field]) -> Result<(), ProviderError> {
    if value.is_null() { Ok(()) } else { fields(value, at, known) }
}

/// Google reads camelCase and snake_case.
pub(crate) fn either<'a>(body: &'a Value, camel: &str) -> &'a Value {
    let snake = camel.chars().fold(String::new(), |mut snake, letter| {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
        snake
    });
    body.get(camel).or_else(|| body.get(&snake)).unwrap_or(&Value::Null)
}
