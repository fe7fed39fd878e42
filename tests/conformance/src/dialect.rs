//! Requests and errors in the four dialects, as clients of a gateway know them.

use llmio_upstream::Dialect;
use serde_json::{Value, json};

use crate::Home;
use crate::client::{Answer, Call};
use crate::sse;

/// The client key of every test that needs no other.
pub const KEY: &str = "sk-client-key-of-the-suite";

/// What kind of answer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Whole,
    Stream,
    /// Gemini's stream without `alt=sse`.
    Array,
}

impl Form {
    pub const BOTH: [Self; 2] = [Self::Whole, Self::Stream];

    pub fn streams(self) -> bool {
        self != Self::Whole
    }
}

/// The path of a generation, below the dialect's own prefix.
pub fn path(dialect: Dialect, model: &str, form: Form) -> String {
    match dialect {
        Dialect::Chat => "/openai/v1/chat/completions".to_owned(),
        Dialect::Responses => "/openai/v1/responses".to_owned(),
        Dialect::Anthropic => "/anthropic/v1/messages".to_owned(),
        Dialect::Gemini => format!("/gemini/v1beta/models/{model}:{}", gemini_verb(form)),
    }
}

pub fn gemini_verb(form: Form) -> &'static str {
    match form {
        Form::Whole => "generateContent",
        Form::Stream => "streamGenerateContent?alt=sse",
        Form::Array => "streamGenerateContent",
    }
}

/// A minimal body.
pub fn body(dialect: Dialect, model: &str, form: Form) -> Value {
    let mut body = match dialect {
        Dialect::Chat => json!({"model": model, "messages": [{"role": "user", "content": "Hi"}]}),
        Dialect::Responses => json!({"model": model, "input": "Hi"}),
        Dialect::Anthropic => {
            json!({"model": model, "max_tokens": 64, "messages": [{"role": "user", "content": "Hi"}]})
        }
        Dialect::Gemini => return json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}),
    };
    if form.streams() {
        body["stream"] = json!(true);
    }
    body
}

/// A request as the dialect's own SDK sends it.
pub fn call(home: &Home, dialect: Dialect, model: &str, form: Form) -> Call {
    authorized(Call::post(&home.url(&path(dialect, model, form))), dialect, KEY).json(&body(dialect, model, form))
}

/// Adds the key where the dialect's SDKs put it.
pub fn authorized(call: Call, dialect: Dialect, key: &str) -> Call {
    match dialect {
        Dialect::Chat | Dialect::Responses => call.header("authorization", &format!("Bearer {key}")),
        Dialect::Anthropic => call.header("x-api-key", key).header("anthropic-version", "2023-06-01"),
        Dialect::Gemini => call.header("x-goog-api-key", key),
    }
}

/// Checks that a whole answer is an error of the dialect, and returns its message.
pub fn error_message(dialect: Dialect, answer: &Answer) -> String {
    let body = answer.json();
    check_error(dialect, &body, &answer.text());
    body["error"]["message"].as_str().unwrap_or_default().to_owned()
}

fn check_error(dialect: Dialect, body: &Value, text: &str) {
    let error = &body["error"];
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "no message: {text}");
    match dialect {
        Dialect::Chat | Dialect::Responses => {
            for name in ["message", "type", "param", "code"] {
                assert!(error.get(name).is_some(), "no {name}: {text}");
            }
            assert!(error["type"].is_string(), "{text}");
        }
        Dialect::Anthropic => {
            assert!(body["type"] == "error" && error["type"].is_string(), "{text}");
        }
        Dialect::Gemini => {
            assert!(error["code"].is_u64() && error["status"].is_string(), "{text}");
        }
    }
}

/// How a stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// With the dialect's own mark of completeness.
    Complete,
    /// With the dialect's own error, and its message.
    Error(String),
    /// Without either; what a client takes for complete, or hangs on.
    Silent,
}

/// Reads a stream's end as the official SDKs do.
pub fn stream_end(dialect: Dialect, form: Form, answer: &Answer) -> StreamEnd {
    let text = answer.text();
    if form == Form::Array {
        return array_end(&text);
    }
    let (events, rest) = sse::events(&text);
    let last = events.last().map(sse::Event::json).unwrap_or_default();
    let message = |value: &Value| StreamEnd::Error(value.as_str().unwrap_or_default().to_owned());
    match dialect {
        Dialect::Chat => {
            if events.last().is_some_and(|event| event.data.starts_with("[DONE]")) {
                StreamEnd::Complete
            } else if last["error"].is_object() {
                check_error(dialect, &last, &text);
                message(&last["error"]["message"])
            } else {
                StreamEnd::Silent
            }
        }
        Dialect::Responses => match last["type"].as_str() {
            Some("response.completed" | "response.incomplete") => StreamEnd::Complete,
            Some("response.failed") => message(&last["response"]["error"]["message"]),
            Some("error") => {
                for name in ["code", "message", "param", "sequence_number"] {
                    assert!(last.get(name).is_some(), "no {name}: {text}");
                }
                message(&last["message"])
            }
            _ => StreamEnd::Silent,
        },
        Dialect::Anthropic => match last["type"].as_str() {
            Some("message_stop") => StreamEnd::Complete,
            Some("error") => {
                assert_eq!(events.last().and_then(|event| event.name.as_deref()), Some("error"));
                check_error(dialect, &last, &text);
                message(&last["error"]["message"])
            }
            _ => StreamEnd::Silent,
        },
        Dialect::Gemini => {
            // The SDK knows an error only when it stands bare.
            let bare: Value = serde_json::from_str(&rest).unwrap_or_default();
            if bare["error"].is_object() {
                check_error(dialect, &bare, &text);
                message(&bare["error"]["message"])
            } else if last["candidates"][0]["finishReason"].is_string() {
                StreamEnd::Complete
            } else {
                StreamEnd::Silent
            }
        }
    }
}

fn array_end(text: &str) -> StreamEnd {
    let Ok(Value::Array(items)) = serde_json::from_str(text) else { return StreamEnd::Silent };
    let last = items.last().cloned().unwrap_or_default();
    if last["error"].is_object() {
        check_error(Dialect::Gemini, &last, text);
        StreamEnd::Error(last["error"]["message"].as_str().unwrap_or_default().to_owned())
    } else if last["candidates"][0]["finishReason"].is_string() {
        StreamEnd::Complete
    } else {
        StreamEnd::Silent
    }
}
