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
/// Every other byte passes as it came. An event that arrives in parts is held until it is complete.
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
        match judge(event) {
            Verdict::Pass => out.extend_from_slice(event),
            Verdict::Drop => changed = true,
            Verdict::Cut { from, to } => {
                changed = true;
                out.extend_from_slice(event.get(..from).unwrap_or_default());
                out.extend_from_slice(event.get(to..).unwrap_or_default());
            }
        }
        start = end;
    }
    if changed { out.into() } else { events }
}

enum Verdict {
    Pass,
    Drop,
    Cut { from: usize, to: usize },
}

/// Judges one event, blank line included. Only an event of a single `data` line can be one of those that are looked for.
fn judge(event: &[u8]) -> Verdict {
    let start = event.len() - event.trim_ascii_start().len();
    let Some(data) = event.get(start..).and_then(|line| line.strip_prefix(b"data:")) else { return Verdict::Pass };
    let base = start + b"data:".len();
    let data = data.trim_ascii_end();
    let Some(at) = USAGE.find(data) else { return Verdict::Pass };
    if memchr::memchr2(b'\n', b'\r', data).is_some() {
        return Verdict::Pass;
    }
    let behind = data.get(at + USAGE.needle().len()..).unwrap_or_default().trim_ascii_start();
    match behind.strip_prefix(b":").map(<[u8]>::trim_ascii_start).and_then(|value| value.strip_prefix(b"null")) {
        Some(rest) => match null_member(data, at, rest) {
            Some((from, to)) => Verdict::Cut { from: base + from, to: base + to },
            None => Verdict::Pass,
        },
        None if is_usage_alone(data) => Verdict::Drop,
        None => Verdict::Pass,
    }
}

/// Where in `data` the member lies whose key begins at `at`, its comma before it included, if it is a member of the
/// outermost object: then what follows its value closes that object, and nothing else. Reading only `rest`, what
/// follows, is enough because in a string the key's quotes would be escaped.
fn null_member(data: &[u8], at: usize, rest: &[u8]) -> Option<(usize, usize)> {
    Scanner::new(rest).rest_of_object().ok()?;
    let before = data.get(..at)?.trim_ascii_end().strip_suffix(b",")?;
    Some((before.len(), data.len() - rest.len()))
}

/// Whether a chunk has usage and no choice.
fn is_usage_alone(data: &[u8]) -> bool {
    let (mut has_choice, mut has_usage) = (true, false);
    let read = Scanner::new(data).each_member::<InvalidJson>(|scanner, key| {
        if key.is("choices") {
            has_choice = scanner.holds_something()?;
            return Ok(());
        }
        has_usage |= key.is("usage") && scanner.peek()? == Kind::Object;
        scanner.skip()
    });
    read == Ok(true) && has_usage && !has_choice
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
            same("data: {\"usage\":null,\"choices\":[]}\n\n"),
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
