use std::sync::Arc;

use arc_swap::ArcSwap;
use futures_util::future::try_join;

use crate::activity::Activity;
use crate::balance::{AssociationHealth, Balancer};
use crate::config::snapshot::Snapshot;
use crate::config::{Config, Sealer};
use crate::freshness::Freshness;
use crate::makers::Makers;
use crate::options::{GatewayOptions, Upkeep};
use crate::platform::{Background, DatabaseError, Platform, Timestamp};
use crate::record::{Metrics, Recorder};
use crate::refusals::Refusals;
use crate::room::Room;
use crate::storage::{ConfigStore, StorageError, new_id, rests};

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) platform: Platform,
    pub(crate) options: GatewayOptions,
    /// Tells this instance from others on the same database.
    pub(crate) instance: String,
    pub(crate) started_at: Timestamp,
    pub(crate) store: ConfigStore,
    pub(crate) balancer: Balancer,
    pub(crate) recorder: Recorder,
    pub(crate) metrics: Metrics,
    pub(crate) refusals: Refusals,
    pub(crate) makers: Makers,
    pub(crate) activity: Activity,
    snapshot: ArcSwap<Snapshot>,
    pub(crate) room: Arc<Room>,
    pub(crate) freshness: Freshness,
}

impl Shared {
    /// Reads the configuration from a migrated database.
    pub(crate) async fn open(
        platform: Platform,
        sealer: Sealer,
        options: GatewayOptions,
    ) -> Result<Arc<Self>, StorageError> {
        let store = ConfigStore::new(&platform, sealer);
        let now = platform.clock.now();
        let (config, news) = try_join(store.load(), rests::news(&*platform.database, now)).await?;
        let balancer = Balancer::default();
        balancer.set_max_rest(config.settings.max_rest());
        balancer.learn(&news.rests, &news.resets, now);
        Ok(Arc::new(Self {
            recorder: Recorder::new(&platform),
            metrics: Metrics::new(),
            refusals: Refusals::default(),
            makers: Makers::default(),
            activity: Activity::default(),
            balancer,
            snapshot: ArcSwap::from_pointee(compile(config)),
            room: Room::new(options.limits.buffered_bytes),
            freshness: Freshness::new(now),
            instance: new_id(&*platform.clock, &*platform.entropy),
            started_at: now,
            store,
            options,
            platform,
        }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.platform.clock.now()
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
            let news = rests::news(&*self.platform.database, self.now()).await?;
            self.balancer.learn(&news.rests, &news.resets, self.now());
            if news.version != self.snapshot.load().version {
                self.adopt(self.store.load().await?);
            }
            Ok(())
        };
        let refreshed = refreshed.await;
        self.freshness.end(self.now(), refreshed.is_ok());
        refreshed
    }

    /// Takes over a configuration that was read or written.
    pub(crate) fn adopt(&self, config: Config) {
        let snapshot = Arc::new(compile(config));
        self.balancer.set_max_rest(snapshot.settings.max_rest());
        for association in self.snapshot.load().mended_in(&snapshot) {
            self.balancer.reset(&association);
            self.refusals.retain(|other| other != association);
        }
        // Of two changes at once the newer one wins, whichever comes first.
        self.snapshot.rcu(
            |current| if current.version > snapshot.version { Arc::clone(current) } else { Arc::clone(&snapshot) },
        );
        let current = self.snapshot.load();
        self.balancer.retain(|association| current.has_association(association));
        self.refusals.retain(|association| current.has_association(association));
    }

    /// Lifts every rest of an association, here and, as soon as they look, in other instances.
    pub(crate) async fn reset(&self, association: &str) -> Result<(), DatabaseError> {
        self.balancer.reset(association);
        rests::reset(&*self.platform.database, association, self.now()).await
    }

    /// An association has shown that it works: lifts its rests, if it has any, here at once and elsewhere soon.
    pub(crate) fn lift(self: &Arc<Self>, association: &str, background: &dyn Background) {
        if self.balancer.health(association, self.now()) == AssociationHealth::default() {
            return;
        }
        self.balancer.reset(association);
        let (shared, association) = (Arc::clone(self), association.to_owned());
        background.spawn(Box::pin(async move {
            if let Err(error) = shared.reset(&association).await {
                tracing::warn!(%error, "other instances cannot be told that an association was reset");
            }
        }));
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
