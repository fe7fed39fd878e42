//! What a model answered in a test, in whatever dialect, and how the conversation goes on from it.

use serde_json::{Map, Value, json};

use crate::dialect::Dialect;

/// A whole answer of a model.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) text: String,
    pub(super) calls: Vec<ToolCall>,
    /// How many tokens a request has, where that was asked.
    pub(super) counted: Option<u64>,
    /// The answer as the next request repeats it.
    turn: Vec<Value>,
}

#[derive(Clone, Debug)]
pub(super) struct ToolCall {
    id: Option<String>,
    pub(super) name: String,
    pub(super) arguments: Value,
}

impl Reply {
    pub(super) fn read(dialect: Dialect, body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut reply = Self {
            counted: ["input_tokens", "totalTokens"].iter().find_map(|name| body.get(*name)?.as_u64()),
            ..Self::default()
        };
        match dialect {
            Dialect::OpenAiChat => reply.read_chat(&body),
            Dialect::OpenAiResponses => items(&body, "/output").iter().for_each(|item| reply.read_item(item)),
            Dialect::Anthropic => {
                items(&body, "/content").iter().for_each(|block| reply.read_block(block));
                reply.turn = vec![json!({"role": "assistant", "content": body.get("content")})];
            }
            Dialect::Gemini => {
                items(&body, "/candidates/0/content/parts").iter().for_each(|part| reply.read_part(part));
                reply.turn = vec![json!({"role": "model", "parts": body.pointer("/candidates/0/content/parts")})];
            }
        }
        reply
    }

    fn read_chat(&mut self, body: &Value) {
        let Some(message) = body.pointer("/choices/0/message") else { return };
        self.text = text(message, "content").to_owned();
        for call in items(message, "/tool_calls") {
            let function = call.get("function").unwrap_or(&Value::Null);
            self.call(call.get("id"), text(function, "name"), parsed(text(function, "arguments")));
        }
        let calls = message.get("tool_calls");
        self.turn = vec![json!({"role": "assistant", "content": message.get("content"), "tool_calls": calls})];
    }

    fn read_item(&mut self, item: &Value) {
        match text(item, "type") {
            "function_call" => {
                let (name, arguments) = (text(item, "name"), text(item, "arguments"));
                self.call(item.get("call_id"), name, parsed(arguments));
                // Without its id, by which the provider would look for what it was asked not to store.
                let call_id = item.get("call_id");
                self.turn
                    .push(json!({"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}));
            }
            "message" => {
                let parts = items(item, "/content").iter().filter(|part| text(part, "type") == "output_text");
                parts.for_each(|part| self.text.push_str(text(part, "text")));
            }
            _ => {}
        }
    }

    fn read_block(&mut self, block: &Value) {
        match text(block, "type") {
            "text" => self.text.push_str(text(block, "text")),
            "tool_use" => {
                let arguments = block.get("input").cloned().unwrap_or_default();
                self.call(block.get("id"), text(block, "name"), arguments);
            }
            _ => {}
        }
    }

    fn read_part(&mut self, part: &Value) {
        if let Some(call) = part.get("functionCall") {
            self.call(call.get("id"), text(call, "name"), call.get("args").cloned().unwrap_or_default());
        } else if part.get("thought") != Some(&Value::Bool(true)) {
            self.text.push_str(text(part, "text"));
        }
    }

    fn call(&mut self, id: Option<&Value>, name: &str, arguments: Value) {
        let id = id.and_then(Value::as_str).map(str::to_owned);
        self.calls.push(ToolCall { id, name: name.to_owned(), arguments });
    }

    /// Adds this answer and the results of its calls, each as long as they are, to the request.
    pub(super) fn go_on(
        &self,
        dialect: Dialect,
        request: &mut Map<String, Value>,
        result: impl Fn(&ToolCall) -> String,
    ) {
        let results = self.calls.iter().map(|call| (call, result(call)));
        let turns: Vec<Value> = match dialect {
            Dialect::OpenAiChat => results
                .map(|(call, result)| json!({"role": "tool", "tool_call_id": call.id, "content": result}))
                .collect(),
            Dialect::OpenAiResponses => results
                .map(|(call, result)| json!({"type": "function_call_output", "call_id": call.id, "output": result}))
                .collect(),
            Dialect::Anthropic => {
                let blocks: Value = results
                    .map(|(call, result)| json!({"type": "tool_result", "tool_use_id": call.id, "content": result}))
                    .collect();
                vec![json!({"role": "user", "content": blocks})]
            }
            Dialect::Gemini => {
                let part = |(call, result): (&ToolCall, String)| {
                    let mut response = json!({"name": call.name, "response": {"result": result}});
                    if let (Some(id), Value::Object(response)) = (&call.id, &mut response) {
                        response.insert("id".to_owned(), id.as_str().into());
                    }
                    json!({"functionResponse": response})
                };
                vec![json!({"role": "user", "parts": results.map(part).collect::<Value>()})]
            }
        };
        let list = match dialect {
            Dialect::OpenAiChat | Dialect::Anthropic => "messages",
            Dialect::OpenAiResponses => "input",
            Dialect::Gemini => "contents",
        };
        if let Some(Value::Array(list)) = request.get_mut(list) {
            list.extend(self.turn.iter().cloned().chain(turns));
        }
    }
}

fn parsed(arguments: &str) -> Value {
    serde_json::from_str(arguments).unwrap_or_default()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
