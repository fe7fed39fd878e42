use std::borrow::Cow;

use super::part::{Part, PartKind};
use super::stream::{Block, Delta, StreamPart};

/// A model's whole answer. Its usage is the meter's business.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<'a> {
    /// The provider's own id of it, where it gave one.
    pub id: Option<&'a str>,
    pub parts: Vec<Part<'a>>,
    pub reason: Reason<'a>,
}

/// Why a model ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reason<'a> {
    #[default]
    Stop,
    /// One of the client's stop sequences came.
    Sequence(Cow<'a, str>),
    Length,
    /// The context window is full.
    Context,
    Calls,
    /// The provider's filter, or the model itself, refused.
    Filter,
    /// A server's tool takes long: the client should ask for more.
    Pause,
}

impl Reason<'_> {
    pub fn into_owned(self) -> Reason<'static> {
        match self {
            Self::Stop => Reason::Stop,
            Self::Sequence(text) => Reason::Sequence(Cow::Owned(text.into_owned())),
            Self::Length => Reason::Length,
            Self::Context => Reason::Context,
            Self::Calls => Reason::Calls,
            Self::Filter => Reason::Filter,
            Self::Pause => Reason::Pause,
        }
    }
}

impl Answer<'_> {
    /// The same answer as the parts of a stream.
    pub fn unfold(&self, give: &mut dyn FnMut(StreamPart<'_>)) {
        give(StreamPart::Start { id: self.id });
        for (index, part) in self.parts.iter().enumerate() {
            let (block, text, proof) = match &part.kind {
                PartKind::Text(text) => (Block::Text, Delta::Text(text), None),
                PartKind::Refusal(text) => (Block::Refusal, Delta::Text(text), None),
                PartKind::Reasoning { text, proof } => {
                    (Block::Reasoning, Delta::Text(text), proof.as_ref().and_then(|proof| proof.made()))
                }
                PartKind::Call { id, name, input } => {
                    give(StreamPart::Open { index, block: Block::Call { id, name } });
                    give(StreamPart::Delta { index, delta: Delta::Input(&input.json()) });
                    give(StreamPart::Close { index, proof: None });
                    continue;
                }
                // No model answers with these.
                PartKind::Media(_) | PartKind::Result { .. } => continue,
            };
            give(StreamPart::Open { index, block });
            let Delta::Text(words) = text else { continue };
            if !words.is_empty() {
                give(StreamPart::Delta { index, delta: text });
            }
            give(StreamPart::Close { index, proof });
        }
        give(StreamPart::End { reason: self.reason.clone() });
    }
}
