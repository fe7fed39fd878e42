use llmio_core::dialect::hub::{
    Context, Encoded, Ledger, Names, Origin, Target, Thoughts, Transcoder, transcode_answer, without_envelopes,
};
use llmio_core::dialect::{Dialect, Usage};
use serde_json::Value;

use crate::cuts::cuttings;

/// Whatever a client or a provider sends: what a codec writes of it is JSON, or whole events, and the same however a stream
/// is cut.
pub fn codecs(data: &[u8]) {
    for from in Dialect::ALL {
        for to in Dialect::ALL.into_iter().filter(|to| *to != from) {
            requests(from, to, data);
            answers(from, to, data);
            streams(from, to, data);
        }
        let stripped = without_envelopes(from, data);
        assert!(stripped.is_none_or(|(stripped, _)| without_envelopes(from, &stripped).is_none()), "nothing is left");
    }
}

fn context() -> Context {
    Context { thoughts: Thoughts::Shown, usage: true, ..Context::default() }
}

fn requests(from: Dialect, to: Dialect, data: &[u8]) {
    let Ok(tree) = serde_json::from_slice(data) else { return };
    let (client, provider) = (from.codec(), to.codec());
    let mut ledger = Ledger::default();
    let Ok(request) = (client.decode_request)(&tree, &mut ledger) else { return };
    let target = Target {
        model: "claude-sonnet-4-5",
        host: "",
        origin: Origin::default(),
        stream: true,
        asks_usage: true,
        without_reasoning: false,
        size: data.len(),
    };
    let encoded = (provider.encode_request)(&request, &target, &mut Names::default(), &mut ledger);
    if let Ok(Encoded { body, .. }) = encoded {
        // Of a member that came in twice the last one is read.
        // Gemini's model stands in the path.
        let is_ours = |it: Value| it.is_object() && (to == Dialect::Gemini || it["model"] == target.model);
        assert!(serde_json::from_slice(&body).is_ok_and(is_ours), "{}", body.escape_ascii());
    }
    assert!(ledger.to_string().len() < 2048);
}

fn answers(from: Dialect, to: Dialect, data: &[u8]) {
    let mut ledger = Ledger::default();
    if let Ok(body) = transcode_answer(from.codec(), to.codec(), data, &Usage::default(), &context(), &mut ledger) {
        assert!(serde_json::from_slice::<Value>(&body).is_ok_and(|it| it.is_object()), "{}", body.escape_ascii());
    }
}

fn streams(from: Dialect, to: Dialect, data: &[u8]) {
    let whole = transcoded(from, to, &[data]);
    assert!(whole.is_empty() || whole.ends_with(b"\n\n"), "whole events: {}", whole.escape_ascii());
    for chunks in cuttings(data) {
        assert_eq!(transcoded(from, to, &chunks).escape_ascii().to_string(), whole.escape_ascii().to_string());
    }
}

fn transcoded(from: Dialect, to: Dialect, chunks: &[&[u8]]) -> Vec<u8> {
    let usage = Usage::default();
    let mut transcoder = Transcoder::new(from, to, context());
    let mut out: Vec<u8> = chunks.iter().flat_map(|chunk| transcoder.push(chunk, &usage)).collect();
    out.extend_from_slice(&transcoder.finish(&usage));
    out
}
