//! A small HTTP client that shows everything: status, headers in their order, each chunk.

use core::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// No call of the suite takes longer.
const LIMIT: Duration = Duration::from_secs(60);

/// One request, on a connection of its own.
#[derive(Clone, Debug)]
pub struct Call {
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Bytes,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Whether the body was cut before its end.
    pub cut: bool,
}

/// An answer that is still being read. Dropped, the connection closes.
#[derive(Debug)]
pub struct Open {
    pub status: u16,
    pub headers: HeaderMap,
    body: Incoming,
    _sender: SendRequest<Full<Bytes>>,
    _connection: Connection,
}

/// Drives a connection; dropped, it closes.
#[derive(Debug)]
struct Connection(JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Call {
    pub fn new(method: Method, url: &str) -> Self {
        Self { method, url: url.to_owned(), headers: HeaderMap::new(), body: Bytes::new() }
    }

    pub fn get(url: &str) -> Self {
        Self::new(Method::GET, url)
    }

    pub fn post(url: &str) -> Self {
        Self::new(Method::POST, url)
    }

    /// At this base address, for a call that was made with a path alone.
    #[must_use]
    pub fn at(mut self, base: &str) -> Self {
        self.url = format!("{base}{}", self.url);
        self
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header name");
        self.headers.append(name, HeaderValue::from_str(value).expect("a header value"));
        self
    }

    #[must_use]
    pub fn query(mut self, pair: &str) -> Self {
        let separator = if self.url.contains('?') { '&' } else { '?' };
        self.url = format!("{}{separator}{pair}", self.url);
        self
    }

    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub async fn send(self) -> Answer {
        let what = format!("{} {}", self.method, self.url);
        self.try_send().await.unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    /// Fails when no answer comes.
    pub async fn try_send(self) -> Result<Answer, Failure> {
        let mut open = tokio::time::timeout(LIMIT, self.try_open()).await??;
        let mut body = Vec::new();
        let mut cut = false;
        loop {
            match tokio::time::timeout(LIMIT, open.next()).await? {
                Some(Ok(chunk)) => body.extend_from_slice(&chunk),
                Some(Err(_)) => {
                    cut = true;
                    break;
                }
                None => break,
            }
        }
        Ok(Answer { status: open.status, headers: core::mem::take(&mut open.headers), body: body.into(), cut })
    }

    pub async fn open(self) -> Open {
        let what = format!("{} {}", self.method, self.url);
        let opened = tokio::time::timeout(LIMIT, self.try_open()).await.expect("an answer in time");
        opened.unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    async fn try_open(self) -> Result<Open, Failure> {
        let uri: http::Uri = self.url.parse()?;
        let authority = uri.authority().ok_or("an address with a host")?.clone();
        let stream = TcpStream::connect(authority.as_str()).await?;
        let handshake = http1::Builder::new().max_headers(500).handshake(TokioIo::new(stream));
        let (mut sender, connection) = handshake.await?;
        let connection = Connection(tokio::spawn(async move {
            // A broken connection shows in the body.
            let _ = connection.await;
        }));
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let mut request = Request::builder().method(self.method).uri(target).body(Full::new(self.body))?;
        *request.headers_mut() = self.headers;
        request.headers_mut().insert(http::header::HOST, authority.as_str().parse()?);
        let (parts, body) = sender.send_request(request).await?.into_parts();
        Ok(Open {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
            _sender: sender,
            _connection: connection,
        })
    }
}

impl Open {
    /// The next chunk as it came; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, hyper::Error>> {
        loop {
            match self.body.frame().await? {
                Ok(frame) => {
                    if let Ok(data) = frame.into_data() {
                        return Some(Ok(data));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Reads until the text has come; panics when the answer ends before.
    pub async fn until(&mut self, text: &str) -> Vec<u8> {
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains(text) {
            match tokio::time::timeout(LIMIT, self.next()).await {
                Ok(Some(Ok(chunk))) => seen.extend_from_slice(&chunk),
                other => panic!("{text:?} does not come: {other:?} after {}", String::from_utf8_lossy(&seen)),
            }
        }
        seen
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The gateway's name for this request.
    pub fn trace(&self) -> String {
        let trace = self.header("x-llmio-trace-id").unwrap_or_default();
        assert_eq!(trace.len(), 32, "every answer names its trace: {} {:?}", self.status, self.headers);
        trace.to_owned()
    }
}
