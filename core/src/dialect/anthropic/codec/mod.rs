//! Messages to and from the hub.

mod citations;
mod count;
mod decode_answer;
mod decode_request;
mod decode_stream;
mod encode_answer;
mod encode_request;
mod encode_stream;
mod searches;
mod thinking;
mod usage;

use crate::dialect::hub::{Codec, MARK, Reason};
use crate::wire::json::Writer;

pub(super) static CODEC: Codec = Codec {
    decode_request: decode_request::decode,
    encode_request: encode_request::encode,
    decode_answer: decode_answer::decode,
    encode_answer: encode_answer::encode,
    decode_stream: || Box::new(decode_stream::Decoder::default()),
    encode_stream: |context| Box::new(encode_stream::Encoder::new(context)),
    has_freeform: false,
    has_choices: false,
    mark: MARK,
    strip: thinking::strip,
    encode_count,
    count_request: Some(count::request),
};

fn encode_count(tokens: u64) -> Vec<u8> {
    let mut out = Writer::default();
    out.object(|it| it.number_member("input_tokens", tokens));
    out.into_bytes()
}

/// `stop_reason`, and the sequence that came.
fn reason<'a>(name: &str, sequence: Option<&'a str>) -> Reason<'a> {
    match name {
        "max_tokens" => Reason::Length,
        "model_context_window_exceeded" => Reason::Context,
        "tool_use" => Reason::Calls,
        "refusal" => Reason::Filter,
        "pause_turn" => Reason::Pause,
        "stop_sequence" => Reason::Sequence(sequence.unwrap_or_default().into()),
        _ => Reason::Stop,
    }
}

/// The members `stop_reason` and `stop_sequence`.
fn write_reason(out: &mut Writer, reason: &Reason<'_>) {
    let (name, sequence) = match reason {
        Reason::Stop => ("end_turn", None),
        Reason::Sequence(text) => ("stop_sequence", Some(text)),
        Reason::Length => ("max_tokens", None),
        Reason::Context => ("model_context_window_exceeded", None),
        Reason::Calls => ("tool_use", None),
        Reason::Filter => ("refusal", None),
        Reason::Pause => ("pause_turn", None),
        // Told as an error, and never written.
        Reason::Failed(_) => ("refusal", None),
    };
    out.text_member("stop_reason", name);
    out.key("stop_sequence");
    match sequence {
        Some(text) => out.text(text),
        None => out.null(),
    }
}

/// The id of a message: the provider's own for it, or one of ours, with the prefix that Anthropic's have.
fn write_id(out: &mut Writer, provider: Option<&str>, ours: &str) {
    let id = provider.unwrap_or(ours);
    out.key("id");
    if id.starts_with("msg_") { out.text(id) } else { out.text(&format!("msg_{id}")) }
}
