use bytes::Bytes;
use llmio_core::dialect::{
    ChatUsageFilter, Dialect, ErrorKind, GatewayError, Phase, ProviderError, StreamForm, StreamMeter, Usage,
    stream_error,
};
use llmio_core::wire::sse::Decoder;
use serde_json::Value;

use crate::cuts::cuttings;
use crate::sse::events;

/// A stream is judged the same however it is cut, its phase never goes back, and it can be ended anywhere.
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
        }
    }
    let whole = told(&metered(Dialect::Gemini, StreamForm::JsonArray, &[data]));
    for chunks in cuttings(data) {
        let cut = told(&metered(Dialect::Gemini, StreamForm::JsonArray, &chunks));
        assert_eq!(judged(&cut), judged(&whole));
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

/// Wherever the stream broke off, the last that the client sees is the whole error event.
fn check_end(dialect: Dialect, sent: &[&[u8]]) {
    let mut meter = StreamMeter::new(dialect, StreamForm::Sse);
    sent.iter().for_each(|chunk| meter.push(chunk));
    let error = GatewayError::new(ErrorKind::BadGateway, "the end of it");
    let mut stream = sent.concat();
    stream.extend_from_slice(&stream_error(&meter, &error, "trace"));
    let last = events(&stream).pop();
    let data = last.and_then(|(_, data)| serde_json::from_slice::<Value>(&data).ok());
    let names_it = data.is_some_and(|data| data.to_string().contains("the end of it"));
    assert!(names_it, "{dialect}: {}", stream.escape_ascii());
}

/// What is hidden from a client does not depend on the cuts, and is whole events.
fn check_filter(data: &[u8]) {
    let whole = filtered(&[data]);
    for chunks in cuttings(data) {
        assert_eq!(filtered(&chunks).escape_ascii().to_string(), whole.escape_ascii().to_string());
    }
    assert!(events(&whole).len() <= events(data).len());
}

fn filtered(chunks: &[&[u8]]) -> Vec<u8> {
    let mut filter = ChatUsageFilter::default();
    let mut seen: Vec<u8> = chunks.iter().flat_map(|chunk| filter.push(Bytes::copy_from_slice(chunk))).collect();
    seen.extend_from_slice(&filter.finish());
    seen
}
