//! What providers answer: replies of the script, and bodies that a test feeds.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use bytes::Bytes;
use futures_util::stream::poll_fn;
use http::{HeaderName, HeaderValue, StatusCode};
use llmio_core::platform::{Body, BodyError, HttpError, HttpErrorKind, HttpResponse};
use llmio_core::testing::Reply;

/// A status with headers (`name: value` lines) and a body that is whole.
pub(crate) fn reply(status: u16, headers: &str, body: impl Into<String>) -> Reply {
    Reply::Answer(response(status, headers, Body::from(body.into())))
}

/// A stream that comes at once and ends.
pub(crate) fn stream(text: impl Into<String>) -> Reply {
    reply(200, "content-type: text/event-stream", text)
}

/// `{"error": …}` with a status, as all dialects understand it.
pub(crate) fn failure(status: u16, headers: &str) -> Reply {
    reply(status, headers, format!(r#"{{"error":{{"message":"the provider's words for {status}"}}}}"#))
}

pub(crate) fn no_answer(kind: HttpErrorKind) -> Reply {
    Reply::Fail(HttpError::new(kind, "the network's words"))
}

fn response(status: u16, headers: &str, body: Body) -> HttpResponse {
    let mut response = HttpResponse::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for line in headers.lines() {
        let (name, value) = line.split_once(": ").unwrap();
        let name = HeaderName::try_from(name).unwrap();
        response.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
    }
    response
}

/// The far end of a provider's body.
#[derive(Clone, Default)]
pub(crate) struct Feed(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    chunks: VecDeque<Result<Bytes, BodyError>>,
    is_ended: bool,
    is_dropped: bool,
}

/// Tells the feed that nobody reads any more.
struct Reader(Arc<Mutex<State>>);

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.lock().unwrap().is_dropped = true;
    }
}

impl Feed {
    /// A stream of events that is fed by hand, and the answer that it is the body of.
    pub(crate) fn events() -> (Self, Reply) {
        Self::with("content-type: text/event-stream")
    }

    pub(crate) fn with(headers: &str) -> (Self, Reply) {
        let feed = Self::default();
        let body = feed.body();
        (feed, Reply::Answer(response(200, headers, body)))
    }

    /// What it feeds.
    pub(crate) fn body(&self) -> Body {
        let reader = Reader(Arc::clone(&self.0));
        Body::stream(poll_fn(move |_| {
            let mut state = reader.0.lock().unwrap();
            match state.chunks.pop_front() {
                Some(chunk) => Poll::Ready(Some(chunk)),
                None if state.is_ended => Poll::Ready(None),
                None => Poll::Pending,
            }
        }))
    }

    pub(crate) fn send(&self, chunk: impl Into<Bytes>) {
        self.0.lock().unwrap().chunks.push_back(Ok(chunk.into()));
    }

    pub(crate) fn end(&self) {
        self.0.lock().unwrap().is_ended = true;
    }

    pub(crate) fn cut(&self) {
        self.0.lock().unwrap().chunks.push_back(Err(BodyError::Broken("cut by the test".to_owned())));
    }

    /// Whether nobody reads the body any more.
    pub(crate) fn is_dropped(&self) -> bool {
        self.0.lock().unwrap().is_dropped
    }
}
