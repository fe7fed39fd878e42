use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use llmio_core::platform::{Body, BodyError};

/// The body of a client's request.
pub(super) fn request_body(incoming: Incoming) -> Body {
    if incoming.is_end_stream() { Body::empty() } else { Body::stream(RequestBody(incoming)) }
}

struct RequestBody(Incoming);

impl Stream for RequestBody {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(Pin::new(&mut self.0).poll_frame(cx)) {
                None => return Poll::Ready(None),
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

/// So much is gathered at the most before it is sent.
const GATHERED: usize = 32 * 1024;

/// The body of an answer. Its error cuts the connection, so that no client takes a broken answer for a complete one.
///
/// Providers send small events in bursts, and each one that is handed on by itself costs a system call. So what is
/// there already is sent together; nothing waits for what is still to come.
#[derive(Debug)]
pub(super) struct AnswerBody {
    body: Body,
    gathered: BytesMut,
    ended: Option<Result<(), BodyError>>,
}

impl AnswerBody {
    pub(super) fn new(body: Body) -> Self {
        Self { body, gathered: BytesMut::new(), ended: None }
    }

    fn gathered(&mut self) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Poll::Ready(Some(Ok(Frame::data(self.gathered.split().freeze()))))
    }
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Body::Whole(_) = self.body {
            return self.body.poll_next_unpin(cx).map_ok(Frame::data);
        }
        while self.ended.is_none() {
            match self.body.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(chunk))) if self.gathered.is_empty() && chunk.len() >= GATHERED => {
                    return Poll::Ready(Some(Ok(Frame::data(chunk))));
                }
                Poll::Ready(Some(Ok(chunk))) => {
                    self.gathered.extend_from_slice(&chunk);
                    if self.gathered.len() >= GATHERED {
                        return self.gathered();
                    }
                }
                Poll::Ready(Some(Err(error))) => self.ended = Some(Err(error)),
                Poll::Ready(None) => self.ended = Some(Ok(())),
                Poll::Pending if self.gathered.is_empty() => return Poll::Pending,
                Poll::Pending => return self.gathered(),
            }
        }
        if !self.gathered.is_empty() {
            return self.gathered();
        }
        match self.ended.replace(Ok(())) {
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            _ => Poll::Ready(None),
        }
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
