//! Recorded answers, put on the wire byte for byte.

use std::path::Path;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{Dialect, Play, Step};

/// An answer given as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    #[serde(default = "ok")]
    pub status: u16,
    #[serde(default = "json")]
    pub content_type: String,
    pub body: String,
    /// How many bytes go into one chunk; absent sends all at once with its length.
    #[serde(default)]
    pub chunk_bytes: Option<usize>,
}

fn ok() -> u16 {
    200
}

fn json() -> String {
    "application/json".to_owned()
}

impl Replay {
    pub(crate) fn play(&self, delay_ms: u64) -> Play {
        let body = Bytes::from(self.body.clone());
        let mut play = match self.chunk_bytes {
            None => Play::whole(self.status, "application/json", body),
            Some(size) => {
                let size = size.max(1);
                let mut steps = Vec::new();
                for start in (0..body.len()).step_by(size) {
                    steps.push(Step::Send(body.slice(start..(start + size).min(body.len()))));
                    steps.push(Step::Flush);
                    if delay_ms > 0 {
                        steps.push(Step::Wait(core::time::Duration::from_millis(delay_ms)));
                    }
                }
                Play::stream(self.status, "application/json", steps)
            }
        };
        if let Ok(value) = self.content_type.parse() {
            play.headers.insert(http::header::CONTENT_TYPE, value);
        }
        play
    }

    /// Reads a recording: `.json` is one answer; `.sse` is a stream as on the wire; `.chunks.txt` holds the payload of
    /// one event per line, which is framed as the dialect does it.
    pub fn from_file(path: &Path, dialect: Dialect, chunk_bytes: Option<usize>) -> std::io::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_stream = !name.ends_with(".json");
        let body = if name.ends_with(".chunks.txt") { frame(&text, dialect) } else { text };
        let content_type = if is_stream { "text/event-stream" } else { "application/json" };
        Ok(Self { status: 200, content_type: content_type.to_owned(), body, chunk_bytes })
    }
}

fn frame(lines: &str, dialect: Dialect) -> String {
    let mut wire = String::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        if matches!(dialect, Dialect::Anthropic | Dialect::Responses) {
            let payload: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
            wire.push_str(&format!("event: {}\n", payload["type"].as_str().unwrap_or("message")));
        }
        wire.push_str(&format!("data: {line}\n\n"));
    }
    if dialect == Dialect::Chat {
        wire.push_str("data: [DONE]\n\n");
    }
    wire
}
