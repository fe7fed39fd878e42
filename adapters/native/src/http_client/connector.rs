use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::TryFutureExt;
use futures_util::future::BoxFuture;
use http::Uri;
use http::uri::{Authority, Scheme};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::error::DialError;
use super::proxy::Proxy;
use super::tls::Tls;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TCP_KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Makes connections to providers, over TLS where the URL says so.
pub(super) type Connector = HttpsConnector<Dial>;

/// What a [`Connector`] gives.
pub(super) type Io = MaybeHttpsStream<MaybeHttpsStream<TokioIo<TcpStream>>>;

/// The plain connection below the provider's TLS: to the provider itself, or through a proxy. One type for every
/// route, so that the HTTP client above is compiled once.
#[derive(Clone, Debug)]
pub(super) enum Dial {
    Direct(HttpConnector),
    Tunnel(Tunnel<HttpsConnector<HttpConnector>>),
    Socks(SocksV5<HttpsConnector<HttpConnector>>),
}

pub(super) fn direct(tls: &Tls) -> Connector {
    HttpsConnector::from((Dial::Direct(tcp()), tls.provider.clone()))
}

pub(super) fn through(proxy: &Proxy, tls: &Tls) -> Connector {
    let to_proxy = HttpsConnector::from((tcp(), tls.proxy.clone()));
    let dial = match proxy {
        Proxy::Tunnel { server, authorization } => {
            let tunnel = Tunnel::new(server.clone(), to_proxy);
            Dial::Tunnel(match authorization {
                Some(authorization) => tunnel.with_auth(authorization.clone()),
                None => tunnel,
            })
        }
        Proxy::Socks { server, user } => {
            let socks = SocksV5::new(server.clone(), to_proxy);
            Dial::Socks(match user {
                Some((name, password)) => socks.with_auth(name.clone(), password.clone()),
                None => socks,
            })
        }
    };
    HttpsConnector::from((dial, tls.provider.clone()))
}

/// Tries IPv6 and IPv4 side by side ("happy eyeballs" is on by default).
fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    tcp.set_keepalive(Some(TCP_KEEP_ALIVE));
    tcp
}

impl Service<Uri> for Dial {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = DialError;
    type Future = BoxFuture<'static, Result<Self::Response, DialError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        match self {
            Self::Direct(tcp) => tcp.poll_ready(cx).map_err(DialError::new),
            Self::Tunnel(tunnel) => tunnel.poll_ready(cx).map_err(DialError::new),
            Self::Socks(socks) => socks.poll_ready(cx).map_err(|error| DialError::new(error.to_string())),
        }
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        // The proxy connectors take 443 for a missing port, whatever the scheme.
        let port = if destination.scheme() == Some(&Scheme::HTTP) { 80 } else { 443 };
        match self {
            Self::Direct(tcp) => Box::pin(tcp.call(destination).map_ok(MaybeHttpsStream::Http).map_err(DialError::new)),
            Self::Tunnel(tunnel) => Box::pin(tunnel.call(with_port(&destination, port)).map_err(DialError::new)),
            // The SOCKS error keeps its causes to itself, but for its debug form.
            Self::Socks(socks) => {
                let connecting = socks.call(with_port(&destination, port));
                Box::pin(connecting.map_err(|error| DialError::new(format!("{error} ({error:?})"))))
            }
        }
    }
}

/// The URI with its port written out.
pub(super) fn with_port(uri: &Uri, port: u16) -> Uri {
    let Some(host) = uri.host().filter(|_| uri.port().is_none()) else {
        return uri.clone();
    };
    let Ok(authority) = format!("{host}:{port}").parse::<Authority>() else {
        return uri.clone();
    };
    let mut parts = uri.clone().into_parts();
    parts.authority = Some(authority);
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}
