use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri};

use super::call::Call;
use super::headers;
use super::translation::{Asked, Translation};
use crate::balance::Pair;
use crate::config::StreamMode;
use crate::config::snapshot::{Candidate, Upstream};
use crate::dialect::hub::{Ledger, Origin, Refusal, without_envelopes};
use crate::dialect::{Dialect, ErrorKind, GatewayError, StreamForm};
use crate::platform::{HttpRequest, Payload};
use crate::provider;
use crate::record::{Operation, TraceId};
use crate::shared::Shared;
use crate::wire::json::{Edits, splice};

/// The member by which a chat stream's usage is asked for.
pub(super) const STREAM_OPTIONS: &str = "stream_options";

/// What wraps the state that a provider makes at one of its addresses, asked for `model` by its own name.
pub(super) fn origin(shared: &Shared, upstream: &Upstream, model: &str) -> Origin {
    let (sealer, dialect) = (&shared.store.sealer, upstream.kind.dialect().as_str());
    let id = sealer.mark(&[dialect, &upstream.name, model]);
    Origin::new(id, sealer.mark(&["envelope", dialect, &upstream.name, model]))
}

/// The provider's side of one attempt: what a candidate is asked, in its own dialect. The client's side is the [`Call`].
#[derive(Debug)]
pub(crate) struct Ask {
    pub(super) candidate: Arc<Candidate>,
    /// The model under the provider's own name.
    pub(super) provider_model: String,
    pub(crate) dialect: Dialect,
    pub(super) operation: Operation,
    pub(super) stream: bool,
    pub(super) form: StreamForm,
    /// The gateway itself asks for a chat stream's usage, and so must hide it from the client.
    pub(super) adds_usage: bool,
    /// The provider is asked for no thoughts, which it has refused.
    pub(super) without_reasoning: bool,
    /// The client speaks another dialect.
    pub(super) translates: bool,
    /// The request without what only another provider could read, and what it so lost.
    pub(super) stripped: Option<(Bytes, Ledger)>,
    /// The request in the provider's words, once it is translated.
    pub(super) translation: Option<Box<Translation>>,
}

impl Ask {
    pub(crate) fn new(call: &Call, candidate: Arc<Candidate>) -> Self {
        let dialect = address(&candidate, call.dialect, call.operation).kind.dialect();
        let translates = dialect != call.dialect;
        let streams = match candidate.stream {
            StreamMode::Auto => call.stream,
            StreamMode::Force => true,
            StreamMode::Never => false,
        };
        Self {
            provider_model: Self::model(call, &candidate).to_owned(),
            dialect,
            operation: call.operation,
            stream: call.stream,
            form: if translates { StreamForm::Sse } else { call.form },
            adds_usage: false,
            without_reasoning: false,
            translates,
            stripped: None,
            translation: None,
            candidate,
        }
        .streaming(call, streams)
    }

    /// Whether the provider may be asked in the other form than the client's, once it is known to refuse that.
    pub(super) fn may_turn(&self, call: &Call) -> bool {
        let is_auto = self.candidate.stream == StreamMode::Auto && self.operation == Operation::Generate;
        is_auto && self.stream == call.stream
    }

    /// Asks for a stream, or for a whole answer, whatever the client wants.
    pub(super) fn streaming(self, call: &Call, streams: bool) -> Self {
        if self.operation != Operation::Generate {
            return self;
        }
        let form = if self.translates || streams != call.stream { StreamForm::Sse } else { call.form };
        let is_chat_stream = self.dialect == Dialect::OpenAiChat && (streams || call.stream);
        let is_asked = call.stream && call.head.include_usage && !self.translates;
        Self { stream: streams, form, adds_usage: is_chat_stream && !is_asked, ..self }
    }

    /// What `candidate` calls the call's model.
    pub(crate) fn model<'a>(call: &'a Call, candidate: &'a Candidate) -> &'a str {
        provider_model(candidate, &call.model)
    }

    /// Without what the gateway adds of its own, for a provider that refuses it.
    pub(crate) fn bare(self) -> Self {
        Self { adds_usage: false, ..self }
    }

    /// Puts the request into the provider's words: another dialect's, or without what only another provider could read.
    /// `trace` is for an answer that comes without an id.
    pub(super) fn translate(
        &mut self,
        call: &Call,
        shared: &Shared,
        trace: TraceId,
        brings_envelopes: bool,
    ) -> Result<(), Refusal> {
        if !self.translates {
            if brings_envelopes {
                self.stripped = without_envelopes(self.dialect, &call.body).map(|(body, lost)| (body.into(), lost));
            }
            return Ok(());
        }
        let upstream = self.upstream();
        let authority = upstream.base_url.split_once("://").map_or("", |(_, rest)| rest);
        let asked = Asked {
            provider: self.dialect,
            model: &self.provider_model,
            host: authority.split(['/', ':']).next().unwrap_or_default(),
            origin: origin(shared, upstream, &self.provider_model),
            stream: self.stream,
            asks_usage: self.adds_usage && self.stream,
            without_reasoning: self.without_reasoning,
        };
        self.translation = Some(Box::new(Translation::new(call, &asked, trace.to_string(), shared.now().as_secs())?));
        Ok(())
    }

    /// What the request has lost on its way to this provider.
    pub(super) fn lost(&self) -> Ledger {
        let mut lost = self.translation.as_ref().map(|it| it.ledger.clone()).unwrap_or_default();
        if let Some((_, stripped)) = &self.stripped {
            lost.extend(stripped.clone());
        }
        lost
    }

    /// Refuses what a call in strict mode would lose.
    pub(super) fn loses_nothing_against(&self, call: &Call) -> Result<(), Refusal> {
        let lost = if call.strict { self.lost() } else { return Ok(()) };
        let codes: Vec<_> = lost.losses().collect();
        if codes.is_empty() {
            return Ok(());
        }
        let message = format!(
            "this would be lost or only approximated on its way to a provider that speaks {}, which strict mode does not \
             allow; leave it out, or ask without strict mode",
            self.dialect
        );
        Err(Refusal::new(codes.join(","), message))
    }

    /// In which dialect the provider was asked, where that is not the client's, and what got lost, the answer's losses too.
    pub(super) fn translation_header(&self, answer: &Ledger) -> Option<HeaderValue> {
        let mut all = self.lost();
        all.extend(answer.clone());
        let text = match (self.translates, all.is_empty()) {
            (false, true) => return None,
            (_, true) => format!("to={}", self.dialect),
            (_, false) => format!("to={}; {all}", self.dialect),
        };
        HeaderValue::try_from(text).ok()
    }

    /// The address that is asked.
    pub(super) fn upstream(&self) -> &Upstream {
        self.candidate.address(self.dialect)
    }

    pub(super) fn pair(&self) -> Pair<'_> {
        Pair { association: &self.candidate.association_id, provider_model: &self.provider_model }
    }

    /// The request as the provider gets it: the client's bytes with a few values replaced.
    pub(super) fn request(&self, call: &Call) -> Result<HttpRequest, GatewayError> {
        let upstream = self.upstream();
        let path = match self.operation {
            Operation::Generate => upstream.kind.generate_path(&self.provider_model, self.stream),
            Operation::CountTokens => upstream.kind.count_tokens_path(&self.provider_model),
        }?;
        let own_query = (self.stream && self.dialect == Dialect::Gemini).then(|| "alt=sse".to_owned());
        let query = match (self.translates, self.stream == call.stream) {
            (true, _) => own_query,
            (false, true) => call.query.clone(),
            (false, false) => {
                let others = call.query.iter().flat_map(|query| query.split('&')).filter(|it| !it.starts_with("alt="));
                let all: Vec<&str> = others.chain(own_query.as_deref()).collect();
                Some(all.join("&")).filter(|query| !query.is_empty())
            }
        };
        let url = provider::join(&upstream.base_url, &path, query.as_deref());
        let uri = Uri::try_from(url).map_err(|error| {
            let message = format!("the model or the query cannot be part of a URL: {error}");
            GatewayError::new(ErrorKind::InvalidRequest, message)
        })?;
        let mut request = Request::new(self.body(call)?);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        // What a client says in its dialect's own headers is nothing to a provider of another one.
        let neutral = self.translates.then(|| headers::neutral(&call.headers));
        let client = neutral.as_ref().unwrap_or(&call.headers);
        *request.headers_mut() = headers::for_provider(client, &self.candidate, self.stream);
        upstream.kind.prepare(&mut request, upstream, client)?;
        for (name, value) in &self.candidate.headers {
            request.headers_mut().insert(name, value.clone());
        }
        Ok(request)
    }

    fn body(&self, call: &Call) -> Result<Payload, GatewayError> {
        let translated = self.translation.as_ref().map(|translation| &translation.body);
        let body = translated.or(self.stripped.as_ref().map(|(body, _)| body)).unwrap_or(&call.body);
        let in_body = self.dialect != Dialect::Gemini && translated.is_none();
        let renames = in_body && self.provider_model != call.model;
        let adds_usage = in_body && self.adds_usage && self.stream;
        let turns = in_body && self.stream != call.stream;
        let extends = self.operation == Operation::Generate && !self.candidate.extra_body.is_empty();
        if !renames && !adds_usage && !extends && !turns {
            return Ok(body.clone().into());
        }
        // Those who count tokens refuse what does not concern them.
        let mut edits = if extends { self.candidate.extra_body.clone() } else { Edits::default() };
        if renames {
            edits.set_text("model", &self.provider_model);
        }
        if turns {
            edits.set("stream", Bytes::from_static(if self.stream { b"true" } else { b"false" }));
            if !self.stream && self.dialect == Dialect::OpenAiChat {
                // It may be told of a stream alone.
                edits.set(STREAM_OPTIONS, Bytes::from_static(b"null"));
            }
        }
        if adds_usage {
            edits.set(&format!("{STREAM_OPTIONS}.include_usage"), Bytes::from_static(b"true"));
        }
        splice(body, &edits).map_err(|error| GatewayError::new(ErrorKind::InvalidRequest, error.to_string()))
    }
}

/// Where `candidate` is asked for a client of `dialect`.
pub(super) fn address(candidate: &Candidate, dialect: Dialect, operation: Operation) -> &Upstream {
    let counter = candidate.counter(dialect).filter(|_| operation == Operation::CountTokens);
    counter.unwrap_or_else(|| candidate.address(dialect))
}

/// What `candidate` calls the model that a client calls `model`.
pub(super) fn provider_model<'a>(candidate: &'a Candidate, model: &'a str) -> &'a str {
    candidate.provider_model.as_deref().unwrap_or(model)
}
