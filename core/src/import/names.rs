//! Ids and names: those that the records get, and those that the history goes by.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use uuid::Builder;

use super::Tables;
use super::row::Common;
use crate::config::Config;
use crate::platform::Timestamp;

const MAX_NAME: usize = 200;

/// The id that a record of the original gets, always the same: what is imported twice is there once.
pub(super) fn record_id(identity: &str, table: &str, id: i64, created_at: Option<Timestamp>) -> String {
    let millis = created_at.map_or(0, Timestamp::as_millis);
    let random = hash(&[identity, table, &id.to_string()]);
    Builder::from_unix_timestamp_millis(u64::try_from(millis).unwrap_or(0), &random).into_uuid().to_string()
}

/// Stands in for randomness.
pub(super) fn hash(parts: &[&str]) -> [u8; 10] {
    let mut hash = Sha256::new();
    hash.update(b"llmio:original");
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest: [u8; 32] = hash.finalize().into();
    std::array::from_fn(|index| digest.get(index).copied().unwrap_or_default())
}

/// A name by our rules, and whether it is the given one.
pub(super) fn usable(given: &str, spaces: bool, fallback: impl FnOnce() -> String) -> (String, bool) {
    let clean: String = given
        .trim()
        .chars()
        .map(|c| match c {
            c if c.is_control() => '_',
            c if c.is_whitespace() && !spaces => '-',
            // In our names a star stands for any characters, in the original's for itself.
            '*' if !spaces => '_',
            c => c,
        })
        .take(MAX_NAME)
        .collect();
    let clean = clean.trim().to_owned();
    if clean.is_empty() { (fallback(), false) } else { (clean.clone(), clean == given.trim()) }
}

/// The name, or one like it that nobody has.
pub(super) fn free(name: &str, joint: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while is_taken(&candidate) {
        let ending = format!("{joint}{number}");
        let kept: String = name.chars().take(MAX_NAME - ending.len()).collect();
        candidate = format!("{kept}{ending}");
        number += 1;
    }
    candidate
}

/// Under which names and ids the history is kept.
#[derive(Clone, Debug, Default)]
pub struct Names {
    identity: String,
    /// By the original's name, where it meant one record: our name.
    providers: HashMap<String, String>,
    models: HashMap<String, String>,
    /// By the original's id: our id and name. Deleted ones keep theirs.
    keys: HashMap<i64, (String, String)>,
    /// By model, provider and provider's model, where they mean one.
    associations: HashMap<(String, String, String), Option<String>>,
}

impl Names {
    /// `config` has what was imported, perhaps under other names by now.
    pub fn new(tables: &Tables, config: &Config) -> Self {
        let id = |table: &str, common: &Common| record_id(&tables.identity, table, common.id, common.created_at);
        let mut names = Self { identity: tables.identity.clone(), ..Self::default() };
        let live = tables.providers.iter().filter(|row| !row.common.is_deleted);
        names.providers = unambiguous(live.map(|row| {
            let ours = config.provider(&id("providers", &row.common)).map(|provider| provider.name.clone());
            (row.name.clone(), ours)
        }));
        let live = tables.models.iter().filter(|row| !row.common.is_deleted);
        names.models = unambiguous(live.map(|row| {
            let ours = config.model(&id("models", &row.common)).map(|model| model.name.clone());
            (row.name.clone(), ours)
        }));
        for row in &tables.keys {
            let key_id = id("auth_keys", &row.common);
            let ours = config.key(&key_id).map(|key| key.name.clone());
            names.keys.insert(row.common.id, (key_id, ours.unwrap_or_else(|| row.name.trim().to_owned())));
        }
        let model_name = |id: i64| tables.models.iter().find(|row| row.common.id == id).map(|row| &row.name);
        let provider_name = |id: i64| tables.providers.iter().find(|row| row.common.id == id).map(|row| &row.name);
        for row in tables.associations.iter().filter(|row| !row.common.is_deleted) {
            let association_id = id("model_with_providers", &row.common);
            let (Some(model), Some(provider), Some(_)) =
                (model_name(row.model_id), provider_name(row.provider_id), config.association(&association_id))
            else {
                continue;
            };
            names
                .associations
                .entry((model.clone(), provider.clone(), row.provider_model.clone()))
                .and_modify(|known| *known = None)
                .or_insert(Some(association_id));
        }
        names
    }

    pub(super) fn identity(&self) -> &str {
        &self.identity
    }

    pub(super) fn provider(&self, name: &str) -> String {
        self.providers.get(name).cloned().unwrap_or_else(|| name.trim().to_owned())
    }

    pub(super) fn model(&self, name: &str) -> String {
        self.models.get(name).cloned().unwrap_or_else(|| name.trim().to_owned())
    }

    /// `None` for no key: the administrator's token.
    pub(super) fn key(&self, id: i64) -> Option<(String, String)> {
        if id <= 0 {
            return None;
        }
        let unknown = || (record_id(&self.identity, "auth_keys", id, None), format!("key {id}"));
        Some(self.keys.get(&id).cloned().unwrap_or_else(unknown))
    }

    pub(super) fn association(&self, model: &str, provider: &str, provider_model: &str) -> Option<String> {
        let names = (model.to_owned(), provider.to_owned(), provider_model.to_owned());
        self.associations.get(&names).cloned().flatten()
    }
}

fn unambiguous(names: impl Iterator<Item = (String, Option<String>)>) -> HashMap<String, String> {
    let mut found = HashMap::<String, Option<String>>::new();
    for (name, ours) in names {
        found.entry(name).and_modify(|known| *known = None).or_insert(ours);
    }
    found.into_iter().filter_map(|(name, ours)| Some((name, ours?))).collect()
}
