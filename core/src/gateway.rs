use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use http::{Request, Response};

use crate::api;
use crate::api::admin::{ConfigChanged, Environment};
use crate::balance::Balancer;
use crate::config::snapshot::Snapshot;
use crate::config::{Config, Sealer, Secret};
use crate::pipeline::Relay;
use crate::platform::{Background, Body, Platform, Timestamp};
use crate::record::{LogEntry, Metrics, Recorder};
use crate::storage::{ConfigStore, StorageError};

/// The gateway: everything a home serves, behind one call. Clones share everything.
#[derive(Clone, Debug)]
pub struct Gateway {
    shared: Arc<Shared>,
}

/// What a home decides for its gateway.
#[derive(Clone, Debug)]
pub struct GatewayOptions {
    /// The admin's token, which is also a client's key to every model. Without it everybody is let in: a home must
    /// then not be reachable from elsewhere.
    pub admin_token: Option<Secret>,
    pub limits: Limits,
    pub flush: Flush,
    /// What a configuration file that is sent to the admin API may read.
    pub environment: Environment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest request body, also after decompression.
    pub body_bytes: usize,
    /// The bodies of all requests in flight together; what does not fit is turned away for the moment.
    pub buffered_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: 64 << 20, buffered_bytes: 256 << 20 }
    }
}

/// When the request log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// The home calls [`Gateway::flush`] all the time.
    ByHome,
    /// After each request, in its background work: for homes that freeze between requests.
    AfterRequest,
}

/// What belongs to one request and only its home knows.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The client's address, without port.
    pub remote_addr: Option<String>,
    pub background: Arc<dyn Background>,
}

/// The body of an answer.
#[derive(Debug)]
pub enum Answer {
    Body(Body),
    /// A provider's answer on its way; see [`Relay`] for how a home may send it.
    Relay(Box<Relay>),
}

impl Answer {
    /// The answer as any home can send it: a body whose chunks pass through core.
    pub fn into_body(self) -> Body {
        match self {
            Self::Body(body) => body,
            Self::Relay(relay) => Body::stream(*relay),
        }
    }
}

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) platform: Platform,
    pub(crate) options: GatewayOptions,
    pub(crate) store: ConfigStore,
    pub(crate) balancer: Balancer,
    pub(crate) recorder: Recorder,
    pub(crate) metrics: Metrics,
    snapshot: ArcSwap<Snapshot>,
    buffered: AtomicUsize,
    is_stale: AtomicBool,
}

impl ConfigChanged for Shared {
    fn config_changed(&self, config: &Config) {
        self.adopt(config.clone());
    }
}

impl Gateway {
    /// Reads the configuration from a migrated database.
    pub async fn open(platform: Platform, sealer: Sealer, options: GatewayOptions) -> Result<Self, StorageError> {
        let store = ConfigStore::new(&platform, sealer);
        let config = store.load().await?;
        let shared = Shared {
            recorder: Recorder::new(&platform),
            metrics: Metrics::new(),
            balancer: Balancer::default(),
            snapshot: ArcSwap::from_pointee(compile(config)),
            buffered: AtomicUsize::new(0),
            is_stale: AtomicBool::new(false),
            store,
            options,
            platform,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Answers one request; it cannot fail. Dropping the future, or later the answer's body, means that the client left.
    pub async fn handle(&self, request: Request<Body>, context: RequestContext) -> Response<Answer> {
        api::handle(&self.shared, request, context).await
    }

    /// Takes over a configuration that was changed elsewhere: by another process, in another isolate.
    pub async fn refresh(&self) -> Result<(), StorageError> {
        self.shared.refresh().await
    }

    /// Writes what is queued of the request log. A failure is kept in the recorder's status and tried again next time.
    pub async fn flush(&self) {
        self.shared.recorder.flush().await;
    }

    pub fn recorder(&self) -> &Recorder {
        &self.shared.recorder
    }

    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot()
    }
}

impl Shared {
    pub(crate) fn now(&self) -> Timestamp {
        self.platform.clock.now()
    }

    /// A random number in `[0, 1)`.
    pub(crate) fn random(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let number = (self.platform.entropy.next_u64() >> 11) as f64;
        number / 9_007_199_254_740_992.0
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Whether the last look at the stored configuration failed.
    pub(crate) fn is_stale(&self) -> bool {
        self.is_stale.load(Ordering::Relaxed)
    }

    /// Takes over the stored configuration if its version has moved.
    async fn refresh(&self) -> Result<(), StorageError> {
        let refreshed = async {
            let version = crate::storage::version(&*self.platform.database).await?;
            if version != self.snapshot.load().version {
                self.adopt(self.store.load().await?);
            }
            Ok(())
        };
        let refreshed = refreshed.await;
        self.is_stale.store(refreshed.is_err(), Ordering::Relaxed);
        refreshed
    }

    fn adopt(&self, config: Config) {
        let snapshot = Arc::new(compile(config));
        // Of two changes at once the newer one wins, whichever comes first.
        self.snapshot.rcu(
            |current| if current.version > snapshot.version { Arc::clone(current) } else { Arc::clone(&snapshot) },
        );
        let current = self.snapshot.load();
        self.balancer.retain(|association| current.has_association(association));
    }

    /// Records one row of the request log; `route` is the configured name of the model.
    pub(crate) fn record(self: &Arc<Self>, entry: LogEntry, route: Option<&str>, background: &dyn Background) {
        self.metrics.observe(&entry, route);
        self.recorder.submit(entry);
        if self.options.flush == Flush::AfterRequest {
            let shared = Arc::clone(self);
            background.spawn(Box::pin(async move { shared.recorder.flush().await }));
        }
    }

    /// Room for a body in flight, to begin with none.
    pub(crate) fn room(self: &Arc<Self>) -> Reserved {
        Reserved { shared: Arc::clone(self), bytes: 0 }
    }
}

/// Room for a body in flight, given back when dropped.
#[derive(Debug)]
pub(crate) struct Reserved {
    shared: Arc<Shared>,
    bytes: usize,
}

impl Reserved {
    /// Takes more; `false` when all bodies in flight together would take too much. One alone always has room.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let limit = self.shared.options.limits.buffered_bytes;
        let others = self.shared.buffered.fetch_add(bytes, Ordering::Relaxed) - self.bytes;
        self.bytes += bytes;
        others == 0 || others + self.bytes <= limit
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.shared.buffered.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

fn compile(config: Config) -> Snapshot {
    let (snapshot, warnings) = Snapshot::compile(config);
    for warning in warnings {
        tracing::warn!("configuration: {warning}");
    }
    snapshot
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("options", &self.options).finish_non_exhaustive()
    }
}
