use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use llmio_core::platform::{Body, BodyError};

use super::exchange::{Exchange, Stage};

/// The body of a client's request, whose end is noted.
pub(super) fn request_body(incoming: Incoming, stage: &Stage) -> Body {
    if incoming.is_end_stream() {
        stage.asked();
        Body::empty()
    } else {
        Body::stream(RequestBody(incoming, stage.clone()))
    }
}

struct RequestBody(Incoming, Stage);

impl Stream for RequestBody {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(Pin::new(&mut self.0).poll_frame(cx)) {
                None => {
                    self.1.asked();
                    return Poll::Ready(None);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(BodyError::Broken(error.to_string())))),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
            }
        }
    }
}

/// The body of an answer; with it ends the exchange. Its error cuts the connection, so that no client takes a broken answer
/// for a complete one.
#[derive(Debug)]
pub(super) struct AnswerBody {
    body: Body,
    _exchange: Exchange,
}

impl AnswerBody {
    pub(super) fn new(body: Body, exchange: Exchange) -> Self {
        exchange.answering();
        Self { body, _exchange: exchange }
    }
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.body.poll_next_unpin(cx).map_ok(Frame::data)
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.body, Body::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Body::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Body::Stream(_) | Body::Native(_) => SizeHint::default(),
        }
    }
}
