use core::time::Duration;
use std::collections::HashMap;
use std::sync::Arc;

use super::write::statements;
use super::{StorageError, load, new_id, version};
use crate::config::{Config, Invalid, Sealer, validate};
use crate::platform::{Clock, Database, DatabaseErrorKind, Entropy, Platform, Statement};

/// How often a change is made anew on top of somebody else's before it gives up.
const ATTEMPTS: u32 = 30;
/// After so many attempts, many must be writing: from then on each waits a random while.
const PATIENCE: u32 = 5;
/// The longest such wait, in milliseconds.
const PAUSE_MS: u64 = 200;

/// The stored configuration.
#[derive(Clone, Debug)]
pub struct ConfigStore {
    pub database: Arc<dyn Database>,
    pub sealer: Sealer,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// A change that took effect, or that would.
#[derive(Clone, Debug)]
pub struct Edited<T> {
    pub before: Config,
    /// Equal to `before` when there was nothing to change; else its version is one higher.
    pub after: Config,
    /// What the change returned.
    pub output: T,
}

impl<T> Edited<T> {
    pub fn changed(&self) -> bool {
        self.before.version != self.after.version
    }
}

impl ConfigStore {
    pub fn new(platform: &Platform, sealer: Sealer) -> Self {
        Self {
            database: platform.database.clone(),
            sealer,
            clock: platform.clock.clone(),
            entropy: platform.entropy.clone(),
        }
    }

    pub async fn load(&self) -> Result<Config, StorageError> {
        load(&*self.database, &self.sealer).await
    }

    pub fn new_id(&self) -> String {
        new_id(&*self.clock, &*self.entropy)
    }

    /// Changes the configuration as one batch: reads it, lets `change` alter it, and writes the difference, provided
    /// that nobody else wrote meanwhile; else it starts over, so `change` may run several times.
    ///
    /// Nothing is written when `change` fails, when a changed record breaks a rule, or when nothing differs.
    pub async fn edit<T, E, F>(&self, change: F) -> Result<Edited<T>, E>
    where
        F: Fn(&mut Config) -> Result<T, E>,
        E: From<StorageError>,
    {
        for attempt in 0..ATTEMPTS {
            self.pause(attempt).await;
            let mut edited = self.dry_run(&change).await?;
            if self.write(&edited.before, &mut edited.after).await? {
                return Ok(edited);
            }
        }
        Err(StorageError::Contended.into())
    }

    /// [`Self::edit`] up to the writing. The version stays as it was.
    pub async fn dry_run<T, E, F>(&self, change: F) -> Result<Edited<T>, E>
    where
        F: Fn(&mut Config) -> Result<T, E>,
        E: From<StorageError>,
    {
        let before = self.load().await?;
        let mut after = before.clone();
        let output = change(&mut after)?;
        settle(&before, &mut after)?;
        Ok(Edited { before, after, output })
    }

    // What follows is apart from the two above because those are compiled anew for each change.

    async fn pause(&self, attempt: u32) {
        if attempt >= PATIENCE {
            self.clock.sleep(Duration::from_millis(self.entropy.next_u64() % PAUSE_MS)).await;
        }
    }

    /// Whether `after` took effect on top of `before`; `false` when another version is there. Sets its version.
    async fn write(&self, before: &Config, after: &mut Config) -> Result<bool, StorageError> {
        let changes = statements(before, after, &self.sealer, &*self.entropy)?;
        if changes.is_empty() {
            after.clone_from(before);
            return Ok(true);
        }
        let written = self.batch(before.version, changes).await?;
        if written {
            after.version = before.version + 1;
        }
        Ok(written)
    }

    /// Whether the statements took effect on top of `version`; `false` when another version is there.
    async fn batch(&self, expected: i64, changes: Vec<Statement>) -> Result<bool, StorageError> {
        // A version that is not the expected one becomes NULL, which its constraint refuses, and the batch with it.
        let guard = Statement::new(
            "UPDATE config_version SET version = CASE WHEN version = ?1 THEN version + 1 END, updated_at = ?2",
            vec![expected.into(), self.clock.now().as_micros().into()],
        );
        let batch = std::iter::once(guard).chain(changes).collect();
        match self.database.batch(batch).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind == DatabaseErrorKind::Constraint => {
                if version(&*self.database).await? == expected {
                    return Err(error.into());
                }
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Checks a change, and puts it in the order in which it is read again.
fn settle(before: &Config, after: &mut Config) -> Result<(), StorageError> {
    check(before, after)?;
    after.providers.sort_by(|a, b| a.name.cmp(&b.name));
    after.keys.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    Ok(())
}

/// Checks what differs, and that names are unique.
fn check(before: &Config, after: &Config) -> Result<(), StorageError> {
    let at = |record: String| move |invalid: Invalid| StorageError::Invalid { record, invalid };
    let providers: HashMap<_, _> = before.providers.iter().map(|provider| (&provider.id, provider)).collect();
    let models: HashMap<_, _> = before.models.iter().map(|model| (&model.id, model)).collect();
    let keys: HashMap<_, _> = before.keys.iter().map(|key| (&key.id, key)).collect();
    for provider in after.providers.iter().filter(|provider| providers.get(&provider.id) != Some(provider)) {
        validate::provider(provider).map_err(at(format!("provider `{}`", provider.name)))?;
    }
    for model in after.models.iter().filter(|model| models.get(&model.id) != Some(model)) {
        validate::model(model).map_err(at(format!("model `{}`", model.name)))?;
        for association in &model.associations {
            let place = || format!("model `{}`, association with `{}`", model.name, association.provider_model);
            if after.provider(&association.provider_id).is_none() {
                return Err(at(place())(Invalid::new("provider_id", "names no provider")));
            }
            validate::association(association).map_err(at(place()))?;
        }
    }
    for key in after.keys.iter().filter(|key| keys.get(&key.id) != Some(key)) {
        validate::client_key(key).map_err(at(format!("key `{}`", key.name)))?;
    }
    validate::together(after).map_err(|(record, invalid)| StorageError::Invalid { record, invalid })?;
    if before.settings != after.settings || before.providers != after.providers {
        validate::settings(&after.settings, after).map_err(at("settings".to_owned()))?;
    }
    Ok(())
}
