//! HTTP/2: many exchanges on a connection, which a task of its own drives.
//!
//! This is the `h2` crate without hyper's client above it, which shows neither how many streams the other side allows
//! nor what became of a request that it refused, and pings at one fixed interval.

mod body;
mod driver;

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::h2::Reason;
use ::h2::client::{Builder, SendRequest};
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderValue, Request, Response};
use llmio_core::platform::{Body, HttpResponse, Payload};

use super::connector::Io;
use super::error::{SendError, causes};
use body::{AnswerBody, Upload};
use driver::{Driver, State, Traffic, Watched};

/// Of what the other side allows, no more is used on one connection.
const MAX_STREAMS: usize = 100;
const CONNECTION_WINDOW: u32 = 5 * 1024 * 1024;
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
const SEND_BUFFER: usize = 1024 * 1024;
const HEADER_LIST: u32 = 16 * 1024;

/// One connection. Clones share it; it closes when the last one and the last stream are gone.
#[derive(Clone)]
pub(super) struct Lane {
    sender: SendRequest<Bytes>,
    state: Arc<State>,
    usage: Arc<Usage>,
    opened_at: Instant,
}

#[derive(Debug)]
struct Usage {
    has_answered: AtomicBool,
    last_end: Mutex<Instant>,
}

/// The right to one stream of a connection.
pub(super) struct Place {
    lane: Lane,
    ticket: Ticket,
}

/// Counts as a stream until it is dropped.
#[derive(Debug)]
struct Ticket(Arc<State>, Arc<Usage>);

impl Lane {
    pub(super) async fn open(io: Io) -> Result<Self, SendError> {
        let (traffic, state) = (Arc::new(Traffic::default()), State::new());
        let (sender, connection) = Builder::new()
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(HEADER_LIST)
            .max_send_buffer_size(SEND_BUFFER)
            // The first request need not wait until the other side has said how many streams it allows.
            .initial_max_send_streams(1)
            .handshake(Watched::new(io, &traffic))
            .await
            .map_err(|error| SendError::Exchange(error.into()))?;
        let driver = Driver::new(connection, traffic, Arc::clone(&state));
        tokio::spawn(async move {
            if let Err(error) = driver.await {
                tracing::debug!(error = %causes(&error), "an HTTP/2 connection to a provider broke off");
            }
        });
        let usage = Usage { has_answered: AtomicBool::new(false), last_end: Mutex::new(Instant::now()) };
        Ok(Self { sender, state, usage: Arc::new(usage), opened_at: Instant::now() })
    }

    pub(super) fn is_open(&self) -> bool {
        self.state.is_open.load(Ordering::Relaxed)
    }

    pub(super) fn opened_at(&self) -> Instant {
        self.opened_at
    }

    /// A place for one more request, if the other side allows it. Not to be called for one connection at two places at
    /// once.
    pub(super) fn place(&self) -> Option<Place> {
        let limit = self.state.limit.load(Ordering::Relaxed).min(MAX_STREAMS);
        if !self.is_open() || self.state.streams.load(Ordering::Relaxed) >= limit {
            return None;
        }
        self.state.streams.fetch_add(1, Ordering::Relaxed);
        Some(Place { lane: self.clone(), ticket: Ticket(Arc::clone(&self.state), Arc::clone(&self.usage)) })
    }

    pub(super) fn is_idle_for(&self, time: Duration) -> bool {
        self.state.streams.load(Ordering::Relaxed) == 0
            && self.usage.last_end.lock().unwrap_or_else(PoisonError::into_inner).elapsed() >= time
    }

    fn failed(&self, error: ::h2::Error, was_used: bool) -> SendError {
        if error.is_remote() && (error.is_go_away() || error.reason() == Some(Reason::REFUSED_STREAM)) {
            return SendError::Unsent(error.into());
        }
        let has_died = error.is_io();
        let cause = if self.state.is_frozen.load(Ordering::Relaxed) { Frozen.into() } else { error.into() };
        if has_died && was_used { SendError::Died(cause) } else { SendError::Exchange(cause) }
    }
}

impl Place {
    /// Sends a request and waits for the head of its answer. Dropping the future, or the answer's body before its end,
    /// resets the stream.
    pub(super) async fn send(self, request: Request<Payload>) -> Result<HttpResponse, SendError> {
        let Self { lane, ticket } = self;
        let was_used = lane.usage.has_answered.load(Ordering::Relaxed);
        let (mut head, payload) = request.into_parts();
        prepare(&mut head.headers, payload.len());

        let mut sender = match lane.sender.clone().ready().await {
            Ok(sender) => sender,
            Err(error) => {
                // It goes on with its streams, but takes no more.
                lane.state.is_open.store(false, Ordering::Relaxed);
                return Err(SendError::Unsent(error.into()));
            }
        };
        lane.state.requests.fetch_add(1, Ordering::Relaxed);
        let (mut answer, stream) = sender
            .send_request(Request::from_parts(head, ()), payload.is_empty())
            .map_err(|error| lane.failed(error, was_used))?;
        let mut upload = Upload::new(stream, payload);
        let answer = poll_fn(|cx| {
            upload.drive(cx);
            Pin::new(&mut answer).poll(cx)
        });
        let (head, stream) = answer.await.map_err(|error| lane.failed(error, was_used))?.into_parts();
        lane.usage.has_answered.store(true, Ordering::Relaxed);
        let body = if stream.is_end_stream() {
            Body::empty()
        } else {
            Body::stream(AnswerBody { stream, upload, _ticket: ticket })
        };
        Ok(Response::from_parts(head, body))
    }
}

/// Leaves out what only HTTP/1.1 has, and says the length.
fn prepare(headers: &mut HeaderMap, length: usize) {
    for name in [CONNECTION, TRANSFER_ENCODING, UPGRADE, TE] {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers.remove("proxy-connection");
    if length > 0 {
        headers.entry(CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let Self(state, usage) = self;
        *usage.last_end.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        state.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// In the place of the broken pipe that closing the connection brought.
#[derive(Debug)]
struct Frozen;

impl fmt::Display for Frozen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection no longer answers")
    }
}

impl std::error::Error for Frozen {}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("state", &self.state).field("usage", &self.usage).finish_non_exhaustive()
    }
}
