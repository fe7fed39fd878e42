use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use futures_util::future::try_join;
use http::{Request, Response};

use crate::api;
use crate::api::admin::{ConfigChanged, Environment};
use crate::balance::Balancer;
use crate::config::snapshot::Snapshot;
use crate::config::{Config, Sealer, Secret};
use crate::pipeline::Relay;
use crate::platform::{Background, Body, DatabaseError, DatabaseErrorKind, Platform, Timestamp};
use crate::record::retention::{self, Cleanup};
use crate::record::{LogEntry, Metrics, Recorder};
use crate::storage::{ConfigStore, StorageError, rests};
use crate::upkeep::{self, Freshness, Upkeep};

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
    pub upkeep: Upkeep,
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

/// What belongs to one request and only its home knows.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The client's address, without port.
    pub remote_addr: Option<String>,
    /// When the home ends the request, where it does. An answer that is not complete by then ends with an error.
    pub ends_at: Option<Timestamp>,
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
    pub(crate) freshness: Freshness,
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
        let now = platform.clock.now();
        let (config, news) = try_join(store.load(), rests::news(&*platform.database, now)).await?;
        let balancer = Balancer::default();
        balancer.learn(&news.1, now);
        let shared = Shared {
            recorder: Recorder::new(&platform),
            metrics: Metrics::new(),
            balancer,
            snapshot: ArcSwap::from_pointee(compile(config)),
            buffered: AtomicUsize::new(0),
            freshness: Freshness::new(now),
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

    /// Writes what is queued of the request log, and tells others on the database which associations rest. A failure is
    /// kept in the recorder's status and tried again next time.
    pub async fn flush(&self) {
        self.shared.flush().await;
    }

    /// Deletes what is past its retention, once a day whoever asks. To be called now and then, hourly say.
    pub async fn clean_up(&self) -> Result<(), DatabaseError> {
        let Platform { database, clock, .. } = &self.shared.platform;
        let cleanup = retention::run_due(&**database, &**clock, &self.snapshot().settings).await?;
        let Some(Cleanup { deleted, error, .. }) = cleanup else { return Ok(()) };
        if deleted > 0 {
            tracing::info!(deleted, "old log entries were deleted");
        }
        error.map_or(Ok(()), |message| Err(DatabaseError::new(DatabaseErrorKind::Other, message)))
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

    /// Whether the last look at the stored configuration failed, or is due for too long.
    pub(crate) fn is_stale(&self) -> bool {
        self.freshness.has_failed() || self.options.upkeep == Upkeep::ByHome && self.freshness.is_overdue(self.now())
    }

    /// Takes over the stored configuration if its version has moved.
    pub(crate) async fn refresh(&self) -> Result<(), StorageError> {
        self.freshness.begin(self.now());
        let refreshed = async {
            let (version, rests) = rests::news(&*self.platform.database, self.now()).await?;
            self.balancer.learn(&rests, self.now());
            if version != self.snapshot.load().version {
                self.adopt(self.store.load().await?);
            }
            Ok(())
        };
        let refreshed = refreshed.await;
        self.freshness.end(self.now(), refreshed.is_ok());
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
        upkeep::after(self, background);
    }

    /// Writes what is queued, and tells other instances who rests.
    pub(crate) async fn flush(&self) {
        self.recorder.flush().await;
        let news = self.balancer.news(self.now());
        if news.is_empty() {
            return;
        }
        match rests::tell(&*self.platform.database, &news).await {
            Ok(()) => self.balancer.told(&news),
            Err(error) => tracing::debug!(%error, "others cannot be told which associations rest"),
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
