//! HTTP to providers over pooled connections.

mod body;
mod connector;
mod error;
mod h1;
mod h2;
mod host;
mod pool;
mod proxy;
mod tls;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::CONTENT_LENGTH;
use http::uri::Scheme;
use http::{HeaderValue, Method};
use llmio_core::platform::{BoxFuture, HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse, SendOptions};
use rustls::RootCertStore;

use body::PayloadBody;
use pool::Pool;
use proxy::Proxy;
use tls::Tls;

/// Connection pools kept for proxies; past that an old one is closed. A configuration names a few at most.
const PROXY_POOLS: usize = 64;

/// HTTP/1.1 and, where TLS negotiates it, HTTP/2, with connections kept for reuse. Clones share them.
#[derive(Clone, Debug)]
pub struct NativeHttpClient {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    tls: Tls,
    direct: Pool,
    proxied: Mutex<HashMap<String, Pool>>,
}

impl NativeHttpClient {
    /// Trusts the system's certificate authorities, and Mozilla's where the system has none. `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR` name additional ones in place of the system's.
    pub fn new() -> Result<Self, HttpError> {
        Self::with_roots(tls::default_roots())
    }

    /// Trusts these certificate authorities only.
    pub fn with_roots(roots: RootCertStore) -> Result<Self, HttpError> {
        let tls = Tls::new(roots)?;
        let direct = Pool::new(connector::direct(&tls));
        Ok(Self { shared: Arc::new(Shared { tls, direct, proxied: Mutex::default() }) })
    }

    fn pool(&self, proxy: Option<&str>) -> Result<Pool, HttpError> {
        let Some(proxy) = proxy else {
            return Ok(self.shared.direct.clone());
        };
        let mut proxied = self.shared.proxied.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = proxied.get(proxy) {
            return Ok(pool.clone());
        }
        let pool = Pool::new(connector::through(&Proxy::parse(proxy)?, &self.shared.tls));
        if proxied.len() >= PROXY_POOLS
            && let Some(old) = proxied.keys().next().cloned()
        {
            proxied.remove(&old);
        }
        proxied.insert(proxy.to_owned(), pool.clone());
        Ok(pool)
    }
}

impl HttpClient for NativeHttpClient {
    fn send(
        &self,
        mut request: HttpRequest,
        options: SendOptions,
    ) -> BoxFuture<'static, Result<HttpResponse, HttpError>> {
        let pool = self.pool(options.proxy.as_deref());
        Box::pin(async move {
            let pool = pool?;
            let uri = request.uri();
            if !matches!(uri.scheme(), Some(scheme) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS)
                || uri.host().is_none_or(str::is_empty)
            {
                return Err(HttpError::new(
                    HttpErrorKind::Invalid,
                    "the URL must begin with http:// or https:// and name a host",
                ));
            }
            let peer = error::Peer::of(uri, options.proxy.is_some());
            // hyper leaves it out, and some servers then answer 411 (RFC 9110, 8.6).
            if request.body().is_empty() && matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH) {
                request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
            let exchange = pin!(pool.send(request.map(PayloadBody::from)));
            let answer = match options.header_timeout {
                None => exchange.await,
                Some(limit) => match tokio::time::timeout(limit, exchange).await {
                    Ok(answer) => answer,
                    Err(_) => return Err(peer.timed_out(limit)),
                },
            };
            answer.map_err(|cause| peer.failed(&cause))
        })
    }
}
