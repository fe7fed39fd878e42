use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};

/// A stream of body chunks. It ends cleanly or with one error.
pub type BodyStream = BoxStream<'static, Result<Bytes, BodyError>>;

/// A body broke before its end.
#[derive(Debug)]
pub enum BodyError {
    /// The other side cut the connection or sent something that is no HTTP. The text names the cause.
    Broken(String),
    /// More bytes than the reader allows.
    TooLarge { limit: usize },
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(cause) => write!(f, "the body broke off: {cause}"),
            Self::TooLarge { limit } => write!(f, "the body is larger than {limit} bytes"),
        }
    }
}

impl std::error::Error for BodyError {}

/// A home's own body that core forwards without opening it, or opens by polling it as a stream of chunks.
///
/// Contract: after core has polled some chunks, the home can still take back the rest in its own form: it downcasts
/// the boxed value through [`Any`] ([`Body::into_native`]).
pub trait NativeBody: Stream<Item = Result<Bytes, BodyError>> + Any + Send + Unpin {}

/// The body of a request or an answer: whole, streamed, or the home's own. `Send`, never `Sync`.
pub enum Body {
    Whole(Bytes),
    Stream(BodyStream),
    Native(Pin<Box<dyn NativeBody>>),
}

impl Body {
    pub const fn empty() -> Self {
        Self::Whole(Bytes::new())
    }

    pub fn stream(stream: impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static) -> Self {
        Self::Stream(stream.boxed())
    }

    /// Takes back a body that the home had made as a `T`; any other comes back as it is.
    pub fn into_native<T: NativeBody>(self) -> Result<Box<T>, Self> {
        match self {
            Self::Native(native) if (&*native as &dyn Any).is::<T>() => {
                let native: Box<dyn NativeBody> = Pin::into_inner(native);
                (native as Box<dyn Any>).downcast().map_err(|_| Self::empty())
            }
            body => Err(body),
        }
    }

    /// Reads everything, up to `limit` bytes. `size_hint` (a `Content-Length`, say) only saves copies.
    pub async fn read(mut self, limit: usize, size_hint: usize) -> Result<Bytes, BodyError> {
        if size_hint > limit {
            return Err(BodyError::TooLarge { limit });
        }
        let first = match self.next().await {
            None => return Ok(Bytes::new()),
            Some(chunk) => chunk?,
        };
        if first.len() > limit {
            return Err(BodyError::TooLarge { limit });
        }
        if let Self::Whole(_) = self {
            return Ok(first);
        }
        let Some(second) = self.next().await else {
            return Ok(first);
        };
        let second = second?;
        let mut all = BytesMut::with_capacity(size_hint.max(first.len() + second.len()));
        all.extend_from_slice(&first);
        drop(first);
        let mut next = Some(Ok(second));
        while let Some(chunk) = next {
            let chunk = chunk?;
            if all.len() + chunk.len() > limit {
                return Err(BodyError::TooLarge { limit });
            }
            all.extend_from_slice(&chunk);
            next = self.next().await;
        }
        Ok(all.freeze())
    }
}

/// A body is a stream of its chunks; a whole body is one chunk, or none when empty.
impl Stream for Body {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            Self::Stream(stream) => stream.poll_next_unpin(cx),
            Self::Native(native) => native.as_mut().poll_next(cx),
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(bytes)
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Whole(bytes.into())
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::Whole(text.into())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(bytes) => write!(f, "Body::Whole({} bytes)", bytes.len()),
            Self::Stream(_) => f.write_str("Body::Stream"),
            Self::Native(_) => f.write_str("Body::Native"),
        }
    }
}
