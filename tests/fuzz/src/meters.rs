use bytes::Bytes;
use llmio_core::dialect::{
    ChatUsageFilter, Dialect, ErrorKind, GatewayError, Phase, ProviderError, StreamForm, StreamMeter, Usage,
    stream_error,
};
use llmio_core::wire::sse::Decoder;
use serde_json::Value;

use crate::cuts::cuttings;
use crate::sse::events;

/// A stream is judged the same however it is cut, its phase never goes back, and it can be filled and
/// ended anywhere.
pub fn meters(data: &[u8]) {
    // What is no event stream is judged as it comes: a page whose first line has come is not waited for.
    let is_foreign = {
        let mut decoder = Decoder::new(data.len());
        decoder.push(data, |_| {});
        decoder.finish(|_| {});
        decoder.foreign().is_some()
    };
    for dialect in Dialect::ALL {
        let whole = told(&metered(dialect, StreamForm::Sse, &[data]));
        for chunks in cuttings(data) {
            let cut = told(&metered(dialect, StreamForm::Sse, &chunks));
            assert!(is_foreign || cut == whole, "{dialect}: {cut:?} instead of {whole:?}");
            if let Some((_, sent)) = chunks.split_last() {
                check_end(dialect, sent);
            }
            check_filler(dialect, StreamForm::Sse, &chunks);
        }
    }
    let whole = told(&metered(Dialect::Gemini, StreamForm::JsonArray, &[data]));
    for chunks in cuttings(data) {
        let cut = told(&metered(Dialect::Gemini, StreamForm::JsonArray, &chunks));
        assert_eq!(judged(&cut), judged(&whole));
        check_filler(Dialect::Gemini, StreamForm::JsonArray, &chunks);
    }
    check_filter(data);
}

fn metered(dialect: Dialect, form: StreamForm, chunks: &[&[u8]]) -> StreamMeter {
    let mut meter = StreamMeter::new(dialect, form);
    let mut phase = Phase::Preamble;
    for chunk in chunks {
        meter.push(chunk);
        assert!(phase <= meter.phase(), "{dialect}: {phase:?} became {:?}", meter.phase());
        phase = meter.phase();
    }
    meter.finish();
    assert!(phase <= meter.phase(), "{dialect}: {phase:?} became {:?} at the end", meter.phase());
    assert_eq!(meter.phase() == Phase::Failed, meter.failure().is_some());
    assert!(meter.failure().is_none_or(|failure| !failure.message.is_empty()));
    meter
}

/// What a meter tells.
#[derive(Debug, PartialEq)]
struct Told {
    phase: Phase,
    usage: Usage,
    finish_reason: Option<String>,
    failure: Option<ProviderError>,
    failed_after_output: bool,
    unreadable: u64,
}

fn told(meter: &StreamMeter) -> Told {
    Told {
        phase: meter.phase(),
        usage: meter.usage(),
        finish_reason: meter.finish_reason().map(str::to_owned),
        failure: meter.failure().cloned(),
        failed_after_output: meter.failed_after_output(),
        unreadable: meter.unreadable(),
    }
}

/// Without the words for what came, which are those of its first chunk.
fn judged(told: &Told) -> (Phase, Usage, Option<&str>, u64) {
    (told.phase, told.usage, told.finish_reason.as_deref(), told.unreadable)
}

/// Wherever the stream breaks off, the last that the client sees is the whole error event, behind whole events if what
/// has not ended was held back.
fn check_end(dialect: Dialect, sent: &[&[u8]]) {
    let mut meter = StreamMeter::new(dialect, StreamForm::Sse);
    sent.iter().for_each(|chunk| meter.push(chunk));
    if meter.phase() >= Phase::Complete && !meter.failed_unheard() {
        return;
    }
    let sent = sent.concat();
    let kept = &sent[..sent.len() - meter.unfinished()];
    let error = GatewayError::new(ErrorKind::BadGateway, "the end of it");
    for (before, unfinished_sent) in [(sent.as_slice(), true), (kept, false)] {
        let end = stream_error(&meter, &error, "trace", unfinished_sent);
        let stream = [before, &end].concat();
        let mut seen = events(&stream);
        let last = seen.pop().and_then(|(_, data)| serde_json::from_slice::<Value>(&data).ok());
        let names_it = last.is_some_and(|data| data.to_string().contains("the end of it"));
        assert!(names_it, "{dialect}: {}", stream.escape_ascii());
        assert!(unfinished_sent || seen == events(kept), "{dialect}: {}", stream.escape_ascii());
    }
}

/// What fills a silence is an event of its own or none, wherever it stands.
fn check_filler(dialect: Dialect, form: StreamForm, chunks: &[&[u8]]) {
    let mut meter = StreamMeter::new(dialect, form);
    let data = chunks.concat();
    let mut pushed = 0;
    for chunk in chunks {
        meter.push(chunk);
        pushed += chunk.len();
        assert!(meter.filler(true).is_none() || meter.unfinished() == 0);
        let Some(filler) = meter.filler(false) else { continue };
        let (before, behind) = data.split_at(pushed - meter.unfinished());
        let filled = [before, filler, behind].concat();
        if form == StreamForm::Sse {
            let mut seen = events(&filled);
            let at = events(before).len();
            seen.drain(at..at + events(filler).len());
            assert_eq!(seen, events(&data), "{dialect}: {}", filled.escape_ascii());
        } else if let Ok(elements) = serde_json::from_slice::<Vec<Value>>(&data) {
            assert_eq!(serde_json::from_slice::<Vec<Value>>(&filled).ok(), Some(elements));
        }
    }
}

/// What is hidden from a client does not depend on the cuts. An LF that came after its CR may go with the event behind
/// it, so not the bytes are compared but what a client sees.
fn check_filter(data: &[u8]) {
    let whole = events(&filtered(&[data]));
    for chunks in cuttings(data) {
        assert_eq!(events(&filtered(&chunks)), whole);
    }
    assert!(whole.len() <= events(data).len());
}

fn filtered(chunks: &[&[u8]]) -> Vec<u8> {
    let mut filter = ChatUsageFilter::default();
    let mut seen: Vec<u8> = chunks.iter().flat_map(|chunk| filter.push(Bytes::copy_from_slice(chunk))).collect();
    seen.extend_from_slice(&filter.finish());
    seen
}
