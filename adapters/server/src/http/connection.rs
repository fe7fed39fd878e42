use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use http::Version;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::body::{AnswerBody, request_body};
use super::client_stream::ClientStream;
use super::exchange::Exchanges;
use super::threads::Burden;
use super::{Client, Handler, TrustedProxies};

/// How long a connection may stay silent between requests, and a request's head may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// A request's head may be this large. Also the largest single read of a body.
const BUFFER: usize = 128 * 1024;
const MAX_HEADERS: usize = 128;
/// An HTTP/2 client that is gone without a word is noticed within the sum of these.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
const HTTP2_WINDOW: u32 = 1024 * 1024;

/// When connections end: `stop` lets running exchanges finish, `abort` cuts them.
#[derive(Clone, Debug, Default)]
pub(super) struct Shutdown {
    pub(super) stop: CancellationToken,
    pub(super) abort: CancellationToken,
}

impl Shutdown {
    /// Its own, so that no two threads ask the same lock whether it has come.
    pub(super) fn of_connection(&self) -> Self {
        Self { stop: self.stop.child_token(), abort: self.abort.clone() }
    }
}

/// How clients are served.
#[derive(Debug)]
pub(super) struct Terms {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    proxies: TrustedProxies,
}

impl Terms {
    pub(super) fn new(proxies: TrustedProxies) -> Self {
        let mut http1 = http1::Builder::new();
        http1.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(BUFFER).max_headers(MAX_HEADERS);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(BUFFER).unwrap_or(u32::MAX))
            .initial_stream_window_size(HTTP2_WINDOW)
            .initial_connection_window_size(HTTP2_WINDOW * 2)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT);
        Self { http1, http2, proxies }
    }
}

/// Serves one connection to its end. When the client leaves, the running handler or body is dropped at once.
pub(super) async fn serve<H: Handler>(
    terms: Arc<Terms>,
    stream: std::net::TcpStream,
    peer: SocketAddr,
    handler: Arc<H>,
    shutdown: Shutdown,
    exchanges: Exchanges,
    _burden: Burden,
) {
    let stream = match TcpStream::from_std(stream) {
        Ok(stream) => stream,
        Err(error) => return tracing::warn!(%peer, %error, "a connection could not be taken"),
    };
    let watched = exchanges.clone();
    let mut silence = pin!(silence(&watched));
    let mut stream = ClientStream::new(stream, exchanges.clone());
    let version = tokio::select! {
        version = stream.protocol() => version,
        () = silence.as_mut() => return,
        () = shutdown.stop.cancelled() => return,
    };
    let Ok(Some(version)) = version else { return };
    let (of_clients, doubt) = (Arc::clone(&terms), exchanges.doubt().clone());
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let handler = Arc::clone(&handler);
        let address = of_clients.proxies.client(peer.ip().to_canonical(), request.headers());
        let client = Client { address: address.to_string(), doubt: doubt.clone() };
        let exchange = exchanges.begin(request.version());
        let request = request.map(|body| request_body(body, exchange.stage()));
        // On the heap, where it goes when the answer has begun: what hyper keeps for it stays for the connection's life.
        Box::pin(async move {
            let answer = handler.handle(request, client).await;
            Ok::<_, Infallible>(answer.map(|body| AnswerBody::new(body, exchange)))
        })
    });
    let stream = TokioIo::new(stream);
    let ended = if version == Version::HTTP_2 {
        // On the heap, because it is rare and large.
        drive(Box::pin(terms.http2.serve_connection(stream, service)).as_mut(), silence, &shutdown).await
    } else {
        drive(pin!(terms.http1.serve_connection(stream, service)), silence, &shutdown).await
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, error = %error, "a client's connection broke off");
    }
}

/// Until the connection has ended, or after its running exchanges when it is to stop.
async fn drive<C: GracefulConnection>(
    mut connection: Pin<&mut C>,
    silence: Pin<&mut impl Future<Output = ()>>,
    shutdown: &Shutdown,
) -> Result<(), C::Error> {
    tokio::select! {
        biased;
        ended = connection.as_mut() => return ended,
        () = silence => {}
        () = shutdown.stop.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        ended = connection => ended,
        () = shutdown.abort.cancelled() => Ok(()),
    }
}

/// Ready when a client has asked nothing for a while, in any version of the protocol, and waits for nothing.
async fn silence(exchanges: &Exchanges) {
    let mut before = Some(0);
    loop {
        tokio::time::sleep(HEAD_TIMEOUT).await;
        let idle = exchanges.idle();
        if idle.is_some() && idle == before {
            return;
        }
        before = idle;
    }
}
