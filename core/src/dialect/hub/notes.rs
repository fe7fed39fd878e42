use std::borrow::Cow;

use serde_json::Value as Json;

/// What an answer says of one of its texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notes<'a> {
    pub citations: Vec<Citation<'a>>,
    /// How likely its tokens were, one value each, in the form that both of OpenAI's dialects have: `token`, `logprob`,
    /// `bytes`, `top_logprobs`.
    pub logprobs: Vec<Cow<'a, Json>>,
}

/// What a text rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Citation<'a> {
    pub url: Cow<'a, str>,
    pub title: Option<Cow<'a, str>>,
    /// Which characters of the text; `None` for all of them.
    pub range: Option<(usize, usize)>,
}

impl Notes<'_> {
    pub const fn is_empty(&self) -> bool {
        self.citations.is_empty() && self.logprobs.is_empty()
    }
}

impl Citation<'_> {
    pub fn into_owned(self) -> Citation<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Citation { url: owned(self.url), title: self.title.map(owned), range: self.range }
    }

    /// The range in a text of so many characters.
    pub fn range_of(&self, length: usize) -> (usize, usize) {
        let (start, end) = self.range.unwrap_or((0, length));
        (start.min(length), end.min(length))
    }
}

/// How many characters the first `bytes` of a text are; half a character is none.
pub(in crate::dialect) fn characters(text: &str, bytes: usize) -> usize {
    text.char_indices().take_while(|(at, letter)| at + letter.len_utf8() <= bytes).count()
}

/// How many bytes the first characters of a text are.
pub(in crate::dialect) fn bytes(text: &str, characters: usize) -> usize {
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_and_bytes() {
        let text = "aü你😀z";
        for (in_bytes, in_characters) in [(0, 0), (1, 1), (3, 2), (6, 3), (10, 4), (11, 5)] {
            assert_eq!((characters(text, in_bytes), bytes(text, in_characters)), (in_characters, in_bytes));
        }
        assert_eq!((characters(text, 2), characters(text, 99), bytes(text, 99)), (1, 5, 11));
    }
}
