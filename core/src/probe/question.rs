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
    let has_type = |item: &Value, kind: &str| item.get("type").and_then(Value::as_str) == Some(kind);
    match dialect {
        Dialect::OpenAiChat => {
            items(&answer, "/choices").iter().any(|choice| !items(choice, "/message/tool_calls").is_empty())
        }
        Dialect::OpenAiResponses => items(&answer, "/output").iter().any(|item| has_type(item, "function_call")),
        Dialect::Anthropic => items(&answer, "/content").iter().any(|block| has_type(block, "tool_use")),
        Dialect::Gemini => items(&answer, "/candidates")
            .iter()
            .flat_map(|candidate| items(candidate, "/content/parts"))
            .any(|part| part.get("functionCall").is_some()),
    }
}

fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
