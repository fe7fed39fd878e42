use serde_json::Value;

use super::shape::Shape::{List, Number, Object, Text};
use super::shape::{fields, invalid, items, optional, required};
use crate::ProviderError;

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
    let mut called: Vec<&str> = Vec::new();
    for (path, content) in contents {
        fields(content, &path, &[optional("role", Text), required("parts", List)])?;
        let role = content["role"].as_str().unwrap_or("user");
        if !["user", "model", "function"].contains(&role) {
            return Err(invalid(&format!("{path}.role"), "Please use a valid role: user, model."));
        }
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
            }
        }
    }
    Ok(())
}

/// A count takes either the contents or a whole request.
pub(super) fn check_count(body: &Value) -> Result<(), ProviderError> {
    match either(body, "generateContentRequest") {
        Value::Null => check(body),
        request => check(request),
    }
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
