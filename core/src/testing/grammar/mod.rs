//! What a stream of each dialect must look like, whoever wrote it: checked wherever a test sees an encoded one.

mod anthropic;
mod gemini;
mod openai_chat;
mod openai_responses;

use serde_json::Value;

use crate::dialect::Dialect;

/// Panics where `stream`, a whole one of server-sent events, is none of `dialect`.
pub fn check_stream(dialect: Dialect, stream: &str) {
    match dialect {
        Dialect::Anthropic => anthropic::check(&events(stream)),
        Dialect::OpenAiChat => openai_chat::check(&events(stream)),
        Dialect::OpenAiResponses => openai_responses::check(&events(stream)),
        Dialect::Gemini => gemini::check(stream),
    }
}

/// An event's name and data.
struct Event {
    name: Option<String>,
    data: String,
}

impl Event {
    fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {}", self.data))
    }
}

fn events(stream: &str) -> Vec<Event> {
    assert!(stream.ends_with("\n\n"), "the last event has its blank line");
    let event = |text: &str| {
        let line = |field: &str| text.lines().find_map(|line| line.strip_prefix(field)).map(str::to_owned);
        assert!(text.lines().count() <= 2, "one line of data: {text}");
        Event { name: line("event: "), data: line("data: ").unwrap_or_else(|| panic!("no data in {text}")) }
    };
    stream.split("\n\n").filter(|text| !text.is_empty()).map(event).collect()
}
