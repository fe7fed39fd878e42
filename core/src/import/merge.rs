use std::collections::HashMap;

use super::names::{free, record_id, usable};
use super::report::Report;
use super::row::{Common, Tables};
use super::{accounts, keys, models, settings};
use crate::config::validate::{self, MAX_ASSOCIATIONS, MAX_KEYS, MAX_MODELS, MAX_PROVIDERS};
use crate::config::{Config, Secret};
use crate::platform::Timestamp;

/// What a merge brought.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    pub report: Report,
    pub providers: usize,
    pub models: usize,
    pub associations: usize,
    pub keys: usize,
    /// The texts of the imported keys, by their ids, for a file that takes them elsewhere.
    pub key_texts: HashMap<String, Secret>,
}

/// Adds the original's configuration to ours. What is there already, from an earlier import, stays as it is now. The
/// result breaks none of our rules, whatever the tables hold.
pub fn merge(tables: &Tables, config: &mut Config, now: Timestamp) -> Merged {
    let mut merge = Merging {
        tables,
        now,
        is_new: config.providers.is_empty() && config.models.is_empty() && config.keys.is_empty(),
        renamed: HashMap::new(),
        models: HashMap::new(),
        merged: Merged::default(),
    };
    merge.providers(config);
    merge.models(config);
    merge.associations(config);
    merge.keys(config);
    settings::counting(tables, config, &mut merge.merged.report);
    settings::retention(tables, config, merge.is_new, &mut merge.merged.report);
    merge.merged
}

struct Merging<'a> {
    tables: &'a Tables,
    now: Timestamp,
    is_new: bool,
    /// What models are called now, by the names that clients know.
    renamed: HashMap<String, String>,
    /// Our ids of the original's live models.
    models: HashMap<i64, String>,
    merged: Merged,
}

impl Merging<'_> {
    fn id(&self, table: &str, common: &Common) -> String {
        record_id(&self.tables.identity, table, common.id, common.created_at)
    }

    fn providers(&mut self, config: &mut Config) {
        for row in self.tables.providers.iter().filter(|row| !row.common.is_deleted) {
            let id = self.id("providers", &row.common);
            if config.provider(&id).is_some() {
                continue;
            }
            let (wanted, is_same) = usable(&row.name, true, || format!("provider {}", row.common.id));
            let name = free(&wanted, " ", |name| config.provider_named(name).is_some());
            let mut notes = self.merged.report.of(format!("provider `{name}`"));
            if !is_same {
                notes.note(format!("had an unusable name and is called `{name}`"));
            } else if name != wanted {
                notes.note(format!("is called so because there is another `{wanted}`"));
            }
            let provider = accounts::provider(row, id, name, &mut notes);
            match validate::provider(&provider) {
                Err(invalid) => notes.left(invalid),
                Ok(()) if config.providers.len() >= MAX_PROVIDERS => {
                    notes.left(format_args!("is one of more than {MAX_PROVIDERS}"));
                }
                Ok(()) => {
                    config.providers.push(provider);
                    self.merged.providers += 1;
                }
            }
        }
    }

    fn models(&mut self, config: &mut Config) {
        for row in self.tables.models.iter().filter(|row| !row.common.is_deleted) {
            let id = self.id("models", &row.common);
            if config.model(&id).is_some() {
                self.models.insert(row.common.id, id);
                continue;
            }
            let (wanted, is_same) = usable(&row.name, false, || format!("model-{}", row.common.id));
            let name = free(&wanted, "-", |name| config.models.iter().any(|model| model.name == name));
            let mut notes = self.merged.report.of(format!("model `{name}`"));
            if !is_same {
                notes.off(format_args!("had the unusable name `{}` and is called `{name}`", row.name.trim()));
            } else if name != wanted {
                notes.off(format_args!("is called so because there is another `{wanted}`, which clients get"));
            }
            let model = models::model(row, id.clone(), name.clone(), self.now, &mut notes);
            match validate::model(&model) {
                Err(invalid) => notes.left(invalid),
                Ok(()) if config.models.len() >= MAX_MODELS => {
                    notes.left(format_args!("is one of more than {MAX_MODELS}"));
                }
                Ok(()) => {
                    // Of two of one name the first has it, and those keys that name it mean that one.
                    self.renamed.entry(row.name.clone()).or_insert(name);
                    self.models.insert(row.common.id, id);
                    config.models.push(model);
                    self.merged.models += 1;
                }
            }
        }
    }

    fn associations(&mut self, config: &mut Config) {
        for row in self.tables.associations.iter().filter(|row| !row.common.is_deleted) {
            let id = self.id("model_with_providers", &row.common);
            if config.association(&id).is_some() {
                continue;
            }
            let named = |name: Option<&String>, id: i64| name.map_or_else(|| format!("#{id}"), Clone::clone);
            let of_model = self.tables.models.iter().find(|model| model.common.id == row.model_id).map(|it| &it.name);
            let by = self.tables.providers.iter().find(|it| it.common.id == row.provider_id);
            let record = format!(
                "association of `{}` with `{}/{}`",
                named(of_model, row.model_id),
                named(by.map(|it| &it.name), row.provider_id),
                row.provider_model
            );
            let provider_id = by.map(|by| self.id("providers", &by.common)).filter(|id| config.provider(id).is_some());
            let model = self.models.get(&row.model_id);
            let model = model.and_then(|id| config.models.iter_mut().find(|model| model.id == *id));
            let mut notes = self.merged.report.of(record);
            let (Some(model), Some(provider_id)) = (model, provider_id.clone()) else {
                let what = if provider_id.is_none() { "provider" } else { "model" };
                notes.left(format_args!("belongs to a {what} that is not there"));
                continue;
            };
            match models::association(row, id, provider_id, model, &mut notes) {
                Err(invalid) => notes.left(invalid),
                Ok(_) if model.associations.len() >= MAX_ASSOCIATIONS => {
                    notes.left(format_args!("is one of more than {MAX_ASSOCIATIONS}"));
                }
                Ok(association) => {
                    model.associations.push(association);
                    self.merged.associations += 1;
                }
            }
        }
    }

    fn keys(&mut self, config: &mut Config) {
        for row in self.tables.keys.iter().filter(|row| !row.common.is_deleted) {
            let id = self.id("auth_keys", &row.common);
            if config.key(&id).is_some() {
                continue;
            }
            let (wanted, is_same) = usable(&row.name, true, || format!("key {}", row.common.id));
            let name = free(&wanted, " ", |name| config.keys.iter().any(|key| key.name == name));
            let mut notes = self.merged.report.of(format!("key `{name}`"));
            if !is_same {
                notes.note(format!("had an unusable name and is called `{name}`"));
            } else if name != wanted {
                notes.note(format!("is called so because there is another `{wanted}`"));
            }
            let known = |name: &str| config.models.iter().any(|model| model.name == name);
            let key = keys::key(row, id, name, &self.renamed, known, self.now, &mut notes);
            let twin = config.keys.iter().find(|other| other.hash == key.hash);
            match (validate::client_key(&key), twin) {
                (Err(invalid), _) => notes.left(invalid),
                (Ok(()), Some(twin)) => notes.left(format_args!("has the same text as `{}`", twin.name)),
                (Ok(()), None) if config.keys.len() >= MAX_KEYS => {
                    notes.left(format_args!("is one of more than {MAX_KEYS}"));
                }
                (Ok(()), None) => {
                    self.merged.key_texts.insert(key.id.clone(), Secret::new(row.key.as_str()));
                    config.keys.push(key);
                    self.merged.keys += 1;
                }
            }
        }
    }
}
