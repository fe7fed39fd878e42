//! The task of an HTTP/2 connection: it moves the frames, and finds out when the other side has stopped answering.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::h2::client::Connection;
use ::h2::{Ping, PingPong};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::super::connector::Io;

/// After this much silence while an answer is owed, a ping asks whether anybody is there.
const SILENCE: Duration = Duration::from_secs(2);
/// Each answered ping doubles the silence that is borne, up to this, because some front ends (Google's) close
/// connections that ping often. The next request begins anew.
const MAX_SILENCE: Duration = Duration::from_secs(30);
/// A ping is answered within this, or the connection is given up. Counts anew while anything comes, and while an upload
/// gets on, behind which the ping may wait.
const PONG: Duration = Duration::from_secs(3);

/// What a connection's driver and its users know of each other.
#[derive(Debug)]
pub(super) struct State {
    pub(super) is_open: AtomicBool,
    /// Closed because a ping was not answered.
    pub(super) is_frozen: AtomicBool,
    /// Streams that the other side allows at the same time; one before it has said so.
    pub(super) limit: AtomicUsize,
    /// Streams in use.
    pub(super) streams: AtomicUsize,
    /// Requests so far.
    pub(super) requests: AtomicUsize,
}

impl State {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            is_open: AtomicBool::new(true),
            is_frozen: AtomicBool::new(false),
            limit: AtomicUsize::new(1),
            streams: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
        })
    }
}

/// Completes when the connection is closed.
pub(super) struct Driver {
    connection: Connection<Watched, Bytes>,
    /// Not there while a ping is on its way.
    idle_ping: Option<PingPong>,
    ping: Option<Asking>,
    traffic: Arc<Traffic>,
    state: Arc<State>,
    /// The requests that were there at the last look.
    requests: usize,
    read_at: Instant,
    drained_at: Instant,
    silence: Duration,
    alarm: Pin<Box<Sleep>>,
}

/// A ping on its way.
struct Asking {
    since: Instant,
    answer: BoxFuture<'static, PingPong>,
}

impl Driver {
    pub(super) fn new(mut connection: Connection<Watched, Bytes>, traffic: Arc<Traffic>, state: Arc<State>) -> Self {
        let now = Instant::now();
        Self {
            idle_ping: connection.ping_pong(),
            ping: None,
            connection,
            traffic,
            state,
            requests: 0,
            read_at: now,
            drained_at: now,
            silence: SILENCE,
            alarm: Box::pin(sleep_until(now)),
        }
    }

    /// Takes in what the connection has just done.
    fn look(&mut self, cx: &mut Context<'_>) {
        let before = self.silence;
        if self.traffic.drained.swap(false, Ordering::Relaxed) {
            self.drained_at = Instant::now();
        }
        if self.traffic.read.swap(false, Ordering::Relaxed) {
            self.read_at = Instant::now();
            self.silence = SILENCE;
            self.state.limit.store(self.connection.max_concurrent_send_streams(), Ordering::Relaxed);
        }
        if let Some(asking) = &mut self.ping
            && let Poll::Ready(ping) = asking.answer.poll_unpin(cx)
        {
            self.ping = None;
            self.idle_ping = Some(ping);
            self.silence = (before * 2).min(MAX_SILENCE);
        }
        let requests = self.state.requests.load(Ordering::Relaxed);
        if requests != self.requests {
            self.requests = requests;
            self.silence = SILENCE;
        }
    }

    /// Pings when it is time; ready when a ping was not answered.
    fn watch(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let due = match &self.ping {
                Some(asking) => asking.since.max(self.read_at).max(self.drained_at) + PONG,
                None if self.state.streams.load(Ordering::Relaxed) > 0 => self.read_at + self.silence,
                None => return Poll::Pending,
            };
            let now = Instant::now();
            if now < due {
                // An alarm that rings too early is set again then; most chunks need not touch it.
                if self.alarm.is_elapsed() || self.alarm.deadline() > due {
                    self.alarm.as_mut().reset(due);
                }
                ready!(self.alarm.as_mut().poll(cx));
            } else if let Some(mut ping) = self.idle_ping.take() {
                let answer = async move {
                    if ping.ping(Ping::opaque()).await.is_err() {
                        // The connection is ending, which its own future tells.
                        std::future::pending::<()>().await;
                    }
                    ping
                };
                let mut answer = answer.boxed();
                // Sends it.
                let _ = answer.poll_unpin(cx);
                self.ping = Some(Asking { since: now, answer });
            } else {
                return Poll::Ready(());
            }
        }
    }
}

impl Future for Driver {
    type Output = Result<(), ::h2::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        // First what has come, so that a process that was held up itself does not take the others for frozen.
        let ended = Pin::new(&mut this.connection).poll(cx);
        if ended.is_ready() {
            this.state.is_open.store(false, Ordering::Relaxed);
            return ended;
        }
        this.look(cx);
        ready!(this.watch(cx));
        this.state.is_frozen.store(true, Ordering::Relaxed);
        this.state.is_open.store(false, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

/// What has moved since the last look.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    read: AtomicBool,
    /// What had been written before left, which made room for more. A write alone shows nothing: while there is room,
    /// it succeeds on a dead connection, too.
    drained: AtomicBool,
}

/// The connection below, with its traffic noted.
pub(super) struct Watched {
    io: TokioIo<Io>,
    is_full: bool,
    traffic: Arc<Traffic>,
}

impl Watched {
    pub(super) fn new(io: Io, traffic: &Arc<Traffic>) -> Self {
        Self { io: TokioIo::new(io), is_full: false, traffic: Arc::clone(traffic) }
    }

    fn written(&mut self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let was_full = std::mem::replace(&mut self.is_full, result.is_pending());
        if was_full && matches!(result, Poll::Ready(Ok(1..))) {
            self.traffic.drained.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.io).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.traffic.read.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.io).poll_write(cx, data);
        self.written(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.io).poll_write_vectored(cx, data);
        self.written(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("traffic", &self.traffic).finish_non_exhaustive()
    }
}
