use serde_json::Value as Json;

use super::{Answer, Context, Ledger, Names, Refusal, Request, StreamPart, Target};
use crate::dialect::{GatewayError, Usage};
use crate::wire::Event;
use crate::wire::json::{InvalidJson, Value, Writer};

/// A dialect's translators to and from the hub, a row of functions. None of them reads or writes anything but its arguments.
pub struct Codec {
    /// Reads a client's request. What the hub has no place for is refused, or noted.
    pub decode_request: for<'a> fn(&'a Value<'a>, &mut Ledger) -> Result<Request<'a>, Refusal>,
    /// Writes a provider's request.
    pub encode_request: EncodeRequest,
    /// Reads a provider's answer, of which the meter has said that it is one.
    pub decode_answer: for<'a> fn(&'a Value<'a>, &mut Ledger) -> Answer<'a>,
    /// Writes a client's answer.
    pub encode_answer: fn(&Answer<'_>, &Usage, &Context, &mut Ledger) -> Vec<u8>,
    pub decode_stream: fn() -> Box<dyn DecodeStream>,
    pub encode_stream: fn(Context) -> Box<dyn EncodeStream>,
    /// Its clients have tools that take any text.
    pub has_freeform: bool,
    /// Its answers may have several choices.
    pub has_choices: bool,
    /// What an envelope of ours begins with in a client's request.
    pub mark: &'static str,
    /// Takes envelopes of ours out of a request that goes to a provider of this dialect as it is: no maker of a thought is
    /// reached by a relay. What it takes out is noted.
    pub strip: fn(&mut Json, &mut Ledger),
    /// Writes a client's counting answer.
    pub encode_count: fn(u64) -> Vec<u8>,
    /// Makes a provider's request one that asks how many tokens it has, where the dialect has such a request.
    pub count_request: Option<CountRequest>,
}

/// Writes a request for a target, and notes which tools it calls by other names.
pub type EncodeRequest = fn(&Request<'_>, &Target<'_>, &mut Names, &mut Ledger) -> Result<Encoded, Refusal>;

/// Makes a provider's request one that counts.
pub type CountRequest = fn(&[u8], &Target<'_>) -> Vec<u8>;

/// A provider's request.
#[derive(Clone, Debug)]
pub struct Encoded {
    pub body: Vec<u8>,
    /// It says how much to think.
    pub asks_reasoning: bool,
}

/// Reads the events of a provider's stream into parts.
pub trait DecodeStream: Send {
    fn event(
        &mut self,
        event: Event<'_>,
        ledger: &mut Ledger,
        give: &mut dyn FnMut(StreamPart<'_>),
    ) -> Result<(), InvalidJson>;

    /// The stream has ended well; its last parts, if they have not come.
    fn finish(&mut self, give: &mut dyn FnMut(StreamPart<'_>));
}

/// Writes a client's stream, whole events only. `usage` is what the provider has reported by now.
pub trait EncodeStream: Send {
    fn part(&mut self, part: StreamPart<'_>, usage: &Usage, out: &mut Writer);

    /// Ends a stream that broke off with the dialect's own error event.
    fn fail(&mut self, error: &GatewayError, trace_id: &str, out: &mut Writer);

    /// What the answer lost.
    fn ledger(&self) -> &Ledger;
}

impl std::fmt::Debug for Codec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Codec")
    }
}
