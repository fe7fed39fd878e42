use std::borrow::Cow;

use memchr::memchr2;

use super::{InvalidJson, MAX_DEPTH};

/// A cursor over one JSON document in memory.
///
/// It checks the grammar of what it passes, with two exceptions that cost time and that the provider checks anyway:
/// escapes and control characters inside strings, and UTF-8. Strings are crossed with `memchr`, so a large string
/// costs about as much as copying it.
///
/// A caller that meets a value must pass it: by `skip`, by reading it, or by walking its members or elements.
#[derive(Clone, Debug)]
pub struct Scanner<'a> {
    bytes: &'a [u8],
    position: usize,
    depth: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Object,
    Array,
    String,
    Number,
    Bool,
    Null,
}

impl Kind {
    /// By a value's first byte.
    pub(super) const fn of(first: u8) -> Option<Self> {
        match first {
            b'"' => Some(Self::String),
            b'{' => Some(Self::Object),
            b'[' => Some(Self::Array),
            b't' | b'f' => Some(Self::Bool),
            b'n' => Some(Self::Null),
            b'-' | b'0'..=b'9' => Some(Self::Number),
            _ => None,
        }
    }
}

/// A string as it stands in the document, without its quotes.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    raw: &'a [u8],
    escaped: bool,
}

impl<'a> Text<'a> {
    /// Whether the string, unescaped, is `expected`.
    pub fn is(&self, expected: &str) -> bool {
        if self.escaped { self.to_str().is_some_and(|text| text == expected) } else { self.raw == expected.as_bytes() }
    }

    /// The unescaped string; `None` when it is not valid UTF-8 or an escape is wrong.
    pub fn to_str(&self) -> Option<Cow<'a, str>> {
        if !self.escaped {
            return std::str::from_utf8(self.raw).ok().map(Cow::Borrowed);
        }
        let mut quoted = Vec::with_capacity(self.raw.len() + 2);
        quoted.push(b'"');
        quoted.extend_from_slice(self.raw);
        quoted.push(b'"');
        serde_json::from_slice::<String>(&quoted).ok().map(Cow::Owned)
    }

    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The unescaped string, for comparison with known names; one that cannot be read is empty.
    pub fn name(&self) -> Cow<'a, str> {
        self.to_str().unwrap_or_default()
    }
}

impl<'a> Scanner<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0, depth: 0 }
    }

    /// The offset of the next unread byte.
    pub const fn offset(&self) -> usize {
        self.position
    }

    /// Goes past white space and says what comes next.
    pub fn peek(&mut self) -> Result<Kind, InvalidJson> {
        match self.next_byte() {
            Some(first) => Kind::of(first).ok_or_else(|| self.error("expected a JSON value")),
            None => Err(self.error("the JSON ends too early")),
        }
    }

    /// Reads a string; another value is an error.
    pub fn string(&mut self) -> Result<Text<'a>, InvalidJson> {
        if self.next_byte() != Some(b'"') {
            return Err(self.error("expected a string"));
        }
        self.position += 1;
        let start = self.position;
        let mut escaped = false;
        loop {
            let rest = self.bytes.get(self.position..).unwrap_or_default();
            let Some(found) = memchr2(b'"', b'\\', rest) else {
                self.position = self.bytes.len();
                return Err(self.error("a string is not closed"));
            };
            self.position += found;
            if rest.get(found) == Some(&b'"') {
                let raw = self.bytes.get(start..self.position).unwrap_or_default();
                self.position += 1;
                return Ok(Text { raw, escaped });
            }
            escaped = true;
            self.position += 2;
        }
    }

    /// Reads a string, or passes any other value and gives `None`.
    pub fn string_or_skip(&mut self) -> Result<Option<Text<'a>>, InvalidJson> {
        if self.peek()? == Kind::String {
            return self.string().map(Some);
        }
        self.skip()?;
        Ok(None)
    }

    /// Reads `true` or `false`, or passes any other value and gives `None`.
    pub fn bool_or_skip(&mut self) -> Result<Option<bool>, InvalidJson> {
        let is_bool = self.peek()? == Kind::Bool;
        let value = self.bytes.get(self.position) == Some(&b't');
        self.skip()?;
        Ok(is_bool.then_some(value))
    }

    /// Passes one value and gives its bytes.
    pub fn raw(&mut self) -> Result<&'a [u8], InvalidJson> {
        self.peek()?;
        let start = self.position;
        self.skip()?;
        Ok(self.bytes.get(start..self.position).unwrap_or_default())
    }

    /// Passes one value and says whether it holds anything: not null, `false`, an empty string, array or object.
    pub fn holds_something(&mut self) -> Result<bool, InvalidJson> {
        match self.peek()? {
            Kind::Null => self.skip().map(|()| false),
            Kind::String => Ok(!self.string()?.is_empty()),
            Kind::Bool => Ok(self.bool_or_skip()? == Some(true)),
            Kind::Number => self.skip().map(|()| true),
            Kind::Object => {
                let mut any = false;
                self.each_member(|scanner, _| {
                    any = true;
                    scanner.skip()
                })?;
                Ok(any)
            }
            Kind::Array => {
                let mut any = false;
                self.each_element(|scanner| {
                    any = true;
                    scanner.skip()
                })?;
                Ok(any)
            }
        }
    }

    /// Passes one value of any kind.
    pub fn skip(&mut self) -> Result<(), InvalidJson> {
        // One bit per open container, set for an object; the innermost is the lowest.
        let mut containers: u128 = 0;
        let outer = self.depth;
        loop {
            match self.peek()? {
                Kind::Object | Kind::Array => {
                    let is_object = self.bytes.get(self.position) == Some(&b'{');
                    self.enter()?;
                    let close = if is_object { b'}' } else { b']' };
                    if self.next_byte() == Some(close) {
                        self.leave();
                    } else {
                        containers = containers << 1 | u128::from(is_object);
                        if is_object {
                            self.key_and_colon()?;
                        }
                        continue;
                    }
                }
                Kind::String => drop(self.string()?),
                Kind::Number => self.number()?,
                Kind::Bool | Kind::Null => self.literal()?,
            }
            loop {
                if self.depth == outer {
                    return Ok(());
                }
                let is_object = containers & 1 == 1;
                match self.next_byte() {
                    Some(b',') => {
                        self.position += 1;
                        if is_object {
                            self.key_and_colon()?;
                        }
                        break;
                    }
                    Some(b'}') if is_object => {}
                    Some(b']') if !is_object => {}
                    other => return Err(self.separator_error(other, is_object)),
                }
                self.leave();
                containers >>= 1;
            }
        }
    }

    /// Calls `member` at the value of each member of an object; `member` must pass the value. Another kind of value
    /// is passed, and gives `false`.
    pub fn each_member<E: From<InvalidJson>>(
        &mut self,
        mut member: impl FnMut(&mut Self, Text<'a>) -> Result<(), E>,
    ) -> Result<bool, E> {
        if self.peek()? != Kind::Object {
            self.skip()?;
            return Ok(false);
        }
        self.enter()?;
        if self.next_byte() == Some(b'}') {
            self.leave();
            return Ok(true);
        }
        loop {
            let key = self.key_and_colon()?;
            self.peek()?;
            member(self, key)?;
            match self.next_byte() {
                Some(b',') => self.position += 1,
                Some(b'}') => break,
                other => return Err(self.separator_error(other, true).into()),
            }
        }
        self.leave();
        Ok(true)
    }

    /// Calls `read` at the value of each member called `name`, and passes the others.
    pub fn each_named<E: From<InvalidJson>>(
        &mut self,
        name: &str,
        mut read: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<bool, E> {
        self.each_member(|scanner, key| if key.is(name) { read(scanner) } else { Ok(scanner.skip()?) })
    }

    /// Calls `element` at each element of an array; `element` must pass it. Another kind of value is passed, and
    /// gives `false`.
    pub fn each_element<E: From<InvalidJson>>(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<bool, E> {
        if self.peek()? != Kind::Array {
            self.skip()?;
            return Ok(false);
        }
        self.enter()?;
        if self.next_byte() == Some(b']') {
            self.leave();
            return Ok(true);
        }
        loop {
            self.peek()?;
            element(self)?;
            match self.next_byte() {
                Some(b',') => self.position += 1,
                Some(b']') => break,
                other => return Err(self.separator_error(other, false).into()),
            }
        }
        self.leave();
        Ok(true)
    }

    /// From behind a member's value: passes the rest of its object, and checks that nothing follows.
    pub fn rest_of_object(&mut self) -> Result<(), InvalidJson> {
        loop {
            match self.next_byte() {
                Some(b',') => {
                    self.position += 1;
                    self.key_and_colon()?;
                    self.skip()?;
                }
                Some(b'}') => {
                    self.position += 1;
                    return self.end();
                }
                other => return Err(self.separator_error(other, true)),
            }
        }
    }

    /// Checks that nothing but white space is left.
    pub fn end(&mut self) -> Result<(), InvalidJson> {
        match self.next_byte() {
            None => Ok(()),
            Some(_) => Err(self.error("there is something after the end of the JSON")),
        }
    }

    pub const fn error(&self, message: &'static str) -> InvalidJson {
        InvalidJson { offset: self.position, message }
    }

    /// Passes an opening bracket.
    fn enter(&mut self) -> Result<(), InvalidJson> {
        if self.depth == MAX_DEPTH {
            return Err(self.error("the JSON is nested too deep"));
        }
        self.position += 1;
        self.depth += 1;
        Ok(())
    }

    /// Passes a closing bracket.
    const fn leave(&mut self) {
        self.position += 1;
        self.depth -= 1;
    }

    fn key_and_colon(&mut self) -> Result<Text<'a>, InvalidJson> {
        if self.next_byte() != Some(b'"') {
            return Err(self.error("expected a key in double quotes"));
        }
        let key = self.string()?;
        if self.next_byte() != Some(b':') {
            return Err(self.error("expected a colon after the key"));
        }
        self.position += 1;
        Ok(key)
    }

    fn separator_error(&self, found: Option<u8>, is_object: bool) -> InvalidJson {
        self.error(match (found, is_object) {
            (None, _) => "the JSON ends too early",
            (Some(_), true) => "expected a comma or the end of the object",
            (Some(_), false) => "expected a comma or the end of the array",
        })
    }

    /// Passes white space; gives the next byte without passing it.
    fn next_byte(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.position) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.position += 1,
                other => return other.copied(),
            }
        }
    }

    fn literal(&mut self) -> Result<(), InvalidJson> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let word: &[u8] = match rest.first() {
            Some(b't') => b"true",
            Some(b'f') => b"false",
            _ => b"null",
        };
        if !rest.starts_with(word) {
            return Err(self.error("expected a JSON value"));
        }
        self.position += word.len();
        Ok(())
    }

    fn number(&mut self) -> Result<(), InvalidJson> {
        self.pass(b"-");
        if self.bytes.get(self.position) == Some(&b'0') {
            self.position += 1;
        } else {
            self.digits()?;
        }
        if self.pass(b".") {
            self.digits()?;
        }
        if self.pass(b"eE") {
            self.pass(b"+-");
            self.digits()?;
        }
        Ok(())
    }

    fn pass(&mut self, any_of: &[u8]) -> bool {
        let found = self.bytes.get(self.position).is_some_and(|byte| any_of.contains(byte));
        self.position += usize::from(found);
        found
    }

    fn digits(&mut self) -> Result<(), InvalidJson> {
        let start = self.position;
        while self.bytes.get(self.position).is_some_and(u8::is_ascii_digit) {
            self.position += 1;
        }
        if self.position == start { Err(self.error("a number lacks digits")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &[u8]) -> Result<(), InvalidJson> {
        let mut scanner = Scanner::new(text);
        scanner.skip()?;
        scanner.end()
    }

    #[test]
    fn the_grammar_is_that_of_serde_json() {
        let deep = |levels: usize, inside: &str| format!("{}{inside}{}", "[".repeat(levels), "]".repeat(levels));
        let rows = [
            "{}",
            "[]",
            " [ ] ",
            "{ }",
            "null",
            "true",
            "false",
            "0",
            "-0",
            "1.5e+3",
            "12",
            "\"\"",
            r#""a\"b""#,
            r#"{"a":{"b":[1,2,{"c":null}]},"d":"x"}"#,
            "[1,[2,[3]],{}]",
            "",
            " ",
            "{",
            "}",
            "[1,]",
            "{\"a\":1,}",
            "[,]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "{1:1}",
            "[1 2]",
            "{\"a\":1 \"b\":2}",
            "nul",
            "tru",
            "01",
            "-",
            "1.",
            "1e",
            "+1",
            "\"a",
            r#""a\""#,
            "[1}",
            "{\"a\":1]",
            "1 2",
            "{}x",
            "<html>",
        ];
        let deepest = [126, 127, 128, 129].into_iter().flat_map(|levels| [deep(levels, ""), deep(levels, "1")]);
        for text in rows.into_iter().map(str::to_owned).chain(deepest) {
            let expected = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            assert_eq!(whole(text.as_bytes()).is_ok(), expected, "{text}");
            // The walking forms hold the same grammar.
            let mut scanner = Scanner::new(text.as_bytes());
            fn walk(scanner: &mut Scanner<'_>) -> Result<(), InvalidJson> {
                match scanner.peek()? {
                    Kind::Object => scanner.each_member(|scanner, _| walk(scanner)).map(drop),
                    Kind::Array => scanner.each_element(walk).map(drop),
                    _ => scanner.skip(),
                }
            }
            assert_eq!(walk(&mut scanner).and_then(|()| scanner.end()).is_ok(), expected, "walking {text}");
        }
    }

    #[test]
    fn an_error_names_the_byte() {
        for (text, offset) in [("{\"a\": tru}", 6), ("[1, 2", 5), ("{\"a\" 1}", 5), ("{\"a\":\"b}", 8)] {
            assert_eq!(whole(text.as_bytes()).unwrap_err().offset, offset, "{text}");
        }
    }

    #[test]
    fn escaped_keys_are_recognised() {
        let mut seen = Vec::new();
        let mut scanner = Scanner::new(br#"{"mod\u0065l":"a\n\u00e9","x":1}"#);
        scanner
            .each_member::<InvalidJson>(|scanner, key| {
                seen.push((key.is("model"), scanner.string_or_skip()?.map(|text| text.to_str().unwrap().into_owned())));
                Ok(())
            })
            .unwrap();
        assert_eq!(seen, [(true, Some("a\n\u{e9}".to_owned())), (false, None)]);
    }

    #[test]
    fn emptiness() {
        for (text, expected) in [
            ("null", false),
            ("\"\"", false),
            ("[]", false),
            ("{}", false),
            ("false", false),
            ("\"a\"", true),
            ("[0]", true),
            ("{\"a\":null}", true),
            ("true", true),
            ("0", true),
        ] {
            assert_eq!(Scanner::new(text.as_bytes()).holds_something(), Ok(expected), "{text}");
        }
    }
}
