use std::borrow::Cow;

use super::part::Part;

/// A model's whole answer. Its usage is the meter's business.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<'a> {
    /// The provider's own id of it, where it gave one.
    pub id: Option<&'a str>,
    /// Which tier of service has answered, in OpenAI's words.
    pub service_tier: Option<&'a str>,
    pub first: Choice<'a>,
    /// Where several choices were asked for.
    pub others: Vec<Choice<'a>>,
}

/// One of the answers that a model has given to the same request; mostly the only one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice<'a> {
    pub parts: Vec<Part<'a>>,
    pub reason: Reason<'a>,
}

impl<'a> Answer<'a> {
    pub const fn of(id: Option<&'a str>, parts: Vec<Part<'a>>, reason: Reason<'a>) -> Self {
        Self { id, service_tier: None, first: Choice { parts, reason }, others: Vec::new() }
    }

    /// Of these choices; of an empty one, when there is none.
    pub fn of_choices(id: Option<&'a str>, choices: impl Iterator<Item = Choice<'a>>) -> Self {
        let mut choices = choices.fuse();
        Self { id, service_tier: None, first: choices.next().unwrap_or_default(), others: choices.collect() }
    }

    #[must_use]
    pub fn served(self, service_tier: Option<&'a str>) -> Self {
        Self { service_tier, ..self }
    }

    pub fn choices(&self) -> impl Iterator<Item = &Choice<'a>> {
        std::iter::once(&self.first).chain(&self.others)
    }
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
