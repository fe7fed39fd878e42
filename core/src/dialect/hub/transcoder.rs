use bytes::Bytes;

use super::{Codec, Context, DecodeStream, EncodeStream, Ledger, StreamPart};
use crate::dialect::{Dialect, GatewayError, Usage};
use crate::wire::json::{InvalidJson, Writer};
use crate::wire::sse::Decoder;
use crate::wire::{Event, Frame};

/// A longer event is not translated. It may hold an image.
const EVENT_LIMIT: usize = 32 << 20;

/// Turns a provider's stream of server-sent events into the client's, whole events only, however the bytes are cut. What
/// the provider's stream means for the request is the meter's business.
pub struct Transcoder {
    framing: Decoder,
    from: Box<dyn DecodeStream>,
    to: Box<dyn EncodeStream>,
    client: Dialect,
    out: Writer,
    ledger: Ledger,
    has_begun: bool,
    has_ended: bool,
}

impl Transcoder {
    /// `None` where one of the dialects has no codec.
    pub fn new(provider: Dialect, client: Dialect, context: Context) -> Option<Self> {
        Some(Self {
            framing: Decoder::new(EVENT_LIMIT),
            from: (provider.codec()?.decode_stream)(),
            to: (client.codec()?.encode_stream)(context),
            client,
            out: Writer::default(),
            ledger: Ledger::default(),
            has_begun: false,
            has_ended: false,
        })
    }

    /// The client's bytes for the provider's next ones; `usage` is what was reported by now.
    pub fn push(&mut self, chunk: &[u8], usage: &Usage) -> Bytes {
        let Self { framing, from, to, out, ledger, has_begun, has_ended, .. } = self;
        framing.push(chunk, |frame| match frame {
            Frame::Whole(event) => {
                let mut give = |part: StreamPart<'_>| {
                    *has_begun = true;
                    *has_ended |= matches!(part, StreamPart::End { .. });
                    to.part(part, usage, out);
                };
                if from.event(event, ledger, &mut give).is_err() {
                    ledger.dropped("malformed_event");
                }
            }
            Frame::Piece(_) => {}
            Frame::EndOfPieces { .. } => ledger.dropped("long_event"),
        });
        out.take().into()
    }

    /// The stream has ended well: what the client still lacks.
    pub fn finish(&mut self, usage: &Usage) -> Bytes {
        let mut last = Vec::new();
        self.framing.finish(|frame| {
            if let Frame::Whole(event) = frame {
                last.push((event.name.to_vec(), event.data.to_vec()));
            }
        });
        let Self { from, to, out, ledger, has_ended, .. } = self;
        let mut give = |part: StreamPart<'_>| {
            *has_ended |= matches!(part, StreamPart::End { .. });
            to.part(part, usage, out);
        };
        for (name, data) in &last {
            if from.event(Event { name, data }, ledger, &mut give).is_err() {
                ledger.dropped("malformed_event");
            }
        }
        from.finish(&mut give);
        out.take().into()
    }

    /// The stream has broken off, or its provider says that it failed.
    pub fn fail(&mut self, error: &GatewayError, trace_id: &str) -> Bytes {
        if !std::mem::replace(&mut self.has_ended, true) {
            self.to.fail(error, trace_id, &mut self.out);
        }
        self.out.take().into()
    }

    /// What keeps a client's connection alive in a silence, once its answer has begun.
    pub fn filler(&self) -> Option<&'static [u8]> {
        (self.has_begun && !self.has_ended).then(|| self.client.row().filler.as_bytes())
    }

    /// What the answer has lost by now.
    pub fn ledger(&self) -> Ledger {
        let mut all = self.ledger.clone();
        all.extend(self.to.ledger().clone());
        all
    }
}

/// Turns a provider's whole answer, of which the meter has said that it is one, into the client's.
pub fn transcode_answer(
    provider: &Codec,
    client: &Codec,
    body: &[u8],
    usage: &Usage,
    context: &Context,
    ledger: &mut Ledger,
) -> Result<Vec<u8>, InvalidJson> {
    let body = super::tree::parse(body.strip_prefix(crate::wire::BYTE_ORDER_MARK).unwrap_or(body))?;
    let answer = (provider.decode_answer)(&body, ledger);
    Ok((client.encode_answer)(&answer, usage, context, ledger))
}

impl std::fmt::Debug for Transcoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transcoder").field("client", &self.client).finish_non_exhaustive()
    }
}
