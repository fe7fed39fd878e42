use std::borrow::Cow;

use super::machine::{Machine, Watch};
use super::{InvalidJson, Scanner};

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
    /// `limit` is the most bytes kept of one value; a longer one counts as absent. At most 64 paths, none of which
    /// leads into another.
    pub fn new(paths: impl IntoIterator<Item = Path>, limit: usize) -> Self {
        let paths: Vec<Path> = paths.into_iter().collect();
        let watch = Catcher {
            values: vec![Vec::new(); paths.len()],
            paths,
            limit,
            matching: [u64::MAX; PATH_LIMIT + 1],
            member: [u64::MAX; PATH_LIMIT + 1],
            is_array: [false; PATH_LIMIT + 1],
            active: None,
            root_is_object: false,
        };
        Self { machine: Machine::new(), watch, failed: None }
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
        let index = self.watch.paths.iter().position(|known| *known == path)?;
        self.watch.values.get(index).map(Vec::as_slice).filter(|value| !value.is_empty())
    }

    /// The value at `path` where it is a string.
    pub fn text(&self, path: Path) -> Option<String> {
        let text = Scanner::new(self.get(path)?).string_or_skip().ok()??;
        text.to_str().map(Cow::into_owned)
    }
}

#[derive(Clone, Debug)]
struct Catcher {
    paths: Vec<Path>,
    limit: usize,
    values: Vec<Vec<u8>>,
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
    too_long: bool,
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
        let Some(value) = self.values.get_mut(active.index) else { return };
        let bytes = chunk.get(active.from..end).unwrap_or_default();
        if active.too_long || value.len() + bytes.len() > self.limit {
            active.too_long = true;
            *value = Vec::new();
        } else {
            value.extend_from_slice(bytes);
        }
        active.from = end;
    }

    /// Of `candidates`, the paths whose step at `depth` is `step`.
    fn narrow(&self, candidates: u64, depth: usize, step: &str) -> u64 {
        let mut left = 0;
        for (index, path) in self.paths.iter().enumerate() {
            if candidates >> index & 1 == 1 && path.get(depth) == Some(&step) {
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
        let wanted =
            catcher.paths.iter().enumerate().find(|(index, path)| here >> index & 1 == 1 && path.len() == depth_index);
        if let Some((index, _)) = wanted.filter(|_| here != 0) {
            if let Some(value) = catcher.values.get_mut(index) {
                value.clear();
            }
            catcher.active = Some(Active { index, depth, from: offset, too_long: false });
            return;
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
}
