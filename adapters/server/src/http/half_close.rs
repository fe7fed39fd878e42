use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use llmio_core::platform::BoxFuture;
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// Ignored by a client that waits for its answer (RFC 9110, section 15.2); refused by the system of one that has left.
const PROBE: &[u8] = b"HTTP/1.1 102 Processing\r\n\r\n";
/// When something is read or written "at once".
pub(super) const SOON: Duration = Duration::from_millis(500);

/// A client has sent its end, and is owed an answer. It may have closed its sending side only, or have left: the sign is
/// the same, but the first bytes written to one that has left come back refused. So something is written at once: an
/// interim answer here, or a filler of the stream (see [`llmio_core::pipeline::Doubt`]). Where nothing can be written at
/// once, the client counts as having left.
pub(super) struct HalfClose {
    refused: BoxFuture<'static, ()>,
    /// Until when something must have been written.
    limit: Pin<Box<Sleep>>,
    is_told: bool,
}

impl HalfClose {
    /// `probes`: nothing of the answer is written yet.
    pub(super) fn begin(stream: &TcpStream, probes: bool) -> io::Result<Self> {
        let refused = refused(stream)?;
        if probes {
            stream.try_write(PROBE)?;
        }
        Ok(Self { refused, limit: Box::pin(tokio::time::sleep(SOON)), is_told: probes })
    }

    /// Something was written, which tells.
    pub(super) fn written(&mut self) {
        self.is_told = true;
    }

    /// Ready when the client has left.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let is_refused = self.refused.as_mut().poll(cx).is_ready();
        if is_refused || (!self.is_told && self.limit.as_mut().poll(cx).is_ready()) {
            return Poll::Ready(ErrorKind::ConnectionReset.into());
        }
        Poll::Pending
    }
}

/// Waits until the other side refuses the connection, by a registration of its own: only this one waits for nothing else.
#[cfg(unix)]
fn refused(stream: &TcpStream) -> io::Result<BoxFuture<'static, ()>> {
    use std::os::fd::AsFd;
    use tokio::io::Interest;

    let same = std::net::TcpStream::from(stream.as_fd().try_clone_to_owned()?);
    let same = TcpStream::from_std(same)?;
    Ok(Box::pin(async move {
        let _ = same.ready(Interest::ERROR).await;
    }))
}

/// Elsewhere the end counts as having left.
#[cfg(not(unix))]
fn refused(_: &TcpStream) -> io::Result<BoxFuture<'static, ()>> {
    Err(ErrorKind::Unsupported.into())
}

impl std::fmt::Debug for HalfClose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HalfClose").field("is_told", &self.is_told).finish_non_exhaustive()
    }
}
