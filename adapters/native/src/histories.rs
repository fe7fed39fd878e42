//! Brings the histories of databases that were taken over.

use std::path::{Path, PathBuf};
use std::time::Duration;

use llmio_core::import::{History, HistoryError, Names, Progress, Tables};
use llmio_core::platform::DatabaseErrorKind;
use llmio_core::storage::ConfigStore;
use llmio_core::storage::imports::{self, Import};

use crate::{Home, HomeError, open_original};

/// The first wait for a database that is busy or not reached; each further one is twice as long.
const WAIT: Duration = Duration::from_secs(1);
/// So many waits in a row, four minutes in all, and the next start goes on.
const WAITS: u32 = 8;

/// What is still to come into a home's database.
#[derive(Clone, Debug)]
pub struct Histories {
    store: ConfigStore,
    /// The database's file: what was set aside lies beside it.
    beside: Option<PathBuf>,
    /// Between two steps, in which others get at the database.
    pause: Duration,
}

impl Histories {
    /// On a database that is up to date.
    pub fn new(home: &Home, pause: Duration) -> Self {
        let store = ConfigStore::new(&home.platform, home.sealer.clone());
        Self { store, beside: home.database_file().map(Path::to_owned), pause }
    }

    /// Brings all that is missing, and tells after each step how far it is.
    pub async fn bring(&self, mut tell: impl FnMut(&Import, &Progress)) -> Result<(), HomeError> {
        let unfinished = imports::unfinished(&*self.store.database).await?;
        let mut failure = None;
        for import in unfinished {
            if let Err(error) = self.bring_one(&import, &mut tell).await {
                failure = Some(error);
            }
        }
        failure.map_or(Ok(()), Err)
    }

    async fn bring_one(&self, import: &Import, tell: &mut impl FnMut(&Import, &Progress)) -> Result<(), HomeError> {
        let file = self.file(import)?;
        let failed = |error: &dyn std::fmt::Display| {
            HomeError::new(format!("the history in {} did not come to its end: {error}", file.display()))
        };
        let original = open_original(&file).await?;
        if original.identity() != import.id {
            return Err(failed(&"it is another database than the one that was taken over"));
        }
        let tables = Tables::read(&original).await.map_err(|error| failed(&error))?;
        let config = self.store.load().await.map_err(|error| failed(&error))?;
        let names = Names::new(&tables, &config);
        let (database, clock) = (self.store.database.clone(), self.store.clock.clone());
        let mut history = History::new(original, names, database, clock, import.clone());
        let mut waits = 0;
        loop {
            match history.step().await {
                Ok(more) => {
                    tell(import, &history.progress());
                    if !more {
                        return Ok(());
                    }
                    waits = 0;
                    if !self.pause.is_zero() {
                        self.store.clock.sleep(self.pause).await;
                    }
                }
                Err(error) if may_pass(&error) && waits < WAITS => {
                    tracing::warn!(%error, "an imported history waits");
                    self.store.clock.sleep(WAIT * 2_u32.pow(waits)).await;
                    waits += 1;
                }
                Err(error) => return Err(failed(&error)),
            }
        }
    }

    /// Where it was, or beside the database, if the folder has moved.
    fn file(&self, import: &Import) -> Result<PathBuf, HomeError> {
        let given = PathBuf::from(&import.source);
        let name = given.file_name().unwrap_or_default().to_owned();
        let near = self.beside.as_ref().map(|database| database.with_file_name(name));
        [Some(given), near].into_iter().flatten().find(|file| file.exists()).ok_or_else(|| {
            HomeError::new(format!(
                "a part of an imported history is missing, and {} with it is not there: put it back and start again, or name it \
                 with `llmio import llmio PATH`",
                import.source
            ))
        })
    }
}

fn may_pass(error: &HistoryError) -> bool {
    let (HistoryError::Original(error) | HistoryError::Ours(error)) = error;
    matches!(error.kind, DatabaseErrorKind::Busy | DatabaseErrorKind::Network | DatabaseErrorKind::Full)
}
