use std::borrow::Cow;

use super::freeform;
use super::notes::Notes;
use super::proof::Proof;
use super::search::Searched;
use crate::wire::json::Value;

/// Between texts that the client wrote as several, where they must be one.
pub(in crate::dialect) const SEPARATOR: &str = "\n\n";

/// One piece of a turn or an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<'a> {
    pub kind: PartKind<'a>,
    /// A cache breakpoint behind it.
    pub cache: Option<Cache>,
    /// What an answer says of this text.
    pub notes: Option<Box<Notes<'a>>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PartKind<'a> {
    Text(Cow<'a, str>),
    Media(Media<'a>),
    Reasoning {
        /// Empty where the maker shows none.
        text: Cow<'a, str>,
        proof: Option<Proof<'a>>,
    },
    Call {
        id: Cow<'a, str>,
        name: Cow<'a, str>,
        input: Input<'a>,
    },
    Result {
        /// The call's.
        id: Cow<'a, str>,
        parts: Vec<Part<'a>>,
        is_error: bool,
    },
    Refusal(Cow<'a, str>),
    /// Only in answers.
    Searched(Searched<'a>),
}

/// How long a cache breakpoint should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    Short,
    /// An hour.
    Long,
}

/// A call's arguments.
#[derive(Clone, Debug, PartialEq)]
pub enum Input<'a> {
    /// A tree, where the dialect has an object.
    Tree(&'a Value<'a>),
    /// JSON text, where the dialect has a string; what it holds was not looked at.
    Json(Cow<'a, str>),
    /// Of a tool that takes any text.
    Text(Cow<'a, str>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Media<'a> {
    pub kind: MediaKind,
    pub source: Source<'a>,
    /// A file's name or title.
    pub name: Option<&'a str>,
    /// OpenAI's `low`, `high`, `auto`.
    pub detail: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    Image,
    Document,
    Audio,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Source<'a> {
    Base64 {
        mime: Cow<'a, str>,
        data: &'a str,
    },
    Url(&'a str),
    /// The provider's own id of an uploaded file, which no other account knows.
    File(&'a str),
}

impl<'a> Part<'a> {
    pub const fn new(kind: PartKind<'a>) -> Self {
        Self { kind, cache: None, notes: None }
    }

    pub fn cached(self, cache: Option<Cache>) -> Self {
        Self { cache, ..self }
    }

    /// With what is said of it, if anything is.
    pub fn noted(self, notes: Notes<'a>) -> Self {
        let notes = (!notes.is_empty()).then(|| Box::new(notes));
        Self { notes, ..self }
    }

    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(PartKind::Text(text.into()))
    }
}

impl Input<'_> {
    /// As JSON text; no arguments are none at all, a text is one argument.
    pub fn json(&self) -> Cow<'_, str> {
        match self {
            Self::Tree(tree) => Cow::Owned(tree.to_string()),
            Self::Json(text) if text.trim().is_empty() => Cow::Borrowed("{}"),
            Self::Json(text) => Cow::Borrowed(text),
            Self::Text(text) => Cow::Owned(freeform::arguments(text)),
        }
    }

    /// As any text: that which a model has meant by its arguments.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            other => Cow::Owned(freeform::input(&other.json()).into_owned()),
        }
    }

    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }
}

/// Texts that the client wrote as several, in one.
pub(in crate::dialect) fn joined<'a>(texts: &[&'a str]) -> Cow<'a, str> {
    match texts {
        [text] => Cow::Borrowed(text),
        _ => Cow::Owned(texts.join(SEPARATOR)),
    }
}

impl<'a> Source<'a> {
    /// A `data:` URL in Base64, or any other URL.
    pub fn of_url(url: &'a str) -> Self {
        let parsed = url.strip_prefix("data:").and_then(|rest| {
            let (head, data) = rest.split_once(',')?;
            let mime = head.strip_suffix(";base64")?;
            let mime = mime.split(';').next().unwrap_or_default();
            Some(Self::Base64 { mime: Cow::Borrowed(mime), data })
        });
        parsed.unwrap_or(Self::Url(url))
    }

    /// The pieces of a URL; a file's id is none.
    pub fn url(&self) -> Option<[&str; 4]> {
        match self {
            Self::Base64 { mime, data } => Some(["data:", mime, ";base64,", data]),
            Self::Url(url) => Some([url, "", "", ""]),
            Self::File(_) => None,
        }
    }
}
