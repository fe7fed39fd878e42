use std::collections::HashSet;

use serde_json::Value;

use super::shape::Shape::{Flag, Integer, List, Number, Object, Text, TextOrList, TextOrObject};
use super::shape::{Field, fields, invalid, items, optional, required};
use crate::ProviderError;

const BODY: [Field; 22] = [
    required("model", Text),
    required("messages", List),
    optional("stream", Flag),
    optional("stream_options", Object),
    optional("temperature", Number),
    optional("top_p", Number),
    optional("n", Integer),
    optional("max_tokens", Integer),
    optional("max_completion_tokens", Integer),
    optional("stop", TextOrList),
    optional("tools", List),
    optional("tool_choice", TextOrObject),
    optional("parallel_tool_calls", Flag),
    optional("response_format", Object),
    optional("reasoning_effort", Text),
    optional("seed", Integer),
    optional("user", Text),
    optional("metadata", Object),
    optional("store", Flag),
    optional("logprobs", Flag),
    optional("logit_bias", Object),
    optional("prompt_cache_key", Text),
];

pub(super) fn check(body: &Value) -> Result<(), ProviderError> {
    fields(body, "", &BODY)?;
    if body["stream_options"].is_object() && body["stream"] != true {
        return Err(invalid(
            "stream_options",
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        ));
    }
    let messages = items(body, "", "messages");
    if messages.is_empty() {
        return Err(invalid("messages", "Expected an array with minimum length 1."));
    }
    let mut open_calls = HashSet::new();
    for (path, message) in messages {
        fields(
            message,
            &path,
            &[required("role", Text), optional("content", TextOrList), optional("tool_calls", List)],
        )?;
        let role = message["role"].as_str().unwrap_or_default();
        if role == "tool" {
            fields(message, &path, &[required("tool_call_id", Text), required("content", TextOrList)])?;
            if !open_calls.remove(message["tool_call_id"].as_str().unwrap_or_default()) {
                let message = "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
                return Err(invalid(&path, message));
            }
            continue;
        }
        if !open_calls.is_empty() {
            let message = "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.";
            return Err(invalid(&path, message));
        }
        match role {
            "system" | "developer" | "user" => fields(message, &path, &[required("content", TextOrList)])?,
            "assistant" => {}
            _ => return Err(invalid(&format!("{path}.role"), "unknown role")),
        }
        for (path, part) in items(message, &path, "content") {
            fields(part, &path, &[required("type", Text)])?;
        }
        for (path, call) in items(message, &path, "tool_calls") {
            fields(call, &path, &[required("id", Text), required("type", Text)])?;
            if call["type"] == "function" {
                let at = format!("{path}.function");
                fields(&call["function"], &at, &[required("name", Text), required("arguments", Text)])?;
            }
            if call["id"].as_str().is_some_and(|id| id.len() > 40) {
                return Err(invalid(
                    &format!("{path}.id"),
                    "string too long. Expected a string with maximum length 40",
                ));
            }
            open_calls.insert(call["id"].as_str().unwrap_or_default().to_owned());
        }
    }
    for (path, tool) in items(body, "", "tools") {
        fields(tool, &path, &[required("type", Text)])?;
        if tool["type"] == "function" {
            let at = format!("{path}.function");
            fields(&tool["function"], &at, &[required("name", Text), optional("parameters", Object)])?;
            let name = tool["function"]["name"].as_str().unwrap_or_default();
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            if name.len() > 64 || !name.chars().all(is_plain) {
                return Err(invalid(
                    &format!("{at}.name"),
                    "string does not match pattern '^[a-zA-Z0-9_-]+$', or is too long",
                ));
            }
            if tool["function"]["parameters"].is_object() && tool["function"]["parameters"]["type"] != "object" {
                return Err(invalid(&format!("{at}.parameters"), "schema must be a JSON Schema of 'type: \"object\"'"));
            }
        }
    }
    Ok(())
}
