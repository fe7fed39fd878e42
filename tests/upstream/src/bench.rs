//! Answers for the benchmark: made once, never checked, never written down.

use bytes::Bytes;
use core::time::Duration;
use serde_json::json;

use crate::answer::{self, Asked};
use crate::{Behaviour, Dialect, Play, Step};

/// Events of the benchmark's stream in Chat, the last of which is `[DONE]`; elsewhere it has as many pieces of text.
pub const STREAM_EVENTS: usize = 68;

/// A provider's two answers.
#[derive(Clone, Debug)]
pub struct Answers {
    whole: Play,
    stream: Play,
}

impl Answers {
    /// `event_delay` lies between two events of a stream; without one each event is still written on its own.
    pub fn new(dialect: Dialect, event_delay: Duration) -> Self {
        let body = json!({"stream": true, "stream_options": {"include_usage": true}});
        // One event opens the stream; the end, the usage and the mark follow.
        let behaviour = Behaviour {
            text: crate::behaviour::filler((STREAM_EVENTS - 4) * 5),
            chunks: STREAM_EVENTS - 4,
            ..Behaviour::default()
        };
        let asked = Asked { dialect, model: "bench", body: &body, behaviour: &behaviour };
        let mut steps = Vec::new();
        for event in answer::stream(asked) {
            steps.extend([Step::Send(event.bytes), Step::Flush]);
            if !event_delay.is_zero() {
                steps.push(Step::Wait(event_delay));
            }
        }
        let whole = Bytes::from(answer::whole(asked).to_string());
        Self {
            whole: Play::whole(200, "application/json", whole),
            stream: Play::stream(200, "text/event-stream", steps),
        }
    }

    /// The stream when the path or the body asks for one.
    pub(crate) fn choose(&self, path: &str, body: &[u8]) -> Play {
        // What a client wrote has it near the beginning, what the gateway translated near the end; between them may be megabytes.
        let (head, tail) = (&body[..body.len().min(256)], &body[body.len().saturating_sub(256)..]);
        let mark = br#""stream":true"#;
        let streams = path.ends_with(":streamGenerateContent")
            || [head, tail].iter().any(|part| memchr::memmem::find(part, mark).is_some());
        if streams { self.stream.clone() } else { self.whole.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_has_its_length() {
        let answers = Answers::new(Dialect::Chat, Duration::ZERO);
        let play = answers.choose("/v1/chat/completions", br#"{"stream":true}"#);
        let sent = play.steps.iter().filter(|step| matches!(step, Step::Send(_))).count();
        assert_eq!(sent, STREAM_EVENTS);
        assert_eq!(answers.choose("/v1/chat/completions", b"{}").steps.len(), 1);
    }

    #[test]
    fn each_dialect_says_in_its_own_way_that_it_wants_a_stream() {
        for dialect in Dialect::ALL {
            let answers = Answers::new(dialect, Duration::ZERO);
            let body = format!(r#"{{"text":"{}","stream":true}}"#, "a".repeat(1_000));
            let (path, body) = match dialect {
                Dialect::Gemini => ("/v1beta/models/bench:streamGenerateContent", "{}"),
                _ => ("/v1", body.as_str()),
            };
            assert!(answers.choose(path, body.as_bytes()).steps.len() > STREAM_EVENTS, "{dialect:?}");
            assert_eq!(answers.choose("/v1beta/models/bench:generateContent", b"{}").steps.len(), 1);
        }
    }
}
