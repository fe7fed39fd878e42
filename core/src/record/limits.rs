//! How long the texts of a log entry may be.

use super::{LogEntry, MAX_TRANSLATED, Translated};

/// Of a request's or an answer's body, in bytes. What is cut says so at its end.
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// Room for the note at the end of what was cut.
const NOTE_BYTES: usize = 64;
const MAX_ERROR_BYTES: usize = 4 << 10;
const MAX_USER_AGENT_BYTES: usize = 512;
/// Names and ids.
const MAX_NAME_BYTES: usize = 256;

/// Cuts what is too long.
pub(crate) fn apply(entry: &mut LogEntry) {
    cut(&mut entry.model, MAX_NAME_BYTES);
    let texts = [
        (&mut entry.provider_model, MAX_NAME_BYTES),
        (&mut entry.session_id, MAX_NAME_BYTES),
        (&mut entry.finish_reason, MAX_NAME_BYTES),
        (&mut entry.replay_of, MAX_NAME_BYTES),
        (&mut entry.answered_model, MAX_NAME_BYTES),
        (&mut entry.user_agent, MAX_USER_AGENT_BYTES),
        (&mut entry.error, MAX_ERROR_BYTES),
    ];
    for (text, limit) in texts {
        if let Some(text) = text {
            cut(text, limit);
        }
    }
    if let Some(bodies) = &mut entry.bodies {
        entry.request_truncated |= cut_body(&mut bodies.request);
        entry.response_truncated |= cut_body(&mut bodies.response);
    }
    entry.translation.truncate(MAX_TRANSLATED);
    for Translated { path, from, to, note, .. } in &mut entry.translation {
        cut(path, MAX_NAME_BYTES);
        for text in [from, to, note].into_iter().flatten() {
            cut(text, MAX_NAME_BYTES);
        }
    }
}

/// A body as the log keeps it, and whether that is only its beginning. `whole` is its length, of which `bytes` may be only the beginning.
pub(crate) fn body_text(bytes: &[u8], whole: usize) -> (String, bool) {
    let kept = if whole > MAX_BODY_BYTES { MAX_BODY_BYTES - NOTE_BYTES } else { MAX_BODY_BYTES };
    let mut text = String::from_utf8_lossy(bytes.get(..kept).unwrap_or(bytes)).into_owned();
    cut(&mut text, kept);
    let is_cut = whole > bytes.len().min(kept);
    if is_cut {
        text.push_str(&note(whole));
    }
    (text, is_cut)
}

fn note(whole: usize) -> String {
    format!("\n[cut here; {whole} bytes in all]")
}

fn cut(text: &mut String, limit: usize) {
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit));
        text.shrink_to_fit();
    }
}

/// Whether there was anything to cut.
fn cut_body(body: &mut String) -> bool {
    let whole = body.len();
    if whole <= MAX_BODY_BYTES {
        return false;
    }
    cut(body, MAX_BODY_BYTES - NOTE_BYTES);
    body.push_str(&note(whole));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_body_is_cut_between_characters_and_says_so() {
        let rows = [
            ("a".repeat(MAX_BODY_BYTES), None),
            ("a".repeat(MAX_BODY_BYTES + 1), Some("[cut here; 1048577 bytes in all]")),
            ("\u{1f980}".repeat(MAX_BODY_BYTES), Some("[cut here; 4194304 bytes in all]")),
        ];
        for (mut body, note) in rows {
            let whole = body.clone();
            assert_eq!(cut_body(&mut body), note.is_some());
            assert!(body.len() <= MAX_BODY_BYTES);
            match note {
                None => assert!(body == whole),
                Some(note) => {
                    let kept = body.strip_suffix(note).and_then(|body| body.strip_suffix('\n')).expect("a note");
                    assert!(whole.starts_with(kept) && kept.len() > MAX_BODY_BYTES - 100);
                }
            }
        }
    }
}
