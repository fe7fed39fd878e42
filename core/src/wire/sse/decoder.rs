use memchr::memchr2;

use crate::wire::{BYTE_ORDER_MARK, Event, Frame};

/// Reads a stream of server-sent events that arrives in chunks, as the HTML standard describes them: lines end in CR,
/// LF or CRLF, a byte order mark may stand first, comments and unknown fields pass, an event without data is none.
///
/// Lines that can be no field are kept aside as [`Decoder::foreign`]: an HTML page, or an error sent as bare JSON.
#[derive(Debug)]
pub struct Decoder {
    limit: usize,
    /// The start of a line whose end has not come.
    line: Vec<u8>,
    long_line: LongLine,
    name: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    /// A field of an event was read, but not its blank line.
    in_event: bool,
    /// The event being read is longer than the limit, and is given in pieces.
    in_pieces: bool,
    /// The last byte was a CR, so that an LF that follows belongs to it.
    after_cr: bool,
    /// A line was read, so that no byte order mark can come.
    started: bool,
    /// An event or a comment was completed.
    passed_boundary: bool,
    /// So many of the bytes that came last belong to an event, or a line, that has not ended.
    unfinished: usize,
    /// The stream ended within an event.
    cut: bool,
    foreign: Vec<u8>,
}

/// An unfinished line that is longer than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LongLine {
    No,
    /// Its rest is data.
    Data,
    /// Its rest is forgotten.
    Other,
}

/// So much of what is no event stream is kept.
const FOREIGN_LIMIT: usize = 8 * 1024;
/// Buffers that grew larger are given back after an event.
const KEPT_CAPACITY: usize = 64 * 1024;

impl Decoder {
    /// An event that spans chunks and is longer than `limit` bytes is given in pieces. The limit must be longer than any
    /// field's name.
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            long_line: LongLine::No,
            name: Vec::new(),
            data: Vec::new(),
            has_data: false,
            in_event: false,
            in_pieces: false,
            after_cr: false,
            started: false,
            passed_boundary: false,
            unfinished: 0,
            cut: false,
            foreign: Vec::new(),
        }
    }

    /// Calls `give` with each event that became complete, and with the pieces of one that is too long.
    pub fn push(&mut self, chunk: &[u8], mut give: impl FnMut(Frame<'_>)) {
        let mut rest = chunk;
        // The data of the current event while it is one line within this chunk.
        let mut here: Option<&[u8]> = None;
        self.unfinished += chunk.len();
        while let Some(&first) = rest.first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                rest = rest.get(1..).unwrap_or_default();
                self.mark_boundary(rest);
                continue;
            }
            let Some(end) = memchr2(b'\n', b'\r', rest) else {
                self.keep_data(here.take(), &mut give);
                self.hold_line(rest, &mut give);
                break;
            };
            let (line, behind) = rest.split_at(end);
            self.after_cr = behind.first() == Some(&b'\r');
            rest = behind.get(1..).unwrap_or_default();
            if self.line.is_empty() && self.long_line == LongLine::No {
                self.read_line(line, &mut here, &mut give);
            } else {
                self.keep_data(here.take(), &mut give);
                self.hold_line(line, &mut give);
                if std::mem::replace(&mut self.long_line, LongLine::No) == LongLine::No {
                    let line = std::mem::take(&mut self.line);
                    let mut held = None;
                    self.read_line(&line, &mut held, &mut give);
                    self.keep_data(held, &mut give);
                    self.line = line;
                    self.line.clear();
                    self.line.shrink_to(KEPT_CAPACITY);
                }
            }
            self.mark_boundary(rest);
        }
        self.keep_data(here, &mut give);
    }

    /// The stream ended: gives an event that lacks its blank line. Where the stream ended stays known.
    pub fn finish(&mut self, mut give: impl FnMut(Frame<'_>)) {
        self.cut = !self.is_between_events();
        self.long_line = LongLine::No;
        let line = std::mem::take(&mut self.line);
        let mut held = None;
        if !line.is_empty() {
            self.read_line(&line, &mut held, &mut give);
        }
        self.keep_data(held, &mut give);
        self.read_line(b"", &mut None, &mut give);
    }

    /// Whether all that was pushed belongs to complete events, so that another may follow.
    pub fn is_between_events(&self) -> bool {
        !self.cut && self.line.is_empty() && self.long_line == LongLine::No && !self.in_event
    }

    /// How many of the bytes that were pushed last belong to an event that has not ended: what stands behind the last
    /// blank line, or the last comment outside an event.
    pub const fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// Whether an event or comment has ended.
    pub const fn passed_boundary(&self) -> bool {
        self.passed_boundary
    }

    /// Whether the last event ended with a CR, to which an LF that came next would belong.
    pub const fn ends_with_cr(&self) -> bool {
        self.after_cr && self.unfinished == 0
    }

    /// What came that is no event stream, up to a few kilobytes; includes an unfinished line that can be no field.
    pub fn foreign(&self) -> Option<Vec<u8>> {
        let line = if self.started { self.line.as_slice() } else { without_mark(&self.line) };
        let unfinished = if is_foreign(line, false) { line } else { &[] };
        if self.foreign.is_empty() && unfinished.is_empty() {
            return None;
        }
        let mut text = self.foreign.clone();
        text.extend_from_slice(unfinished);
        text.truncate(FOREIGN_LIMIT);
        Some(text)
    }

    /// A line ended before `rest`.
    fn mark_boundary(&mut self, rest: &[u8]) {
        if !self.in_event {
            self.unfinished = rest.len();
            self.passed_boundary = true;
        }
    }

    fn read_line<'c>(&mut self, line: &'c [u8], here: &mut Option<&'c [u8]>, give: &mut impl FnMut(Frame<'_>)) {
        let line = self.without_mark(line);
        if line.is_empty() {
            self.end_event(here.take(), give);
            return;
        }
        let (field, value) = field(line);
        match field {
            // A comment.
            b"" => return,
            b"data" if !self.has_data => {
                self.has_data = true;
                *here = Some(value);
            }
            b"data" => {
                self.keep_data(here.take(), give);
                self.append(b"\n", give);
                self.append(value, give);
            }
            b"event" => {
                self.name.clear();
                self.name.extend_from_slice(value.get(..value.len().min(256)).unwrap_or_default());
            }
            _ if is_foreign(line, true) => {
                let room = FOREIGN_LIMIT.saturating_sub(self.foreign.len());
                self.foreign.extend_from_slice(line.get(..line.len().min(room)).unwrap_or_default());
                if self.foreign.len() < FOREIGN_LIMIT {
                    self.foreign.push(b'\n');
                }
                return;
            }
            _ => {}
        }
        self.in_event = true;
    }

    fn without_mark<'c>(&mut self, line: &'c [u8]) -> &'c [u8] {
        if std::mem::replace(&mut self.started, true) { line } else { without_mark(line) }
    }

    fn end_event(&mut self, here: Option<&[u8]>, give: &mut impl FnMut(Frame<'_>)) {
        if self.in_pieces {
            self.keep_data(here, give);
            give(Frame::EndOfPieces { name: &self.name });
        } else if self.has_data {
            give(Frame::Whole(Event { name: &self.name, data: here.unwrap_or(&self.data) }));
        }
        self.in_event = false;
        self.in_pieces = false;
        self.has_data = false;
        self.name.clear();
        self.data.clear();
        self.data.shrink_to(KEPT_CAPACITY);
    }

    fn keep_data(&mut self, here: Option<&[u8]>, give: &mut impl FnMut(Frame<'_>)) {
        if let Some(value) = here {
            self.append(value, give);
        }
    }

    fn append(&mut self, bytes: &[u8], give: &mut impl FnMut(Frame<'_>)) {
        if self.data.len() + bytes.len() > self.limit {
            self.go_to_pieces(give);
        }
        if self.in_pieces {
            give(Frame::Piece(bytes));
        } else {
            self.data.extend_from_slice(bytes);
        }
    }

    fn go_to_pieces(&mut self, give: &mut impl FnMut(Frame<'_>)) {
        if !self.in_pieces {
            self.in_pieces = true;
            give(Frame::Piece(&std::mem::take(&mut self.data)));
        }
    }

    fn hold_line(&mut self, bytes: &[u8], give: &mut impl FnMut(Frame<'_>)) {
        match self.long_line {
            LongLine::Data => give(Frame::Piece(bytes)),
            LongLine::Other => {}
            LongLine::No => {
                let (head, rest) = bytes.split_at(bytes.len().min(self.limit.saturating_sub(self.line.len())));
                self.line.extend_from_slice(head);
                if !rest.is_empty() {
                    let line = std::mem::take(&mut self.line);
                    self.begin_long_line(&line, give);
                    self.hold_line(rest, give);
                }
            }
        }
    }

    fn begin_long_line(&mut self, start: &[u8], give: &mut impl FnMut(Frame<'_>)) {
        let (field, value) = field(self.without_mark(start));
        if field != b"data" {
            self.long_line = LongLine::Other;
            return;
        }
        self.long_line = LongLine::Data;
        self.in_event = true;
        self.go_to_pieces(give);
        if std::mem::replace(&mut self.has_data, true) {
            give(Frame::Piece(b"\n"));
        }
        give(Frame::Piece(value));
    }
}

/// A line's field and value; a comment's field is empty.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b':', line) {
        Some(at) => {
            let value = line.get(at + 1..).unwrap_or_default();
            (line.get(..at).unwrap_or_default(), value.strip_prefix(b" ").unwrap_or(value))
        }
        None => (line, b""),
    }
}

fn without_mark(line: &[u8]) -> &[u8] {
    line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line)
}

/// Whether a line can be no field or comment; an unfinished line may be the start of a byte order mark. One in the midst
/// of a stream, where somebody put two together, makes no line foreign.
fn is_foreign(line: &[u8], finished: bool) -> bool {
    let name = without_mark(field(line).0);
    if !finished && BYTE_ORDER_MARK.starts_with(name) {
        return false;
    }
    // Fields that are unknown today are words; markup and JSON are not.
    !name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &[u8], step: usize) -> (Vec<(String, String)>, Decoder) {
        let mut decoder = Decoder::new(100);
        let (mut events, mut pieces) = (Vec::new(), Vec::new());
        let text_of = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let mut give = |frame: Frame<'_>| match frame {
            Frame::Whole(event) => events.push((text_of(event.name), text_of(event.data))),
            Frame::Piece(data) => pieces.extend_from_slice(data),
            Frame::EndOfPieces { name } => events.push((text_of(name), text_of(&std::mem::take(&mut pieces)))),
        };
        for chunk in text.chunks(step) {
            decoder.push(chunk, &mut give);
            assert!(decoder.line.len() <= 100 && decoder.data.len() <= 100, "what is held has a limit");
        }
        decoder.finish(&mut give);
        (events, decoder)
    }

    #[test]
    fn events_however_the_stream_is_cut() {
        let rows: &[(&str, &[(&str, &str)])] = &[
            ("", &[]),
            ("data: a\n\n", &[("", "a")]),
            ("data:a\n\ndata:  b\n\n", &[("", "a"), ("", " b")]),
            ("data: a\r\n\r\ndata: b\r\n\r\n", &[("", "a"), ("", "b")]),
            ("data: a\r\rdata: b\r\r", &[("", "a"), ("", "b")]),
            ("event: e\ndata: a\n\n", &[("e", "a")]),
            ("data: a\nevent: e\nid: 7\nretry: 1\n\ndata: b\n\n", &[("e", "a"), ("", "b")]),
            ("data: a\ndata: b\ndata\n\n", &[("", "a\nb\n")]),
            ("data: a\r\ndata: b\r\n\r\n", &[("", "a\nb")]),
            (": comment\n\n: ping\n\ndata: a\n: in between\n\n", &[("", "a")]),
            ("event: none\n\ndata: a\n\n", &[("", "a")]),
            ("\u{feff}data: a\n\n", &[("", "a")]),
            ("data: héé\n\n", &[("", "héé")]),
            ("data: [DONE]", &[("", "[DONE]")]),
            ("data: a\n", &[("", "a")]),
            ("data\n\n", &[("", "")]),
            ("unknown: x\ndata: a\n\n", &[("", "a")]),
            ("\n\n\n", &[]),
        ];
        for (text, expected) in rows {
            for step in [1, 2, 3, 5, 1000] {
                let (events, decoder) = decode(text.as_bytes(), step);
                let events: Vec<_> = events.iter().map(|(name, data)| (name.as_str(), data.as_str())).collect();
                assert_eq!(events, *expected, "{text:?} by {step}");
                assert_eq!(decoder.foreign(), None, "{text:?}");
                assert_eq!(
                    decoder.is_between_events(),
                    text.is_empty() || text.ends_with(['\n', '\r']) && *text != "data: a\n"
                );
            }
        }
    }

    #[test]
    fn a_long_event_comes_in_pieces() {
        let (long, more) = ("x".repeat(150), "y".repeat(300));
        let rows = [
            (format!("data: {long}\n\ndata: b\n\n"), vec![("", long.clone()), ("", "b".to_owned())]),
            (format!("data: {long}\ndata: {more}\nevent: e\n\n"), vec![("e", format!("{long}\n{more}"))]),
            (format!("event: e\r\ndata: a\r\ndata: {more}\r\n\r\n"), vec![("e", format!("a\n{more}"))]),
            (format!("data: {0}\ndata: {0}\n\n", "z".repeat(60)), vec![("", format!("{0}\n{0}", "z".repeat(60)))]),
            (format!("\u{feff}data: {long}"), vec![("", long.clone())]),
            (format!("data: a\n: {long}\ndata: b\n\n"), vec![("", "a\nb".to_owned())]),
        ];
        for (text, expected) in rows {
            for step in [1, 7, 60, 101, 10_000] {
                let expected: Vec<_> = expected.iter().map(|(name, data)| ((*name).to_owned(), data.clone())).collect();
                assert_eq!(decode(text.as_bytes(), step).0, expected, "{text} by {step}");
            }
        }
    }

    #[test]
    fn what_has_not_ended() {
        let rows: &[(&str, usize)] = &[
            ("", 0),
            ("dat", 3),
            ("data: a", 7),
            ("data: a\n", 8),
            ("data: a\n\n", 0),
            ("data: a\n\nda", 2),
            ("data: a\r\n", 9),
            ("data: a\r\n\r", 0),
            ("data: a\r\n\r\n", 0),
            ("data: a\r\n\r\n\n", 0),
            ("data: a\r\r", 0),
            ("\u{feff}", 3),
            ("\u{feff}\n", 0),
            (": ping\n", 0),
            (": pi", 4),
            ("data: a\n: ping\n", 15),
            ("event: e\n", 9),
            ("id: 1\n", 6),
            ("data: a\n\n\n\nid: 1\nda", 8),
        ];
        for (text, unfinished) in rows {
            for step in [1, 2, 3, 1000] {
                let mut decoder = Decoder::new(100);
                text.as_bytes().chunks(step).for_each(|chunk| decoder.push(chunk, |_| {}));
                assert_eq!(decoder.unfinished(), *unfinished, "{text:?} by {step}");
                assert_eq!(decoder.is_between_events(), *unfinished == 0, "{text:?} by {step}");
            }
        }
        let mut decoder = Decoder::new(20);
        decoder.push("data: a\n\ndata: b".as_bytes(), |_| {});
        decoder.push("x".repeat(50).as_bytes(), |_| {});
        assert_eq!(decoder.unfinished(), 57, "also of what is too long to be held");
    }

    #[test]
    fn what_is_no_event_stream_is_kept_aside() {
        for (text, foreign) in [
            ("<!DOCTYPE html>\n<p>Bad gateway\n", "<!DOCTYPE html>\n<p>Bad gateway\n"),
            ("{\"error\":{}}", "{\"error\":{}}\n"),
            ("data: a\n\n{\"error\":\n{}}\n\n", "{\"error\":\n{}}\n"),
            ("Bad gateway: sorry", "Bad gateway: sorry\n"),
        ] {
            for step in [1, 1000] {
                let (_, decoder) = decode(text.as_bytes(), step);
                assert_eq!(decoder.foreign().as_deref(), Some(foreign.as_bytes()), "{text}");
            }
        }
        let mut decoder = Decoder::new(100);
        decoder.push(b"{\"err", |_| {});
        assert_eq!(decoder.foreign().as_deref(), Some(&b"{\"err"[..]), "an unfinished line counts, too");
        assert!(!decoder.is_between_events());
        let starts: [&[u8]; 6] =
            [b"dat", b"\xef", b"\xef\xbb", b"\xef\xbb\xbf", b"\xef\xbb\xbfda", b"\xef\xbb\xbf\xef"];
        for start in starts {
            let mut decoder = Decoder::new(100);
            decoder.push(start, |_| {});
            assert_eq!(decoder.foreign(), None, "{start:?}");
        }
    }
}
