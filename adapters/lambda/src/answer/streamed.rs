use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use http::{HeaderMap, HeaderName, HeaderValue, Response, response};
use http_body::Frame;
use llmio_core::Answer;
use llmio_core::platform::{Body, BodyError, BoxFuture};
use llmio_native::{Hold, TaskBackground};
use serde_json::json;

use super::headers;
use crate::deadline::Deadline;

/// The media type of an answer in this form.
pub(crate) const STREAMED: &str = "application/vnd.awslambda.http-integration-response";
/// Trailers that tell of an answer that broke off.
pub(crate) const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");
pub(crate) const ERROR_BODY: HeaderName = HeaderName::from_static("lambda-runtime-function-error-body");

/// What separates the head from the body.
static DELIMITER: [u8; 8] = [0; 8];

/// An answer in the form of Lambda's runtime API: its head as JSON, eight zero bytes, its body as it comes; and the
/// end, held back until the background work of the request is done, because Lambda may freeze this process afterwards.
///
/// Dropped before its end, it drops the provider's answer.
/// <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming>
pub(crate) struct StreamedAnswer {
    step: Step,
    background: TaskBackground,
    deadline: Deadline,
}

enum Step {
    Head {
        head: Bytes,
        body: Open,
    },
    /// A frame of its own, as `cargo lambda watch` wants it.
    Delimiter(Open),
    Body(Open),
    Finish {
        work: BoxFuture<'static, ()>,
        error: Option<BodyError>,
    },
    Done,
}

/// A body that may still spawn work when it is dropped; that counts as work.
struct Open {
    body: Body,
    _hold: Hold,
}

impl StreamedAnswer {
    pub(crate) fn new(response: Response<Answer>, background: TaskBackground, deadline: Deadline) -> Self {
        let (parts, answer) = response.into_parts();
        let body = Open { body: answer.into_body(), _hold: background.hold() };
        Self { step: Step::Head { head: head(&parts), body }, background, deadline }
    }

    fn finish(&self, error: Option<BodyError>) -> Step {
        let (background, deadline) = (self.background.clone(), self.deadline);
        let work = Box::pin(async move { deadline.finish(&background).await });
        Step::Finish { work, error }
    }
}

impl http_body::Body for StreamedAnswer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        loop {
            match &mut self.step {
                Step::Head { .. } | Step::Delimiter(_) => {
                    let (next, bytes) = match std::mem::replace(&mut self.step, Step::Done) {
                        Step::Head { head, body } => (Step::Delimiter(body), head),
                        Step::Delimiter(body) => (Step::Body(body), Bytes::from_static(&DELIMITER)),
                        other => (other, Bytes::new()),
                    };
                    self.step = next;
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Step::Body(open) => match ready!(open.body.poll_next_unpin(cx)) {
                    Some(Ok(chunk)) if chunk.is_empty() => {}
                    Some(Ok(chunk)) => return Poll::Ready(Some(Ok(Frame::data(chunk)))),
                    // The open body is dropped before its work is waited for.
                    Some(Err(error)) => {
                        self.step = Step::Done;
                        self.step = self.finish(Some(error));
                    }
                    None => {
                        self.step = Step::Done;
                        self.step = self.finish(None);
                    }
                },
                Step::Finish { work, error } => {
                    ready!(work.poll_unpin(cx));
                    let error = error.take();
                    self.step = Step::Done;
                    return Poll::Ready(error.map(|error| Ok(Frame::trailers(trailers(&error)))));
                }
                Step::Done => return Poll::Ready(None),
            }
        }
    }
}

fn head(parts: &response::Parts) -> Bytes {
    let (headers, cookies) = headers(&parts.headers);
    json!({"statusCode": parts.status.as_u16(), "headers": headers, "cookies": cookies}).to_string().into()
}

fn trailers(error: &BodyError) -> HeaderMap {
    let report = json!({"errorType": "AnswerBroken", "errorMessage": error.to_string()}).to_string();
    let mut trailers = HeaderMap::new();
    trailers.insert(ERROR_TYPE, HeaderValue::from_static("Runtime.AnswerBroken"));
    if let Ok(body) = HeaderValue::try_from(BASE64_STANDARD.encode(report)) {
        trailers.insert(ERROR_BODY, body);
    }
    trailers
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    use futures_util::stream;
    use http_body::Body as _;
    use llmio_core::platform::Background;
    use llmio_core::testing::contract;
    use tokio::sync::oneshot;

    use super::*;

    fn soon() -> Deadline {
        Deadline::new(SystemTime::now() + Duration::from_secs(10))
    }

    fn streamed(body: Body, background: &TaskBackground) -> Pin<Box<StreamedAnswer>> {
        let mut response = Response::new(Answer::Body(body));
        response.headers_mut().insert("content-length", HeaderValue::from_static("5"));
        response.headers_mut().append("x-a", HeaderValue::from_static("1"));
        response.headers_mut().append("x-a", HeaderValue::from_static("2"));
        response.headers_mut().append("set-cookie", HeaderValue::from_static("c=1"));
        Box::pin(StreamedAnswer::new(response, background.clone(), soon()))
    }

    async fn next(answer: &mut Pin<Box<StreamedAnswer>>) -> Option<Frame<Bytes>> {
        std::future::poll_fn(|cx| answer.as_mut().poll_frame(cx)).await.map(|frame| match frame {
            Ok(frame) => frame,
            Err(never) => match never {},
        })
    }

    async fn next_data(answer: &mut Pin<Box<StreamedAnswer>>) -> Bytes {
        next(answer).await.expect("a frame").into_data().expect("data")
    }

    #[tokio::test]
    async fn a_head_then_the_body_then_the_end_after_the_work() {
        let background = TaskBackground::default();
        let mut answer = streamed(Body::from("whole".to_owned()), &background);
        let (release, released) = oneshot::channel::<()>();
        background.spawn(Box::pin(async move { released.await.expect("released") }));
        let head = next_data(&mut answer).await;
        assert_eq!(head, "{\"statusCode\":200,\"headers\":{\"x-a\":\"1, 2\"},\"cookies\":[\"c=1\"]}");
        assert_eq!(next_data(&mut answer).await, DELIMITER.as_slice());
        assert_eq!(next_data(&mut answer).await, "whole");
        let mut end = Box::pin(next(&mut answer));
        assert!(futures_util::poll!(&mut end).is_pending(), "the work is not done");
        release.send(()).expect("the work waits");
        assert!(end.await.is_none());
    }

    #[tokio::test]
    async fn an_answer_that_broke_off_says_so_in_trailers() {
        let chunks = stream::iter([Ok(Bytes::from("first")), Err(BodyError::Broken("gone".to_owned()))]);
        let mut answer = streamed(Body::stream(chunks), &TaskBackground::default());
        next_data(&mut answer).await;
        next_data(&mut answer).await;
        assert_eq!(next_data(&mut answer).await, "first");
        let trailers = next(&mut answer).await.expect("a frame").into_trailers().expect("trailers");
        assert_eq!(trailers[ERROR_TYPE], "Runtime.AnswerBroken");
        let report = BASE64_STANDARD.decode(trailers[ERROR_BODY].as_bytes()).expect("Base64");
        assert!(String::from_utf8(report).expect("text").contains("gone"));
        assert!(next(&mut answer).await.is_none());
    }

    #[tokio::test]
    async fn what_a_dropped_answer_leaves_to_do_is_done() {
        struct Last(TaskBackground, Option<oneshot::Sender<()>>);
        impl Drop for Last {
            fn drop(&mut self) {
                let done = self.1.take().expect("dropped once");
                self.0.spawn(Box::pin(async move {
                    tokio::task::yield_now().await;
                    let _ = done.send(());
                }));
            }
        }
        let background = TaskBackground::default();
        let (done, mut is_done) = oneshot::channel();
        let last = Last(background.clone(), Some(done));
        let body = Body::stream(stream::pending().inspect(move |_| _ = &last));
        let mut answer = streamed(body, &background);
        next_data(&mut answer).await;
        let finished = tokio::spawn({
            let background = background.clone();
            async move { soon().finish(&background).await }
        });
        tokio::task::yield_now().await;
        assert!(!finished.is_finished(), "the body is still open");
        drop(answer);
        finished.await.expect("the work ends");
        assert!(is_done.try_recv().is_ok());
    }

    #[tokio::test]
    async fn an_invocations_work_keeps_the_contract() {
        let background = TaskBackground::default();
        let finish = Box::pin(soon().finish(&background));
        contract::background::all(Arc::new(background.clone()), finish).await;
    }
}
