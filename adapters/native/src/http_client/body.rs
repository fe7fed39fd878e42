use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use llmio_core::platform::Payload;

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
