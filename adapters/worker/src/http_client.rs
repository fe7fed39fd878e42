use core::time::Duration;

use futures_util::future::{Either, select};
use http::{Method, Response, Uri};
use js_sys::Uint8Array;
use llmio_core::platform::{
    Body, BoxFuture, Clock, HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse, Payload, SendOptions,
};
use worker::send::SendFuture;

use crate::clock::JsClock;
use crate::head;
use crate::js::{self, Call};
use crate::settled::Settled;
use crate::source::SourceBody;

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
    let running = Running::start(&head::text(&first, &parts.headers), body.as_ref());
    running.answer(options.header_timeout).await.map_err(|failed| failed.explain(&parts.uri, &options))
}

/// An exchange without its answer yet. Dropping it cancels.
struct Running {
    call: Call,
    answered: Settled,
    is_done: bool,
}

/// Why no answer came, in the platform's words.
enum Failed {
    TimedOut,
    Said(String),
}

impl Failed {
    fn explain(&self, uri: &Uri, options: &SendOptions) -> HttpError {
        // Host and port, never credentials, path or query.
        let host = uri.host().unwrap_or_default();
        let peer = uri.port_u16().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let Self::Said(cause) = self else {
            let limit = options.header_timeout.unwrap_or_default();
            return HttpError::new(HttpErrorKind::Timeout, format!("{peer} sent no answer within {limit:?}"));
        };
        let says = |words: &[&str]| words.iter().any(|word| cause.contains(word));
        if says(&["Invalid URL", "Fetch API cannot load"]) {
            HttpError::new(HttpErrorKind::Invalid, cause.clone())
        } else {
            // workerd's words are the same whether a connection was made or not.
            let perhaps = if says(&["Network connection lost"]) {
                " (it may have refused the connection)"
            } else if says(&["internal error"]) {
                " (its name may not be found, TLS may fail, or what it speaks is no HTTP)"
            } else {
                ""
            };
            let cause = cause.trim_end_matches('.');
            HttpError::new(HttpErrorKind::Broken, format!("{peer} broke off before its answer: {cause}{perhaps}"))
        }
    }
}

impl Running {
    fn start(head: &str, body: Option<&Uint8Array>) -> Self {
        let (answered, call) = Settled::when(|number, settle| Call::new(head, body, number, settle));
        Self { call, answered, is_done: false }
    }

    async fn answer(mut self, timeout: Option<Duration>) -> Result<HttpResponse, Failed> {
        let answered = match timeout {
            Some(timeout) => match select(&mut self.answered, JsClock.sleep(timeout)).await {
                Either::Left((answered, _)) => answered,
                Either::Right(((), _)) => return Err(Failed::TimedOut),
            },
            None => (&mut self.answered).await,
        };
        self.is_done = true;
        let response = answered.map_err(|error| Failed::Said(js::message(&error)))?;
        let broken = || Failed::Said("its head is no HTTP".to_owned());
        let (status, headers) = head::answer(&js::answer_head(&response)).ok_or_else(broken)?;
        let source = SourceBody::new(js::source_of(&response, &self.call));
        let mut answer = Response::new(Body::Native(Box::pin(source)));
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_done {
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
