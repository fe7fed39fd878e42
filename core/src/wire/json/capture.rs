use std::borrow::Cow;

use serde_json::{Map, Value};

use super::machine::{Machine, Watch};
use super::{InvalidJson, Kind, Scanner};

/// A path to a value in an object: keys, and `*` for an array's elements. At most [`PATH_LIMIT`] long.
pub type Path = &'static [&'static str];

const PATH_LIMIT: usize = 4;

/// Watches one JSON document that arrives in chunks, keeps the values at a few paths and forgets the rest.
#[derive(Clone, Debug)]
pub struct Capture {
    machine: Machine,
    watch: Catcher,
    failed: Option<InvalidJson>,
}

impl Capture {
    /// Keeps the values at `paths`, none of which leads into another. `limit` is the most bytes kept of one value; a
    /// longer one counts as absent.
    pub fn new(paths: impl IntoIterator<Item = Path>, limit: usize) -> Self {
        let watch = Catcher {
            places: Vec::new(),
            limit,
            matching: [u64::MAX; PATH_LIMIT + 1],
            member: [u64::MAX; PATH_LIMIT + 1],
            is_array: [false; PATH_LIMIT + 1],
            active: None,
            root_is_object: false,
        };
        let mut capture = Self { machine: Machine::new(), watch, failed: None };
        capture.add(paths, true);
        capture
    }

    /// Of the values at `paths` looks at the kind alone; these may lead into others. Together at most 64 paths.
    #[must_use]
    pub fn marking(mut self, paths: impl IntoIterator<Item = Path>) -> Self {
        self.add(paths, false);
        self
    }

    /// Once an error is given, all that follows gives it too.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), InvalidJson> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if let Some(active) = &mut self.watch.active {
            active.from = 0;
        }
        let result = self.machine.push(chunk, &mut Chunked { chunk, catcher: &mut self.watch });
        self.failed = result.err();
        self.watch.keep_rest(chunk);
        result
    }

    /// Whether one whole object was seen and nothing behind it.
    pub fn is_complete_object(&self) -> bool {
        self.failed.is_none() && self.machine.is_done() && self.watch.root_is_object
    }

    /// The raw value at `path`; the last one where there are several.
    pub fn get(&self, path: Path) -> Option<&[u8]> {
        self.place(path).map(|place| place.value.as_slice()).filter(|value| !value.is_empty())
    }

    /// The kind of the value at `path`; of the last one where there are several.
    pub fn kind(&self, path: Path) -> Option<Kind> {
        self.place(path)?.kind
    }

    /// The value at `path` where it is a string.
    pub fn text(&self, path: Path) -> Option<String> {
        let text = Scanner::new(self.get(path)?).string_or_skip().ok()??;
        text.to_str().map(Cow::into_owned)
    }

    /// A document of what was kept alone: of an array's elements one, and [`Capture::TOO_LONG`] for a value over the limit.
    pub fn extract(&self) -> Value {
        let mut root = Value::Null;
        for place in self.watch.places.iter().filter(|place| place.keeps && place.kind.is_some()) {
            let value = if place.too_long {
                Some(Value::Object(Map::from_iter([(Self::TOO_LONG.to_owned(), Value::Bool(true))])))
            } else {
                serde_json::from_slice(&place.value).ok()
            };
            if let Some(value) = value {
                insert(&mut root, place.path, value);
            }
        }
        root
    }

    /// The only member of the object that stands for a value over the limit.
    pub const TOO_LONG: &str = "too_long";

    fn add(&mut self, paths: impl IntoIterator<Item = Path>, keeps: bool) {
        for path in paths {
            if self.place(path).is_none() {
                self.watch.places.push(Place { path, keeps, kind: None, value: Vec::new(), too_long: false });
            }
        }
    }

    fn place(&self, path: Path) -> Option<&Place> {
        self.watch.places.iter().find(|place| place.path == path)
    }
}

fn insert(root: &mut Value, path: Path, value: Value) {
    let Some((step, rest)) = path.split_first() else {
        *root = value;
        return;
    };
    if *step == "*" {
        if !root.is_array() {
            *root = Value::Array(vec![Value::Null]);
        }
        if let Some(element) = root.get_mut(0) {
            insert(element, rest, value);
        }
        return;
    }
    if !root.is_object() {
        *root = Value::Object(Map::new());
    }
    if let Some(members) = root.as_object_mut() {
        insert(members.entry(*step).or_insert(Value::Null), rest, value);
    }
}

#[derive(Clone, Debug)]
struct Place {
    path: Path,
    keeps: bool,
    kind: Option<Kind>,
    value: Vec<u8>,
    too_long: bool,
}

#[derive(Clone, Debug)]
struct Catcher {
    places: Vec<Place>,
    limit: usize,
    /// Per depth, the paths (one bit each) that lead through the container open there.
    matching: [u64; PATH_LIMIT + 1],
    /// Per depth, those that lead through the member or element being read.
    member: [u64; PATH_LIMIT + 1],
    is_array: [bool; PATH_LIMIT + 1],
    active: Option<Active>,
    root_is_object: bool,
}

#[derive(Clone, Copy, Debug)]
struct Active {
    index: usize,
    depth: u32,
    /// Where in the current chunk the value goes on.
    from: usize,
}

/// The catcher with the chunk that is being pushed.
struct Chunked<'a> {
    chunk: &'a [u8],
    catcher: &'a mut Catcher,
}

impl Catcher {
    fn keep_rest(&mut self, chunk: &[u8]) {
        self.keep(chunk, chunk.len());
    }

    fn keep(&mut self, chunk: &[u8], end: usize) {
        let Some(active) = &mut self.active else { return };
        let Some(place) = self.places.get_mut(active.index) else { return };
        let bytes = chunk.get(active.from..end).unwrap_or_default();
        if place.too_long || place.value.len() + bytes.len() > self.limit {
            place.too_long = true;
            place.value = Vec::new();
        } else {
            place.value.extend_from_slice(bytes);
        }
        active.from = end;
    }

    /// Of `candidates`, the paths whose step at `depth` is `step`.
    fn narrow(&self, candidates: u64, depth: usize, step: &str) -> u64 {
        let mut left = 0;
        for (index, place) in self.places.iter().enumerate() {
            if candidates >> index & 1 == 1 && place.path.get(depth) == Some(&step) {
                left |= 1 << index;
            }
        }
        left
    }
}

impl Watch for Chunked<'_> {
    const KEY_DEPTH: u32 = PATH_LIMIT as u32;

    fn key(&mut self, depth: u32, raw: &[u8]) {
        if self.catcher.active.is_some() {
            return;
        }
        let Some(outer) = depth.checked_sub(1).map(|depth| depth as usize) else { return };
        let candidates = self.catcher.matching.get(outer).copied().unwrap_or(0);
        let member = if candidates == 0 {
            0
        } else if memchr::memchr(b'\\', raw).is_some() {
            let quoted = [b"\"", raw, b"\""].concat();
            let name = Scanner::new(&quoted).string().map(|text| text.name().into_owned()).unwrap_or_default();
            self.catcher.narrow(candidates, outer, &name)
        } else {
            self.catcher.narrow(candidates, outer, std::str::from_utf8(raw).unwrap_or_default())
        };
        if let Some(slot) = self.catcher.member.get_mut(outer) {
            *slot = member;
        }
    }

    fn start(&mut self, depth: u32, offset: usize, is_array: bool) {
        let catcher = &mut *self.catcher;
        if catcher.active.is_some() {
            return;
        }
        let depth_index = depth as usize;
        if depth == 0 {
            catcher.root_is_object = self.chunk.get(offset) == Some(&b'{');
        }
        // The paths that lead to this value.
        let here = match depth_index.checked_sub(1) {
            None => u64::MAX,
            Some(outer) if catcher.is_array.get(outer) == Some(&true) => {
                let candidates = catcher.matching.get(outer).copied().unwrap_or(0);
                catcher.narrow(candidates, outer, "*")
            }
            Some(outer) => catcher.member.get(outer).copied().unwrap_or(0),
        };
        let places = catcher.places.iter_mut().enumerate();
        let wanted = places.filter(|(index, place)| here >> index & 1 == 1 && place.path.len() == depth_index);
        for (index, place) in wanted {
            place.kind = self.chunk.get(offset).and_then(|first| Kind::of(*first));
            if place.keeps {
                place.value.clear();
                place.too_long = false;
                catcher.active = Some(Active { index, depth, from: offset });
                return;
            }
        }
        if let Some(slot) = catcher.matching.get_mut(depth_index) {
            *slot = here;
        }
        if let Some(slot) = catcher.is_array.get_mut(depth_index) {
            *slot = is_array;
        }
    }

    fn end(&mut self, depth: u32, offset: usize) {
        if self.catcher.active.is_some_and(|active| active.depth == depth) {
            self.catcher.keep(self.chunk, offset);
            self.catcher.active = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USAGE: Path = &["usage"];
    const FINISH: Path = &["choices", "*", "finish_reason"];
    const NESTED: Path = &["error", "details", "reason"];

    fn capture(text: &str, step: usize) -> (Result<(), InvalidJson>, Capture) {
        let mut capture = Capture::new([USAGE, FINISH, NESTED], 40);
        let mut result = Ok(());
        for chunk in text.as_bytes().chunks(step) {
            result = capture.push(chunk);
        }
        (result, capture)
    }

    #[test]
    fn values_at_paths_however_the_document_is_cut() {
        let rows = [
            (r#"{"usage":{"a":[1,"}"]},"x":1}"#, Some(r#"{"a":[1,"}"]}"#), None, None),
            (r#" { "us\u0061ge" : 12 , "usage2":3 } "#, Some("12"), None, None),
            (r#"{"usage":1,"usage":"two"}"#, Some(r#""two""#), None, None),
            (r#"{"a":{"usage":1},"b":[{"usage":2}]}"#, None, None, None),
            (
                r#"{"choices":[{"message":{"finish_reason":"no"},"finish_reason":"stop"}]}"#,
                None,
                Some("\"stop\""),
                None,
            ),
            (r#"{"choices":[{"finish_reason":"a"},{"finish_reason":"b"}]}"#, None, Some("\"b\""), None),
            (
                r#"{"choices":{"finish_reason":"a"},"error":{"details":{"x":[],"reason":true}}}"#,
                None,
                None,
                Some("true"),
            ),
            (r#"{"error":[{"details":{"reason":1}}],"usage":null}"#, Some("null"), None, None),
            (r#"{"usage":"0123456789012345678901234567890123456789"}"#, None, None, None),
        ];
        for (text, usage, finish, nested) in rows {
            for step in [1, 2, 3, 7, 1000] {
                let (result, capture) = capture(text, step);
                assert_eq!(result, Ok(()), "{text}");
                assert!(capture.is_complete_object(), "{text}");
                assert_eq!(capture.kind(FINISH).is_some(), finish.is_some(), "{text}");
                for (path, expected) in [(USAGE, usage), (FINISH, finish), (NESTED, nested)] {
                    let found = capture.get(path).map(|value| std::str::from_utf8(value).unwrap());
                    assert_eq!(found, expected, "{path:?} of {text} by {step}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_whole_object() {
        for text in
            ["", "{", "{}}", "[]", "12", "{\"a\"}", "{\"a\":}", "{]", "<html>", "{\"a\":1 2}", "{,}", "[1,]", "\"a\""]
        {
            for step in [1, 1000] {
                assert!(!capture(text, step).1.is_complete_object(), "{text}");
            }
        }
    }

    #[test]
    fn kinds_are_seen_without_the_values() {
        const CHOICES: Path = &["choices"];
        const CHOICE: Path = &["choices", "*"];
        for (text, choices, choice) in [
            ("{}", None, None),
            (r#"{"choices":null}"#, Some(Kind::Null), None),
            (r#"{"choices":[ ]}"#, Some(Kind::Array), None),
            (r#"{"choices":[{"finish_reason":"a"}]}"#, Some(Kind::Array), Some(Kind::Object)),
            (r#"{"choices":[1]}"#, Some(Kind::Array), Some(Kind::Number)),
            (r#"{"choices":{"a":1}}"#, Some(Kind::Object), None),
        ] {
            for step in [1, 1000] {
                let mut capture = Capture::new([FINISH], 40).marking([CHOICES, CHOICE]);
                text.as_bytes().chunks(step).for_each(|chunk| capture.push(chunk).unwrap());
                assert_eq!((capture.kind(CHOICES), capture.kind(CHOICE)), (choices, choice), "{text}");
            }
        }
    }

    #[test]
    fn an_extract_holds_what_was_kept() {
        let text = r#"{"x":1,"usage":"0123456789012345678901234567890123456789","choices":[{"a":2,"finish_reason":"s"}],"error":{"details":{"reason":[3],"b":4}}}"#;
        let expected =
            r#"{"usage":{"too_long":true},"choices":[{"finish_reason":"s"}],"error":{"details":{"reason":[3]}}}"#;
        for step in [1, 7, 1000] {
            assert_eq!(capture(text, step).1.extract().to_string(), expected);
        }
    }
}
