//! Responses to and from the hub.

mod count;
mod decode_answer;
mod decode_request;
mod decode_stream;
mod encode_answer;
mod encode_request;
mod encode_stream;
mod input;
mod items;
mod notes;
mod reasoning;
mod response;
mod tools;
mod turns;

use crate::dialect::hub::{Codec, MARK, Reason, member, text};
use crate::wire::json::{Value, Writer};

pub(super) static CODEC: Codec = Codec {
    decode_request: decode_request::decode,
    encode_request: encode_request::encode,
    decode_answer: decode_answer::decode,
    encode_answer: encode_answer::encode,
    decode_stream: || Box::new(decode_stream::Decoder::default()),
    encode_stream: |context| Box::new(encode_stream::Encoder::new(context)),
    has_freeform: true,
    has_choices: false,
    mark: MARK,
    strip: reasoning::strip,
    encode_count,
    count_request: Some(count::request),
};

/// How a client asks how likely the tokens of an answer were.
const LOGPROBS: &str = "message.output_text.logprobs";

fn encode_count(tokens: u64) -> Vec<u8> {
    let mut out = Writer::default();
    out.object(|it| {
        it.text_member("object", "response.input_tokens");
        it.number_member("input_tokens", tokens);
    });
    out.into_bytes()
}

/// Why a response ended: it says so only where it is incomplete.
fn reason(response: &Value<'_>, has_calls: bool, has_refused: bool) -> Reason<'static> {
    let why = member(response, "incomplete_details").and_then(|it| text(it, "reason"));
    match (why, text(response, "status")) {
        (Some("content_filter"), _) => Reason::Filter,
        (Some(_), _) | (_, Some("incomplete")) => Reason::Length,
        _ if has_calls => Reason::Calls,
        _ if has_refused => Reason::Filter,
        _ => Reason::Stop,
    }
}
