use core::time::Duration;
use std::fmt;

use bytes::{Bytes, BytesMut};

use super::{Body, BoxFuture};

pub type HttpRequest = http::Request<Payload>;
/// Any status is an answer; an [`HttpError`] means that there was none.
pub type HttpResponse = http::Response<Body>;

/// Sends one request to a provider, or to a remote database.
///
/// Contract:
/// - Resolves when the head of the answer has arrived, whatever its status; the body streams afterwards.
/// - Dropping the future, or later the body, cancels the exchange: the provider sees its connection closed or reset.
/// - Sends exactly the headers it is given, plus `host`, `content-length` and what HTTP itself needs. It adds no
///   `accept-encoding`, decodes nothing and follows no redirect.
/// - Sends a request again, once, when nothing was done with it: the connection closed before any of it was sent, or
///   the provider says so itself (HTTP/2's `REFUSED_STREAM`, or a `GOAWAY` that leaves it out).
/// - What may have reached the provider is sent again in one case only, see [`SendOptions::resend`].
/// - A repeated header stays repeated. A body that is cut ends in an error, never as if complete.
/// - `header_timeout` covers everything up to the head of the answer: name lookup, connect, TLS, sending, waiting, and
///   sending again.
/// - `connect_timeout` covers name lookup, TCP, the proxy and TLS together. A home that cannot tell connecting from
///   waiting (Workers) ignores it.
pub trait HttpClient: fmt::Debug + Send + Sync + 'static {
    fn send(&self, request: HttpRequest, options: SendOptions) -> BoxFuture<'static, Result<HttpResponse, HttpError>>;
}

#[derive(Clone, Debug, Default)]
pub struct SendOptions {
    /// `None` waits as long as the other side likes.
    pub header_timeout: Option<Duration>,
    /// How long a new connection may take, so that a dead host is given up in seconds while a slow answer is not; what
    /// runs out is [`HttpErrorKind::Connect`]. `None` leaves it to the home.
    pub connect_timeout: Option<Duration>,
    /// Whether to send the request once more, over a new connection, when the one it went out on had served an exchange
    /// before and died before any byte of the answer came. That is how it looks when the provider closes a connection
    /// that was idle just as a request goes out on it, so hardly ever has such a request been acted on. A connection
    /// that was new, or that brought any part of the answer, is never followed by another. Not for what must happen
    /// at most once, such as a write to a database. A home whose platform keeps the connections (Workers) ignores it.
    pub resend: bool,
    /// `http://`, `https://` or `socks5://` `[user:password@]host:port`; a home that cannot do this answers
    /// [`HttpErrorKind::Unsupported`].
    pub proxy: Option<String>,
}

/// Why no answer came. Every kind but `Unsupported` and `Invalid` may be tried at another provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HttpErrorKind {
    /// The name was not found, the connection was refused, the proxy failed, or `connect_timeout` ran out.
    Connect,
    /// The certificate or the TLS handshake was refused.
    Tls,
    /// `header_timeout` ran out.
    Timeout,
    /// The connection broke before the head of the answer was complete.
    Broken,
    /// Our own fault: this machine has no file descriptor, local port or memory left for a connection. It says nothing
    /// about the provider.
    Local,
    /// The URL or the proxy setting is unusable.
    Invalid,
    /// This home cannot do what was asked (a proxy on Workers).
    Unsupported,
}

/// `message` names the cause in words for an operator; it never holds a credential.
#[derive(Clone, Debug)]
pub struct HttpError {
    pub kind: HttpErrorKind,
    pub message: String,
}

impl HttpError {
    pub fn new(kind: HttpErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for HttpError {}

/// A request body that can be sent again: slices in order, shared and never copied.
///
/// A relayed request is the client's own bytes with a few values replaced, so it is kept as slices of those bytes
/// with the replacements between them.
#[derive(Clone, Default)]
pub struct Payload {
    parts: Vec<Bytes>,
    len: usize,
}

impl Payload {
    pub fn push(&mut self, part: Bytes) {
        if !part.is_empty() {
            self.len += part.len();
            self.parts.push(part);
        }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn parts(&self) -> &[Bytes] {
        &self.parts
    }

    pub fn into_parts(self) -> Vec<Bytes> {
        self.parts
    }

    /// The whole body in one piece; copies only when there is more than one slice.
    pub fn to_bytes(&self) -> Bytes {
        match self.parts.as_slice() {
            [] => Bytes::new(),
            [only] => only.clone(),
            parts => {
                let mut all = BytesMut::with_capacity(self.len);
                for part in parts {
                    all.extend_from_slice(part);
                }
                all.freeze()
            }
        }
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        let mut payload = Self::default();
        payload.push(bytes);
        payload
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes in {} parts)", self.len, self.parts.len())
    }
}
