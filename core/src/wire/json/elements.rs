use super::InvalidJson;
use super::machine::{Machine, Watch};

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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Between,
    Element,
    /// An element longer than the limit.
    TooLong,
}

impl Elements {
    /// An element that spans chunks and is longer than `limit` bytes is passed over.
    pub const fn new(limit: usize) -> Self {
        Self {
            machine: Machine::new(),
            held: Vec::new(),
            limit,
            state: Reading::Between,
            tail: Vec::new(),
            failed: None,
            pushed_any: false,
        }
    }

    /// Calls `element` with each element that became whole. A document that is no array, or is malformed, is an
    /// error, for this and every later chunk.
    pub fn push(&mut self, chunk: &[u8], mut element: impl FnMut(&[u8])) -> Result<(), InvalidJson> {
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
            element: &mut element,
            no_array: None,
        };
        let mut result = self.machine.push(chunk, &mut watch);
        if let (Ok(()), Some(offset)) = (result, watch.no_array) {
            result = Err(InvalidJson { offset, message: "expected a JSON array" });
        }
        watch.hold_rest();
        self.state = watch.state;
        self.failed = result.err();
        self.tail.extend_from_slice(chunk.get(chunk.len().saturating_sub(8)..).unwrap_or_default());
        self.tail.drain(..self.tail.len().saturating_sub(8));
        result
    }

    /// What to append so that the array holds `element` as its last one and is closed, wherever it broke off. Nothing
    /// when it was closed before.
    pub fn end_with(&self, element: &[u8]) -> Vec<u8> {
        if self.machine.is_done() {
            return Vec::new();
        }
        if !self.pushed_any || self.machine.depth() == 0 {
            return [b"[", element, b"]"].concat();
        }
        let mut out = self.machine.close_to(1, &self.tail);
        if self.machine.needs_comma(1) {
            out.push(b',');
        }
        out.extend_from_slice(element);
        out.push(b']');
        out
    }
}

struct Splitter<'a, F> {
    chunk: &'a [u8],
    /// Where in the chunk the current element begins or goes on.
    from: usize,
    held: &'a mut Vec<u8>,
    limit: usize,
    state: Reading,
    element: &'a mut F,
    no_array: Option<usize>,
}

impl<F> Splitter<'_, F> {
    fn hold(&mut self, end: usize) {
        let bytes = self.chunk.get(self.from..end).unwrap_or_default();
        if self.held.len() + bytes.len() > self.limit {
            self.state = Reading::TooLong;
            *self.held = Vec::new();
        } else {
            self.held.extend_from_slice(bytes);
        }
    }

    fn hold_rest(&mut self) {
        if self.state == Reading::Element {
            self.hold(self.chunk.len());
        }
    }
}

impl<F: FnMut(&[u8])> Watch for Splitter<'_, F> {
    const KEY_DEPTH: u32 = 0;

    fn key(&mut self, _depth: u32, _raw: &[u8]) {}

    fn start(&mut self, depth: u32, offset: usize, is_array: bool) {
        if depth == 0 && !is_array {
            self.no_array = Some(offset);
        }
        if depth == 1 {
            self.state = Reading::Element;
            self.from = offset;
        }
    }

    fn end(&mut self, depth: u32, offset: usize) {
        if depth != 1 || self.no_array.is_some() {
            return;
        }
        if self.state == Reading::Element {
            if self.held.is_empty() {
                (self.element)(self.chunk.get(self.from..offset).unwrap_or_default());
            } else {
                self.hold(offset);
                if self.state == Reading::Element {
                    (self.element)(self.held);
                }
                self.held.clear();
            }
        }
        self.state = Reading::Between;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, step: usize) -> (Vec<String>, Elements, Result<(), InvalidJson>) {
        let mut elements = Elements::new(64);
        let (mut found, mut result) = (Vec::new(), Ok(()));
        for chunk in text.as_bytes().chunks(step) {
            result = elements.push(chunk, |element| found.push(String::from_utf8(element.to_vec()).unwrap()));
        }
        (found, elements, result)
    }

    #[test]
    fn elements_however_the_array_is_cut() {
        let long = format!("[{{\"a\":\"{}\"}},{{\"b\":1}}]", "x".repeat(80));
        let rows: [(&str, &[&str]); 6] = [
            ("[]", &[]),
            ("[{\"a\":1}]", &["{\"a\":1}"]),
            ("[{\"a\":[1,{}]}\n,\r\n{\"b\":\"]},\"} ]\n", &["{\"a\":[1,{}]}", "{\"b\":\"]},\"}"]),
            ("[1,\"two\",null]", &["1", "\"two\"", "null"]),
            ("[[1],[[2]]]", &["[1]", "[[2]]"]),
            (&long, &["{\"b\":1}"]),
        ];
        for (text, expected) in rows {
            for step in [1, 2, 5, 1000] {
                let (found, elements, result) = split(text, step);
                if step < 1000 || text.len() < 64 {
                    assert_eq!(found, expected, "{text} by {step}");
                }
                assert_eq!(result, Ok(()));
                assert!(elements.end_with(b"{}").is_empty(), "{text} is closed");
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
                let tail = String::from_utf8(split(sent, step).1.end_with(b"{\"error\":1}")).unwrap();
                let text = format!("{sent}{tail}");
                let value: Vec<serde_json::Value> =
                    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
                assert_eq!(value.last(), Some(&serde_json::json!({"error": 1})), "{text}");
            }
        }
        assert!(split("[1]", 1).1.end_with(b"{}").is_empty());
    }
}
