//! Both directions of an exchange: the request's body, and the answer's.

use std::pin::Pin;
use std::task::{Context, Poll};

use ::h2::{Reason, RecvStream, SendStream};
use bytes::Bytes;
use futures_util::Stream;
use llmio_core::platform::{BodyError, Payload};

use super::super::error::causes;
use super::Ticket;

/// What of a request's body is still to be sent.
pub(super) struct Upload {
    stream: SendStream<Bytes>,
    parts: std::iter::Peekable<std::vec::IntoIter<Bytes>>,
}

impl Upload {
    pub(super) fn new(stream: SendStream<Bytes>, payload: Payload) -> Self {
        Self { stream, parts: payload.into_parts().into_iter().peekable() }
    }

    /// Sends what the other side has room for. Errors reach whoever waits for the answer.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        while let Some(part) = self.parts.peek_mut() {
            self.stream.reserve_capacity(part.len());
            if self.stream.capacity() == 0 {
                match self.stream.poll_capacity(cx) {
                    Poll::Pending => return,
                    Poll::Ready(Some(Ok(_))) => continue,
                    Poll::Ready(Some(Err(_)) | None) => return self.stop(),
                }
            }
            let data = part.split_to(part.len().min(self.stream.capacity()));
            if part.is_empty() {
                self.parts.next();
            }
            let is_last = self.parts.peek().is_none();
            if self.stream.send_data(data, is_last).is_err() {
                return self.stop();
            }
        }
    }

    fn stop(&mut self) {
        self.parts = Vec::new().into_iter().peekable();
    }
}

/// The rest of an answer. Dropping it before its end resets the stream.
pub(super) struct AnswerBody {
    pub(super) stream: RecvStream,
    /// An answer may begin before the request has ended.
    pub(super) upload: Upload,
    pub(super) _ticket: Ticket,
}

impl Stream for AnswerBody {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.upload.drive(cx);
        loop {
            return match this.stream.poll_data(cx) {
                Poll::Pending => Poll::Pending,
                // Trailers are dropped; no dialect has any.
                Poll::Ready(None) => Poll::Ready(None),
                Poll::Ready(Some(Ok(data))) => {
                    let _ = this.stream.flow_control().release_capacity(data.len());
                    if data.is_empty() {
                        continue;
                    }
                    Poll::Ready(Some(Ok(data)))
                }
                // Sent after a complete answer by who does not want the rest of the request (RFC 9113, 8.1).
                Poll::Ready(Some(Err(error))) if error.is_remote() && error.reason() == Some(Reason::NO_ERROR) => {
                    Poll::Ready(None)
                }
                Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(BodyError::Broken(causes(&error))))),
            };
        }
    }
}
