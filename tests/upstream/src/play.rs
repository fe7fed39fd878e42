use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::{Frame, SizeHint};
use tokio::time::Sleep;

use crate::journal::Tracker;

/// One answer as it goes over the wire, with every pause and break in its place.
#[derive(Clone, Debug)]
pub struct Play {
    /// Waits before the head; `None` sends it at once.
    pub head_delay: Option<Duration>,
    /// Closes the connection in place of a head.
    pub no_answer: bool,
    pub status: u16,
    pub headers: HeaderMap,
    pub steps: Arc<[Step]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// One chunk.
    Send(Bytes),
    /// Writes what was sent to the socket before anything else is sent.
    Flush,
    Wait(Duration),
    /// Says nothing more, for five minutes.
    Stall,
    /// Closes the connection inside the body.
    Cut,
}

/// How long a stall lasts when nobody leaves: longer than any test waits, and yet an end.
pub(crate) const STALL: Duration = Duration::from_secs(300);

impl Play {
    /// A body whose length is announced.
    pub fn whole(status: u16, content_type: &'static str, body: Bytes) -> Self {
        let play = Self::stream(status, content_type, Vec::new());
        let length = HeaderValue::from(body.len());
        let mut play = Self { steps: Arc::new([Step::Send(body)]), ..play };
        play.headers.insert(header::CONTENT_LENGTH, length);
        play
    }

    /// A chunked body.
    pub fn stream(status: u16, content_type: &'static str, steps: Vec<Step>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { head_delay: None, no_answer: false, status, headers, steps: steps.into() }
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(HeaderName::from_static(name), value);
        }
        self
    }

    /// Every byte that is sent before the end or the break.
    pub fn bytes(&self) -> Bytes {
        let mut all = Vec::new();
        for step in self.steps.iter() {
            match step {
                Step::Send(bytes) => all.extend_from_slice(bytes),
                Step::Stall | Step::Cut => break,
                Step::Flush | Step::Wait(_) => {}
            }
        }
        all.into()
    }

    pub(crate) fn into_response(self, tracker: Tracker) -> Response<PlayBody> {
        tracker.head(self.status);
        let body = PlayBody { steps: self.steps, next: 0, flushed: false, sleep: None, tracker };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = self.headers;
        response
    }
}

/// Plays the steps into a connection.
#[derive(Debug)]
pub(crate) struct PlayBody {
    steps: Arc<[Step]>,
    next: usize,
    flushed: bool,
    sleep: Option<Pin<Box<Sleep>>>,
    tracker: Tracker,
}

/// The script says to close the connection here.
#[derive(Debug)]
pub(crate) struct ScriptedCut;

impl std::fmt::Display for ScriptedCut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the script cuts the connection here")
    }
}

impl std::error::Error for ScriptedCut {}

impl http_body::Body for PlayBody {
    type Data = Bytes;
    type Error = ScriptedCut;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ScriptedCut>>> {
        let this = self.get_mut();
        loop {
            if let Some(sleep) = &mut this.sleep {
                core::task::ready!(sleep.as_mut().poll(cx));
                this.sleep = None;
            }
            let Some(step) = this.steps.get(this.next) else {
                this.tracker.finished();
                return Poll::Ready(None);
            };
            match step {
                // Pending makes hyper flush; it asks again at once.
                Step::Flush if !this.flushed => {
                    this.flushed = true;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Step::Flush => this.flushed = false,
                Step::Wait(delay) => this.sleep = Some(Box::pin(tokio::time::sleep(*delay))),
                Step::Stall => this.sleep = Some(Box::pin(tokio::time::sleep(STALL))),
                Step::Cut => {
                    this.tracker.cut();
                    return Poll::Ready(Some(Err(ScriptedCut)));
                }
                Step::Send(bytes) => {
                    this.next += 1;
                    if this.next == this.steps.len() {
                        this.tracker.finished();
                    }
                    return Poll::Ready(Some(Ok(Frame::data(bytes.clone()))));
                }
            }
            this.next += 1;
        }
    }

    fn is_end_stream(&self) -> bool {
        self.next >= self.steps.len()
    }

    fn size_hint(&self) -> SizeHint {
        match &*self.steps {
            [Step::Send(bytes)] => SizeHint::with_exact(bytes.len() as u64),
            _ => SizeHint::default(),
        }
    }
}
