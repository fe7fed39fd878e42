use memchr::memchr2;

use super::{InvalidJson, MAX_DEPTH};

/// Keys longer than this are no key that anybody waits for.
const KEY_LIMIT: usize = 64;

/// What a [`Machine`] meets. Offsets count within the chunk that is being pushed; a value's depth is the number of
/// containers around it.
pub(super) trait Watch {
    /// Keys are reported for objects with at most this many containers around their members.
    const KEY_DEPTH: u32;
    /// A member's key, raw; empty when it is too long.
    fn key(&mut self, depth: u32, raw: &[u8]);
    fn start(&mut self, depth: u32, offset: usize, is_array: bool);
    /// `offset` is the first byte behind the value.
    fn end(&mut self, depth: u32, offset: usize);
}

/// Follows the structure of one JSON document that arrives in chunks, in constant memory.
///
/// It checks brackets, commas, colons and strings; numbers and literals only by their characters.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    state: State,
    /// One bit per open container, set for an object; the innermost is the lowest.
    containers: u128,
    depth: u32,
    in_key: bool,
    escaped: bool,
    key: Vec<u8>,
    key_too_long: bool,
    consumed: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Value,
    /// Behind `[`.
    ValueOrEnd,
    /// Behind `{`.
    KeyOrEnd,
    Key,
    Colon,
    CommaOrEnd,
    String,
    Scalar,
    Done,
}

impl Machine {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Value,
            containers: 0,
            depth: 0,
            in_key: false,
            escaped: false,
            key: Vec::new(),
            key_too_long: false,
            consumed: 0,
        }
    }

    /// Whether the whole document has been seen.
    pub(super) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    pub(super) const fn depth(&self) -> u32 {
        self.depth
    }

    pub(super) fn push<W: Watch>(&mut self, chunk: &[u8], watch: &mut W) -> Result<(), InvalidJson> {
        let result = self.advance(chunk, watch);
        self.consumed += chunk.len();
        result
    }

    /// What to append so that all containers deeper than `depth` are closed and well-formed, wherever the document
    /// broke off. `tail` is the last bytes that were pushed, eight are enough.
    pub(super) fn close_to(&self, depth: u32, tail: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut state = self.state;
        if state == State::String {
            if self.escaped {
                out.push(b'\\');
            } else {
                complete_unicode_escape(tail, &mut out);
            }
            out.push(b'"');
            state = if self.in_key { State::Colon } else { State::CommaOrEnd };
        }
        match state {
            State::Scalar => complete_scalar(tail, &mut out),
            State::Key if self.depth > depth => out.extend_from_slice(b"\"\":null"),
            State::Colon => out.extend_from_slice(b":null"),
            State::Value if self.depth > depth => out.extend_from_slice(b"null"),
            _ => {}
        }
        for level in 0..self.depth.saturating_sub(depth) {
            out.push(if self.containers >> level & 1 == 1 { b'}' } else { b']' });
        }
        out
    }

    /// Whether a comma must stand behind what `close_to` appends, before another element of the container at `depth`:
    /// not behind its bracket, and not behind a comma.
    pub(super) fn needs_comma(&self, depth: u32) -> bool {
        self.depth > depth || !matches!(self.state, State::Value | State::ValueOrEnd)
    }

    fn advance<W: Watch>(&mut self, chunk: &[u8], watch: &mut W) -> Result<(), InvalidJson> {
        let mut at = 0;
        while let Some(&byte) = chunk.get(at) {
            match self.state {
                State::String => {
                    at = self.string(chunk, at, watch);
                    continue;
                }
                State::Scalar => {
                    if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.') {
                        at += 1;
                        continue;
                    }
                    self.close_value(at, watch);
                    continue;
                }
                _ if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') => {}
                State::Value | State::ValueOrEnd => {
                    if byte == b']' && self.state == State::ValueOrEnd {
                        self.leave(at, watch);
                    } else {
                        self.open_value(byte, at, watch)?;
                    }
                }
                State::KeyOrEnd | State::Key => match byte {
                    b'"' => {
                        self.state = State::String;
                        self.in_key = true;
                        self.key.clear();
                        self.key_too_long = false;
                    }
                    b'}' if self.state == State::KeyOrEnd => self.leave(at, watch),
                    _ => return Err(self.error(at, "expected a key in double quotes")),
                },
                State::Colon if byte == b':' => self.state = State::Value,
                State::Colon => return Err(self.error(at, "expected a colon after the key")),
                State::CommaOrEnd => {
                    let is_object = self.containers & 1 == 1;
                    match byte {
                        b',' if is_object => self.state = State::Key,
                        b',' => self.state = State::Value,
                        b'}' if is_object => self.leave(at, watch),
                        b']' if !is_object => self.leave(at, watch),
                        _ => return Err(self.error(at, "expected a comma or the end")),
                    }
                }
                State::Done => return Err(self.error(at, "there is something after the end of the JSON")),
            }
            at += 1;
        }
        Ok(())
    }

    /// Crosses string bytes from `at`; gives the offset to go on from.
    fn string<W: Watch>(&mut self, chunk: &[u8], at: usize, watch: &mut W) -> usize {
        if self.escaped {
            self.escaped = false;
            self.remember(chunk.get(at..=at).unwrap_or_default(), W::KEY_DEPTH);
            return at + 1;
        }
        let rest = chunk.get(at..).unwrap_or_default();
        let Some(found) = memchr2(b'"', b'\\', rest) else {
            self.remember(rest, W::KEY_DEPTH);
            return chunk.len();
        };
        let end = at + found;
        if rest.get(found) == Some(&b'\\') {
            self.escaped = true;
            self.remember(rest.get(..=found).unwrap_or_default(), W::KEY_DEPTH);
        } else if self.in_key {
            self.remember(rest.get(..found).unwrap_or_default(), W::KEY_DEPTH);
            self.in_key = false;
            self.state = State::Colon;
            if self.depth <= W::KEY_DEPTH {
                watch.key(self.depth, if self.key_too_long { b"" } else { &self.key });
            }
        } else {
            self.close_value(end + 1, watch);
        }
        end + 1
    }

    fn remember(&mut self, bytes: &[u8], key_depth: u32) {
        if self.in_key && self.depth <= key_depth && !self.key_too_long {
            if self.key.len() + bytes.len() > KEY_LIMIT {
                self.key_too_long = true;
            } else {
                self.key.extend_from_slice(bytes);
            }
        }
    }

    fn open_value<W: Watch>(&mut self, byte: u8, at: usize, watch: &mut W) -> Result<(), InvalidJson> {
        watch.start(self.depth, at, byte == b'[');
        match byte {
            b'{' | b'[' => {
                if self.depth == MAX_DEPTH {
                    return Err(self.error(at, "the JSON is nested too deep"));
                }
                let is_object = byte == b'{';
                self.depth += 1;
                self.containers = self.containers << 1 | u128::from(is_object);
                self.state = if is_object { State::KeyOrEnd } else { State::ValueOrEnd };
            }
            b'"' => self.state = State::String,
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => self.state = State::Scalar,
            _ => return Err(self.error(at, "expected a JSON value")),
        }
        Ok(())
    }

    fn leave<W: Watch>(&mut self, at: usize, watch: &mut W) {
        self.depth -= 1;
        self.containers >>= 1;
        self.close_value(at + 1, watch);
    }

    fn close_value<W: Watch>(&mut self, end: usize, watch: &mut W) {
        self.state = if self.depth == 0 { State::Done } else { State::CommaOrEnd };
        watch.end(self.depth, end);
    }

    fn error(&self, at: usize, message: &'static str) -> InvalidJson {
        InvalidJson { offset: self.consumed + at, message }
    }
}

/// Pads a `\uXX` that was cut; four zeros are harmless where the backslash was itself escaped.
fn complete_unicode_escape(tail: &[u8], out: &mut Vec<u8>) {
    let tail = tail.get(tail.len().saturating_sub(5)..).unwrap_or_default();
    let digits =
        memchr::memrchr(b'\\', tail).and_then(|at| tail.get(at + 1..)).and_then(|rest| rest.strip_prefix(b"u"));
    if let Some(digits) = digits {
        out.extend(std::iter::repeat_n(b'0', 4 - digits.len().min(4)));
    }
}

fn complete_scalar(tail: &[u8], out: &mut Vec<u8>) {
    let start = tail.iter().rposition(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'+' | b'-' | b'.'));
    let token = tail.get(start.map_or(0, |at| at + 1)..).unwrap_or_default();
    let literal = [&b"true"[..], b"false", b"null"].into_iter().find_map(|word| word.strip_prefix(token));
    match literal {
        Some(rest) => out.extend_from_slice(rest),
        None if token.last().is_some_and(u8::is_ascii_digit) => {}
        None => out.push(b'0'),
    }
}
