//! Tools that take any text. Who knows none gets a function of one argument; what it is called with becomes the text again.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde_json::{Value as Json, json};

use super::stream::{Block, Delta, StreamPart};
use crate::wire::json::Value;

/// The one argument.
const INPUT: &str = "input";

pub(super) static SCHEMA: LazyLock<Value<'static>> = LazyLock::new(|| {
    let schema = json!({
        "type": "object",
        "properties": {INPUT: {"type": "string"}},
        "required": [INPUT],
        "additionalProperties": false,
    });
    schema.into()
});

/// What the text must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freeform<'a> {
    pub grammar: Option<Grammar<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grammar<'a> {
    /// `lark` or `regex`.
    pub syntax: &'a str,
    pub definition: &'a str,
}

/// What the model is told of such a tool: also the grammar, which nobody holds it to.
pub(super) fn description(own: Option<&str>, freeform: Freeform<'_>) -> String {
    let mut told = own.unwrap_or_default().to_owned();
    if !told.is_empty() {
        told.push_str("\n\n");
    }
    told.push_str("Put the whole text into `input`, exactly as it shall be.");
    if let Some(Grammar { syntax, definition }) = freeform.grammar {
        told.push_str(&format!(" It must match this grammar ({syntax}):\n{definition}"));
    }
    told
}

/// A text as the function's arguments.
pub(super) fn arguments(input: &str) -> String {
    json!({INPUT: input}).to_string()
}

/// The text that a model meant by these arguments; what is no such object is passed on as it is.
pub(in crate::dialect) fn input(arguments: &str) -> Cow<'_, str> {
    let meant = match serde_json::from_str(arguments) {
        Ok(Json::Object(mut members)) => match members.shift_remove(INPUT) {
            Some(Json::String(text)) => Some(text),
            // Some models give the argument a name of their own.
            None if members.len() == 1 => members.into_iter().find_map(|(_, value)| match value {
                Json::String(text) => Some(text),
                _ => None,
            }),
            _ => None,
        },
        Ok(Json::String(text)) => Some(text),
        _ => None,
    };
    meant.map_or(Cow::Borrowed(arguments), Cow::Owned)
}

/// Takes the text out of arguments that come in pieces.
#[derive(Debug, Default)]
pub(in crate::dialect) struct Unwrapping {
    /// What was not read yet.
    pending: String,
    place: Place,
    text: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Before,
    Within,
    Behind,
    /// It is the text itself that comes.
    Bare,
}

impl Unwrapping {
    /// Of a call whose text the provider gives as it is, or as a function's arguments.
    pub(in crate::dialect) fn of(is_text: bool) -> Self {
        Self { place: if is_text { Place::Bare } else { Place::Before }, ..Self::default() }
    }

    /// Takes the next piece of the arguments and gives what it adds to the text.
    pub(in crate::dialect) fn push(&mut self, piece: &str) -> &str {
        let before = self.text.len();
        match self.place {
            Place::Bare => self.text.push_str(piece),
            Place::Behind => {}
            Place::Before | Place::Within => self.pending.push_str(piece),
        }
        if self.place == Place::Before
            && let Some(at) = begin(&self.pending)
        {
            self.pending.drain(..at);
            self.place = Place::Within;
        }
        if self.place == Place::Within {
            self.read();
        }
        self.text.get(before..).unwrap_or_default()
    }

    /// The arguments have ended: what is still to be told of the text, and the whole of it.
    pub(in crate::dialect) fn finish(self) -> (String, String) {
        if self.place == Place::Before {
            let whole = input(&self.pending).into_owned();
            return (whole.clone(), whole);
        }
        (String::new(), self.text)
    }

    /// Reads the text as far as it has come; the half of an escape waits.
    fn read(&mut self) {
        let mut rest = self.pending.as_str();
        loop {
            let plain = rest.find(['"', '\\']).unwrap_or(rest.len());
            let (words, special) = rest.split_at(plain);
            self.text.push_str(words);
            rest = special;
            if special.starts_with('"') {
                self.place = Place::Behind;
                rest = "";
            }
            let Some((letter, length)) = escape(rest) else { break };
            self.text.push(letter);
            rest = rest.get(length..).unwrap_or_default();
        }
        self.pending = rest.to_owned();
    }
}

/// Makes functions' calls of those with any text, for a client that knows nothing else.
#[derive(Debug, Default)]
pub(super) struct Wrapping {
    /// The choice and the index of those that are open.
    open: Vec<(usize, usize)>,
}

impl Wrapping {
    pub(super) fn part(&mut self, choice: usize, part: StreamPart<'_>, give: &mut dyn FnMut(StreamPart<'_>)) {
        let input = |index, text| StreamPart::Delta { index, delta: Delta::Input(text) };
        match part {
            StreamPart::Open { index, block: Block::Call { id, name, is_text: true } } => {
                self.open.push((choice, index));
                give(StreamPart::Open { index, block: Block::Call { id, name, is_text: false } });
                give(input(index, "{\"input\":\""));
            }
            StreamPart::Delta { index, delta: Delta::Input(text) } if self.open.contains(&(choice, index)) => {
                let quoted = Json::from(text).to_string();
                give(input(index, quoted.get(1..quoted.len() - 1).unwrap_or_default()));
            }
            StreamPart::Close { index, .. } if self.open.contains(&(choice, index)) => {
                self.open.retain(|open| *open != (choice, index));
                give(input(index, "\"}"));
                give(part);
            }
            other => give(other),
        }
    }
}

/// Where the text begins in arguments that begin with it.
fn begin(arguments: &str) -> Option<usize> {
    let mut rest = arguments;
    for token in ["{", "\"input\"", ":", "\""] {
        rest = rest.trim_start().strip_prefix(token)?;
    }
    Some(arguments.len() - rest.len())
}

/// The escaped letter that `text` begins with, and how many bytes it takes; `None` while it is not whole.
fn escape(text: &str) -> Option<(char, usize)> {
    let letter = match text.strip_prefix('\\')?.chars().next()? {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'u' => return unicode(text),
        other => return Some((other, 1 + other.len_utf8())),
    };
    Some((letter, 2))
}

/// `\u0041`, or two of them for a letter that takes a pair; half a pair is no letter.
fn unicode(text: &str) -> Option<(char, usize)> {
    const LENGTH: usize = 6;
    let unit = |text: &str| text.get(2..LENGTH).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    if text.len() < LENGTH {
        return None;
    }
    let Some(high) = unit(text) else { return Some((char::REPLACEMENT_CHARACTER, 2)) };
    if !(0xd800..0xdc00).contains(&high) {
        return Some((char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), LENGTH));
    }
    let second = text.get(LENGTH..).unwrap_or_default();
    let is_escape = "\\u".starts_with(second.get(..2).unwrap_or(second));
    if is_escape && second.len() < LENGTH {
        return None;
    }
    let low = unit(second).filter(|low| is_escape && (0xdc00..0xe000).contains(low));
    let pair = low.and_then(|low| char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)));
    Some(pair.map_or((char::REPLACEMENT_CHARACTER, LENGTH), |letter| (letter, 2 * LENGTH)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text in one piece and letter by letter.
    fn unwrapped(arguments: &str) -> String {
        let cut = |pieces: &mut dyn Iterator<Item = &str>| {
            let mut unwrapping = Unwrapping::default();
            let mut told: String = pieces.map(|piece| unwrapping.push(piece).to_owned()).collect();
            let (rest, whole) = unwrapping.finish();
            told += &rest;
            assert_eq!(told, whole, "{arguments}");
            whole
        };
        let whole = cut(&mut std::iter::once(arguments));
        assert_eq!(cut(&mut arguments.split_inclusive(|_| true)), whole, "{arguments}");
        whole
    }

    #[test]
    fn there_and_back() {
        let patch = "*** Begin Patch\n+\"a\\b\"\t\u{1}/é你😀\r\n*** End Patch";
        assert_eq!(unwrapped(&arguments(patch)), patch);
        assert_eq!(input(&arguments(patch)), patch);
        let escaped = r#" { "input" : "\u0041\ud83d\ude00\/\b\f\ud83dx\u12" , "more": 1 }"#;
        assert_eq!(unwrapped(escaped), "A😀/\u{8}\u{c}\u{fffd}x\u{fffd}12");
    }

    #[test]
    fn a_text_for_who_knows_functions_alone() {
        let mut wrapping = Wrapping::default();
        let mut said = String::new();
        let index = 3;
        let pieces = ["a\"", "\n", "\"é"].map(|text| StreamPart::Delta { index, delta: Delta::Input(text) });
        let open = StreamPart::Open { index, block: Block::Call { id: "i", name: "n", is_text: true } };
        let parts = std::iter::once(open).chain(pieces).chain([StreamPart::Close { index, proof: None }]);
        for part in parts {
            wrapping.part(0, part, &mut |part| match part {
                StreamPart::Delta { delta: Delta::Input(text), .. } => said += text,
                StreamPart::Open { block, .. } => assert_eq!(block, Block::Call { id: "i", name: "n", is_text: false }),
                _ => {}
            });
        }
        assert_eq!(said, arguments("a\"\n\"é"));
    }

    #[test]
    fn what_models_write_instead() {
        for (arguments, expected) in [
            (r#"{"patch":"a"}"#, "a"),
            (r#""a""#, "a"),
            ("a\nb", "a\nb"),
            (r#"{"more":1,"input":"a"}"#, "a"),
            (r#"{"a":"1","b":"2"}"#, r#"{"a":"1","b":"2"}"#),
            (r#"{"input":1}"#, r#"{"input":1}"#),
            // Cut off.
            (r#"{"input":"a\u00"#, "a"),
            (r#"{"inp"#, r#"{"inp"#),
        ] {
            assert_eq!(unwrapped(arguments), expected);
        }
    }
}
