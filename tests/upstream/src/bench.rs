//! Answers for the benchmark: made once, never checked, never written down.

use bytes::Bytes;
use core::time::Duration;
use serde_json::json;

use crate::answer::{self, Asked};
use crate::{Behaviour, Dialect, Play, Step};

/// Events of the benchmark's stream, the last of which is `[DONE]`.
pub const STREAM_EVENTS: usize = 68;

/// A Chat provider's two answers.
#[derive(Clone, Debug)]
pub struct Answers {
    whole: Play,
    stream: Play,
}

impl Answers {
    /// `event_delay` lies between two events of a stream; without one each event is still written on its own.
    pub fn new(event_delay: Duration) -> Self {
        let body = json!({"stream": true, "stream_options": {"include_usage": true}});
        // One event opens the stream; the end, the usage and the mark follow.
        let behaviour = Behaviour {
            text: crate::behaviour::filler((STREAM_EVENTS - 4) * 5),
            chunks: STREAM_EVENTS - 4,
            ..Behaviour::default()
        };
        let asked = Asked { dialect: Dialect::Chat, model: "bench", body: &body, behaviour: &behaviour };
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

    /// The stream when the body's first bytes ask for one.
    pub(crate) fn choose(&self, body: &[u8]) -> Play {
        let head = &body[..body.len().min(256)];
        let streams = memchr::memmem::find(head, br#""stream":true"#).is_some();
        if streams { self.stream.clone() } else { self.whole.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_has_its_length() {
        let answers = Answers::new(Duration::ZERO);
        let sent =
            answers.choose(br#"{"stream":true}"#).steps.iter().filter(|step| matches!(step, Step::Send(_))).count();
        assert_eq!(sent, STREAM_EVENTS);
        assert_eq!(answers.choose(b"{}").steps.len(), 1);
    }
}
