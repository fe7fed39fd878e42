use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Uri};

use super::call::Call;
use super::headers;
use crate::balance::Pair;
use crate::config::snapshot::Candidate;
use crate::dialect::{Dialect, ErrorKind, GatewayError, StreamForm};
use crate::platform::{HttpRequest, Payload};
use crate::provider;
use crate::record::Operation;
use crate::wire::json::{Edits, splice};

/// The member by which a chat stream's usage is asked for.
pub(super) const STREAM_OPTIONS: &str = "stream_options";

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
}

impl Ask {
    pub(crate) fn new(call: &Call, candidate: Arc<Candidate>) -> Self {
        let dialect = candidate.upstream.kind.dialect();
        Self {
            provider_model: Self::model(call, &candidate).to_owned(),
            dialect,
            operation: call.operation,
            stream: call.stream,
            form: call.form,
            adds_usage: dialect == Dialect::OpenAiChat && call.stream && !call.head.include_usage,
            candidate,
        }
    }

    /// What `candidate` calls the call's model.
    pub(crate) fn model<'a>(call: &'a Call, candidate: &'a Candidate) -> &'a str {
        provider_model(candidate, &call.model)
    }

    /// Without what the gateway adds of its own, for a provider that refuses it.
    pub(crate) fn bare(self) -> Self {
        Self { adds_usage: false, ..self }
    }

    pub(super) fn pair(&self) -> Pair<'_> {
        Pair { association: &self.candidate.association_id, provider_model: &self.provider_model }
    }

    /// The request as the provider gets it: the client's bytes with a few values replaced.
    pub(super) fn request(&self, call: &Call) -> Result<HttpRequest, GatewayError> {
        let upstream = &self.candidate.upstream;
        let path = match self.operation {
            Operation::Generate => upstream.kind.generate_path(&self.provider_model, self.stream),
            Operation::CountTokens => upstream.kind.count_tokens_path(&self.provider_model),
        }?;
        let url = provider::join(&upstream.base_url, &path, call.query.as_deref());
        let uri = Uri::try_from(url).map_err(|error| {
            let message = format!("the model or the query cannot be part of a URL: {error}");
            GatewayError::new(ErrorKind::InvalidRequest, message)
        })?;
        let mut request = Request::new(self.body(call)?);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers::for_provider(&call.headers, &self.candidate, self.stream);
        upstream.kind.prepare(&mut request, upstream, &call.headers)?;
        for (name, value) in &self.candidate.headers {
            request.headers_mut().insert(name, value.clone());
        }
        Ok(request)
    }

    fn body(&self, call: &Call) -> Result<Payload, GatewayError> {
        let in_body = self.dialect != Dialect::Gemini;
        let renames = in_body && self.provider_model != call.model;
        let extends = self.operation == Operation::Generate && !self.candidate.extra_body.is_empty();
        if !renames && !self.adds_usage && !extends {
            return Ok(call.body.clone().into());
        }
        // Those who count tokens refuse what does not concern them.
        let mut edits = if extends { self.candidate.extra_body.clone() } else { Edits::default() };
        if renames {
            edits.set_text("model", &self.provider_model);
        }
        if self.adds_usage {
            edits.set(&format!("{STREAM_OPTIONS}.include_usage"), Bytes::from_static(b"true"));
        }
        splice(&call.body, &edits).map_err(|error| GatewayError::new(ErrorKind::InvalidRequest, error.to_string()))
    }
}

/// What `candidate` calls the model that a client calls `model`.
pub(super) fn provider_model<'a>(candidate: &'a Candidate, model: &'a str) -> &'a str {
    candidate.provider_model.as_deref().unwrap_or(model)
}
