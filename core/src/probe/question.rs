use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::dialect::Dialect;

/// What a test of an association asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestKind {
    /// A short answer.
    #[default]
    Plain,
    /// A short answer as a stream.
    Stream,
    /// A call of a tool.
    ToolCall,
}

const TOOL: &str = "get_weather";

/// A small request in the provider's dialect, under the name `model`.
pub(super) fn question(dialect: Dialect, model: &str, kind: TestKind) -> Bytes {
    let tool = kind == TestKind::ToolCall;
    let text = if tool { "What is the weather in Paris? Use the tool." } else { "Answer with one word: ready." };
    let description = "The weather in a city";
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let (mut body, tools) = match dialect {
        Dialect::OpenAiChat => (
            json!({"model": model, "messages": [{"role": "user", "content": text}]}),
            json!([{"type": "function", "function": {"name": TOOL, "description": description, "parameters": schema}}]),
        ),
        Dialect::OpenAiResponses => (
            json!({"model": model, "input": text, "store": false}),
            json!([{"type": "function", "name": TOOL, "description": description, "parameters": schema, "strict": false}]),
        ),
        // The only dialect that demands a limit.
        Dialect::Anthropic => (
            json!({"model": model, "max_tokens": 512, "messages": [{"role": "user", "content": text}]}),
            json!([{"name": TOOL, "description": description, "input_schema": schema}]),
        ),
        Dialect::Gemini => (
            json!({"contents": [{"role": "user", "parts": [{"text": text}]}]}),
            json!([{"functionDeclarations": [{"name": TOOL, "description": description, "parameters": schema}]}]),
        ),
    };
    if let Value::Object(body) = &mut body {
        if tool {
            body.insert("tools".into(), tools);
        }
        if kind == TestKind::Stream && dialect != Dialect::Gemini {
            body.insert("stream".into(), true.into());
        }
    }
    Bytes::from(body.to_string())
}

/// Whether a whole answer calls a tool.
pub(super) fn calls_tool(dialect: Dialect, answer: &[u8]) -> bool {
    let Ok(answer) = serde_json::from_slice::<Value>(answer) else { return false };
    let any = |items: &Value, is_call: &dyn Fn(&Value) -> bool| {
        items.as_array().is_some_and(|items| items.iter().any(is_call))
    };
    match dialect {
        Dialect::OpenAiChat => any(&answer["choices"], &|choice| any(&choice["message"]["tool_calls"], &|_| true)),
        Dialect::OpenAiResponses => any(&answer["output"], &|item| item["type"] == "function_call"),
        Dialect::Anthropic => any(&answer["content"], &|block| block["type"] == "tool_use"),
        Dialect::Gemini => {
            any(&answer["candidates"], &|one| any(&one["content"]["parts"], &|part| part["functionCall"].is_object()))
        }
    }
}
