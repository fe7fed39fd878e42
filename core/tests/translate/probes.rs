//! What a client of Responses can say.

use llmio_core::dialect::Dialect;
use serde_json::{Value, json};

use crate::matrix::Probe;

#[expect(clippy::needless_pass_by_value, reason = "a table reads better without borrows")]
fn user(content: Value) -> Value {
    json!({"input": [{"role": "user", "content": content}]})
}

#[expect(clippy::needless_pass_by_value, reason = "a table reads better without borrows")]
fn behind(item: Value) -> Value {
    json!({"input": [{"role": "user", "content": "x"}, item]})
}

pub(crate) fn responses() -> Vec<Probe> {
    let it = Dialect::OpenAiResponses;
    let tools = json!([{"type": "function", "name": "needle", "strict": false,
        "parameters": {"type": "object", "properties": {}}}]);
    let custom = json!([{"type": "custom", "name": "needle",
        "format": {"type": "grammar", "syntax": "lark", "definition": "start: /x/"}}]);
    let called = |output: Value| {
        json!({"input": [
            {"role": "user", "content": "x"},
            {"type": "function_call", "call_id": "t", "name": "needle", "arguments": "{\"a\":1}"},
            {"type": "function_call_output", "call_id": "t", "output": output}]})
    };
    let image = json!({"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,bmVlZGxl"});
    vec![
        ("`instructions`", it, json!({"instructions": "needle"}), "needle"),
        ("developer prompt", it, json!({"input": [{"role": "developer", "content": "needle"}]}), "needle"),
        ("text", it, json!({"input": "needle"}), "needle"),
        ("image as data", it, user(json!([image])), "bmVlZGxl"),
        (
            "image by URL",
            it,
            user(json!([{"type": "input_image", "detail": "auto", "image_url": "https://needle.example/a.png"}])),
            "needle.example",
        ),
        (
            "PDF as data",
            it,
            user(
                json!([{"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,bmVlZGxl"}]),
            ),
            "bmVlZGxl",
        ),
        (
            "PDF by URL",
            it,
            user(json!([{"type": "input_file", "file_url": "https://needle.example/a.pdf"}])),
            "needle.example",
        ),
        ("uploaded file", it, user(json!([{"type": "input_file", "file_id": "file_1"}])), ""),
        ("instructions in mid-conversation", it, behind(json!({"role": "developer", "content": "needle"})), "needle"),
        (
            "refusals",
            it,
            behind(json!({"role": "assistant", "content": [{"type": "refusal", "refusal": "needle"}]})),
            "needle",
        ),
        ("phases of messages", it, behind(json!({"role": "assistant", "phase": "commentary", "content": "x"})), ""),
        ("tools", it, json!({"tools": tools}), "needle"),
        ("custom tools", it, json!({"tools": custom}), "needle"),
        (
            "tools in a namespace",
            it,
            json!({"tools": [{"type": "namespace", "name": "n", "description": "d", "tools": tools}]}),
            "n_needle_",
        ),
        (
            "tools among the items",
            it,
            json!({"input": [{"type": "additional_tools", "role": "developer", "tools": tools}, {"role": "user", "content": "x"}]}),
            "needle",
        ),
        ("web search", it, json!({"tools": [{"type": "web_search"}]}), "web_search|googleSearch"),
        ("web search beside functions", it, json!({"tools": [{"type": "web_search"}, tools[0]]}), "web_search"),
        (
            "web search without the web itself",
            it,
            json!({"tools": [{"type": "web_search", "external_web_access": false}]}),
            "",
        ),
        (
            "citations in earlier answers",
            it,
            behind(json!({"role": "assistant", "content": [{"type": "output_text", "text": "x", "annotations": [
                {"type": "url_citation", "url": "https://needle.example/", "title": "t", "start_index": 0, "end_index": 1}]}]})),
            "needle.example",
        ),
        ("other tools of OpenAI's servers", it, json!({"tools": [{"type": "code_interpreter"}]}), ""),
        ("calls", it, called(json!("x")), "needle"),
        ("results", it, called(json!("the result")), "the result"),
        ("images in results", it, called(json!([image])), "bmVlZGxl"),
        (
            "calls of custom tools",
            it,
            json!({"input": [
                {"role": "user", "content": "x"},
                {"type": "custom_tool_call", "call_id": "t", "name": "patch", "input": "needle"},
                {"type": "custom_tool_call_output", "call_id": "t", "output": "the result"}]}),
            "needle",
        ),
        ("searches of the web", it, behind(json!({"type": "web_search_call", "id": "ws", "status": "completed"})), ""),
        ("items of other servers' tools", it, behind(json!({"type": "mcp_call", "id": "mcp"})), ""),
        ("references to items", it, behind(json!({"type": "item_reference", "id": "msg_1"})), ""),
        ("compactions", it, behind(json!({"type": "compaction", "encrypted_content": "x"})), ""),
        ("`previous_response_id`", it, json!({"previous_response_id": "resp_1"}), ""),
        ("`conversation`", it, json!({"conversation": "conv_1"}), ""),
        ("`prompt`", it, json!({"prompt": {"id": "pmpt_1"}}), ""),
        ("`background`", it, json!({"background": true}), ""),
        ("`store`", it, json!({"store": true}), ""),
        (
            "tool choice: a tool",
            it,
            json!({"tools": tools, "tool_choice": {"type": "function", "name": "needle"}}),
            "tool_choice|allowedFunctionNames",
        ),
        ("tool choice: any", it, json!({"tools": tools, "tool_choice": "required"}), "\"required\"|\"any\"|\"ANY\""),
        (
            "tool choice: a tool in a namespace",
            it,
            json!({"tools": [{"type": "namespace", "name": "n", "description": "d", "tools": tools}],
                "tool_choice": {"type": "function", "name": "needle"}}),
            "n_needle_",
        ),
        (
            "tool choice: some",
            it,
            json!({"tools": tools, "tool_choice": {"type": "allowed_tools", "mode": "auto",
                "tools": [{"type": "function", "name": "needle"}]}}),
            "needle",
        ),
        (
            "one call at a time",
            it,
            json!({"tools": tools, "parallel_tool_calls": false}),
            "parallel_tool_calls|disable_parallel_tool_use",
        ),
        (
            "structured output",
            it,
            json!({"text": {"format": {"type": "json_schema", "name": "n", "schema": {"title": "needle"}}}}),
            "needle",
        ),
        (
            "some JSON object",
            it,
            json!({"text": {"format": {"type": "json_object"}}}),
            "JSON object|json_object|application/json",
        ),
        ("`max_output_tokens`", it, json!({"max_output_tokens": 77}), "77"),
        ("`max_tool_calls`", it, json!({"max_tool_calls": 7}), ""),
        ("`temperature`", it, json!({"temperature": 0.25}), "0.25"),
        ("`top_p`", it, json!({"top_p": 0.25}), "0.25"),
        (
            "`top_logprobs`",
            it,
            json!({"include": ["message.output_text.logprobs"], "top_logprobs": 2}),
            "top_logprobs|responseLogprobs",
        ),
        (
            "`reasoning.effort`",
            it,
            json!({"reasoning": {"effort": "medium"}}),
            "\"thinking\"|reasoning_effort|thinkingConfig",
        ),
        ("`text.verbosity`", it, json!({"text": {"verbosity": "low"}}), "verbosity"),
        ("`prompt_cache_key`", it, json!({"prompt_cache_key": "needle"}), "needle"),
        ("user", it, json!({"safety_identifier": "needle"}), "needle"),
        ("service tier", it, json!({"service_tier": "default"}), "service_tier|serviceTier"),
        ("`metadata`", it, json!({"metadata": {"a": "b"}}), "\"metadata\""),
        ("`truncation`", it, json!({"truncation": "auto"}), ""),
        ("`include`: others than reasoning", it, json!({"include": ["file_search_call.results"]}), ""),
        ("a member that nobody knows", it, json!({"client_metadata": {"a": "b"}}), ""),
    ]
}
