//! HTTP/1.1: one exchange at a time on a connection, which whoever waits for the answer drives.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use http::header::HOST;
use http::{Request, Response, Uri, Version};
use http_body::Body as HttpBody;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper_rustls::MaybeHttpsStream;
use llmio_core::platform::{Body, BodyError, HttpResponse, Payload};

use super::alarm::Alarm;
use super::body::PayloadBody;
use super::connector::Io;
use super::error::{SendError, causes};
use super::host::Host;

/// Some providers send more than a hundred headers.
const MAX_HEADERS: usize = 512;

/// On the heap: hyper makes room for 32 requests to a connection, of which there is never more than one.
type RequestBody = Box<PayloadBody>;

/// What a connection goes over. On the heap, where plain TCP takes the little that it needs: TLS has more than all the rest.
trait Transport: Read + Write + Send + Unpin {}

impl<T: Read + Write + Send + Unpin> Transport for T {}

/// An open connection. It makes progress only while it is driven.
pub(super) struct Connection {
    sender: http1::SendRequest<RequestBody>,
    /// Gone as soon as the connection is closed: what waits for it then learns so.
    driver: Option<http1::Connection<Box<dyn Transport>, RequestBody>>,
    /// It has served an exchange.
    was_used: bool,
    /// It was closed in the midst of a head.
    has_rest: bool,
}

impl Connection {
    pub(super) async fn open(io: Io) -> Result<Box<Self>, SendError> {
        let io: Box<dyn Transport> = match io {
            MaybeHttpsStream::Http(MaybeHttpsStream::Http(tcp)) => Box::new(tcp),
            tls => Box::new(tls),
        };
        let handshake = http1::Builder::new().max_headers(MAX_HEADERS).handshake(io);
        let (sender, driver) = handshake.await.map_err(|error| SendError::Exchange(error.into()))?;
        let mut connection = Box::new(Self { sender, driver: Some(driver), was_used: false, has_rest: false });
        connection.is_usable();
        Ok(connection)
    }

    /// Whether it can take a request now. Notices that the other side has closed it.
    pub(super) fn is_usable(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        self.driver.is_some() && self.sender.is_ready()
    }

    /// Reads and writes what can be read and written. Errors reach whoever waits for the answer or its body.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if let Some(driver) = &mut self.driver
            && Pin::new(driver).poll(cx).is_ready()
        {
            self.close();
        }
    }

    fn close(&mut self) {
        if let Some(driver) = self.driver.take() {
            self.has_rest = !driver.into_parts().read_buf.is_empty();
        }
    }
}

/// Sends a request and waits for the head of its answer. Dropping the future, or the answer's body before its end,
/// closes the connection.
pub(super) async fn send(
    mut connection: Box<Connection>,
    request: Request<Payload>,
    host: &Arc<Host>,
) -> Result<HttpResponse, SendError> {
    let mut request = request.map(|payload| RequestBody::new(payload.into()));
    request.headers_mut().entry(HOST).or_insert_with(|| host.name());
    // The request line has path and query only.
    *request.uri_mut() = match request.uri().path_and_query() {
        Some(path) => Uri::from(path.clone()),
        None => Uri::from_static("/"),
    };
    let mut answer = pin!(connection.sender.try_send_request(request));
    let answer = poll_fn(|cx| {
        connection.drive(cx);
        answer.as_mut().poll(cx)
    });
    match answer.await {
        Ok(answer) => {
            let (mut head, incoming) = answer.into_parts();
            // What a provider speaks is no business of the client, who would take a cut HTTP/1.0 answer for a whole one.
            head.version = Version::HTTP_11;
            connection.was_used = true;
            let mut body = AnswerBody::new(incoming, connection, Arc::clone(host));
            let body = if body.incoming.is_end_stream() {
                body.keep_connection();
                Body::empty()
            } else {
                Body::stream(body)
            };
            Ok(Response::from_parts(head, body))
        }
        Err(mut error) => {
            let is_unsent = error.take_message().is_some();
            connection.close();
            let cause = error.into_error().into();
            Err(if is_unsent {
                SendError::Unsent(cause)
            } else if connection.was_used && !connection.has_rest {
                SendError::Died(cause)
            } else {
                SendError::Exchange(cause)
            })
        }
    }
}

/// The rest of an answer. Its connection goes back to the host after a clean end, and is closed on any other.
struct AnswerBody {
    incoming: Incoming,
    connection: Option<Box<Connection>>,
    /// Whether there was nothing more at the last look: then only the alarm says that there may be.
    is_drained: bool,
    alarm: Arc<Alarm>,
    waker: Waker,
    host: Arc<Host>,
    /// The end was seen together with the last chunk.
    end: Option<Option<BodyError>>,
}

/// Chunks that have arrived together are handed on as one of about this size: what a stream costs is per chunk.
const MERGED: usize = 16 * 1024;

impl AnswerBody {
    fn new(incoming: Incoming, connection: Box<Connection>, host: Arc<Host>) -> Self {
        let alarm = Alarm::new();
        let waker = Waker::from(Arc::clone(&alarm));
        Self { incoming, connection: Some(connection), is_drained: false, alarm, waker, host, end: None }
    }

    fn keep_connection(&mut self) {
        if let Some(mut connection) = self.connection.take()
            && connection.is_usable()
        {
            self.host.put_idle(connection);
        }
    }

    /// The next chunk as the provider sent it. `Pending` when it takes another look, or there is nothing.
    fn poll_chunk(&mut self) -> Poll<Option<Result<Bytes, BodyError>>> {
        let mut is_driven = false;
        loop {
            // Only driving the connection makes the body move, so there is nothing to be woken for.
            match Pin::new(&mut self.incoming).poll_frame(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(None) => {
                    self.keep_connection();
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Err(error))) => {
                    self.connection = None;
                    return Poll::Ready(Some(Err(BodyError::Broken(causes(&error)))));
                }
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers are dropped; no dialect has any.
                    if let Ok(data) = frame.into_data()
                        && !data.is_empty()
                    {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Poll::Pending if is_driven || !self.alarm.stop() => {
                    self.is_drained = true;
                    return Poll::Pending;
                }
                Poll::Pending => match &mut self.connection {
                    Some(connection) => {
                        connection.drive(&mut Context::from_waker(&self.waker));
                        is_driven = true;
                    }
                    None => return Poll::Ready(Some(Err(BodyError::Broken("the connection is gone".to_owned())))),
                },
            }
        }
    }
}

impl Stream for AnswerBody {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(end) = this.end.take() {
            return Poll::Ready(end.map(Err));
        }
        if this.is_drained && !this.alarm.rings(cx) {
            return Poll::Pending;
        }
        this.alarm.mute();
        this.is_drained = false;
        let first = match this.poll_chunk() {
            Poll::Ready(Some(Ok(first))) if first.len() < MERGED => first,
            Poll::Pending => {
                if this.alarm.rings(cx) {
                    cx.waker().wake_by_ref();
                }
                return Poll::Pending;
            }
            other => return other,
        };
        let mut merged = BytesMut::new();
        while merged.len() < MERGED {
            match this.poll_chunk() {
                Poll::Ready(Some(Ok(chunk))) => {
                    if merged.is_empty() {
                        merged.reserve(MERGED + chunk.len());
                        merged.extend_from_slice(&first);
                    }
                    merged.extend_from_slice(&chunk);
                }
                Poll::Ready(Some(Err(error))) => {
                    this.end = Some(Some(error));
                    break;
                }
                Poll::Ready(None) => {
                    this.end = Some(None);
                    break;
                }
                Poll::Pending => break,
            }
        }
        Poll::Ready(Some(Ok(if merged.is_empty() { first } else { merged.freeze() })))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("is_open", &self.driver.is_some()).finish_non_exhaustive()
    }
}
