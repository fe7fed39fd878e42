use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::dialect::Dialect;

/// What a test asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestKind {
    /// A short answer.
    #[default]
    Plain,
    /// A short answer as a stream.
    Stream,
    /// A call of a tool.
    #[serde(alias = "tools")]
    ToolCall,
    /// An answer by a JSON Schema.
    StructuredOutput,
    /// What is in a picture.
    Image,
    /// Two tools in turn, the second with what the first gave, and an answer out of both.
    Agent,
    /// How many tokens a request has.
    CountTokens,
}

impl TestKind {
    /// How many exchanges it may take.
    pub(super) const fn max_steps(self) -> u32 {
        if matches!(self, Self::Agent) { 20 } else { 1 }
    }

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Plain | Self::Stream | Self::CountTokens => "Answer with one word: ready.",
            Self::ToolCall => "What is the weather in Paris? Use the tool.",
            Self::StructuredOutput => "Which city is the capital of France? Answer in JSON.",
            Self::Image => "Which colour does this picture have? Answer with one English word.",
            Self::Agent => {
                "What is the weather where I am? First call get_city to learn the city, then get_weather with that city, \
                 and then answer in one sentence."
            }
        }
    }

    fn tools(self) -> &'static [Tool] {
        match self {
            Self::ToolCall => &[WEATHER],
            Self::Agent => &[CITY, WEATHER],
            _ => &[],
        }
    }
}

struct Tool {
    name: &'static str,
    description: &'static str,
    /// The name of its only argument, a text.
    argument: Option<&'static str>,
}

pub(super) const CITY_TOOL: &str = "get_city";
pub(super) const WEATHER_TOOL: &str = "get_weather";
const CITY: Tool = Tool { name: CITY_TOOL, description: "The city where the user is", argument: None };
const WEATHER: Tool = Tool { name: WEATHER_TOOL, description: "The weather in a city", argument: Some("city") };

/// What a tool gives back in a test.
pub(super) fn result_of(tool: &str) -> &'static str {
    match tool {
        CITY_TOOL => "Paris",
        WEATHER_TOOL => "18 degrees and sunny",
        _ => "there is no such tool",
    }
}

/// A red square, 64 pixels wide: small ones are refused by some.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAS0lEQVR42u3PQQkAAAgAsetfWiP4FgYrsKZeS0BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEDgsqnc8OJg6Ln3AAAAAElFTkSuQmCC";
pub(super) const COLOUR: &str = "red";
/// The members that a structured answer must have.
pub(super) const MEMBERS: [&str; 2] = ["city", "country"];

/// A small request in the provider's dialect, under the name `model`.
pub(super) fn question(dialect: Dialect, model: &str, kind: TestKind) -> Map<String, Value> {
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    let content = content(dialect, kind);
    if dialect != Dialect::Gemini {
        set("model", model.into());
    }
    match dialect {
        Dialect::OpenAiChat => set("messages", json!([{"role": "user", "content": content}])),
        Dialect::OpenAiResponses => {
            set("store", false.into());
            set("input", json!([{"role": "user", "content": content}]))
        }
        Dialect::Anthropic => set("messages", json!([{"role": "user", "content": content}])),
        Dialect::Gemini => set("contents", json!([{"role": "user", "parts": content}])),
    };
    if kind == TestKind::CountTokens {
        return body;
    }
    if dialect == Dialect::Anthropic {
        // The only dialect that demands a limit.
        set("max_tokens", 1024.into());
    }
    if kind == TestKind::Stream && dialect != Dialect::Gemini {
        set("stream", true.into());
    }
    if !kind.tools().is_empty() {
        set("tools", tools(dialect, kind.tools()));
    }
    if kind == TestKind::StructuredOutput {
        let (name, value) = format(dialect);
        set(name, value);
    }
    body
}

fn content(dialect: Dialect, kind: TestKind) -> Value {
    let (text, has_picture) = (kind.text(), kind == TestKind::Image);
    let url = || format!("data:image/png;base64,{PICTURE}");
    match dialect {
        Dialect::Gemini if has_picture => {
            json!([{"inlineData": {"mimeType": "image/png", "data": PICTURE}}, {"text": text}])
        }
        Dialect::Gemini => json!([{"text": text}]),
        _ if !has_picture => text.into(),
        Dialect::OpenAiChat => {
            json!([{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": url()}}])
        }
        Dialect::OpenAiResponses => {
            json!([{"type": "input_text", "text": text}, {"type": "input_image", "image_url": url()}])
        }
        Dialect::Anthropic => {
            let source = json!({"type": "base64", "media_type": "image/png", "data": PICTURE});
            json!([{"type": "image", "source": source}, {"type": "text", "text": text}])
        }
    }
}

fn tools(dialect: Dialect, tools: &[Tool]) -> Value {
    let schema = |tool: &Tool| match tool.argument {
        Some(name) => json!({"type": "object", "properties": {name: {"type": "string"}}, "required": [name]}),
        None => json!({"type": "object", "properties": {}}),
    };
    let declared = tools.iter().map(|tool| {
        let Tool { name, description, .. } = tool;
        match dialect {
            Dialect::OpenAiChat => {
                let function = json!({"name": name, "description": description, "parameters": schema(tool)});
                json!({"type": "function", "function": function})
            }
            Dialect::OpenAiResponses => {
                let parameters = schema(tool);
                json!({"type": "function", "name": name, "description": description, "parameters": parameters, "strict": false})
            }
            Dialect::Anthropic => json!({"name": name, "description": description, "input_schema": schema(tool)}),
            // Its schemas of objects must not be empty.
            Dialect::Gemini if tool.argument.is_none() => json!({"name": name, "description": description}),
            Dialect::Gemini => json!({"name": name, "description": description, "parameters": schema(tool)}),
        }
    });
    let declared: Value = declared.collect();
    if dialect == Dialect::Gemini { json!([{"functionDeclarations": declared}]) } else { declared }
}

/// The member that asks for an answer by a schema.
fn format(dialect: Dialect) -> (&'static str, Value) {
    let properties: Map<String, Value> =
        MEMBERS.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect();
    let mut schema = json!({"type": "object", "properties": properties, "required": MEMBERS});
    if dialect != Dialect::Gemini
        && let Value::Object(schema) = &mut schema
    {
        schema.insert("additionalProperties".to_owned(), false.into());
    }
    match dialect {
        Dialect::OpenAiChat => {
            let schema = json!({"name": "capital", "strict": true, "schema": schema});
            ("response_format", json!({"type": "json_schema", "json_schema": schema}))
        }
        Dialect::OpenAiResponses => {
            ("text", json!({"format": {"type": "json_schema", "name": "capital", "strict": true, "schema": schema}}))
        }
        Dialect::Anthropic => ("output_config", json!({"format": {"type": "json_schema", "schema": schema}})),
        Dialect::Gemini => {
            ("generationConfig", json!({"responseMimeType": "application/json", "responseSchema": schema}))
        }
    }
}
