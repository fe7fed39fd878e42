use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use llmio_core::platform::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use super::exchange::{Exchanges, Owed};

/// Ignored by a client that waits for its answer (RFC 9110, section 15.2); refused by the system of one that has left.
const PROBE: &[u8] = b"HTTP/1.1 102 Processing\r\n\r\n";
/// When something is written "at once".
const SOON: Duration = Duration::from_millis(500);

/// A client's connection, whose end of sending is kept from the protocol until the client has what it is owed: a client
/// may close its sending side once it has said everything. One that has left sends the same sign, but the first bytes
/// written to it come back refused. So something is written at once: an interim answer here, or a filler of the stream
/// (see [`llmio_core::pipeline::Doubt`]). Where nothing can be written at once, the client counts as having left.
#[derive(Debug)]
pub(super) struct HalfClose {
    stream: TcpStream,
    exchanges: Exchanges,
    /// Whether all that was written has been flushed, so that nothing is half written.
    is_flushed: bool,
    /// Whether something was written since the client has sent its end.
    is_told: bool,
    /// Once the client has sent its end: ready when the connection is refused.
    refused: Option<Refused>,
}

impl HalfClose {
    pub(super) fn new(stream: TcpStream, exchanges: Exchanges) -> Self {
        Self { stream, exchanges, is_flushed: true, is_told: false, refused: None }
    }

    /// The client has sent its end, and is owed something.
    fn doubt(&mut self, owed: Owed) -> io::Result<()> {
        self.refused = Some(Refused::of(&self.stream)?);
        self.is_told = false;
        if owed == Owed::Answer && self.is_flushed {
            self.stream.try_write(PROBE)?;
            self.is_told = true;
        }
        self.exchanges.doubt().raise();
        Ok(())
    }
}

impl AsyncRead for HalfClose {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let owed = this.exchanges.owed();
        if let Some(refused) = &mut this.refused {
            return match owed {
                Owed::Nothing => Poll::Ready(Ok(())),
                Owed::Answer | Owed::Rest => {
                    ready!(refused.poll(cx, this.is_told));
                    Poll::Ready(Err(ErrorKind::ConnectionReset.into()))
                }
            };
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        let is_end = buffer.filled().len() == before && buffer.remaining() > 0;
        if !is_end || owed == Owed::Nothing || this.doubt(owed).is_err() {
            return Poll::Ready(Ok(()));
        }
        // For the answer's sake, which now looks at the doubt, and for the refusal's.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl AsyncWrite for HalfClose {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        (self.is_flushed, self.is_told) = (false, true);
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        (self.is_flushed, self.is_told) = (false, true);
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.is_flushed = true;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Waits until a connection is refused by its other side.
struct Refused {
    refusal: BoxFuture<'static, ()>,
    /// Until when something must have been written.
    limit: Pin<Box<Sleep>>,
}

impl Refused {
    /// By a registration of its own, for only this one waits for nothing else.
    #[cfg(unix)]
    fn of(stream: &TcpStream) -> io::Result<Self> {
        use std::os::fd::AsFd;
        use tokio::io::Interest;

        let same = std::net::TcpStream::from(stream.as_fd().try_clone_to_owned()?);
        let same = TcpStream::from_std(same)?;
        let refusal = Box::pin(async move {
            let _ = same.ready(Interest::ERROR).await;
        });
        Ok(Self { refusal, limit: Box::pin(tokio::time::sleep(SOON)) })
    }

    /// Elsewhere the end counts as having left.
    #[cfg(not(unix))]
    fn of(_: &TcpStream) -> io::Result<Self> {
        Err(ErrorKind::Unsupported.into())
    }

    fn poll(&mut self, cx: &mut Context<'_>, is_told: bool) -> Poll<()> {
        if self.refusal.as_mut().poll(cx).is_pending() && (is_told || self.limit.as_mut().poll(cx).is_pending()) {
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

impl std::fmt::Debug for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Refused")
    }
}
