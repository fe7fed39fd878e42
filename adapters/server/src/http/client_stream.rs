use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Version;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use super::exchange::{Exchanges, Owed};
use super::half_close::{HalfClose, SOON};

/// What a client of HTTP/2 says first (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Most requests fit in.
const FIRST_READ: usize = 4096;
/// How long a client may take nothing of what is written to it.
const STUCK: Duration = Duration::from_secs(300);

/// A client's connection. Its end of sending is kept from the protocol while the client is owed something (see
/// [`HalfClose`]), and a client that reads nothing is given up.
#[derive(Debug)]
pub(super) struct ClientStream {
    stream: TcpStream,
    /// What was read to tell the protocol, and is still to be read by it.
    first: Bytes,
    exchanges: Exchanges,
    /// Whether all that was written has been flushed, so that nothing is half written.
    is_flushed: bool,
    /// Once the client has sent its end while its request was still being read: until when that may take.
    ended: Option<Pin<Box<Sleep>>>,
    /// Once the client has sent its end while it was owed something.
    half_close: Option<HalfClose>,
    /// While a write waits for the client.
    stuck: Option<Pin<Box<Sleep>>>,
}

impl ClientStream {
    pub(super) fn new(stream: TcpStream, exchanges: Exchanges) -> Self {
        Self { stream, first: Bytes::new(), exchanges, is_flushed: true, ended: None, half_close: None, stuck: None }
    }

    /// The protocol that the client speaks: HTTP/2 when it begins with its preface. `None` when it says too little.
    ///
    /// What has come by then is handed on in one piece: hyper makes twice the room for a head that comes in two.
    pub(super) async fn protocol(&mut self) -> io::Result<Option<Version>> {
        let mut said = Vec::with_capacity(FIRST_READ);
        loop {
            if self.read_buf(&mut said).await? == 0 {
                return Ok(None);
            }
            let version = if said.starts_with(PREFACE) {
                Version::HTTP_2
            } else if PREFACE.starts_with(&said) {
                continue;
            } else {
                Version::HTTP_11
            };
            self.first = said.into();
            return Ok(Some(version));
        }
    }

    /// Notes what came of a write, and fails when the client has taken nothing for too long.
    fn watched(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.is_flushed = false;
        if written.is_ready() {
            self.stuck = None;
            if let Some(half_close) = &mut self.half_close {
                half_close.written();
            }
            return written;
        }
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(tokio::time::sleep(STUCK)));
        ready!(stuck.as_mut().poll(cx));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.first.is_empty() {
            let part = this.first.split_to(this.first.len().min(buffer.remaining()));
            buffer.put_slice(&part);
            if this.first.is_empty() {
                // Gives back its memory.
                this.first = Bytes::new();
            }
            return Poll::Ready(Ok(()));
        }
        let owed = this.exchanges.owed();
        if let Some(half_close) = &mut this.half_close {
            return if owed == Owed::Nothing { Poll::Ready(Ok(())) } else { half_close.poll_gone(cx).map(Err) };
        }
        if this.ended.is_none() {
            let before = buffer.filled().len();
            ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
            let is_end = buffer.filled().len() == before && buffer.remaining() > 0;
            if !is_end || owed == Owed::Nothing {
                return Poll::Ready(Ok(()));
            }
        }
        if owed == Owed::Nothing {
            return Poll::Ready(Ok(()));
        }
        if owed == Owed::Perhaps {
            let ended = this.ended.get_or_insert_with(|| Box::pin(tokio::time::sleep(SOON)));
            this.exchanges.wake_when_asked(cx);
            ready!(ended.as_mut().poll(cx));
            return Poll::Ready(Ok(()));
        }
        let Ok(half_close) = HalfClose::begin(&this.stream, owed == Owed::Answer && this.is_flushed) else {
            return Poll::Ready(Ok(()));
        };
        this.half_close = Some(half_close);
        this.exchanges.doubt().raise();
        // For the answer's sake, which now looks at the doubt, and for the half-close's.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watched(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.watched(cx, written)
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
