//! A provider's request, made from the client's.

use bytes::Bytes;
use http::{Method, Request, Uri};

use super::call::Call;
use super::headers;
use crate::config::snapshot::Candidate;
use crate::dialect::{Dialect, ErrorKind, GatewayError};
use crate::platform::{HttpRequest, Payload};
use crate::record::Operation;
use crate::wire::json::{Edits, splice};

/// Whether the gateway itself asks for a chat stream's usage, and so must hide it from the client.
pub(super) fn injects_usage(call: &Call) -> bool {
    call.dialect == Dialect::OpenAiChat && call.stream && !call.head.include_usage
}

/// The client's request as `candidate` gets it: the client's bytes with a few values replaced.
pub(crate) fn build(call: &Call, candidate: &Candidate, provider_model: &str) -> Result<HttpRequest, GatewayError> {
    let upstream = &candidate.upstream;
    let kind = upstream.kind;
    let path = match call.operation {
        Operation::Generate => kind.generate_path(provider_model, call.stream),
        Operation::CountTokens => kind.count_tokens_path(provider_model),
    }?;
    let mut url = String::with_capacity(upstream.base_url.len() + path.len() + 32);
    url.push_str(&upstream.base_url);
    url.push_str(&path);
    if let Some(query) = &call.query {
        url.push('?');
        url.push_str(query);
    }
    let uri = Uri::try_from(url).map_err(|error| {
        GatewayError::new(ErrorKind::InvalidRequest, format!("the model or the query cannot be part of a URL: {error}"))
    })?;

    let mut request = Request::new(body(call, candidate, provider_model)?);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    let mut headers = headers::for_provider(&call.headers, candidate, call.stream);
    if !upstream.api_key.is_empty() {
        let (name, value) = kind.credentials(upstream.api_key.reveal()).ok_or_else(|| {
            let message =
                format!("the api_key of provider `{}` cannot be sent in a header; set it again", upstream.name);
            GatewayError::new(ErrorKind::Internal, message)
        })?;
        headers.insert(name, value);
    }
    for (name, value) in &candidate.headers {
        headers.insert(name, value.clone());
    }
    *request.headers_mut() = headers;
    Ok(request)
}

fn body(call: &Call, candidate: &Candidate, provider_model: &str) -> Result<Payload, GatewayError> {
    let in_body = call.dialect != Dialect::Gemini;
    let renames = in_body && provider_model != call.model;
    let extends = call.operation == Operation::Generate && !candidate.extra_body.is_empty();
    if !renames && !injects_usage(call) && !extends {
        return Ok(call.body.clone().into());
    }
    // Those who count tokens refuse what does not concern them.
    let mut edits = if extends { candidate.extra_body.clone() } else { Edits::default() };
    if renames {
        edits.set_text("model", provider_model);
    }
    if injects_usage(call) {
        edits.set("stream_options.include_usage", Bytes::from_static(b"true"));
    }
    splice(&call.body, &edits).map_err(|error| GatewayError::new(ErrorKind::InvalidRequest, error.to_string()))
}
