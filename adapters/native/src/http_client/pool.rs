use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Request, Uri};
use hyper_util::client::legacy::connect::Connection as _;
use llmio_core::platform::HttpResponse;
use tower_service::Service;

use super::body::PayloadBody;
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

    /// Sends a request with an absolute URI. A kept connection that turns out to be closed is replaced as long as
    /// nothing of the request was sent.
    pub(super) async fn send(&self, mut request: Request<PayloadBody>) -> Result<HttpResponse, SendError> {
        let key = Key::of(request.uri()).ok_or(SendError::Address)?;
        let host = self.host(&key);
        loop {
            if let Some(lane) = host.lane() {
                match lane.send(request).await? {
                    Ok(answer) => return Ok(answer),
                    Err(unsent) => request = unsent,
                }
            } else if let Some(connection) = host.take_idle() {
                match h1::send(connection, request, &host).await? {
                    Ok(answer) => return Ok(answer),
                    Err(unsent) => request = unsent,
                }
            } else {
                // Boxed, because it is rare and large.
                return Box::pin(self.connect_and_send(&key, &host, request)).await;
            }
        }
    }

    async fn connect_and_send(
        &self,
        key: &Key,
        host: &Arc<Host>,
        request: Request<PayloadBody>,
    ) -> Result<HttpResponse, SendError> {
        let connecting = host.connecting().await;
        if let Some(lane) = host.lane() {
            drop(connecting);
            return lane.send(request).await?.map_err(|_| SendError::Closed);
        }
        let io = self.shared.connector.clone().call(key.uri()).await.map_err(|error| {
            match error.downcast::<DialError>() {
                Ok(error) => SendError::Dial(*error),
                Err(error) => SendError::Tls(error),
            }
        })?;
        if io.connected().is_negotiated_h2() {
            let lane = host.add_lane(h2::Lane::open(io).await?);
            drop(connecting);
            lane.send(request).await?.map_err(|_| SendError::Closed)
        } else {
            drop(connecting);
            h1::send(h1::Connection::open(io).await?, request, host).await?.map_err(|_| SendError::Closed)
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
