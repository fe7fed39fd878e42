use bytes::Bytes;

use super::fitting::Fitting;
use super::{Codec, Context, DecodeStream, EncodeStream, Ledger, Reason, StreamPart};
use crate::dialect::{Dialect, ErrorKind, GatewayError, Usage};
use crate::wire::json::Writer;
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
    fitting: Fitting,
    client: Dialect,
    out: Writer,
    ledger: Ledger,
    trace_id: String,
    has_begun: bool,
    has_ended: bool,
    /// In the provider's words, that its model has failed.
    failure: Option<String>,
}

impl Transcoder {
    pub fn new(provider: Dialect, client: Dialect, context: Context) -> Self {
        let trace_id = context.id.clone();
        Self {
            framing: Decoder::new(EVENT_LIMIT),
            from: (provider.codec().decode_stream)(),
            to: (client.codec().encode_stream)(context),
            fitting: Fitting::new(client.codec()),
            client,
            out: Writer::default(),
            ledger: Ledger::default(),
            trace_id,
            has_begun: false,
            has_ended: false,
            failure: None,
        }
    }

    /// The client's bytes for the provider's next ones; `usage` is what was reported by now.
    pub fn push(&mut self, chunk: &[u8], usage: &Usage) -> Bytes {
        let Self { framing, from, to, fitting, out, ledger, has_begun, has_ended, failure, .. } = self;
        framing.push(chunk, |frame| match frame {
            Frame::Whole(event) => {
                let mut give = |part: StreamPart<'_>| {
                    *has_begun = true;
                    fitting.part(part, &mut |part| *has_ended |= write(part, to.as_mut(), usage, out, failure));
                };
                if from.event(event, ledger, &mut give).is_err() {
                    ledger.dropped("malformed_event");
                }
            }
            Frame::Piece(_) => {}
            Frame::EndOfPieces { .. } => ledger.dropped("long_event"),
        });
        self.told()
    }

    /// The stream has ended well: what the client still lacks.
    pub fn finish(&mut self, usage: &Usage) -> Bytes {
        let mut last = Vec::new();
        self.framing.finish(|frame| {
            if let Frame::Whole(event) = frame {
                last.push((event.name.to_vec(), event.data.to_vec()));
            }
        });
        let Self { from, to, fitting, out, ledger, has_ended, failure, .. } = self;
        let mut give = |part: StreamPart<'_>| {
            fitting.part(part, &mut |part| *has_ended |= write(part, to.as_mut(), usage, out, failure));
        };
        for (name, data) in &last {
            if from.event(Event { name, data }, ledger, &mut give).is_err() {
                ledger.dropped("malformed_event");
            }
        }
        from.finish(&mut give);
        self.told()
    }

    /// What was written, and the error of a model that has failed.
    fn told(&mut self) -> Bytes {
        if let Some(words) = self.failure.take() {
            let error = GatewayError::new(ErrorKind::BadGateway, failed(&words)).code("provider_error");
            self.to.fail(&error, &self.trace_id, &mut self.out);
        }
        self.out.take().into()
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
        if self.fitting.lost_choices {
            all.dropped("choices");
        }
        all.extend(self.to.ledger().clone());
        all
    }
}

/// Writes a part, unless the model has failed. Whether it was the last.
fn write(
    part: StreamPart<'_>,
    to: &mut dyn EncodeStream,
    usage: &Usage,
    out: &mut Writer,
    failure: &mut Option<String>,
) -> bool {
    if let StreamPart::End { reason: Reason::Failed(words) } | StreamPart::ChoiceEnd { reason: Reason::Failed(words) } =
        &part
    {
        failure.get_or_insert_with(|| words.clone().into_owned());
    }
    if failure.is_some() {
        return true;
    }
    let is_end = matches!(part, StreamPart::End { .. });
    to.part(part, usage, out);
    is_end
}

fn failed(words: &str) -> String {
    format!("the model has failed: {words}")
}

/// Turns a provider's whole answer, of which the meter has said that it is one, into the client's. An error says in words why
/// there is none.
pub fn transcode_answer(
    provider: &Codec,
    client: &Codec,
    body: &[u8],
    usage: &Usage,
    context: &Context,
    ledger: &mut Ledger,
) -> Result<Vec<u8>, String> {
    let body = super::tree::parse(body.strip_prefix(crate::wire::BYTE_ORDER_MARK).unwrap_or(body))
        .map_err(|error| format!("the provider's answer cannot be translated: {error}"))?;
    let mut answer = (provider.decode_answer)(&body, ledger);
    if !client.has_choices && !answer.others.is_empty() {
        ledger.dropped("choices");
        answer.others.clear();
    }
    for choice in answer.choices() {
        if let Reason::Failed(words) = &choice.reason {
            return Err(failed(words));
        }
    }
    Ok((client.encode_answer)(&answer, usage, context, ledger))
}

impl std::fmt::Debug for Transcoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transcoder").field("client", &self.client).finish_non_exhaustive()
    }
}
