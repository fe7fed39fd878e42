use std::borrow::Cow;

use super::part::Part;

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
    /// The model has failed, in its provider's words: no client may take that for an answer.
    Failed(Cow<'a, str>),
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
            Self::Failed(words) => Reason::Failed(Cow::Owned(words.into_owned())),
        }
    }
}
