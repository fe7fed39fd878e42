use std::collections::HashSet;

use serde_json::Value;

use super::shape::Shape::{Flag, Integer, List, Number, Object, Text, TextOrList};
use super::shape::{Field, fields, invalid, items, optional, required};
use crate::ProviderError;
use crate::answer::anthropic::came_without_thought;
use crate::seal::opened;

const BODY: [Field; 13] = [
    required("model", Text),
    required("messages", List),
    optional("system", TextOrList),
    optional("stream", Flag),
    optional("temperature", Number),
    optional("top_p", Number),
    optional("top_k", Integer),
    optional("stop_sequences", List),
    optional("tools", List),
    optional("tool_choice", Object),
    optional("thinking", Object),
    optional("metadata", Object),
    optional("output_config", Object),
];

/// What concerns an answer alone, and is refused of a request that counts.
const ANSWERS: [&str; 6] = ["max_tokens", "stream", "temperature", "top_p", "top_k", "stop_sequences"];

pub(super) fn check(body: &Value, counting: bool) -> Result<(), ProviderError> {
    fields(body, "", &BODY)?;
    if !counting {
        fields(body, "", &[required("max_tokens", Integer)])?;
    } else if let Some(name) = ANSWERS.iter().find(|name| !body[**name].is_null()) {
        return Err(invalid(name, "Extra inputs are not permitted"));
    }
    let budget = body["thinking"]["budget_tokens"].as_u64();
    if body["thinking"]["type"] == "enabled" {
        let limit = body["max_tokens"].as_u64().unwrap_or(u64::MAX);
        if budget.is_none_or(|budget| budget < 1024 || budget >= limit) {
            return Err(invalid("thinking.budget_tokens", "must be at least 1024 and less than max_tokens"));
        }
    }
    if body["thinking"]["type"] == "enabled" || body["thinking"]["type"] == "adaptive" {
        if body["temperature"].as_f64().is_some_and(|it| it != 1.0) || body["top_k"].is_number() {
            return Err(invalid(
                "temperature",
                "may only be set to 1 when thinking is enabled, and `top_k` not at all",
            ));
        }
        if matches!(body["tool_choice"]["type"].as_str(), Some("any" | "tool")) {
            return Err(invalid("tool_choice", "Thinking may not be enabled when tool_choice forces tool use."));
        }
    }
    let messages = items(body, "", "messages");
    match messages.iter().find(|(_, message)| message["role"] != "system") {
        None => return Err(invalid("messages", "at least one message is required")),
        Some((path, first)) if first["role"] == "assistant" => {
            return Err(invalid(path, "first message must use the \"user\" role"));
        }
        Some(_) => {}
    }
    let mut calls: HashSet<&str> = HashSet::new();
    let mut all_calls: HashSet<&str> = HashSet::new();
    for (path, message) in messages {
        fields(message, &path, &[required("role", Text), required("content", TextOrList)])?;
        let role = message["role"].as_str().unwrap_or_default();
        if !["user", "assistant", "system"].contains(&role) {
            return Err(invalid(&path, &format!("Unexpected role \"{role}\".")));
        }
        let mut answered = HashSet::new();
        let mut called = HashSet::new();
        for (path, block) in items(message, &path, "content") {
            check_block(block, &path)?;
            match block["type"].as_str() {
                Some("tool_use") => {
                    let id = block["id"].as_str().unwrap_or_default();
                    if !all_calls.insert(id) {
                        return Err(invalid(&path, "`tool_use` ids must be unique"));
                    }
                    called.insert(id);
                }
                Some("tool_result") => {
                    let id = block["tool_use_id"].as_str().unwrap_or_default();
                    if !calls.contains(id) {
                        let message = format!(
                            "unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must \
                             have a corresponding `tool_use` block in the previous message."
                        );
                        return Err(invalid(&path, &message));
                    }
                    answered.insert(id);
                }
                _ => {}
            }
        }
        if role == "system" {
            continue;
        }
        if let Some(id) = calls.difference(&answered).next() {
            let message = format!("`tool_use` ids were found without `tool_result` blocks immediately after: {id}.");
            return Err(invalid(&path, &message));
        }
        calls = called;
    }
    if body["thinking"]["type"] == "enabled" {
        check_thoughts(body)?;
    }
    for (path, tool) in items(body, "", "tools") {
        fields(tool, &path, &[required("name", Text)])?;
        // Tools with a type are the provider's own and bring no schema.
        if matches!(tool["type"].as_str(), None | Some("custom")) {
            fields(tool, &path, &[required("input_schema", Object)])?;
            if tool["input_schema"]["type"] != "object" {
                return Err(invalid(&format!("{path}.input_schema.type"), "Field required: must be `object`"));
            }
        }
    }
    Ok(())
}

/// A turn that goes on behind its calls begins with what was thought before them.
fn check_thoughts(body: &Value) -> Result<(), ProviderError> {
    let holds = |message: &Value, kind: &str| items(message, "", "content").iter().any(|(_, it)| it["type"] == kind);
    let messages = items(body, "", "messages");
    let goes_on = messages.iter().rfind(|(_, it)| it["role"] == "user").is_some_and(|(_, it)| holds(it, "tool_result"));
    let calling = messages.iter().rfind(|(_, it)| it["role"] == "assistant" && holds(it, "tool_use"));
    let Some((path, message)) = calling.filter(|_| goes_on) else { return Ok(()) };
    let first = &message["content"][0];
    match first["type"].as_str() {
        Some("thinking" | "redacted_thinking") => Ok(()),
        // It did not think before this one.
        Some("tool_use") if first["id"].as_str().is_some_and(came_without_thought) => Ok(()),
        other => Err(invalid(
            &format!("{path}.content[0].type"),
            &format!("Expected `thinking` or `redacted_thinking`, but found `{}`.", other.unwrap_or_default()),
        )),
    }
}

fn check_block(block: &Value, path: &str) -> Result<(), ProviderError> {
    fields(block, path, &[required("type", Text)])?;
    match block["type"].as_str().unwrap_or_default() {
        "text" => {
            fields(block, path, &[required("text", Text)])?;
            if block["text"] == "" {
                return Err(invalid(path, "text content blocks must be non-empty"));
            }
            Ok(())
        }
        "tool_use" => fields(block, path, &[required("id", Text), required("name", Text), required("input", Object)]),
        "tool_result" => fields(block, path, &[required("tool_use_id", Text), optional("content", TextOrList)]),
        "image" => fields(block, path, &[required("source", Object)]),
        "thinking" => {
            fields(block, path, &[required("thinking", Text), required("signature", Text)])?;
            let thought = opened(block["signature"].as_str().unwrap_or_default());
            if thought.is_none_or(|thought| block["thinking"] != "" && block["thinking"] != thought) {
                return Err(invalid(path, "Invalid `signature` in `thinking` block"));
            }
            Ok(())
        }
        "redacted_thinking" => Err(invalid(path, "Invalid `data` in `redacted_thinking` block")),
        _ => Ok(()),
    }
}
