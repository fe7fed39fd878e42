//! Answers put on the wire byte for byte: recordings, and whatever else a case writes out itself.

use core::time::Duration;
use std::path::Path;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::fault::NOTICED;
use crate::{Behaviour, Dialect, Play, Step};

/// An answer given as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    #[serde(default = "ok")]
    pub status: u16,
    #[serde(default = "json")]
    pub content_type: String,
    /// One after another. A single text is sent with its length, if it comes to its end in one chunk.
    pub body: Vec<Piece>,
    /// How many bytes go into one chunk; absent sends each text as one.
    #[serde(default)]
    pub chunk_bytes: Option<usize>,
    #[serde(default)]
    pub end: Ending,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    Text(String),
    PauseMs(u64),
}

/// What follows the last piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The end of the body.
    #[default]
    Complete,
    /// Nothing, on a connection that stays open.
    Open,
    /// The end of the connection, inside the body.
    Cut,
}

fn ok() -> u16 {
    200
}

fn json() -> String {
    "application/json".to_owned()
}

impl Replay {
    /// A body whose length is announced.
    pub fn whole(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        let body = vec![Piece::Text(body.into())];
        Self { status, content_type: content_type.to_owned(), body, chunk_bytes: None, end: Ending::Complete }
    }

    /// A stream of server-sent events; each piece is a chunk.
    pub fn stream(pieces: impl IntoIterator<Item = Piece>, end: Ending) -> Self {
        let body = pieces.into_iter().collect();
        Self { status: 200, content_type: "text/event-stream".to_owned(), body, chunk_bytes: None, end }
    }

    /// What is sent, in one text.
    pub fn text(&self) -> String {
        self.body
            .iter()
            .filter_map(|piece| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None })
            .collect()
    }

    pub(crate) fn play(&self, delay_ms: u64) -> Play {
        let mut play = match (self.body.as_slice(), self.chunk_bytes, self.end) {
            ([Piece::Text(text)], None, Ending::Complete) => {
                Play::whole(self.status, "application/json", text.clone().into())
            }
            _ => Play::stream(self.status, "application/json", self.steps(delay_ms)),
        };
        if let Ok(value) = self.content_type.parse() {
            play.headers.insert(http::header::CONTENT_TYPE, value);
        }
        play
    }

    fn steps(&self, delay_ms: u64) -> Vec<Step> {
        let mut steps = Vec::new();
        for piece in &self.body {
            match piece {
                Piece::PauseMs(pause) => steps.push(Step::Wait(Duration::from_millis(*pause))),
                Piece::Text(text) => {
                    let bytes = Bytes::from(text.clone());
                    let size = self.chunk_bytes.unwrap_or(bytes.len()).max(1);
                    for start in (0..bytes.len()).step_by(size) {
                        steps.extend([Step::Send(bytes.slice(start..(start + size).min(bytes.len()))), Step::Flush]);
                        if delay_ms > 0 {
                            steps.push(Step::Wait(Duration::from_millis(delay_ms)));
                        }
                    }
                }
            }
        }
        match self.end {
            Ending::Complete => {}
            Ending::Open => steps.push(Step::Stall),
            Ending::Cut => steps.extend([Step::Wait(NOTICED), Step::Cut]),
        }
        steps
    }

    /// Reads a recording: `.json` is one answer; `.sse` is a stream as on the wire; `.chunks.txt` holds the payload of
    /// one event per line, which is framed as the dialect does it.
    pub fn from_file(path: &Path, dialect: Dialect, chunk_bytes: Option<usize>) -> std::io::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_stream = !name.ends_with(".json");
        let body = if name.ends_with(".chunks.txt") { frame(&text, dialect) } else { text };
        let content_type = if is_stream { "text/event-stream" } else { "application/json" };
        Ok(Self { chunk_bytes, ..Self::whole(200, content_type, body) })
    }
}

impl From<Replay> for Behaviour {
    fn from(replay: Replay) -> Self {
        Self { replay: Some(replay), ..Self::default() }
    }
}

impl From<&str> for Piece {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Piece {
    fn from(text: String) -> Self {
        Self::Text(text)
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
