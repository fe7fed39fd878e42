use llmio_core::wire::sse::Decoder;

use crate::cuts::cuttings;
use crate::frames::{Event, Frames};

/// So much of an event's name is kept.
const KEPT_NAME: usize = 256;
/// Shorter than most inputs, to see that what is held has a limit.
const SMALL: usize = 16;

/// Events are those of the standard however the stream is cut, and what is held has a limit.
pub fn sse(data: &[u8]) {
    let expected = events(data);
    let (whole, found) = decoded(&[data], data.len());
    assert_eq!(found, expected);
    for chunks in cuttings(data) {
        let (cut, found) = decoded(&chunks, data.len());
        assert_eq!(found, expected);
        assert_eq!(cut.foreign(), whole.foreign());
        if whole.foreign().is_none() {
            check_never_foreign(&chunks);
        }
        check_limit(&chunks, &expected);
    }
}

fn decoded(chunks: &[&[u8]], limit: usize) -> (Decoder, Vec<Event>) {
    let mut decoder = Decoder::new(limit.max(SMALL));
    let mut frames = Frames::default();
    for chunk in chunks {
        decoder.push(chunk, |frame| frames.take(frame));
    }
    decoder.finish(|frame| frames.take(frame));
    (decoder, frames.events)
}

/// What is an event stream in the end looks like one all the time.
fn check_never_foreign(chunks: &[&[u8]]) {
    let mut decoder = Decoder::new(usize::MAX);
    for chunk in chunks {
        decoder.push(chunk, |_| {});
        assert_eq!(decoder.foreign(), None, "before the rest came");
    }
}

/// Little is held, and yet no data is lost.
fn check_limit(chunks: &[&[u8]], expected: &[Event]) {
    let mut decoder = Decoder::new(SMALL);
    for chunk in chunks {
        decoder.push(chunk, |_| {});
        // Its debug form shows a byte as five characters at most.
        let foreign = decoder.foreign().map_or(0, |text| text.len());
        let held = format!("{decoder:?}").len() / 5;
        assert!(held <= foreign + KEPT_NAME + 2 * SMALL + 100, "{held} bytes are held");
    }
    let data = |events: &[Event]| events.iter().map(|(_, data)| data.clone()).collect::<Vec<_>>();
    assert_eq!(data(&decoded(chunks, SMALL).1), data(expected));
}

/// The events of a whole stream by the letter of the standard; but an empty `data` field makes an event, too, and the
/// end of the stream ends one.
pub(crate) fn events(stream: &[u8]) -> Vec<Event> {
    let stream = stream.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stream);
    let mut lines: Vec<&[u8]> = Vec::new();
    let mut rest = stream;
    while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
        let (line, behind) = rest.split_at(end);
        lines.push(line);
        rest = behind.strip_prefix(b"\r\n").unwrap_or(&behind[1..]);
    }
    lines.push(rest);
    lines.push(b"");

    let mut events = Vec::new();
    let (mut name, mut data) = (Vec::new(), Vec::<&[u8]>::new());
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            _ if line.is_empty() => {
                if !data.is_empty() {
                    events.push((std::mem::take(&mut name), data.join(&b'\n')));
                }
                name.clear();
                data.clear();
            }
            b"data" => data.push(value),
            b"event" => name = value[..value.len().min(KEPT_NAME)].to_vec(),
            _ => {}
        }
    }
    events
}
