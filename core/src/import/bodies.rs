//! Recorded requests and answers. The original keeps a stream as a list of its events' data.

use serde::Deserialize;

use crate::dialect::Dialect;
use crate::record::limits::{MAX_BODY_BYTES, body_text};

/// So many bytes of a recorded text are read: of a stream, whose quotes are escaped, more than of others.
pub(super) const READ_TEXT: usize = MAX_BODY_BYTES + 1;
pub(super) const READ_STREAM: usize = 2 * MAX_BODY_BYTES;

#[derive(Deserialize)]
struct Typed {
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// A body as the log keeps it, and whether that is only its beginning. `whole` is the length of all of it.
pub(super) fn text(read: &str, whole: usize) -> (String, bool) {
    body_text(read.as_bytes(), whole.max(read.len()))
}

/// The stream as it went over the wire, out of the beginning of the list of its events. `whole` is the list's length.
pub(super) fn stream(dialect: Dialect, list: &str, whole: usize) -> (String, bool) {
    let mut out = String::new();
    let mut rest = list.trim_start().strip_prefix('[').unwrap_or(list);
    while out.len() <= MAX_BODY_BYTES {
        rest = rest.trim_start_matches([',', ' ', '\n']);
        let mut events = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        let Some(Ok(event)) = events.next() else { break };
        rest = rest.get(events.byte_offset()..).unwrap_or_default();
        push(&mut out, dialect, &event);
    }
    let is_all = rest.trim().is_empty() || rest.trim_start().starts_with(']');
    let whole = if is_all { out.len() } else { whole.max(out.len() + 1) };
    body_text(out.as_bytes(), whole)
}

fn push(out: &mut String, dialect: Dialect, event: &str) {
    if matches!(dialect, Dialect::Anthropic | Dialect::OpenAiResponses)
        && let Ok(Typed { kind: Some(kind) }) = serde_json::from_str(event)
    {
        out.push_str("event: ");
        out.push_str(&kind);
        out.push('\n');
    }
    for line in event.lines() {
        out.push_str("data: ");
        out.push_str(line);
        out.push('\n');
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams() {
        let named = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
        let cut = "[cut here; 21 bytes in all]";
        for (dialect, list, expected, is_cut) in [
            (
                Dialect::OpenAiChat,
                r#"["{\"a\":1}","{\"type\":\"b\"}"]"#,
                "data: {\"a\":1}\n\ndata: {\"type\":\"b\"}\n\n",
                false,
            ),
            (Dialect::Anthropic, r#"["{\"type\":\"ping\"}"]"#, named, false),
            (Dialect::OpenAiResponses, r#"["{\"type\":\"ping\"}"]"#, named, false),
            (Dialect::Gemini, r#"["x\ny"]"#, "data: x\ndata: y\n\n", false),
            (Dialect::Gemini, "[]", "", false),
            (Dialect::Gemini, r#"["whole", "half of i"#, "data: whole\n\n", true),
            (Dialect::Gemini, "no list at all", "", true),
        ] {
            let (text, is_cut_here) = stream(dialect, list, 21);
            assert_eq!(is_cut_here, is_cut, "{list}");
            assert!(text.starts_with(expected), "{list}: {text}");
            assert_eq!(text.len() > expected.len(), is_cut, "{list}");
            assert!(!is_cut || text.ends_with(cut), "{list}: {text}");
        }
    }
}
