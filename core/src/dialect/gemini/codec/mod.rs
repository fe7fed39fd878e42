//! Gemini's `generateContent` to and from the hub.

mod carrier;
mod count;
mod decode_answer;
mod decode_contents;
mod decode_request;
mod decode_stream;
mod encode_answer;
mod encode_contents;
mod encode_request;
mod encode_stream;
mod grounding;
mod logprobs;
mod members;
mod partial_args;
mod schema_in;
mod schema_out;
mod settings_in;
mod signatures;
mod thinking;
mod usage;

use crate::dialect::hub::{Codec, Context, MARK_IN_BASE64, Reason};
use crate::wire::json::{Value, Writer};

pub(super) static CODEC: Codec = Codec {
    decode_request: decode_request::decode,
    encode_request: encode_request::encode,
    decode_answer: decode_answer::decode,
    encode_answer: encode_answer::encode,
    decode_stream: || Box::new(decode_stream::Decoder::default()),
    encode_stream: |context| Box::new(encode_stream::Encoder::new(context)),
    has_freeform: false,
    has_choices: true,
    mark: MARK_IN_BASE64,
    strip: carrier::strip,
    encode_count,
    count_request: Some(count::request),
};

fn encode_count(tokens: u64) -> Vec<u8> {
    let mut out = Writer::default();
    out.object(|it| it.number_member("totalTokens", tokens));
    out.into_bytes()
}

/// `finishReason`. Answers that call say `STOP`, too; what says that the model itself has failed is no end of an answer.
fn reason<'a>(name: &'a str, message: Option<&'a str>, has_calls: bool) -> Reason<'a> {
    match name {
        "MAX_TOKENS" => Reason::Length,
        "CONTINUATION" => Reason::Pause,
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "LANGUAGE"
        | "MODEL_ARMOR"
        | "ESCALATION"
        | "PUP_LIMITED_DISABLED"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => Reason::Filter,
        "MALFORMED_FUNCTION_CALL"
        | "MALFORMED_RESPONSE"
        | "UNEXPECTED_TOOL_CALL"
        | "TOO_MANY_TOOL_CALLS"
        | "MISSING_THOUGHT_SIGNATURE"
        | "OTHER"
        | "IMAGE_OTHER"
        | "NO_IMAGE" => {
            Reason::Failed(message.map_or_else(|| name.into(), |message| format!("{name}: {message}").into()))
        }
        _ if has_calls => Reason::Calls,
        _ => Reason::Stop,
    }
}

const fn reason_name(reason: &Reason<'_>) -> &'static str {
    match reason {
        Reason::Stop | Reason::Sequence(_) | Reason::Calls | Reason::Pause => "STOP",
        Reason::Length | Reason::Context => "MAX_TOKENS",
        Reason::Filter => "SAFETY",
        // Told as an error, and never written.
        Reason::Failed(_) => "OTHER",
    }
}

/// The member of a prompt that was blocked: an answer of nothing.
fn block_reason<'a>(answer: &'a Value<'a>) -> Option<&'a str> {
    answer.get("promptFeedback")?.get("blockReason")?.as_str()
}

/// The members that an answer and each chunk end with.
fn write_tail(out: &mut Writer, id: Option<&str>, context: &Context) {
    out.text_member("modelVersion", &context.model);
    out.text_member("responseId", id.unwrap_or(&context.id));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons() {
        let rows = [
            ("STOP", false, Reason::Stop),
            ("STOP", true, Reason::Calls),
            ("", true, Reason::Calls),
            ("MAX_TOKENS", true, Reason::Length),
            ("SPII", false, Reason::Filter),
            ("OTHER", false, Reason::Failed("OTHER: m".into())),
            ("A_REASON_TO_COME", false, Reason::Stop),
        ];
        for (name, has_calls, expected) in rows {
            assert_eq!(reason(name, Some("m"), has_calls), expected, "{name}");
        }
        assert_eq!(reason("MALFORMED_FUNCTION_CALL", None, true), Reason::Failed("MALFORMED_FUNCTION_CALL".into()));
    }
}
