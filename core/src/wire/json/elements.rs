use super::InvalidJson;
use super::machine::{Machine, Watch};
use crate::wire::{Event, Frame};

/// Splits a top-level JSON array that arrives in chunks into its elements.
#[derive(Debug)]
pub struct Elements {
    machine: Machine,
    /// The element that began in an earlier chunk.
    held: Vec<u8>,
    limit: usize,
    state: Reading,
    tail: Vec<u8>,
    failed: Option<InvalidJson>,
    pushed_any: bool,
    /// So many of the bytes that came last stand behind the last element, and are more than white space.
    unfinished: usize,
    /// An element has ended.
    has_element: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Between,
    Element,
    /// An element longer than the limit, given in pieces.
    Pieces,
}

impl Elements {
    /// An element that spans chunks and is longer than `limit` bytes is given in pieces.
    pub const fn new(limit: usize) -> Self {
        Self {
            machine: Machine::new(),
            held: Vec::new(),
            limit,
            state: Reading::Between,
            tail: Vec::new(),
            failed: None,
            pushed_any: false,
            unfinished: 0,
            has_element: false,
        }
    }

    /// Calls `give` with each element that became whole, and with the pieces of one that is too long. A document that is
    /// no array, or is malformed, is an error, for this and every later chunk.
    pub fn push(&mut self, chunk: &[u8], mut give: impl FnMut(Frame<'_>)) -> Result<(), InvalidJson> {
        self.unfinished += chunk.len();
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.pushed_any |= !chunk.is_empty();
        let mut watch = Splitter {
            chunk,
            from: 0,
            held: &mut self.held,
            limit: self.limit,
            state: self.state,
            give: &mut give,
            no_array: None,
            boundary: None,
            has_element: self.has_element,
        };
        let mut result = self.machine.push(chunk, &mut watch);
        if let (Ok(()), Some(offset)) = (result, watch.no_array) {
            result = Err(InvalidJson { offset, message: "expected a JSON array" });
        }
        watch.hold_rest();
        self.state = watch.state;
        self.has_element = watch.has_element;
        self.failed = result.err();
        if let Some(at) = watch.boundary {
            self.unfinished = chunk.len() - at;
        }
        self.pass_white_space(chunk);
        self.tail.extend_from_slice(chunk.get(chunk.len().saturating_sub(8)..).unwrap_or_default());
        self.tail.drain(..self.tail.len().saturating_sub(8));
        result
    }

    /// What to append so that the array holds `element` as its last one and is closed, wherever it broke off. Nothing
    /// when it was closed before. `unfinished_sent` tells that the [`Elements::unfinished`] bytes stand before it, too.
    pub fn end_with(&self, element: &[u8], unfinished_sent: bool) -> Vec<u8> {
        if self.is_closed() {
            return Vec::new();
        }
        if !self.pushed_any || self.machine.depth() == 0 {
            return [b"[", element, b"]"].concat();
        }
        let mut out = if unfinished_sent { self.machine.close_to(1, &self.tail) } else { Vec::new() };
        if if unfinished_sent { self.machine.needs_comma(1) } else { self.has_element } {
            out.push(b',');
        }
        out.extend_from_slice(element);
        out.push(b']');
        out
    }

    /// Whether it turned out to be no array, or a malformed one.
    pub const fn is_malformed(&self) -> bool {
        self.failed.is_some()
    }

    /// Whether the array's end was seen.
    pub fn is_closed(&self) -> bool {
        self.machine.is_done()
    }

    /// How many of the bytes that were pushed last can be cut off so that a whole element may follow: those of an element
    /// that has not ended, with the comma before it.
    pub const fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// Whether the array has begun, so that white space may stand behind what is not unfinished.
    pub fn is_open(&self) -> bool {
        self.has_element || self.machine.depth() > 0
    }

    /// White space behind an element needs no element after it.
    fn pass_white_space(&mut self, chunk: &[u8]) {
        let behind = chunk.len().checked_sub(self.unfinished).and_then(|at| chunk.get(at..)).unwrap_or_default();
        self.unfinished -= behind.len() - behind.trim_ascii_start().len();
    }
}

struct Splitter<'a, F> {
    chunk: &'a [u8],
    /// Where in the chunk the current element begins or goes on.
    from: usize,
    held: &'a mut Vec<u8>,
    limit: usize,
    state: Reading,
    give: &'a mut F,
    no_array: Option<usize>,
    /// Behind the last element that ended here, or behind the array's bracket.
    boundary: Option<usize>,
    has_element: bool,
}

impl<F: FnMut(Frame<'_>)> Splitter<'_, F> {
    fn hold(&mut self, end: usize) {
        let bytes = self.chunk.get(self.from..end).unwrap_or_default();
        if self.state == Reading::Element && self.held.len() + bytes.len() > self.limit {
            self.state = Reading::Pieces;
            (self.give)(Frame::Piece(&std::mem::take(self.held)));
        }
        match self.state {
            Reading::Between => {}
            Reading::Element => self.held.extend_from_slice(bytes),
            Reading::Pieces => (self.give)(Frame::Piece(bytes)),
        }
    }

    fn hold_rest(&mut self) {
        self.hold(self.chunk.len());
    }

    fn end_element(&mut self, end: usize) {
        if self.state == Reading::Element && self.held.is_empty() {
            let data = self.chunk.get(self.from..end).unwrap_or_default();
            (self.give)(Frame::Whole(Event { name: b"", data }));
        } else {
            self.hold(end);
            match self.state {
                Reading::Between => {}
                Reading::Element => (self.give)(Frame::Whole(Event { name: b"", data: self.held })),
                Reading::Pieces => (self.give)(Frame::EndOfPieces { name: b"" }),
            }
            self.held.clear();
        }
        self.state = Reading::Between;
        self.has_element = true;
    }
}

impl<F: FnMut(Frame<'_>)> Watch for Splitter<'_, F> {
    const KEY_DEPTH: u32 = 0;

    fn key(&mut self, _depth: u32, _raw: &[u8]) {}

    fn start(&mut self, depth: u32, offset: usize, is_array: bool) {
        if depth == 0 {
            if is_array {
                self.boundary = Some(offset + 1);
            } else {
                self.no_array = Some(offset);
            }
        }
        if depth == 1 {
            self.state = Reading::Element;
            self.from = offset;
        }
    }

    fn end(&mut self, depth: u32, offset: usize) {
        if depth > 1 || self.no_array.is_some() {
            return;
        }
        if depth == 1 {
            self.end_element(offset);
        }
        self.boundary = Some(offset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, step: usize) -> (Vec<String>, Elements, Result<(), InvalidJson>) {
        let mut elements = Elements::new(64);
        let (mut found, mut pieces, mut result) = (Vec::new(), Vec::new(), Ok(()));
        for chunk in text.as_bytes().chunks(step) {
            result = elements.push(chunk, |frame| match frame {
                Frame::Whole(event) => found.push(String::from_utf8(event.data.to_vec()).unwrap()),
                Frame::Piece(data) => pieces.extend_from_slice(data),
                Frame::EndOfPieces { .. } => found.push(String::from_utf8(std::mem::take(&mut pieces)).unwrap()),
            });
            assert!(elements.held.len() <= 64, "what is held has a limit");
        }
        (found, elements, result)
    }

    #[test]
    fn elements_however_the_array_is_cut() {
        let element = format!("{{\"a\":\"{}\"}}", "x".repeat(80));
        let long = format!("[{element},{{\"b\":1}}]");
        let rows: [(&str, &[&str]); 6] = [
            ("[]", &[]),
            ("[{\"a\":1}]", &["{\"a\":1}"]),
            ("[{\"a\":[1,{}]}\n,\r\n{\"b\":\"]},\"} ]\n", &["{\"a\":[1,{}]}", "{\"b\":\"]},\"}"]),
            ("[1,\"two\",null]", &["1", "\"two\"", "null"]),
            ("[[1],[[2]]]", &["[1]", "[[2]]"]),
            (&long, &[&element, "{\"b\":1}"]),
        ];
        for (text, expected) in rows {
            for step in [1, 2, 5, 1000] {
                let (found, elements, result) = split(text, step);
                assert_eq!(found, expected, "{text} by {step}");
                assert_eq!(result, Ok(()));
                assert!(elements.is_closed() && elements.unfinished() == 0, "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_array() {
        for text in ["{\"a\":[1]}", "<html>", "[1,]", "12"] {
            for step in [1, 1000] {
                assert!(split(text, step).2.is_err(), "{text}");
            }
        }
    }

    #[test]
    fn a_broken_array_can_be_ended_anywhere() {
        let whole =
            "[{\"a\":[1.5e3,true,false,null,{\"b\\\\k\":\"c\\\"\\u00e9\\\\\"}],\"d\":-1},{}\n, 12 ,\"x\\u00e9\",tru";
        for length in 0..=whole.len() {
            let sent = &whole[..length];
            for step in [1, 1000] {
                let elements = split(sent, step).1;
                for unfinished_sent in [true, false] {
                    let tail = String::from_utf8(elements.end_with(b"{\"error\":1}", unfinished_sent)).unwrap();
                    let before = if unfinished_sent { sent } else { &sent[..sent.len() - elements.unfinished()] };
                    let text = format!("{before}{tail}");
                    let value: Vec<serde_json::Value> =
                        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
                    assert_eq!(value.last(), Some(&serde_json::json!({"error": 1})), "{text}");
                }
            }
        }
        assert!(split("[1]", 1).1.end_with(b"{}", true).is_empty());
        assert!(split("[1]", 1).1.end_with(b"{}", false).is_empty());
    }

    #[test]
    fn what_has_not_ended() {
        for (text, unfinished) in [
            ("", 0),
            (" [", 0),
            ("[\n", 0),
            ("[{", 1),
            ("[{}", 0),
            ("[{}\r\n", 0),
            ("[{}\n,", 1),
            ("[{}\n,\r\n{\"a\":", 8),
            ("[{},{\"a\":1}", 0),
            ("[{},{\"a\":1}]\n", 0),
            ("[{},[[1],", 6),
        ] {
            for step in [1, 2, 3, 1000] {
                assert_eq!(split(text, step).1.unfinished(), unfinished, "{text:?} by {step}");
            }
        }
    }
}
