//! The table of `docs/dialects.md`: what becomes of each element, found by sending it.

use llmio_core::dialect::Dialect;
use llmio_core::testing::current_file;
use serde_json::{Value, json};

use crate::bench::{self, others};
use crate::probes::responses;

/// An element, the client's dialect, the members that a request has with it, and what must be found on the other side
/// unless it is dropped or refused: one of several texts, since each dialect has its own words.
pub(crate) type Probe = (&'static str, Dialect, Value, &'static str);

#[expect(clippy::needless_pass_by_value, reason = "a table reads better without borrows")]
fn user(content: Value) -> Value {
    json!({"messages": [{"role": "user", "content": content}]})
}

fn messages() -> Vec<Probe> {
    let it = Dialect::Anthropic;
    let tools = json!([{"name": "needle", "description": "d", "input_schema": {"type": "object", "properties": {}}}]);
    let called = |result: Value| {
        json!({"messages": [
            {"role": "user", "content": "x"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "needle", "input": {"a": 1}}]},
            {"role": "user", "content": [result]}]})
    };
    let result = |content: Value| json!({"type": "tool_result", "tool_use_id": "t", "content": content});
    let image = |source: Value| json!({"type": "image", "source": source});
    let data = json!({"type": "base64", "media_type": "image/png", "data": "bmVlZGxl"});
    vec![
        ("system prompt", it, json!({"system": "needle"}), "needle"),
        ("text", it, user(json!([{"type": "text", "text": "needle"}])), "needle"),
        ("image as data", it, user(json!([image(data.clone())])), "bmVlZGxl"),
        (
            "image by URL",
            it,
            user(json!([image(json!({"type": "url", "url": "https://needle.example/a.png"}))])),
            "needle.example",
        ),
        (
            "PDF as data",
            it,
            user(
                json!([{"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "bmVlZGxl"}}]),
            ),
            "bmVlZGxl",
        ),
        (
            "PDF by URL",
            it,
            user(json!([{"type": "document", "source": {"type": "url", "url": "https://needle.example/a.pdf"}}])),
            "needle.example",
        ),
        (
            "document as text",
            it,
            user(
                json!([{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "needle"}}]),
            ),
            "needle",
        ),
        ("uploaded file", it, user(json!([image(json!({"type": "file", "file_id": "file_1"}))])), ""),
        (
            "instructions in mid-conversation",
            it,
            json!({"messages": [{"role": "user", "content": "x"}, {"role": "system", "content": "needle"}]}),
            "needle",
        ),
        ("tools", it, json!({"tools": tools}), "needle"),
        ("server tools", it, json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}), ""),
        ("calls", it, called(result(json!("r"))), "needle"),
        ("results", it, called(result(json!("the result"))), "the result"),
        (
            "results that are errors",
            it,
            called(json!({"type": "tool_result", "tool_use_id": "t", "content": "the result", "is_error": true})),
            "the result",
        ),
        ("images in results", it, called(result(json!([image(data)]))), "bmVlZGxl"),
        (
            "tool choice: a tool",
            it,
            json!({"tools": tools, "tool_choice": {"type": "tool", "name": "needle"}}),
            "tool_choice",
        ),
        ("tool choice: any", it, json!({"tools": tools, "tool_choice": {"type": "any"}}), "\"required\"|\"ANY\""),
        (
            "one call at a time",
            it,
            json!({"tools": tools, "tool_choice": {"type": "auto", "disable_parallel_tool_use": true}}),
            "parallel_tool_calls",
        ),
        (
            "structured output",
            it,
            json!({"output_config": {"format": {"type": "json_schema", "schema": {"title": "needle"}}}}),
            "needle",
        ),
        ("`max_tokens`", it, json!({"max_tokens": 77}), "77"),
        ("`temperature`", it, json!({"temperature": 0.25}), "0.25"),
        ("`top_p`", it, json!({"top_p": 0.25}), "0.25"),
        ("`top_k`", it, json!({"top_k": 7}), ""),
        ("stop sequences", it, json!({"stop_sequences": ["needle"]}), "needle"),
        (
            "thinking: budget",
            it,
            json!({"thinking": {"type": "enabled", "budget_tokens": 8192}}),
            "reasoning_effort|\"effort\"|8192",
        ),
        (
            "thinking: adaptive",
            it,
            json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}),
            "high",
        ),
        ("effort without thinking", it, json!({"output_config": {"effort": "low"}}), "low"),
        (
            "cache breakpoints",
            it,
            json!({"system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]}),
            "",
        ),
        ("user", it, json!({"metadata": {"user_id": "needle"}}), "needle"),
        ("service tier", it, json!({"service_tier": "standard_only"}), "service_tier"),
        ("a member that nobody knows", it, json!({"vendor_member": 1}), ""),
    ]
}

fn chat() -> Vec<Probe> {
    let it = Dialect::OpenAiChat;
    let tools = json!([{"type": "function", "function": {"name": "needle", "parameters": {"type": "object", "properties": {}}}}]);
    let called = json!({"messages": [
        {"role": "user", "content": "x"},
        {"role": "assistant", "tool_calls": [{"id": "t", "type": "function", "function": {"name": "needle", "arguments": "{\"a\":1}"}}]},
        {"role": "tool", "tool_call_id": "t", "content": "the result"}]});
    vec![
        (
            "system prompt",
            it,
            json!({"messages": [{"role": "system", "content": "needle"}, {"role": "user", "content": "x"}]}),
            "needle",
        ),
        (
            "developer prompt",
            it,
            json!({"messages": [{"role": "developer", "content": "needle"}, {"role": "user", "content": "x"}]}),
            "needle",
        ),
        ("text", it, user(json!("needle")), "needle"),
        (
            "image as data",
            it,
            user(json!([{"type": "image_url", "image_url": {"url": "data:image/png;base64,bmVlZGxl"}}])),
            "bmVlZGxl",
        ),
        (
            "image by URL",
            it,
            user(json!([{"type": "image_url", "image_url": {"url": "https://needle.example/a.png"}}])),
            "needle.example",
        ),
        (
            "PDF as data",
            it,
            user(
                json!([{"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,bmVlZGxl"}}]),
            ),
            "bmVlZGxl",
        ),
        ("uploaded file", it, user(json!([{"type": "file", "file": {"file_id": "file_1"}}])), ""),
        ("audio", it, user(json!([{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}])), ""),
        (
            "instructions in mid-conversation",
            it,
            json!({"messages": [{"role": "user", "content": "x"}, {"role": "system", "content": "needle"}]}),
            "needle",
        ),
        ("names of speakers", it, json!({"messages": [{"role": "user", "name": "ann", "content": "x"}]}), ""),
        ("tools", it, json!({"tools": tools}), "needle"),
        ("custom tools", it, json!({"tools": [{"type": "custom", "custom": {"name": "patch"}}]}), ""),
        ("web search", it, json!({"web_search_options": {}}), ""),
        ("calls", it, called.clone(), "needle"),
        ("results", it, called, "the result"),
        (
            "tool choice: a tool",
            it,
            json!({"tools": tools, "tool_choice": {"type": "function", "function": {"name": "needle"}}}),
            "tool_choice",
        ),
        ("tool choice: any", it, json!({"tools": tools, "tool_choice": "required"}), "\"any\"|\"required\"|\"ANY\""),
        ("one call at a time", it, json!({"tools": tools, "parallel_tool_calls": false}), "parallel_tool"),
        (
            "structured output",
            it,
            json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"title": "needle"}}}}),
            "needle",
        ),
        (
            "some JSON object",
            it,
            json!({"response_format": {"type": "json_object"}}),
            "JSON object|json_object|application/json",
        ),
        ("`max_completion_tokens`", it, json!({"max_completion_tokens": 77}), "77"),
        ("`temperature`", it, json!({"temperature": 0.25}), "0.25"),
        ("`top_p`", it, json!({"top_p": 0.25}), "0.25"),
        ("`stop`", it, json!({"stop": "needle"}), "needle"),
        ("`seed`", it, json!({"seed": 7}), ""),
        ("penalties", it, json!({"frequency_penalty": 0.5, "presence_penalty": 0.5}), ""),
        ("`logit_bias`", it, json!({"logit_bias": {"1": 1}}), ""),
        ("`logprobs`", it, json!({"logprobs": true}), ""),
        ("`n` above 1", it, json!({"n": 2}), ""),
        ("`reasoning_effort`", it, json!({"reasoning_effort": "medium"}), "thinking|\"effort\""),
        ("`prompt_cache_key`", it, json!({"prompt_cache_key": "needle"}), "needle"),
        ("`verbosity`", it, json!({"verbosity": "low"}), "verbosity"),
        ("user", it, json!({"user": "needle"}), "needle"),
        ("service tier", it, json!({"service_tier": "default"}), "standard_only|service_tier"),
        ("sound or pictures as an answer", it, json!({"modalities": ["text", "audio"]}), ""),
        ("a member that nobody knows", it, json!({"vendor_member": 1}), ""),
    ]
}

/// What became of a probe, in a word or two.
fn fate((name, from, members, needle): &Probe, to: Dialect) -> String {
    let mut body = match from {
        Dialect::Anthropic => {
            json!({"model": "m", "max_tokens": 30000, "messages": [{"role": "user", "content": "x"}]})
        }
        Dialect::OpenAiResponses => json!({"model": "m", "input": "x"}),
        _ => json!({"model": "m", "messages": [{"role": "user", "content": "x"}]}),
    };
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let (told, ledger) = match bench::request(*from, to, "claude-sonnet-4-5", &body) {
        Err(refusal) => return format!("refused: `{}`", refusal.split(':').next().unwrap()),
        Ok(told) => told,
    };
    let ledger = ledger.to_string().replace("; added=cache_control", "").replace("added=cache_control", "");
    let text = told.to_string();
    let arrives = needle.split('|').any(|needle| !needle.is_empty() && text.contains(needle));
    assert!(
        arrives != ledger.contains("dropped="),
        "{from} → {to}, {name}: neither arrives nor is told: {told} {ledger}"
    );
    match ledger.split_once('=') {
        None => "exact".to_owned(),
        Some((fate, codes)) => format!("{fate}: `{codes}`"),
    }
}

#[test]
fn what_becomes_of_each_element() {
    let mut table = String::new();
    let all =
        [(Dialect::Anthropic, messages()), (Dialect::OpenAiChat, chat()), (Dialect::OpenAiResponses, responses())];
    for (from, probes) in all {
        for to in others(from) {
            table += &format!("\n### From `{from}` to `{to}`\n\n| element | becomes |\n|---|---|\n");
            for probe in &probes {
                table += &format!("| {} | {} |\n", probe.0, fate(probe, to));
            }
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/dialects.md");
    let document = std::fs::read_to_string(path).unwrap();
    let (before, rest) = document.split_once("<!-- the matrix").unwrap();
    let (mark, rest) = rest.split_once("-->\n").unwrap();
    let (_, behind) = rest.split_once("<!-- end -->").unwrap();
    current_file(path, &format!("{before}<!-- the matrix{mark}-->\n{table}\n<!-- end -->{behind}"));
}
