use memchr::memchr2;

/// One event, borrowed from the chunk it came in where it lies there in one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The `event` field; empty when there is none.
    pub name: &'a [u8],
    /// The `data` lines, joined by line feeds.
    pub data: &'a [u8],
}

/// Reads a stream of server-sent events that arrives in chunks, as the HTML standard describes them: lines end in CR,
/// LF or CRLF, a byte order mark may stand first, comments and unknown fields pass, an event without data is none.
///
/// Lines that can be no field are kept aside as [`Decoder::foreign`]: an HTML page, or an error sent as bare JSON.
#[derive(Debug)]
pub struct Decoder {
    limit: usize,
    /// The start of a line whose end has not come.
    line: Vec<u8>,
    name: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    /// The event being read is longer than the limit; it will not be given.
    too_long: bool,
    /// So is its unfinished line, which is forgotten up to its end.
    line_too_long: bool,
    /// The last byte was a CR, so that an LF that follows belongs to it.
    after_cr: bool,
    started: bool,
    /// The stream ended within an event.
    cut: bool,
    foreign: Vec<u8>,
    dropped: u64,
}

/// So much of what is no event stream is kept.
const FOREIGN_LIMIT: usize = 8 * 1024;
/// Buffers that grew larger are given back after an event.
const KEPT_CAPACITY: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const FIELDS: [&[u8]; 4] = [b"data", b"event", b"id", b"retry"];

impl Decoder {
    /// An event that spans chunks and is longer than `limit` bytes is passed over and counted.
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            name: Vec::new(),
            data: Vec::new(),
            has_data: false,
            too_long: false,
            line_too_long: false,
            after_cr: false,
            started: false,
            cut: false,
            foreign: Vec::new(),
            dropped: 0,
        }
    }

    /// Calls `give` with each event that became complete.
    pub fn push(&mut self, chunk: &[u8], mut give: impl FnMut(Event<'_>)) {
        let mut rest = chunk;
        // The data of the current event while it is one line within this chunk.
        let mut here: Option<&[u8]> = None;
        while let Some(&first) = rest.first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let Some(end) = memchr2(b'\n', b'\r', rest) else {
                self.hold_line(rest);
                break;
            };
            let (line, behind) = rest.split_at(end);
            self.after_cr = behind.first() == Some(&b'\r');
            rest = behind.get(1..).unwrap_or_default();
            if std::mem::take(&mut self.line_too_long) {
                continue;
            }
            if self.line.is_empty() {
                self.read_line(line, &mut here, &mut give);
            } else {
                self.hold_line(line);
                let line = std::mem::take(&mut self.line);
                self.keep_data(here.take());
                let mut held = None;
                self.read_line(&line, &mut held, &mut give);
                self.keep_data(held);
                self.line = line;
                self.line.clear();
                self.line.shrink_to(KEPT_CAPACITY);
            }
        }
        self.keep_data(here);
    }

    /// The stream ended: gives an event that lacks its blank line. Where the stream ended stays known.
    pub fn finish(&mut self, mut give: impl FnMut(Event<'_>)) {
        self.cut = !self.is_between_events();
        let line = std::mem::take(&mut self.line);
        let mut held = None;
        if !line.is_empty() {
            self.read_line(&line, &mut held, &mut give);
        }
        self.keep_data(held);
        self.read_line(b"", &mut None, &mut give);
    }

    /// Whether all that was pushed belongs to complete events, so that another may follow.
    pub fn is_between_events(&self) -> bool {
        !self.cut
            && self.line.is_empty()
            && !self.line_too_long
            && !self.has_data
            && self.name.is_empty()
            && !self.too_long
    }

    /// What came that is no event stream, up to a few kilobytes; includes an unfinished line that can be no field.
    pub fn foreign(&self) -> Option<Vec<u8>> {
        let unfinished = if is_foreign(&self.line, false) { self.line.as_slice() } else { &[] };
        if self.foreign.is_empty() && unfinished.is_empty() {
            return None;
        }
        let mut text = self.foreign.clone();
        text.extend_from_slice(unfinished);
        text.truncate(FOREIGN_LIMIT);
        Some(text)
    }

    /// How many events were too long.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    fn read_line<'c>(&mut self, line: &'c [u8], here: &mut Option<&'c [u8]>, give: &mut impl FnMut(Event<'_>)) {
        let line = if self.started { line } else { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line) };
        self.started = true;
        if line.is_empty() {
            self.end_event(here.take(), give);
            return;
        }
        let (field, value) = match memchr::memchr(b':', line) {
            Some(at) => {
                let value = line.get(at + 1..).unwrap_or_default();
                (line.get(..at).unwrap_or_default(), value.strip_prefix(b" ").unwrap_or(value))
            }
            None => (line, &b""[..]),
        };
        match field {
            b"data" if !self.has_data => {
                self.has_data = true;
                *here = Some(value);
            }
            b"data" => {
                self.keep_data(here.take());
                self.append(b"\n");
                self.append(value);
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
            }
            _ => {}
        }
    }

    fn end_event(&mut self, here: Option<&[u8]>, give: &mut impl FnMut(Event<'_>)) {
        if self.too_long {
            self.dropped += 1;
        } else if self.has_data {
            give(Event { name: &self.name, data: here.unwrap_or(&self.data) });
        }
        self.too_long = false;
        self.has_data = false;
        self.name.clear();
        self.data.clear();
        self.data.shrink_to(KEPT_CAPACITY);
    }

    fn keep_data(&mut self, here: Option<&[u8]>) {
        if let Some(value) = here {
            self.append(value);
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        if self.data.len() + bytes.len() > self.limit {
            self.too_long = true;
            self.data = Vec::new();
        } else if !self.too_long {
            self.data.extend_from_slice(bytes);
        }
    }

    fn hold_line(&mut self, bytes: &[u8]) {
        if self.line.len() + bytes.len() > self.limit {
            self.too_long = true;
            self.line_too_long = true;
            self.line = Vec::new();
        } else if !self.line_too_long {
            self.line.extend_from_slice(bytes);
        }
    }
}

/// Whether a line can be no field or comment. An unfinished line can be any field that it is the start of.
fn is_foreign(line: &[u8], finished: bool) -> bool {
    let name = memchr::memchr(b':', line).map_or(line, |at| line.get(..at).unwrap_or_default());
    let name = name.strip_prefix(BYTE_ORDER_MARK).unwrap_or(name);
    if line.is_empty() || name.is_empty() || FIELDS.contains(&name) {
        return false;
    }
    if !finished && name.len() == line.len() && FIELDS.iter().any(|field| field.starts_with(name)) {
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
        let mut events = Vec::new();
        let mut give = |event: Event<'_>| {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            events.push((text(event.name), text(event.data)));
        };
        for chunk in text.chunks(step) {
            decoder.push(chunk, &mut give);
        }
        decoder.finish(&mut give);
        (events, decoder)
    }

    #[test]
    fn events_however_the_stream_is_cut() {
        let long = format!("data: {}\n\ndata: b\n\n", "x".repeat(150));
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
        for step in [1, 7, 60] {
            let (events, decoder) = decode(long.as_bytes(), step);
            assert_eq!(events, [(String::new(), "b".to_owned())]);
            assert_eq!(decoder.dropped(), 1);
        }
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
        let mut decoder = Decoder::new(100);
        decoder.push(b"dat", |_| {});
        assert_eq!(decoder.foreign(), None);
    }
}
