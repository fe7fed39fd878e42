use std::sync::Arc;

use http::{Request, Response};

use crate::api;
use crate::config::Sealer;
use crate::config::snapshot::Snapshot;
use crate::options::GatewayOptions;
use crate::pipeline::Answer;
use crate::platform::{Body, DatabaseError, DatabaseErrorKind, Platform, RequestContext};
use crate::record::retention::{self, Cleanup};
use crate::record::{Recorder, fold};
use crate::shared::Shared;
use crate::storage::StorageError;

/// A token of fewer characters can be guessed.
const SHORT_TOKEN: usize = 16;

/// The gateway: everything a home serves, behind one call. Clones share everything.
#[derive(Clone, Debug)]
pub struct Gateway {
    shared: Arc<Shared>,
}

impl Gateway {
    /// Reads the configuration from a migrated database.
    pub async fn open(platform: Platform, sealer: Sealer, options: GatewayOptions) -> Result<Self, StorageError> {
        if options.admin_token.as_ref().is_some_and(|token| token.reveal().chars().count() < SHORT_TOKEN) {
            tracing::warn!("TOKEN is shorter than {SHORT_TOKEN} characters and can be guessed; set a long random text");
        }
        Ok(Self { shared: Shared::open(platform, sealer, options).await? })
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

    /// Does a small piece of what makes reports quick, and answers whether there may be more of it to do. To be called every
    /// minute or so, and then until it is done.
    pub async fn fold(&self) -> Result<bool, DatabaseError> {
        let Platform { database, clock, .. } = &self.shared.platform;
        fold::step(&**database, clock.now()).await
    }

    pub fn recorder(&self) -> &Recorder {
        &self.shared.recorder
    }

    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot()
    }
}
