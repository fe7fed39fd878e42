use serde_json::Value as Json;

use super::answer::Reason;
use super::notes::Citation;
use super::search::Searched;

/// A step of a streamed answer. Blocks may be open at the same time, and their deltas interleaved; each index is used once in
/// a choice. Without an `End` the answer is not complete.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamPart<'a> {
    Start {
        id: Option<&'a str>,
    },
    Open {
        index: usize,
        block: Block<'a>,
    },
    Delta {
        index: usize,
        delta: Delta<'a>,
    },
    Close {
        index: usize,
        /// Of reasoning: what its maker wants back, as JSON in its maker's own words.
        proof: Option<&'a str>,
    },
    /// A search of the web, which is no block: it comes as a whole when it is over.
    Searched(&'a Searched<'a>),
    /// Which tier of service answers, in OpenAI's words, as far as is known.
    Tier(&'a str),
    /// What follows is of this choice, as at first it is of choice 0.
    Choice(usize),
    /// A choice has ended, and others have not.
    ChoiceEnd {
        reason: Reason<'a>,
    },
    /// The last choice has ended, which is the first one.
    End {
        reason: Reason<'a>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block<'a> {
    Text,
    Refusal,
    Reasoning,
    Call {
        id: &'a str,
        name: &'a str,
        /// Its input is any text, not JSON.
        is_text: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delta<'a> {
    Text(&'a str),
    /// The next piece of a call's arguments, as JSON text, or of its text.
    Input(&'a str),
    /// How likely the tokens of the text that comes next were, in OpenAI's form.
    Logprobs(&'a [Json]),
    /// What of the block's text rests on.
    Citation(&'a Citation<'a>),
}
