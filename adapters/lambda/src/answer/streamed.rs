use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
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
const DELIMITER: [u8; 8] = [0; 8];

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
    Head { head: Bytes, body: Open },
    Body(Open),
    Finish { work: BoxFuture<'static, ()>, error: Option<BodyError> },
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
                Step::Head { .. } => {
                    if let Step::Head { head, body } = std::mem::replace(&mut self.step, Step::Done) {
                        self.step = Step::Body(body);
                        return Poll::Ready(Some(Ok(Frame::data(head))));
                    }
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

/// Head and delimiter.
fn head(parts: &response::Parts) -> Bytes {
    let (headers, cookies) = headers(&parts.headers);
    let head = json!({"statusCode": parts.status.as_u16(), "headers": headers, "cookies": cookies});
    let mut bytes = BytesMut::new().writer();
    // Writing to memory cannot fail.
    let _ = serde_json::to_writer(&mut bytes, &head);
    let mut bytes = bytes.into_inner();
    bytes.put_slice(&DELIMITER);
    bytes.freeze()
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
