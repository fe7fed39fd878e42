use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Request, Uri};
use hyper_util::client::legacy::connect::Connection as _;
use llmio_core::platform::{HttpResponse, Payload};
use tokio::time::timeout;
use tower_service::Service;

use super::connector::Connector;
use super::error::{DialError, SendError};
use super::host::Host;
use super::{h1, h2};

/// How often connections that nobody uses are looked through.
const REAP: Duration = Duration::from_secs(25);

/// Connections over one route (direct, or through one proxy). Clones share them.
///
/// This is hyper's protocol with our own book-keeping, for one reason: hyper-util's pooled client gives every
/// connection a task, and each chunk of a stream then costs two more task switches, two locks and a write of its own
/// to the client. Here whoever wants an answer drives its connection.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    connector: Connector,
    hosts: Mutex<HashMap<Key, Arc<Host>>>,
    is_reaped: AtomicBool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    scheme: Scheme,
    authority: Authority,
}

impl Pool {
    pub(super) fn new(connector: Connector) -> Self {
        Self { shared: Arc::new(Shared { connector, hosts: Mutex::default(), is_reaped: AtomicBool::new(false) }) }
    }

    /// Sends a request with an absolute URI, and once more when that is allowed.
    pub(super) async fn send(
        &self,
        request: Request<Payload>,
        connect_timeout: Option<Duration>,
        resend: bool,
    ) -> Result<HttpResponse, SendError> {
        let key = Key::of(request.uri()).ok_or(SendError::Address)?;
        let host = self.host(&key);
        let kept = match host.place(None) {
            Some(place) => Some(Connection::Http2(place)),
            None => host.take_idle().map(Connection::Http1),
        };
        let connection = match kept {
            Some(connection) => connection,
            // Boxed, because it is rare and large.
            None => Box::pin(self.connect(&key, &host, None, connect_timeout)).await?,
        };
        match connection.send(request.clone(), &host).await {
            Err(error) if error.allows_another(resend) => {
                let since = Some(Instant::now());
                Box::pin(self.connect(&key, &host, since, connect_timeout)).await?.send(request, &host).await
            }
            answer => answer,
        }
    }

    async fn connect(
        &self,
        key: &Key,
        host: &Arc<Host>,
        since: Option<Instant>,
        limit: Option<Duration>,
    ) -> Result<Connection, SendError> {
        let connecting = self.connection(key, host, since);
        match limit {
            None => connecting.await,
            Some(limit) => timeout(limit, connecting).await.unwrap_or(Err(SendError::Slow(limit))),
        }
    }

    /// A connection that was opened after `since`: a new one, or another's that has a place.
    async fn connection(&self, key: &Key, host: &Arc<Host>, since: Option<Instant>) -> Result<Connection, SendError> {
        let _turn = host.turn().await;
        if let Some(place) = host.place(since) {
            return Ok(Connection::Http2(place));
        }
        let io = self.shared.connector.clone().call(key.uri()).await.map_err(|error| {
            match error.downcast::<DialError>() {
                Ok(error) => SendError::Dial(*error),
                Err(error) => SendError::Tls(error),
            }
        })?;
        if io.connected().is_negotiated_h2() {
            // Boxed, because it is rare and large.
            let place = host.add_lane(Box::pin(h2::Lane::open(io)).await?, since);
            place.map(Connection::Http2).ok_or_else(|| SendError::Exchange("it closed a new connection".into()))
        } else {
            h1::Connection::open(io).await.map(Connection::Http1)
        }
    }

    fn host(&self, key: &Key) -> Arc<Host> {
        if !self.shared.is_reaped.load(Ordering::Relaxed) && !self.shared.is_reaped.swap(true, Ordering::Relaxed) {
            tokio::spawn(reap(Arc::downgrade(&self.shared)));
        }
        let mut hosts = self.shared.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(key) {
            return Arc::clone(host);
        }
        let host = Arc::new(Host::new(key.host_header()));
        hosts.insert(key.clone(), Arc::clone(&host));
        host
    }
}

/// Closes what has been idle for too long, until the pool is gone.
async fn reap(pool: Weak<Shared>) {
    loop {
        tokio::time::sleep(REAP).await;
        let Some(pool) = pool.upgrade() else {
            return;
        };
        let mut hosts = pool.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        // A host that is in use elsewhere at this moment must stay the one that others find.
        hosts.retain(|_, host| host.reap() || Arc::strong_count(host) > 1);
    }
}

/// What one request goes over.
enum Connection {
    Http1(Box<h1::Connection>),
    Http2(h2::Place),
}

impl Connection {
    async fn send(self, request: Request<Payload>, host: &Arc<Host>) -> Result<HttpResponse, SendError> {
        match self {
            Self::Http1(connection) => h1::send(connection, request, host).await,
            Self::Http2(place) => place.send(request).await,
        }
    }
}

impl Key {
    fn of(uri: &Uri) -> Option<Self> {
        Some(Self { scheme: uri.scheme()?.clone(), authority: uri.authority()?.clone() })
    }

    /// Host and port, without the scheme's own port.
    fn host_header(&self) -> HeaderValue {
        let host = self.authority.host();
        let standard = if self.scheme == Scheme::HTTPS { 443 } else { 80 };
        let value = match self.authority.port_u16().filter(|port| *port != standard) {
            Some(port) => HeaderValue::try_from(format!("{host}:{port}")),
            None => HeaderValue::try_from(host),
        };
        // What was parsed as part of a URI is always a valid header value.
        value.unwrap_or(HeaderValue::from_static(""))
    }

    fn uri(&self) -> Uri {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(PathAndQuery::from_static("/"));
        Uri::from_parts(parts).unwrap_or_default()
    }
}
