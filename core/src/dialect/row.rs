use serde_json::{Map, Value};

use super::counters::{Convention, Counters};
use super::gather::{Events, Gather};
use super::hub::Codec;
use super::inspect::{InvalidRequest, RequestHead, Session};
use super::progress::Progress;
use super::{Dialect, GatewayError, ModelEntry, anthropic, gemini, openai_chat, openai_responses};
use crate::wire::Event;
use crate::wire::json::{Capture, InvalidJson, Path, Scanner, Text};

/// What differs between dialects, a row for each: beside its own folder, this is all that a dialect consists of.
pub(super) struct Row {
    /// Reads one member of a request.
    pub(super) member: fn(&mut Scanner<'_>, &Text<'_>, &mut RequestHead, &mut Session) -> Result<(), InvalidRequest>,
    /// `model` and `stream` are members of the request, not parts of its path.
    pub(super) names_model: bool,
    /// What the counts of a usage report include.
    pub(super) convention: Convention,
    /// Reads one event of a stream.
    pub(super) event: fn(Event<'_>, &mut Progress) -> Result<(), InvalidJson>,
    /// What `event` reads, for an event that is too long to be held: it sees these values alone, and an object in the
    /// place of one that is itself too long.
    pub(super) event_paths: &'static [Path],
    /// Where an answer that is not streamed says what matters.
    pub(super) answer: AnswerForm,
    /// Where an answer to a counting request has the number.
    pub(super) count: Path,
    /// The body of an error, with the request's trace id.
    pub(super) error_body: fn(&GatewayError, &str) -> Value,
    /// What ends a broken stream of server-sent events.
    pub(super) error_event: fn(&GatewayError, &str, &Progress) -> String,
    /// Server-sent events, or less, that say nothing but that there is life.
    pub(super) filler: &'static str,
    /// One model.
    pub(super) model: fn(&ModelEntry) -> Value,
    /// One page of a model list, for the request's raw query.
    pub(super) models: fn(&[ModelEntry], Option<&str>) -> Value,
    /// Its translators.
    pub(super) codec: &'static Codec,
    pub(super) gather: Gather,
    /// Makes the answer complete, when the stream has ended.
    pub(super) gathered: fn(&mut Map<String, Value>),
    /// Writes a whole answer as the events of a stream.
    pub(super) spread: fn(&Map<String, Value>, &mut Events),
}

/// The shape of an answer that is not streamed.
pub(super) struct AnswerForm {
    pub(super) usage: Path,
    pub(super) read_usage: fn(&[u8]) -> Counters,
    /// What the answer calls the model.
    pub(super) model: Path,
    /// The answer's own id, where clients can go on from it.
    pub(super) id: Option<Path>,
    /// Why the answer ended, the most telling first.
    pub(super) reasons: &'static [Path],
    /// Values of which `is_answer` asks for the kind.
    pub(super) marks: &'static [Path],
    /// Whether a JSON object is an answer: of `reasons` the values are at hand, of `marks` the kinds.
    pub(super) is_answer: fn(&Capture) -> bool,
    /// What an object lacks that is no answer, in words.
    pub(super) holds: &'static str,
}

impl Dialect {
    pub(super) const fn row(self) -> &'static Row {
        match self {
            Self::OpenAiChat => &openai_chat::ROW,
            Self::OpenAiResponses => &openai_responses::ROW,
            Self::Anthropic => &anthropic::ROW,
            Self::Gemini => &gemini::ROW,
        }
    }
}
