//! One answer, stream or request put through the codecs.

use bytes::Bytes;
use llmio_core::dialect::hub::{Context, Ledger, Names, Origin, Target, Thoughts, Transcoder, transcode_answer};
use llmio_core::dialect::{AnswerMeter, Dialect, Phase, StreamForm, StreamMeter, Usage};
use llmio_core::record::Operation;
use llmio_core::testing::check_stream;
use serde_json::Value;

pub(crate) const ORIGIN: Origin = Origin::new([7; 12], [8; 32]);

pub(crate) fn others(dialect: Dialect) -> impl Iterator<Item = Dialect> {
    Dialect::ALL.into_iter().filter(move |other| *other != dialect)
}

pub(crate) fn context() -> Context {
    Context {
        model: "model-of-the-tests".to_owned(),
        id: "trace".to_owned(),
        created: 1_700_000_000,
        origin: ORIGIN,
        thoughts: Thoughts::Shown,
        usage: true,
        as_array: false,
        names: Names::default(),
        freeform: Vec::new(),
        repeated: Vec::new(),
    }
}

/// A client's request as a provider of `to` gets it, or why it does not.
pub(crate) fn request(from: Dialect, to: Dialect, model: &str, body: &Value) -> Result<(Value, Ledger), String> {
    let mut ledger = Ledger::default();
    let body = body.clone().into();
    let decoded = (from.codec().decode_request)(&body, &mut ledger);
    let decoded = decoded.map_err(|refusal| format!("{}: {}", refusal.field, refusal.message))?;
    let target = Target {
        model,
        host: "api.openai.com",
        origin: ORIGIN,
        stream: decoded.stream,
        asks_usage: true,
        without_reasoning: false,
        size: 0,
    };
    let encoded = (to.codec().encode_request)(&decoded, &target, &mut Names::default(), &mut ledger);
    let encoded = encoded.map_err(|refusal| format!("{}: {}", refusal.field, refusal.message))?;
    Ok((serde_json::from_slice(&encoded.body).unwrap(), ledger))
}

/// A provider's whole answer as the client gets it.
pub(crate) fn answer(from: Dialect, to: Dialect, body: &[u8]) -> (Value, Ledger) {
    let (summary, mut ledger) = (answered(from, body), Ledger::default());
    let (provider, client) = (from.codec(), to.codec());
    let text = transcode_answer(provider, client, body, &summary.0, &context(), &mut ledger).unwrap();
    let again = answered(to, &text);
    assert_eq!(coarse(to, again.0), coarse(to, summary.0), "the usage: {}", String::from_utf8_lossy(&text));
    (serde_json::from_slice(&text).unwrap(), ledger)
}

pub(crate) fn answered(dialect: Dialect, body: &[u8]) -> (Usage, String) {
    let mut meter = AnswerMeter::new(dialect, Operation::Generate);
    meter.push(body);
    let summary = meter.summary();
    assert!(summary.is_answer, "{dialect}: {summary:?} {}", String::from_utf8_lossy(body));
    (summary.usage, summary.finish_reason.clone().expect("a reason"))
}

/// A provider's stream as the client gets it, cut into `chunks`.
pub(crate) fn stream<'a>(
    from: Dialect,
    to: Dialect,
    whole: &[u8],
    chunks: impl Iterator<Item = &'a [u8]>,
) -> (String, Ledger) {
    let usage = streamed(from, whole);
    let (text, ledger) = transcoded(from, to, usage, chunks);
    check_stream(to, &text);
    assert_eq!(coarse(to, streamed(to, text.as_bytes())), coarse(to, usage), "the usage of {text}");
    (text, ledger)
}

/// The same, unchecked.
pub(crate) fn transcoded<'a>(
    from: Dialect,
    to: Dialect,
    usage: Usage,
    chunks: impl Iterator<Item = &'a [u8]>,
) -> (String, Ledger) {
    let mut transcoder = Transcoder::new(from, to, context());
    let mut out: Vec<Bytes> = chunks.map(|chunk| transcoder.push(chunk, &usage)).collect();
    out.push(transcoder.finish(&usage));
    (String::from_utf8(out.concat()).unwrap(), transcoder.ledger())
}

pub(crate) fn streamed(dialect: Dialect, stream: &[u8]) -> Usage {
    let mut meter = StreamMeter::new(dialect, StreamForm::Sse);
    meter.push(stream);
    meter.finish();
    assert_eq!(meter.phase(), Phase::Complete, "{dialect}: {:?} {}", meter.failure(), String::from_utf8_lossy(stream));
    meter.usage()
}

/// Not every dialect tells how long a cache holds, or nothing from zero. Gemini tells nothing of what its cache was given.
fn coarse(told: Dialect, usage: Usage) -> [u64; 5] {
    let count = |figure: Option<u64>| figure.unwrap_or(0);
    let written = count(usage.cache_write_5m) + count(usage.cache_write_1h);
    let (input, written) = match told {
        Dialect::Gemini => (count(usage.input) + written, 0),
        _ => (count(usage.input), written),
    };
    [input, count(usage.cache_read), written, count(usage.output), count(usage.reasoning)]
}
