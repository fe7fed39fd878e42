use bytes::Bytes;

use super::call::Call;
use crate::dialect::hub::{
    Context, Encoded, Fate, Ledger, Names, Origin, Refusal, Target, Transcoder, parse_body, transcode_answer,
};
use crate::dialect::{Dialect, StreamForm, Usage};
use crate::record::{Operation, Translated, TranslatedKind};

/// What a request, and the answer to it, lost on their way between two dialects: short, stable codes.
pub(super) const HEADER: &str = "x-llmio-translation";

/// What stands there of a number that nobody has counted by the model's own measure.
pub(super) const COUNT: &str = "count_tokens";

/// A request in the words of a provider of another dialect, and what its answer is turned back by.
#[derive(Clone, Debug)]
pub(super) struct Translation {
    /// As the provider gets it, but for the overrides of its association.
    pub(super) body: Bytes,
    /// The provider is told how much to think.
    pub(super) asks_reasoning: bool,
    /// What the request lost.
    pub(super) ledger: Ledger,
    provider: Dialect,
    client: Dialect,
    counts: bool,
    context: Context,
}

/// Whom a request is translated for.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) provider: Dialect,
    pub(super) model: &'a str,
    pub(super) host: &'a str,
    pub(super) origin: Origin,
    /// The provider is asked for a stream.
    pub(super) stream: bool,
    pub(super) asks_usage: bool,
    pub(super) without_reasoning: bool,
}

impl Translation {
    /// `id` is for an answer that comes without one, `created` in seconds since 1970.
    pub(super) fn new(call: &Call, asked: &Asked<'_>, id: String, created: i64) -> Result<Self, Refusal> {
        let (from, to) = (call.dialect.codec(), asked.provider.codec());
        let (mut ledger, mut names) = (Ledger::default(), Names::default());
        let tree = parse_body(&call.body)?;
        let request = (from.decode_request)(&tree, &mut ledger)?;
        let target = Target {
            model: asked.model,
            host: asked.host,
            origin: asked.origin,
            stream: asked.stream,
            asks_usage: asked.asks_usage,
            without_reasoning: asked.without_reasoning,
            size: call.body.len(),
        };
        let Encoded { mut body, asks_reasoning } = (to.encode_request)(&request, &target, &mut names, &mut ledger)?;
        let counting = to.count_request.filter(|_| call.operation == Operation::CountTokens);
        if let Some(count_request) = counting {
            body = count_request(&body, &target);
            // What is lost of it makes the number no worse than another tokenizer does.
            ledger = Ledger::default();
            ledger.approximated(COUNT);
        }
        let context = Context {
            model: asked.model.to_owned(),
            id,
            created,
            origin: asked.origin,
            thoughts: request.thoughts,
            usage: call.head.include_usage,
            as_array: call.form == StreamForm::JsonArray,
            names,
            freeform: request.freeform(),
            repeated: request.repeated.iter().map(|(name, value)| ((*name).to_owned(), value.to_json())).collect(),
        };
        let (provider, client, counts) = (asked.provider, call.dialect, counting.is_some());
        Ok(Self { body: body.into(), asks_reasoning, ledger, provider, client, counts, context })
    }

    /// What turns the provider's stream into the client's.
    pub(super) fn transcoder(&self) -> Transcoder {
        Transcoder::new(self.provider, self.client, self.context.clone())
    }

    /// A provider's whole answer as the client gets it.
    pub(super) fn answer(&self, body: &[u8], usage: &Usage, ledger: &mut Ledger) -> Result<Bytes, String> {
        if self.counts {
            let count = self.provider.counted(body).ok_or("the provider answered without a number")?;
            return Ok((self.client.codec().encode_count)(count).into());
        }
        transcode_answer(self.provider.codec(), self.client.codec(), body, usage, &self.context, ledger).map(Into::into)
    }
}

/// A ledger as the log keeps it.
pub(super) fn recorded(ledger: &Ledger) -> Vec<Translated> {
    let entry = |(fate, code): (Fate, &str)| Translated {
        path: code.to_owned(),
        kind: if fate == Fate::Dropped { TranslatedKind::Dropped } else { TranslatedKind::Approximated },
        from: None,
        to: None,
        note: (fate == Fate::Added).then(|| "the gateway added it".to_owned()),
    };
    ledger.entries().map(entry).collect()
}

/// A refusal as the log keeps it.
pub(super) fn recorded_refusal(refusal: &Refusal) -> Translated {
    Translated {
        path: refusal.field.clone(),
        kind: TranslatedKind::Refused,
        from: None,
        to: None,
        note: Some(refusal.message.clone()),
    }
}
