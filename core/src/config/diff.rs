//! What differs between two configurations, for people: names of records and fields, never values.

use std::collections::{HashMap, HashSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::fields::{association_fields, each, key_fields};
use super::{Association, ClientKey, Config, Model, Provider, Settings};

/// One record that was or will be created, changed or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    pub action: Action,
    pub kind: Kind,
    /// An association is named by its model and its provider's name and model: `gpt-5: main/gpt-5`.
    pub name: String,
    /// The fields that differ; only for an update.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Create,
    Update,
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Provider,
    Model,
    Association,
    Key,
    Settings,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let action = match self.action {
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
        };
        let kind = match self.kind {
            Kind::Provider => "provider",
            Kind::Model => "model",
            Kind::Association => "association",
            Kind::Key => "key",
            Kind::Settings => "settings",
        };
        write!(f, "{action} {kind}")?;
        if !self.name.is_empty() {
            write!(f, " {}", self.name)?;
        }
        if !self.fields.is_empty() {
            write!(f, ": {}", self.fields.join(", "))?;
        }
        Ok(())
    }
}

/// Records are matched by id.
pub fn diff(old: &Config, new: &Config) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(
        &mut changes,
        Kind::Provider,
        &old.providers.iter().map(|provider| (provider.id.as_str(), provider)).collect::<Vec<_>>(),
        &new.providers.iter().map(|provider| (provider.id.as_str(), provider)).collect::<Vec<_>>(),
        |provider| provider.name.clone(),
        |provider| provider.name.clone(),
        provider_fields,
    );
    let (old_models, new_models) = (models(old), models(new));
    compare(
        &mut changes,
        Kind::Model,
        &old_models,
        &new_models,
        |row| row.model.name.clone(),
        |row| row.model.name.clone(),
        model_fields,
    );
    let (old_associations, new_associations) = (associations(old), associations(new));
    compare(
        &mut changes,
        Kind::Association,
        &old_associations,
        &new_associations,
        |row| row.name(old),
        |row| row.name(new),
        association_fields,
    );
    compare(
        &mut changes,
        Kind::Key,
        &old.keys.iter().map(|key| (key.id.as_str(), key)).collect::<Vec<_>>(),
        &new.keys.iter().map(|key| (key.id.as_str(), key)).collect::<Vec<_>>(),
        |key| key.name.clone(),
        |key| key.name.clone(),
        key_fields,
    );
    let fields = settings_fields(&old.settings, &new.settings);
    if !fields.is_empty() {
        changes.push(Change { action: Action::Update, kind: Kind::Settings, name: String::new(), fields });
    }
    changes
}

fn compare<T: Copy>(
    changes: &mut Vec<Change>,
    kind: Kind,
    old: &[(&str, T)],
    new: &[(&str, T)],
    old_name: impl Fn(T) -> String,
    new_name: impl Fn(T) -> String,
    fields: impl Fn(T, T) -> Vec<&'static str>,
) {
    let known: HashMap<&str, T> = old.iter().copied().collect();
    let kept: HashSet<&str> = new.iter().map(|(id, _)| *id).collect();
    for (id, record) in old {
        if !kept.contains(id) {
            changes.push(Change { action: Action::Delete, kind, name: old_name(*record), fields: vec![] });
        }
    }
    for (id, record) in new {
        let name = new_name(*record);
        match known.get(id).copied() {
            None => changes.push(Change { action: Action::Create, kind, name, fields: vec![] }),
            Some(before) => {
                let fields = fields(before, *record);
                if !fields.is_empty() {
                    changes.push(Change { action: Action::Update, kind, name, fields });
                }
            }
        }
    }
}

/// For [`each`]: a field's name, and whether it differs.
macro_rules! differs {
    (($a:ident, $b:ident) $field:ident) => {
        (stringify!($field), $a.$field != $b.$field)
    };
}

fn changed(fields: impl IntoIterator<Item = (&'static str, bool)>) -> Vec<&'static str> {
    fields.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

fn provider_fields(a: &Provider, b: &Provider) -> Vec<&'static str> {
    changed([
        ("name", a.name != b.name),
        ("type", a.kind != b.kind),
        ("base_url", a.base_url != b.base_url),
        ("api_key", a.api_key != b.api_key),
        ("version", a.version != b.version),
        ("proxy", a.proxy != b.proxy),
        ("error_matcher", a.error_matcher != b.error_matcher),
        ("console_url", a.console_url != b.console_url),
        ("note", a.note != b.note),
        ("enabled", a.enabled != b.enabled),
    ])
}

/// A model and its place in the order.
#[derive(Clone, Copy)]
struct ModelRow<'a> {
    model: &'a Model,
    position: usize,
}

fn models(config: &Config) -> Vec<(&str, ModelRow<'_>)> {
    config
        .models
        .iter()
        .enumerate()
        .map(|(position, model)| (model.id.as_str(), ModelRow { model, position }))
        .collect()
}

fn model_fields(a: ModelRow<'_>, b: ModelRow<'_>) -> Vec<&'static str> {
    let (position, a, other, b) = (a.position, a.model, b.position, b.model);
    changed([
        ("name", a.name != b.name),
        ("strategy", a.strategy != b.strategy),
        ("max_retry", a.max_retry != b.max_retry),
        ("time_out", a.timeouts.total != b.timeouts.total),
        ("header_timeout", a.timeouts.header != b.timeouts.header),
        ("first_token_timeout", a.timeouts.first_token != b.timeouts.first_token),
        ("idle_timeout", a.timeouts.idle != b.timeouts.idle),
        ("breaker", a.breaker != b.breaker),
        ("affinity", a.affinity != b.affinity),
        ("note", a.note != b.note),
        ("enabled", a.enabled != b.enabled),
        ("order", position != other),
    ])
}

#[derive(Clone, Copy)]
struct AssociationRow<'a> {
    model: &'a Model,
    association: &'a Association,
    position: usize,
}

impl AssociationRow<'_> {
    fn name(self, config: &Config) -> String {
        let provider = config.provider(&self.association.provider_id).map_or("?", |provider| &provider.name);
        format!("{}: {provider}/{}", self.model.name, self.association.provider_model)
    }
}

fn associations(config: &Config) -> Vec<(&str, AssociationRow<'_>)> {
    config
        .models
        .iter()
        .flat_map(|model| {
            model.associations.iter().enumerate().map(move |(position, association)| {
                (association.id.as_str(), AssociationRow { model, association, position })
            })
        })
        .collect()
}

fn association_fields(a: AssociationRow<'_>, b: AssociationRow<'_>) -> Vec<&'static str> {
    let (model, other, order) = (&a.model.id, &b.model.id, a.position != b.position);
    let (a, b) = (a.association, b.association);
    let mut fields = vec![
        ("model", model != other),
        ("provider", a.provider_id != b.provider_id),
        ("provider_model", a.provider_model != b.provider_model),
        ("headers", a.headers != b.headers),
        ("note", a.note != b.note),
    ];
    fields.extend(association_fields! { each! { differs!(a, b) } });
    fields.push(("order", order));
    changed(fields)
}

fn key_fields(a: &ClientKey, b: &ClientKey) -> Vec<&'static str> {
    let mut fields = vec![
        ("name", a.name != b.name),
        ("key", a.hash != b.hash),
        ("models", a.models != b.models),
        ("note", a.note != b.note),
    ];
    fields.extend(key_fields! { each! { differs!(a, b) } });
    changed(fields)
}

fn settings_fields(a: &Settings, b: &Settings) -> Vec<&'static str> {
    changed([
        ("log_retention_days", a.log_retention_days != b.log_retention_days),
        ("keep_alive", a.keep_alive != b.keep_alive),
        ("max_rest", a.max_rest != b.max_rest),
        ("record_decisions", a.record_decisions != b.record_decisions),
        ("counting_provider", a.counting_provider != b.counting_provider),
    ])
}
