use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use llmio_core::platform::{Body, BodyError, Payload};

use super::error::causes;
use super::pool::Ticket;

/// A request body: the payload's slices, one frame each, with the exact size known.
#[derive(Debug)]
pub(super) struct PayloadBody {
    parts: std::vec::IntoIter<Bytes>,
    left: u64,
}

impl From<Payload> for PayloadBody {
    fn from(payload: Payload) -> Self {
        Self { left: payload.len() as u64, parts: payload.into_parts().into_iter() }
    }
}

impl HttpBody for PayloadBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let part = self.parts.next();
        Poll::Ready(part.map(|part| {
            self.left -= part.len() as u64;
            Ok(Frame::data(part))
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// An answer's body: the data frames as they arrive. Trailers are dropped; no dialect has any.
pub(super) fn answer_body(incoming: Incoming, ticket: Ticket) -> Body {
    if incoming.is_end_stream() { Body::empty() } else { Body::stream(AnswerBody { incoming, _ticket: ticket }) }
}

struct AnswerBody {
    incoming: Incoming,
    _ticket: Ticket,
}

impl Stream for AnswerBody {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(Pin::new(&mut self.incoming).poll_frame(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(BodyError::Broken(causes(&error))))),
                Some(Ok(frame)) => {
                    // HTTP/2 may end a body with an empty frame.
                    if let Ok(data) = frame.into_data()
                        && !data.is_empty()
                    {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
            }
        }
    }
}
