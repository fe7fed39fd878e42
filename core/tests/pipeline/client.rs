//! A client that looks only when the test says so.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_util::StreamExt;
use http::{HeaderMap, Response};
use llmio_core::Answer;
use llmio_core::pipeline::Doubt;
use llmio_core::platform::{Body, BoxFuture};
use serde_json::Value;

/// A request on its way.
pub(crate) struct Asking {
    future: BoxFuture<'static, Response<Answer>>,
    answer: Option<Response<Answer>>,
}

impl Asking {
    pub(crate) fn new(future: BoxFuture<'static, Response<Answer>>) -> Self {
        let mut asking = Self { future, answer: None };
        asking.is_answered();
        asking
    }

    /// Goes as far as it gets without time moving on.
    pub(crate) fn is_answered(&mut self) -> bool {
        if self.answer.is_none() {
            self.answer = now(self.future.as_mut());
        }
        self.answer.is_some()
    }

    /// The answer, as a home gives it that raises doubts.
    #[track_caller]
    pub(crate) fn doubted(mut self, doubt: &Doubt) -> Client {
        assert!(self.is_answered(), "the answer waits for something");
        if let Some(Answer::Relay(relay)) = self.answer.as_mut().map(Response::body_mut) {
            relay.watch(doubt.clone());
        }
        self.answer()
    }

    #[track_caller]
    pub(crate) fn answer(mut self) -> Client {
        assert!(self.is_answered(), "the answer waits for something");
        let (head, answer) = self.answer.unwrap().into_parts();
        Client {
            status: head.status.as_u16(),
            headers: head.headers,
            body: answer.into_body(),
            seen: String::new(),
            end: None,
        }
    }
}

/// The answer as its client sees it. Dropping it hangs up.
pub(crate) struct Client {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    body: Body,
    /// All that has come.
    pub(crate) seen: String,
    /// How the body ended, once it has: cleanly, or broken by this cause.
    pub(crate) end: Option<Result<(), String>>,
}

impl Client {
    /// What comes without time moving on.
    pub(crate) fn read(&mut self) -> String {
        let from = self.seen.len();
        while self.end.is_none() {
            match now(Pin::new(&mut self.body.next())) {
                None => break,
                Some(None) => self.end = Some(Ok(())),
                Some(Some(Ok(chunk))) => self.seen.push_str(std::str::from_utf8(&chunk).unwrap()),
                Some(Some(Err(error))) => self.end = Some(Err(error.to_string())),
            }
        }
        self.seen[from..].to_owned()
    }

    /// Everything, up to a good end.
    #[track_caller]
    pub(crate) fn text(&mut self) -> &str {
        self.read();
        assert_eq!(self.end, Some(Ok(())), "after {:?}", self.seen);
        &self.seen
    }

    #[track_caller]
    pub(crate) fn json(&mut self) -> Value {
        serde_json::from_str(self.text()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// In seconds; zero for a date.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.header("retry-after").map(|seconds| seconds.parse().unwrap_or_default())
    }
}

/// The future's output, if it is there without waiting.
pub(crate) fn now<T>(future: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Option<T> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
