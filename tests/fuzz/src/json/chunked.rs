use llmio_core::wire::json::{Capture, Elements, InvalidJson, Path, Scanner};
use serde_json::Value;

use super::reference::{is_accepted, is_accepted_in_chunks};
use crate::cuts::cuttings;
use crate::frames::Frames;

const PATHS: &[Path] = &[&["usage"], &["a", "b"], &["a", "*", "c"], &["x", "y", "*", "z"], &["error"]];
/// So much is kept of a value.
const LIMIT: usize = 24;

/// A capture tells the same however the document is cut, and holds what walking the whole document finds.
pub(super) fn check_capture(data: &[u8]) {
    let (result, capture) = captured(&[data]);
    for chunks in cuttings(data) {
        let (cut_result, cut) = captured(&chunks);
        assert_eq!(cut_result, result);
        assert_eq!(cut.is_complete_object(), capture.is_complete_object());
        for path in PATHS.iter().filter(|_| result.is_ok()) {
            assert_eq!(cut.get(path), capture.get(path), "{path:?}");
            assert_eq!(cut.text(path), capture.text(path), "{path:?}");
        }
    }
    let is_object = data.trim_ascii_start().first() == Some(&b'{');
    assert_eq!(capture.is_complete_object(), is_object && is_accepted_in_chunks(data));
    for path in PATHS.iter().filter(|_| is_object && is_accepted(data)) {
        let mut last = None;
        assert_eq!(find(&mut Scanner::new(data), path, &mut last), Ok(()));
        assert_eq!(capture.get(path), last.filter(|value| value.len() <= LIMIT), "{path:?}");
    }
}

fn captured(chunks: &[&[u8]]) -> (Result<(), InvalidJson>, Capture) {
    let mut capture = Capture::new(PATHS.iter().copied(), LIMIT);
    let result = chunks.iter().map(|chunk| capture.push(chunk)).fold(Ok(()), Result::and);
    (result, capture)
}

/// The last value at `path`.
fn find<'a>(scanner: &mut Scanner<'a>, path: &[&str], last: &mut Option<&'a [u8]>) -> Result<(), InvalidJson> {
    match path {
        [] => *last = Some(scanner.raw()?),
        ["*", rest @ ..] => drop(scanner.each_element(|scanner| find(scanner, rest, last))?),
        [key, rest @ ..] => drop(scanner.each_named(key, |scanner| find(scanner, rest, last))?),
    }
    Ok(())
}

/// The elements of an array are the same however it is cut and however few bytes are held, and a broken array can be
/// ended anywhere.
pub(super) fn check_elements(data: &[u8]) {
    let (result, found, elements) = split(&[data], data.len());
    let is_array = data.trim_ascii_start().first() == Some(&b'[');
    let is_whole = is_array && is_accepted_in_chunks(data);
    assert_eq!(result.is_ok() && elements.is_closed(), is_whole);
    for chunks in cuttings(data) {
        for limit in [LIMIT, data.len()] {
            let (cut_result, cut_found, cut) = split(&chunks, limit);
            assert_eq!(cut_result.is_ok(), result.is_ok());
            assert_eq!(cut_found, found);
            assert!(result.is_err() || cut.is_closed() == elements.is_closed());
        }
        if let (Some((_, sent)), true) = (chunks.split_last(), is_sound_array(data)) {
            check_end(sent);
        }
    }
    if is_array && is_accepted(data) {
        let mut expected = Vec::new();
        let walked = Scanner::new(data).each_element::<InvalidJson>(|scanner| {
            expected.push(scanner.raw()?.to_vec());
            Ok(())
        });
        assert_eq!((walked, &found), (Ok(true), &expected));
    }
}

/// With what has not ended or without it, the array can be closed behind one more element.
fn check_end(sent: &[&[u8]]) {
    let (_, found, elements) = split(sent, LIMIT);
    let sent = sent.concat();
    let whole = &sent[..sent.len() - elements.unfinished()];
    for (before, unfinished_sent) in [(sent.as_slice(), true), (whole, false)] {
        let mut text = before.to_vec();
        text.extend(elements.end_with(b"{\"last\":1}", unfinished_sent));
        let text = String::from_utf8_lossy(&text);
        let Ok(value) = serde_json::from_str::<Vec<Value>>(&text) else { panic!("{text}") };
        let is_closed = elements.is_closed();
        assert!(is_closed || value.last() == Some(&serde_json::json!({"last": 1})), "{text}");
        assert!(unfinished_sent || value.len() == found.len() + usize::from(!is_closed), "{text}");
    }
}

fn split(chunks: &[&[u8]], limit: usize) -> (Result<(), InvalidJson>, Vec<Vec<u8>>, Elements) {
    let mut elements = Elements::new(limit);
    let mut frames = Frames::default();
    let mut result = Ok(());
    for chunk in chunks {
        result = result.and(elements.push(chunk, |frame| frames.take(frame)));
    }
    (result, frames.events.into_iter().map(|(_, data)| data).collect(), elements)
}

/// Whether every beginning of the document, closed, is JSON to `serde_json`, which refuses half of a surrogate pair.
fn is_sound_array(data: &[u8]) -> bool {
    let has_surrogates = data.windows(3).any(|three| three.eq_ignore_ascii_case(b"\\ud"));
    !has_surrogates && serde_json::from_slice::<Vec<Value>>(data).is_ok()
}
