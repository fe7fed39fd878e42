use std::sync::LazyLock;

use bytes::{Bytes, BytesMut};
use memchr::memmem::Finder;

use crate::wire::json::{InvalidJson, Kind, Scanner};

static USAGE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"usage\""));

/// A longer event passes as it is.
const EVENT_LIMIT: usize = 1 << 20;

/// Hides from a Chat client what it did not ask for: when the gateway set `stream_options.include_usage`, the provider
/// sends one more chunk with the usage, and `"usage": null` in all others.
///
/// Every other byte passes as it came: what a vendor has beside the usage (citations, timings, an error) stays, and so does
/// usage beside content, which is the vendor's own way. An event that arrives in parts is held until it is complete.
#[derive(Debug, Default)]
pub struct ChatUsageFilter {
    /// The start of an event whose end has not come.
    held: BytesMut,
    /// Up to here `held` was searched for the event's end.
    searched: usize,
    /// In the middle of an event that is too long to be held.
    passing: bool,
}

impl ChatUsageFilter {
    /// What the client gets for the provider's next bytes; may be empty.
    pub fn push(&mut self, mut chunk: Bytes) -> Bytes {
        if self.held.is_empty() && !self.passing {
            // What ends within the chunk needs no copy unless something is taken out of it.
            let whole = last_boundary(&chunk, 0).unwrap_or(0);
            self.held.extend_from_slice(&chunk.split_off(whole));
            self.searched = 0;
            let forwarded = filter(chunk);
            return self.release_if_too_long(forwarded);
        }
        self.held.extend_from_slice(&chunk);
        let from = self.searched.saturating_sub(BOUNDARY_LENGTH - 1);
        if self.passing {
            // The first boundary ends the event that is too long.
            let Some(end) = first_boundary(&self.held, from) else {
                return self.held.split().freeze();
            };
            self.passing = false;
            let head = self.held.split_to(end).freeze();
            let rest = self.held.split().freeze();
            let tail = self.push(rest);
            return join(head, &tail);
        }
        let Some(whole) = last_boundary(&self.held, from) else {
            self.searched = self.held.len();
            return self.release_if_too_long(Bytes::new());
        };
        let events = self.held.split_to(whole).freeze();
        self.searched = self.held.len();
        let forwarded = filter(events);
        self.release_if_too_long(forwarded)
    }

    /// The stream ended: an event that never became complete.
    pub fn finish(&mut self) -> Bytes {
        self.held.split().freeze()
    }

    fn release_if_too_long(&mut self, forwarded: Bytes) -> Bytes {
        if self.held.len() <= EVENT_LIMIT {
            return forwarded;
        }
        self.passing = true;
        self.searched = 0;
        join(forwarded, &self.held.split())
    }
}

/// `\r\n\r\n`.
const BOUNDARY_LENGTH: usize = 4;

/// The offset behind the last blank line.
fn last_boundary(bytes: &[u8], from: usize) -> Option<usize> {
    let mut end = bytes.len();
    while let Some(at) = memchr::memrchr2(b'\n', b'\r', bytes.get(from..end)?).map(|at| from + at) {
        if ends_blank_line(bytes, at) {
            return Some(at + 1);
        }
        end = at;
    }
    None
}

fn first_boundary(bytes: &[u8], from: usize) -> Option<usize> {
    let mut breaks = memchr::memchr2_iter(b'\n', b'\r', bytes.get(from..)?).map(|at| from + at);
    breaks.find(|at| ends_blank_line(bytes, *at)).map(|at| at + 1)
}

/// Whether the line break at `at` ends an empty line. Of CRLF only the LF counts.
fn ends_blank_line(bytes: &[u8], at: usize) -> bool {
    let Some(before) = bytes.get(..=at) else { return false };
    before.ends_with(b"\n\n")
        || before.ends_with(b"\n\r\n")
        || before.ends_with(b"\r\r\n")
        || before.ends_with(b"\r\r") && bytes.get(at + 1) != Some(&b'\n')
}

/// Filters whole events.
fn filter(events: Bytes) -> Bytes {
    if USAGE.find(&events).is_none() {
        return events;
    }
    let mut out = Vec::with_capacity(events.len());
    let (mut start, mut changed) = (0, false);
    while start < events.len() {
        let end = first_boundary(&events, start).unwrap_or(events.len());
        let event = events.get(start..end).unwrap_or_default();
        match edit(event) {
            Edit::Keep => out.extend_from_slice(event),
            Edit::Drop => changed = true,
            Edit::Cut { from, to } => {
                changed = true;
                out.extend_from_slice(event.get(..from).unwrap_or_default());
                out.extend_from_slice(event.get(to..).unwrap_or_default());
            }
        }
        start = end;
    }
    if changed { out.into() } else { events }
}

/// What becomes of an event.
enum Edit {
    Keep,
    Drop,
    /// These of its bytes go.
    Cut {
        from: usize,
        to: usize,
    },
}

/// Looks at one event, blank line included. Only an event of a single `data` line, behind comments or nothing, can be one of
/// those that are looked for.
fn edit(event: &[u8]) -> Edit {
    let start = behind_comments(event);
    let Some(data) = event.get(start..).and_then(|line| line.strip_prefix(b"data:")) else { return Edit::Keep };
    let base = start + b"data:".len();
    let data = data.trim_ascii_end();
    let Some(at) = USAGE.find(data).filter(|_| memchr::memchr2(b'\n', b'\r', data).is_none()) else {
        return Edit::Keep;
    };
    match null_behind_another(data, at).or_else(|| usage(data).ok()) {
        Some(Edit::Cut { from, to }) => Edit::Cut { from: base + from, to: base + to },
        Some(Edit::Drop) if event.get(..start).is_some_and(|before| !before.trim_ascii().is_empty()) => {
            let behind = event.get(base + data.len()..).unwrap_or_default();
            let line_break = if behind.starts_with(b"\r\n") { 2 } else { behind.len().min(1) };
            Edit::Cut { from: start, to: base + data.len() + line_break }
        }
        Some(edit) => edit,
        None => Edit::Keep,
    }
}

/// The offset of the first line that is no comment and not empty.
fn behind_comments(event: &[u8]) -> usize {
    let mut start = 0;
    loop {
        let rest = event.get(start..).unwrap_or_default();
        let line = rest.trim_ascii_start();
        start += rest.len() - line.len();
        match memchr::memchr2(b'\n', b'\r', line) {
            Some(end) if line.starts_with(b":") => start += end,
            _ => return start,
        }
    }
}

/// Cuts the `"usage": null` whose key begins at `at`, without reading what is before it: as what follows closes the
/// outermost object, and nothing else, it is a member of that; and in a string its quotes would be escaped.
fn null_behind_another(data: &[u8], at: usize) -> Option<Edit> {
    let behind = data.get(at + USAGE.needle().len()..)?.trim_ascii_start().strip_prefix(b":")?;
    let rest = behind.trim_ascii_start().strip_prefix(b"null")?;
    Scanner::new(rest).rest_of_object().ok()?;
    let before = data.get(..at)?.trim_ascii_end().strip_suffix(b",")?;
    Some(Edit::Cut { from: before.len(), to: data.len() - rest.len() })
}

/// Reads a whole chunk: usage that stands there for its own sake goes.
fn usage(data: &[u8]) -> Result<Edit, InvalidJson> {
    let mut scanner = Scanner::new(data);
    let (mut has_choice, mut has_more) = (false, false);
    let mut found = Vec::new();
    let mut end_before = None;
    scanner.each_member::<InvalidJson>(|scanner, key| {
        let kind = scanner.peek()?;
        if key.is("usage") {
            scanner.skip()?;
            found.push((kind, end_before, scanner.offset()));
        } else {
            let is_envelope = !key.is("error") && !matches!(kind, Kind::Object | Kind::Array);
            let holds_something = scanner.holds_something()?;
            has_choice |= holds_something && key.is("choices");
            // Every chunk repeats the envelope: its id, model and the like.
            has_more |= holds_something && !key.is("choices") && !is_envelope;
        }
        end_before = Some(scanner.offset());
        Ok(())
    })?;
    scanner.end()?;
    let [(kind, end_before, end)] = found.as_slice() else { return Ok(Edit::Keep) };
    match kind {
        Kind::Object if has_choice => return Ok(Edit::Keep),
        Kind::Object if !has_more => return Ok(Edit::Drop),
        Kind::Object | Kind::Null => {}
        _ => return Ok(Edit::Keep),
    }
    let first = memchr::memchr(b'{', data).map_or(0, |at| at + 1);
    let behind = data.get(*end..).unwrap_or_default();
    // With the comma before it, or the one behind it where it is the first.
    let comma =
        memchr::memchr(b',', behind).filter(|at| behind.get(..*at).is_some_and(|it| it.trim_ascii().is_empty()));
    Ok(match end_before {
        Some(from) => Edit::Cut { from: *from, to: *end },
        None => Edit::Cut { from: first, to: end + comma.map_or(0, |at| at + 1) },
    })
}

fn join(head: Bytes, tail: &[u8]) -> Bytes {
    if tail.is_empty() {
        return head;
    }
    [&head, tail].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "data: {\"id\":1,\"choices\":[{\"delta\":{\"content\":\"\\\"usage\\\":null\"}}],\"usage\":null,\"o\":\"x\"}\n\n";
    const TEXT_OUT: &str =
        "data: {\"id\":1,\"choices\":[{\"delta\":{\"content\":\"\\\"usage\\\":null\"}}],\"o\":\"x\"}\n\n";
    const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n";
    const DONE: &str = "data: [DONE]\n\n";

    #[test]
    fn only_what_was_not_asked_for_goes() {
        let rows = [
            (format!("{TEXT}{USAGE}{DONE}"), format!("{TEXT_OUT}{DONE}")),
            (USAGE.to_owned(), String::new()),
            (DONE.to_owned(), DONE.to_owned()),
            // Usage beside content is the vendor's own way.
            same("data: {\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":1}}\n\n"),
            same("data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n"),
            same("data: {\"a\":{\"usage\":null},\"choices\":[]}\n\n"),
            same("data: {\"a\":[{\"x\":1,\"usage\":null}],\"choices\":[]}\n\n"),
            ("data: {\"a\":1 , \"usage\" : null }\n\n".to_owned(), "data: {\"a\":1  }\n\n".to_owned()),
            // First, alone, behind a comment, without choices.
            ("data: {\"usage\":null,\"choices\":[]}\n\n".to_owned(), "data: {\"choices\":[]}\n\n".to_owned()),
            (
                "data: {\"usage\" : null , \"a\":{\"usage\":1}}\n\n".to_owned(),
                "data: { \"a\":{\"usage\":1}}\n\n".to_owned(),
            ),
            ("data: {\"usage\":null}\n\n".to_owned(), "data: {}\n\n".to_owned()),
            ("data: {\"usage\":{\"prompt_tokens\":1},\"id\":\"c\",\"choices\":[]}\n\n".to_owned(), String::new()),
            ("data: {\"id\":\"c\",\"usage\":{\"prompt_tokens\":1}}\n\n".to_owned(), String::new()),
            (format!(": ping\n{TEXT}"), format!(": ping\n{TEXT_OUT}")),
            (format!(": a\n:b\n{USAGE}{DONE}"), format!(": a\n:b\n\n{DONE}")),
            (format!(": a\n{USAGE}{DONE}").replace('\n', "\r\n"), format!(": a\n\n{DONE}").replace('\n', "\r\n")),
            same(": only \"usage\"\n\n"),
            // Only the usage goes.
            (
                "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1},\"citations\":[\"x\"]}\n\n".to_owned(),
                "data: {\"choices\":[],\"citations\":[\"x\"]}\n\n".to_owned(),
            ),
            (
                "data: {\"usage\":{\"prompt_tokens\":1}, \"citations\":[\"x\"]}\n\n".to_owned(),
                "data: { \"citations\":[\"x\"]}\n\n".to_owned(),
            ),
            (
                "data: {\"x\":{\"usage\":{}},\"choices\":[{}],\"usage\":null}\n\n".to_owned(),
                "data: {\"x\":{\"usage\":{}},\"choices\":[{}]}\n\n".to_owned(),
            ),
            (
                "data: {\"error\":\"no\",\"usage\":{\"prompt_tokens\":1}}\n\n".to_owned(),
                "data: {\"error\":\"no\"}\n\n".to_owned(),
            ),
            same("data: {\"choices\":[],\"usage\":{},\"usage\":{}}\n\n"),
            same("data: {\"choices\":[],\"usage\":7}\n\n"),
            same(": ping\n\ndata: {\"choices\":[{}]}\n\n"),
            same("data: broken \"usage\" {\n\n"),
            same("event: x\ndata: {\"choices\":[],\"usage\":{}}\n\n"),
            same("data: {\"choices\":[{}]}\n\ndata: {\"cut"),
            (format!("{}{}", TEXT.replace('\n', "\r\n"), USAGE.replace('\n', "\r\n")), TEXT_OUT.replace('\n', "\r\n")),
            (format!("{}{}", USAGE.replace('\n', "\r"), DONE.replace('\n', "\r")), DONE.replace('\n', "\r")),
        ];
        for (sent, expected) in rows {
            for step in [1, 2, 5, 17, 1000] {
                let mut filter = ChatUsageFilter::default();
                let mut out = Vec::new();
                for chunk in sent.as_bytes().chunks(step) {
                    out.extend_from_slice(&filter.push(Bytes::copy_from_slice(chunk)));
                }
                out.extend_from_slice(&filter.finish());
                assert_eq!(String::from_utf8(out).unwrap(), expected, "{sent:?} by {step}");
            }
        }
    }

    fn same(text: &str) -> (String, String) {
        (text.to_owned(), text.to_owned())
    }

    #[test]
    fn whole_events_pass_at_once_and_uncopied() {
        let chunk = Bytes::from_static(b"data: {\"choices\":[{}]}\n\ndata: {\"cho");
        let mut filter = ChatUsageFilter::default();
        let out = filter.push(chunk.clone());
        assert_eq!(out, chunk.slice(..24));
        assert_eq!(out.as_ptr(), chunk.as_ptr());
    }

    #[test]
    fn a_huge_event_is_not_held() {
        let mut filter = ChatUsageFilter::default();
        let huge = Bytes::from(vec![b'x'; EVENT_LIMIT + 1]);
        assert_eq!(filter.push(huge.clone()).len(), huge.len());
        assert_eq!(filter.push(Bytes::from_static(b"more")), "more");
        assert_eq!(filter.push(Bytes::from(format!("end\n\n{USAGE}{DONE}"))), format!("end\n\n{DONE}"));
    }
}
