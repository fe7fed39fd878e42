//! Reads a stream of server-sent events as a client does.

use serde_json::Value;

/// One event: its name, and its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub name: Option<String>,
    pub data: String,
}

impl Event {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_default()
    }
}

/// The complete events of a body, and what stood between or after them without being one.
pub fn events(body: &str) -> (Vec<Event>, String) {
    let body = body.replace("\r\n", "\n");
    let mut events = Vec::new();
    let mut rest = String::new();
    for block in body.split("\n\n").filter(|block| !block.is_empty()) {
        let mut name = None;
        let mut data = Vec::new();
        for line in block.lines() {
            if let Some(value) = line.strip_prefix("event:") {
                name = Some(value.trim().to_owned());
            } else if let Some(value) = line.strip_prefix("data:") {
                data.push(value.strip_prefix(' ').unwrap_or(value));
            } else if !line.starts_with(':') {
                rest.push_str(line);
            }
        }
        if name.is_some() || !data.is_empty() {
            events.push(Event { name, data: data.join("\n") });
        }
    }
    (events, rest)
}
