use std::collections::HashSet;

use serde_json::Value;

use super::shape::Shape::{Flag, Integer, List, Number, Object, Text, TextOrList, TextOrObject};
use super::shape::{Field, fields, invalid, items, optional, required};
use crate::ProviderError;
use crate::seal::opened;

const BODY: [Field; 19] = [
    required("model", Text),
    required("input", TextOrList),
    optional("instructions", Text),
    optional("stream", Flag),
    optional("stream_options", Object),
    optional("store", Flag),
    optional("include", List),
    optional("tools", List),
    optional("tool_choice", TextOrObject),
    optional("parallel_tool_calls", Flag),
    optional("reasoning", Object),
    optional("text", Object),
    optional("temperature", Number),
    optional("top_p", Number),
    optional("max_output_tokens", Integer),
    optional("previous_response_id", Text),
    optional("metadata", Object),
    optional("prompt_cache_key", Text),
    optional("service_tier", Text),
];

/// What concerns an answer alone, and is no parameter of a count.
const NOT_COUNTED: [&str; 10] = [
    "stream",
    "stream_options",
    "store",
    "include",
    "temperature",
    "top_p",
    "max_output_tokens",
    "metadata",
    "prompt_cache_key",
    "service_tier",
];

pub(super) fn check_count(body: &Value) -> Result<(), ProviderError> {
    match NOT_COUNTED.iter().find(|name| body.get(**name).is_some()) {
        Some(name) => Err(invalid(name, "unknown parameter.")),
        None => check(body),
    }
}

pub(super) fn check(body: &Value) -> Result<(), ProviderError> {
    fields(body, "", &BODY)?;
    if let Some(limit) = body["max_output_tokens"].as_i64()
        && limit < 16
    {
        return Err(invalid("max_output_tokens", "integer below minimum value. Expected a value >= 16."));
    }
    let continued = body["previous_response_id"].is_string();
    let mut calls = HashSet::new();
    for (path, item) in items(body, "", "input") {
        fields(item, &path, &[optional("type", Text), optional("role", Text)])?;
        match item["type"].as_str() {
            None | Some("message") => {
                fields(item, &path, &[required("role", Text), required("content", TextOrList)])?;
                for (path, part) in items(item, &path, "content") {
                    fields(part, &path, &[required("type", Text)])?;
                }
            }
            Some("function_call") => {
                fields(item, &path, &[required("call_id", Text), required("name", Text), required("arguments", Text)])?;
                calls.insert(item["call_id"].as_str().unwrap_or_default());
            }
            Some("custom_tool_call") => {
                fields(item, &path, &[required("call_id", Text), required("name", Text), required("input", Text)])?;
                calls.insert(item["call_id"].as_str().unwrap_or_default());
            }
            Some("function_call_output" | "custom_tool_call_output") => {
                fields(item, &path, &[required("call_id", Text), required("output", TextOrList)])?;
                let id = item["call_id"].as_str().unwrap_or_default();
                if id.len() > 64 {
                    return Err(invalid(
                        &format!("{path}.call_id"),
                        "string too long. Expected at most 64 characters.",
                    ));
                }
                if !continued && !calls.contains(id) {
                    return Err(invalid(
                        "input",
                        &format!("No tool call found for function call output with call_id {id}."),
                    ));
                }
            }
            Some("reasoning") => {
                fields(item, &path, &[required("summary", List), optional("encrypted_content", Text)])?;
                if item["encrypted_content"].as_str().is_some_and(|it| opened(it).is_none()) {
                    let message = "The encrypted content could not be verified.";
                    return Err(invalid(&path, message).code("invalid_encrypted_content"));
                }
            }
            Some(_) => {}
        }
    }
    for (path, tool) in items(body, "", "tools") {
        fields(tool, &path, &[required("type", Text)])?;
        if tool["type"] == "function" {
            fields(tool, &path, &[required("name", Text), optional("parameters", Object)])?;
        }
    }
    Ok(())
}
