use http::{Method, Response};
use js_sys::Uint8Array;
use llmio_core::platform::{
    Body, BoxFuture, HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse, Payload, SendOptions,
};
use wasm_bindgen::JsValue;
use worker::send::SendFuture;

use crate::js::{self, Call};
use crate::settled::Settled;
use crate::source::SourceBody;
use crate::{clock, head};

/// `fetch`.
#[derive(Debug)]
pub(crate) struct FetchClient;

impl HttpClient for FetchClient {
    fn send(&self, request: HttpRequest, options: SendOptions) -> BoxFuture<'static, Result<HttpResponse, HttpError>> {
        Box::pin(SendFuture::new(send(request, options)))
    }
}

async fn send(request: HttpRequest, options: SendOptions) -> Result<HttpResponse, HttpError> {
    if options.proxy.is_some() {
        let message = "Workers cannot go through a proxy: remove the provider's proxy, or use another home";
        return Err(HttpError::new(HttpErrorKind::Unsupported, message));
    }
    let (parts, body) = request.into_parts();
    if !matches!(parts.uri.scheme_str(), Some("http" | "https")) {
        let message = format!("{} is no http:// or https:// address", parts.uri);
        return Err(HttpError::new(HttpErrorKind::Invalid, message));
    }
    let first = format!("{}\n{}", parts.method, parts.uri);
    let has_body = !body.is_empty() || !matches!(parts.method, Method::GET | Method::HEAD);
    let body = has_body.then(|| joined(&body));
    let timeout = options.header_timeout.map(clock::millis);
    let exchange =
        Running { call: Call::new(&head::text(&first, &parts.headers), body.as_ref(), timeout), done: false };
    exchange.answer().await
}

/// An exchange without its answer yet. Dropping it cancels.
struct Running {
    call: Call,
    done: bool,
}

impl Running {
    async fn answer(mut self) -> Result<HttpResponse, HttpError> {
        let answered = Settled::from(self.call.response()).await;
        self.done = true;
        let response = answered.map_err(|error| self.error(&error))?;
        let broken = || HttpError::new(HttpErrorKind::Broken, "the answer's head is no HTTP");
        let (status, headers) = head::answer(&js::answer_head(&response)).ok_or_else(broken)?;
        let source = SourceBody::new(js::source_of(&response, &self.call));
        let mut answer = Response::new(Body::Native(Box::pin(source)));
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }

    fn error(&self, error: &JsValue) -> HttpError {
        if self.call.timed_out() {
            return HttpError::new(HttpErrorKind::Timeout, "the provider did not answer in time");
        }
        let message = js::message(error);
        let kind = match message.as_str() {
            text if text.contains("Invalid URL") || text.contains("Fetch API cannot load") => HttpErrorKind::Invalid,
            text if text.contains("certificate") || text.contains("TLS") => HttpErrorKind::Tls,
            text if text.contains("refused") || text.contains("DNS") => HttpErrorKind::Connect,
            _ => HttpErrorKind::Broken,
        };
        HttpError::new(kind, message)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.done {
            self.call.abort();
        }
    }
}

/// The slices in one array of JavaScript's, copied once.
#[expect(clippy::cast_possible_truncation, reason = "wasm32 has no more than 4 GiB")]
fn joined(payload: &Payload) -> Uint8Array {
    let all = Uint8Array::new_with_length(payload.len() as u32);
    let mut at = 0;
    for part in payload.parts() {
        let end = at + part.len() as u32;
        all.subarray(at, end).copy_from(part);
        at = end;
    }
    all
}
