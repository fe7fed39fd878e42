//! HTTP/2: many exchanges on a connection, which a task of its own drives.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::Stream;
use http::{Request, Response};
use http_body::Body as HttpBody;
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use llmio_core::platform::{Body, BodyError, HttpResponse};

use super::body::PayloadBody;
use super::connector::Io;
use super::error::{SendError, causes};

/// A server refuses more streams on a connection than it likes, commonly 100 (RFC 9113 recommends no less). Past that
/// a request would wait for another one to end, so it takes another connection.
const MAX_STREAMS: usize = 100;
/// A connection whose other end is gone is noticed within the sum of these.
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// One connection. Clones share it; it closes when the last one is gone.
#[derive(Clone)]
pub(super) struct Lane {
    sender: http2::SendRequest<PayloadBody>,
    load: Arc<Load>,
}

#[derive(Debug)]
struct Load {
    streams: AtomicUsize,
    last_end: Mutex<Instant>,
}

/// Counts as a stream until it is dropped.
#[derive(Debug)]
struct Ticket(Arc<Load>);

impl Lane {
    pub(super) async fn open(io: Io) -> Result<Self, SendError> {
        let (sender, driver) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .handshake(io)
            .await
            .map_err(SendError::Exchange)?;
        tokio::spawn(async move {
            if let Err(error) = driver.await {
                tracing::debug!(error = %causes(&error), "an HTTP/2 connection to a provider broke off");
            }
        });
        let load = Load { streams: AtomicUsize::new(0), last_end: Mutex::new(Instant::now()) };
        Ok(Self { sender, load: Arc::new(load) })
    }

    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    pub(super) fn has_room(&self) -> bool {
        self.load.streams.load(Ordering::Relaxed) < MAX_STREAMS
    }

    pub(super) fn is_idle_for(&self, time: Duration) -> bool {
        self.load.streams.load(Ordering::Relaxed) == 0
            && self.load.last_end.lock().unwrap_or_else(PoisonError::into_inner).elapsed() >= time
    }

    /// Sends a request and waits for the head of its answer; gives the request back when the connection was closed
    /// before anything of it was sent. Dropping the future, or the answer's body before its end, resets the stream.
    pub(super) async fn send(
        mut self,
        request: Request<PayloadBody>,
    ) -> Result<Result<HttpResponse, Request<PayloadBody>>, SendError> {
        let ticket = Ticket::take(&self.load);
        match self.sender.try_send_request(request).await {
            Ok(answer) => {
                let (head, incoming) = answer.into_parts();
                let body = if incoming.is_end_stream() {
                    Body::empty()
                } else {
                    Body::stream(AnswerBody { incoming, _ticket: ticket })
                };
                Ok(Ok(Response::from_parts(head, body)))
            }
            Err(mut error) => match error.take_message() {
                Some(request) if self.sender.is_closed() => Ok(Err(request)),
                _ => Err(SendError::Exchange(error.into_error())),
            },
        }
    }
}

impl Ticket {
    fn take(load: &Arc<Load>) -> Self {
        load.streams.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(load))
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
        *self.0.last_end.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
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
                    // A body may end with an empty frame, or with trailers, which no dialect has.
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

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("load", &self.load).finish_non_exhaustive()
    }
}
