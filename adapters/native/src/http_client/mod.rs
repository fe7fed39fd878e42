//! HTTP to providers over pooled connections.

mod alarm;
mod body;
mod connector;
mod error;
mod h1;
mod h2;
mod host;
mod local;
mod pool;
mod proxy;
mod tls;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::thread;

use http::header::CONTENT_LENGTH;
use http::uri::Scheme;
use http::{HeaderValue, Method};
use llmio_core::platform::{BoxFuture, HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse, SendOptions};
use rustls::RootCertStore;
use tokio::runtime;

use pool::Pool;
use proxy::Proxy;
use tls::Tls;

/// Connection pools kept for proxies; past that an old one is closed. A configuration names a few at most.
const PROXY_POOLS: usize = 64;

/// HTTP/1.1 and, where TLS negotiates it, HTTP/2, with connections kept for reuse. Clones share them. Each runtime that sends
/// has its own: a connection is woken by the runtime that has opened it.
#[derive(Clone, Debug)]
pub struct NativeHttpClient {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// `None` for those of the system.
    roots: Option<RootCertStore>,
    tls: OnceLock<Result<Tls, HttpError>>,
    /// There are few runtimes, and they last.
    pools: RwLock<HashMap<runtime::Id, Arc<Pools>>>,
}

/// The pools of one runtime.
#[derive(Debug, Default)]
struct Pools {
    direct: OnceLock<Pool>,
    proxied: Mutex<HashMap<String, Pool>>,
}

impl NativeHttpClient {
    /// Trusts the system's certificate authorities, and Mozilla's where the system has none. `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR` name additional ones in place of the system's.
    pub fn new() -> Self {
        let client = Self::trusting(None);
        // Reading them takes longer than everything else at a start, so it happens beside it.
        // Without a thread the first request reads them.
        let shared = Arc::clone(&client.shared);
        let _ = thread::Builder::new().name("llmio-roots".to_owned()).spawn(move || _ = shared.tls());
        client
    }

    /// Trusts these certificate authorities only.
    pub fn with_roots(roots: RootCertStore) -> Self {
        Self::trusting(Some(roots))
    }

    fn trusting(roots: Option<RootCertStore>) -> Self {
        let shared = Shared { roots, tls: OnceLock::new(), pools: RwLock::default() };
        Self { shared: Arc::new(shared) }
    }

    fn pool(&self, proxy: Option<&str>) -> Result<Pool, HttpError> {
        let pools = self.shared.pools();
        let Some(proxy) = proxy else {
            return self.shared.direct(&pools);
        };
        let mut proxied = pools.proxied.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = proxied.get(proxy) {
            return Ok(pool.clone());
        }
        let pool = Pool::new(connector::through(&Proxy::parse(proxy)?, self.shared.tls()?));
        if proxied.len() >= PROXY_POOLS
            && let Some(old) = proxied.keys().next().cloned()
        {
            proxied.remove(&old);
        }
        proxied.insert(proxy.to_owned(), pool.clone());
        Ok(pool)
    }
}

impl Default for NativeHttpClient {
    fn default() -> Self {
        Self::new()
    }
}

impl Shared {
    fn tls(&self) -> Result<&Tls, HttpError> {
        let tls = self.tls.get_or_init(|| Tls::new(self.roots.clone().unwrap_or_else(tls::default_roots)));
        tls.as_ref().map_err(Clone::clone)
    }

    /// Of the current runtime.
    fn pools(&self) -> Arc<Pools> {
        let id = runtime::Handle::current().id();
        if let Some(pools) = self.pools.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Arc::clone(pools);
        }
        let mut pools = self.pools.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(pools.entry(id).or_default())
    }

    fn direct(&self, pools: &Pools) -> Result<Pool, HttpError> {
        if let Some(pool) = pools.direct.get() {
            return Ok(pool.clone());
        }
        let tls = self.tls()?;
        Ok(pools.direct.get_or_init(|| Pool::new(connector::direct(tls))).clone())
    }
}

impl HttpClient for NativeHttpClient {
    fn send(
        &self,
        mut request: HttpRequest,
        options: SendOptions,
    ) -> BoxFuture<'static, Result<HttpResponse, HttpError>> {
        let client = self.clone();
        Box::pin(async move {
            let pool = client.pool(options.proxy.as_deref())?;
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
            let exchange = pin!(pool.send(request, options.connect_timeout, options.resend));
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
