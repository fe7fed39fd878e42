//! What `serde_json` says of a document, with the exceptions that the readers under test make on purpose.

use serde::de::IgnoredAny;

/// `serde_json` reads documents of this depth.
const DEEPEST: usize = 127;

/// Whether the scanner must accept the document: it does not look at escapes, control characters and UTF-8 inside
/// strings, nor at how large a number is.
pub(super) fn is_accepted(document: &[u8]) -> bool {
    has_grammar(&plain(document))
}

/// Whether the readers of chunks must accept the document: they look at numbers and literals only by their characters,
/// too.
pub(super) fn is_accepted_in_chunks(document: &[u8]) -> bool {
    has_grammar(&without_scalars(&plain(document)))
}

fn has_grammar(document: &[u8]) -> bool {
    depth(document) <= DEEPEST && serde_json::from_slice::<IgnoredAny>(document).is_ok()
}

/// The document with nothing but letters in its strings.
pub(super) fn plain(document: &[u8]) -> Vec<u8> {
    let mut text = document.to_vec();
    let mut bytes = text.iter_mut();
    let mut in_string = false;
    while let Some(byte) = bytes.next() {
        match *byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                *byte = b'a';
                if let Some(escaped) = bytes.next() {
                    *escaped = b'a';
                }
            }
            _ if in_string => *byte = b'a',
            _ => {}
        }
    }
    text
}

/// A plain document with zeros in the place of numbers and literals, and of what looks like them.
fn without_scalars(document: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let (mut in_string, mut in_scalar) = (false, false);
    for &byte in document {
        in_string ^= byte == b'"';
        let goes_on = in_scalar && (byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
        in_scalar = !in_string && (goes_on || matches!(byte, b'-' | b'0'..=b'9' | b't' | b'f' | b'n'));
        match (in_scalar, goes_on) {
            (true, true) => {}
            (true, false) => text.push(b'0'),
            (false, _) => text.push(byte),
        }
    }
    text
}

fn depth(document: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut in_string = false;
    for byte in document {
        match byte {
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}
