//! What a provider says when all is well, in each dialect, whole and as a stream.

pub(crate) mod anthropic;
mod chat;
pub(crate) mod gemini;
mod models;
mod responses;

use bytes::Bytes;
use serde_json::Value;

use crate::behaviour::ToolCall;
use crate::{Behaviour, Dialect};

pub(crate) use models::{list_models, model};

/// What the answer is made from.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub dialect: Dialect,
    /// The provider's model, repeated in the answer.
    pub model: &'a str,
    pub body: &'a Value,
    pub behaviour: &'a Behaviour,
}

/// One event of a stream, with its framing.
#[derive(Clone, Debug)]
pub struct Event {
    pub bytes: Bytes,
    pub part: Part,
}

/// Where in a stream an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Says nothing yet: headers in the shape of events.
    Preamble,
    Output,
    /// What tells a complete stream from a broken one.
    Terminal,
}

/// A whole answer's body.
pub fn whole(asked: Asked<'_>) -> Value {
    match asked.dialect {
        Dialect::Chat => chat::whole(asked),
        Dialect::Responses => responses::whole(asked),
        Dialect::Anthropic => anthropic::whole(asked),
        Dialect::Gemini => gemini::whole(asked),
    }
}

/// A streamed answer's events. Gemini's as server-sent events; see [`json_array`] for its other form.
pub fn stream(asked: Asked<'_>) -> Vec<Event> {
    match asked.dialect {
        Dialect::Chat => chat::stream(asked),
        Dialect::Responses => responses::stream(asked),
        Dialect::Anthropic => anthropic::stream(asked),
        Dialect::Gemini => gemini::stream(asked),
    }
}

/// Gemini's events as one JSON array, as without `alt=sse`.
pub fn json_array(events: Vec<Event>) -> Vec<Event> {
    let last = events.len().saturating_sub(1);
    let frame = |(index, event): (usize, Event)| {
        let text = String::from_utf8_lossy(&event.bytes).into_owned();
        let object = text.trim().strip_prefix("data: ").unwrap_or(text.trim()).to_owned();
        let open = if index == 0 { "[" } else { ",\r\n" };
        let close = if index == last { "]" } else { "" };
        Event { bytes: format!("{open}{object}{close}").into(), part: event.part }
    };
    events.into_iter().enumerate().map(frame).collect()
}

/// The tokens that a count answers: one for every four bytes of the body, at least one.
pub fn count_tokens(body: &Value) -> u64 {
    (body.to_string().len() as u64 / 4).max(1)
}

impl<'a> Asked<'a> {
    /// The calls to make: those the request declares, unless it already brings results.
    fn calls(&self) -> Vec<&'a ToolCall> {
        if self.brings_results() && !self.behaviour.insists {
            return Vec::new();
        }
        self.behaviour.tools.iter().filter(|call| self.declares(&call.name)).collect()
    }

    /// A call's id, different for every turn of a conversation.
    fn call_id(&self, prefix: &str, index: usize) -> String {
        format!("{prefix}{:03}{index:02}upstream", self.turns())
    }

    /// An answer's id: agents take two messages with the same one for one.
    fn id(&self, prefix: &str) -> String {
        match self.turns() {
            0 | 1 => format!("{prefix}upstream"),
            turns => format!("{prefix}upstream{turns}"),
        }
    }

    fn turns(&self) -> usize {
        let turns = ["messages", "input", "contents"].iter().find_map(|name| self.body[*name].as_array());
        turns.map_or(0, Vec::len)
    }

    fn brings_results(&self) -> bool {
        let last_is = |list: &Value, is_result: &dyn Fn(&Value) -> bool| {
            list.as_array().and_then(|list| list.last()).is_some_and(is_result)
        };
        let holds = |list: &Value, is_result: &dyn Fn(&Value) -> bool| {
            list.as_array().is_some_and(|list| list.iter().any(is_result))
        };
        match self.dialect {
            Dialect::Chat => last_is(&self.body["messages"], &|message| message["role"] == "tool"),
            Dialect::Responses => last_is(&self.body["input"], &|item| {
                item["type"].as_str().is_some_and(|kind| kind.ends_with("_call_output"))
            }),
            // Claude Code may add system messages after the results.
            Dialect::Anthropic => {
                let turns = self.body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
                turns
                    .iter()
                    .rfind(|turn| turn["role"] == "user")
                    .is_some_and(|turn| holds(&turn["content"], &|block| block["type"] == "tool_result"))
            }
            Dialect::Gemini => last_is(&self.body["contents"], &|content| {
                holds(&content["parts"], &|part| {
                    part.get("functionResponse").or_else(|| part.get("function_response")).is_some()
                })
            }),
        }
    }

    fn declares(&self, name: &str) -> bool {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let mut declared = list(&self.body["tools"]);
        // Codex sends the tools of some models as the first input item.
        declared.extend(list(&self.body["input"]).iter().flat_map(|item| list(&item["tools"])));
        declared.iter().any(|tool| {
            tool["name"] == name
                || tool["function"]["name"] == name
                || ["functionDeclarations", "function_declarations"]
                    .iter()
                    .any(|key| list(&tool[*key]).iter().any(|function| function["name"] == name))
                || list(&tool["tools"]).iter().any(|function| function["name"] == name)
        })
    }

    fn is_custom(&self, name: &str) -> bool {
        let tools = self.body["tools"].as_array().map(Vec::as_slice).unwrap_or_default();
        tools.iter().any(|tool| tool["type"] == "custom" && tool["name"] == name)
    }

    fn text_pieces(&self) -> Vec<&'a str> {
        pieces(&self.behaviour.text, self.behaviour.chunks)
    }
}

/// Divides a text into about that many pieces of about the same length.
fn pieces(text: &str, count: usize) -> Vec<&str> {
    let size = text.len().div_ceil(count.max(1)).max(1);
    let mut pieces = Vec::with_capacity(count);
    let mut rest = text;
    while !rest.is_empty() {
        let at = (size..=rest.len()).find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
        let (piece, left) = rest.split_at(at);
        pieces.push(piece);
        rest = left;
    }
    pieces
}

/// `event:` and `data:`, as Anthropic and Responses frame them: the name is the payload's type.
fn named_event(payload: &Value, part: Part) -> Event {
    let name = payload["type"].as_str().unwrap_or_default();
    Event { bytes: format!("event: {name}\ndata: {payload}\n\n").into(), part }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_text() {
        for (text, count, expected) in [("", 4, 0), ("abc", 1, 1), ("abcdef", 3, 3), ("äöü€", 2, 2), ("ab", 9, 2)]
        {
            let seen = pieces(text, count);
            assert_eq!((seen.len(), seen.concat().as_str()), (expected, text));
        }
    }

    #[test]
    fn a_tool_is_called_only_when_declared_and_not_answered() {
        let behaviour = Behaviour::tool("f", &serde_json::json!({"a": 1}));
        let rows = [
            (Dialect::Chat, r#"{"messages":[{}],"tools":[{"type":"function","function":{"name":"f"}}]}"#, 1),
            (Dialect::Chat, r#"{"messages":[{}]}"#, 0),
            (Dialect::Chat, r#"{"messages":[{"role":"tool"}],"tools":[{"function":{"name":"f"}}]}"#, 0),
            (Dialect::Responses, r#"{"input":"x","tools":[{"type":"function","name":"f"}]}"#, 1),
            (Dialect::Responses, r#"{"input":[{"type":"function_call_output"}],"tools":[{"name":"f"}]}"#, 0),
            (Dialect::Anthropic, r#"{"messages":[{"role":"user","content":"x"}],"tools":[{"name":"f"}]}"#, 1),
            (
                Dialect::Anthropic,
                r#"{"messages":[{"role":"user","content":[{"type":"tool_result"}]},{"role":"system"}],"tools":[{"name":"f"}]}"#,
                0,
            ),
            (Dialect::Gemini, r#"{"contents":[{}],"tools":[{"functionDeclarations":[{"name":"f"}]}]}"#, 1),
            (
                Dialect::Gemini,
                r#"{"contents":[{"parts":[{"functionResponse":{}}]}],"tools":[{"function_declarations":[{"name":"f"}]}]}"#,
                0,
            ),
        ];
        for (dialect, body, expected) in rows {
            let body = serde_json::from_str(body).unwrap();
            let asked = Asked { dialect, model: "m", body: &body, behaviour: &behaviour };
            assert_eq!(asked.calls().len(), expected, "{body}");
        }
    }
}
