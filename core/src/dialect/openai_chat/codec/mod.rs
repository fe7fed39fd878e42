//! Chat Completions to and from the hub, with what other vendors made of it.

mod decode_answer;
mod decode_request;
mod decode_stream;
mod encode_answer;
mod encode_request;
mod encode_stream;
mod notes;
mod thoughts;
mod tools;
mod usage;

pub(in crate::dialect) use notes::{of_url, write_url};

use crate::dialect::hub::{Codec, Context, Ledger, MARK, Reason};
use crate::wire::json::Writer;

pub(super) static CODEC: Codec = Codec {
    decode_request: decode_request::decode,
    encode_request: encode_request::encode,
    decode_answer: decode_answer::decode,
    encode_answer: encode_answer::encode,
    decode_stream: || Box::new(decode_stream::Decoder::default()),
    encode_stream: |context| Box::new(encode_stream::Encoder::new(context)),
    has_freeform: true,
    has_choices: true,
    mark: MARK,
    strip: thoughts::strip,
    encode_count,
    count_request: None,
};

/// Nobody counts tokens in this dialect; the number stands where its relatives have it.
fn encode_count(tokens: u64) -> Vec<u8> {
    let mut out = Writer::default();
    out.object(|it| it.number_member("input_tokens", tokens));
    out.into_bytes()
}

/// `finish_reason`; several vendors say `stop` of an answer that calls, and all of one that refuses.
fn reason(name: &str, has_calls: bool, has_refused: bool) -> Reason<'static> {
    match name {
        "length" | "max_tokens" | "model_length" => Reason::Length,
        "content_filter" | "refusal" => Reason::Filter,
        _ if has_calls => Reason::Calls,
        _ if has_refused => Reason::Filter,
        _ => Reason::Stop,
    }
}

fn reason_name(reason: &Reason<'_>, ledger: &mut Ledger) -> &'static str {
    if matches!(reason, Reason::Pause | Reason::Context) {
        ledger.approximated("stop_reason");
    }
    match reason {
        Reason::Stop | Reason::Sequence(_) | Reason::Pause => "stop",
        Reason::Length | Reason::Context => "length",
        Reason::Calls => "tool_calls",
        // Who failed is told as an error.
        Reason::Filter | Reason::Failed(_) => "content_filter",
    }
}

/// The members that an answer and each chunk begin with.
fn write_head(out: &mut Writer, id: Option<&str>, tier: Option<&str>, context: &Context, object: &str) {
    out.key("id");
    match id {
        Some(id) if id.starts_with("chatcmpl-") => out.text(id),
        id => out.text(&format!("chatcmpl-{}", id.unwrap_or(&context.id))),
    }
    out.text_member("object", object);
    out.key("created").raw(&context.created.to_string());
    out.text_member("model", &context.model);
    if let Some(tier) = tier {
        out.text_member("service_tier", tier);
    }
}

/// The members of a call beside its id: of a function, or of a tool that takes any text.
fn write_function(out: &mut Writer, name: &str, arguments: &str) {
    out.text_member("type", "function");
    out.key("function").object(|it| {
        it.text_member("name", name);
        it.text_member("arguments", arguments);
    });
}

fn write_custom(out: &mut Writer, name: &str, input: &str) {
    out.text_member("type", "custom");
    out.key("custom").object(|it| {
        it.text_member("name", name);
        it.text_member("input", input);
    });
}
