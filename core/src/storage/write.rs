//! The statements that turn one configuration into another.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

use super::StorageError;
use super::column::{Column, json};
use crate::config::fields::{association_fields, each, key_fields};
use crate::config::{Association, ClientKey, Config, Model, Place, Provider, Sealer, Settings, error_text};
use crate::platform::{Entropy, Statement, Value};

/// What moves the database from `old` to `new`, in an order that no constraint minds: what goes, then what stays, then
/// what comes. Empty when nothing differs. The version is not part of it.
pub(super) fn statements(
    old: &Config,
    new: &Config,
    sealer: &Sealer,
    entropy: &dyn Entropy,
) -> Result<Vec<Statement>, StorageError> {
    let seal = Seal { sealer, entropy };
    let mut writes = Writes::default();
    // Models and providers first among what comes, for associations refer to both.
    writes.table("providers", &providers(old), &providers(new), |provider| provider_columns(provider, seal))?;
    writes.table("models", &models(old), &models(new), |row| Ok(model_columns(row)))?;
    writes.table("associations", &associations(old), &associations(new), |row| association_columns(row, seal))?;
    writes.table("keys", &keys(old), &keys(new), key_columns)?;
    writes.release("providers", &providers(old), &providers(new), |provider| &provider.name);
    writes.release("models", &models(old), &models(new), |row| &row.model.name);
    writes.release("keys", &keys(old), &keys(new), |key| &key.name);
    if old.settings != new.settings {
        for (name, value) in settings_rows(&new.settings) {
            writes.inserts.push(Statement::new(
                "INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                vec![name.into(), value.into()],
            ));
        }
    }
    Ok(writes.into_statements())
}

/// Each setting's name, and its value as JSON.
pub(super) fn settings_rows(settings: &Settings) -> Vec<(String, String)> {
    match serde_json::to_value(settings) {
        Ok(Json::Object(map)) => map.into_iter().map(|(name, value)| (name, value.to_string())).collect(),
        _ => Vec::new(),
    }
}

#[derive(Default)]
struct Writes {
    deletes: Vec<Statement>,
    releases: Vec<Statement>,
    updates: Vec<Statement>,
    inserts: Vec<Statement>,
}

type Columns = Vec<(&'static str, Value)>;

/// A field's column has its name.
macro_rules! column {
    (($from:ident) $field:ident) => {
        (stringify!($field), $from.$field.write()?)
    };
}

impl Writes {
    fn table<'a, T: PartialEq + Copy>(
        &mut self,
        table: &'static str,
        old: &[(&'a str, T)],
        new: &[(&'a str, T)],
        columns: impl Fn(T) -> Result<Columns, StorageError>,
    ) -> Result<(), StorageError> {
        let known: HashMap<&str, T> = old.iter().copied().collect();
        let kept: HashSet<&str> = new.iter().map(|(id, _)| *id).collect();
        for &(id, record) in new {
            match known.get(id) {
                Some(before) if *before == record => {}
                Some(_) => self.updates.push(update(table, id, columns(record)?)),
                None => self.inserts.push(insert(table, id, columns(record)?)),
            }
        }
        for (id, _) in old.iter().filter(|(id, _)| !kept.contains(id)) {
            self.deletes.push(Statement::new(format!("DELETE FROM {table} WHERE id = ?1"), vec![(*id).into()]));
        }
        Ok(())
    }

    /// Names that one record takes over from another that stays are let go first. Until its update, that one has a name
    /// that nobody can have, for none holds a line's end.
    fn release<'a, T: Copy>(
        &mut self,
        table: &'static str,
        old: &[(&'a str, T)],
        new: &[(&'a str, T)],
        name: impl Fn(T) -> &'a String,
    ) {
        let owners: HashMap<&String, &str> = new.iter().map(|(id, record)| (name(*record), *id)).collect();
        let kept: HashSet<&str> = new.iter().map(|(id, _)| *id).collect();
        for (id, record) in old.iter().filter(|(id, _)| kept.contains(id)) {
            if owners.get(name(*record)).is_some_and(|owner| owner != id) {
                let sql = format!("UPDATE {table} SET name = char(10) || id WHERE id = ?1");
                self.releases.push(Statement::new(sql, vec![(*id).into()]));
            }
        }
    }

    fn into_statements(self) -> Vec<Statement> {
        [self.deletes, self.releases, self.updates, self.inserts].into_iter().flatten().collect()
    }
}

fn insert(table: &str, id: &str, columns: Columns) -> Statement {
    let names: String = columns.iter().map(|(name, _)| format!(", {name}")).collect();
    let marks: String = (2..columns.len() + 2).map(|index| format!(", ?{index}")).collect();
    Statement::new(format!("INSERT INTO {table} (id{names}) VALUES (?1{marks})"), params(id, columns))
}

fn update(table: &str, id: &str, columns: Columns) -> Statement {
    let sets: Vec<String> = columns.iter().zip(2..).map(|((name, _), index)| format!("{name} = ?{index}")).collect();
    Statement::new(format!("UPDATE {table} SET {} WHERE id = ?1", sets.join(", ")), params(id, columns))
}

fn params(id: &str, columns: Columns) -> Vec<Value> {
    std::iter::once(id.into()).chain(columns.into_iter().map(|(_, value)| value)).collect()
}

#[derive(Clone, Copy)]
struct Seal<'a> {
    sealer: &'a Sealer,
    entropy: &'a dyn Entropy,
}

impl Seal<'_> {
    /// NULL for an empty text.
    fn value(self, column: &str, id: &str, plain: &str) -> Result<Value, StorageError> {
        if plain.is_empty() {
            return Ok(Value::Null);
        }
        Ok(self.sealer.seal(self.entropy, Place { column, id }, plain)?.into())
    }
}

fn providers(config: &Config) -> Vec<(&str, &Provider)> {
    config.providers.iter().map(|provider| (provider.id.as_str(), provider)).collect()
}

fn provider_columns(provider: &Provider, seal: Seal<'_>) -> Result<Columns, StorageError> {
    let proxy = provider.proxy.as_ref().map_or("", |proxy| proxy.reveal());
    Ok(vec![
        ("name", provider.name.as_str().into()),
        ("type", provider.kind.as_str().into()),
        ("base_url", provider.base_url.as_str().into()),
        ("api_key", seal.value("providers.api_key", &provider.id, provider.api_key.reveal())?),
        ("version", provider.version.as_deref().into()),
        ("proxy", seal.value("providers.proxy", &provider.id, proxy)?),
        ("error_matcher", error_text(&provider.error_matcher).into()),
        ("console_url", provider.console_url.as_deref().into()),
        ("note", provider.note.as_str().into()),
        ("enabled", provider.enabled.into()),
    ])
}

/// A model without its associations, and its place in the order.
#[derive(Clone, Copy)]
struct ModelRow<'a> {
    model: &'a Model,
    position: u32,
}

impl PartialEq for ModelRow<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.position == other.position && model_columns(*self) == model_columns(*other)
    }
}

fn models(config: &Config) -> Vec<(&str, ModelRow<'_>)> {
    config.models.iter().zip(0..).map(|(model, position)| (model.id.as_str(), ModelRow { model, position })).collect()
}

fn model_columns(row: ModelRow<'_>) -> Columns {
    let ModelRow { model, position } = row;
    vec![
        ("name", model.name.as_str().into()),
        ("position", position.into()),
        ("strategy", model.strategy.as_str().into()),
        ("max_retry", model.max_retry.into()),
        ("time_out", model.timeouts.total.into()),
        ("header_timeout", model.timeouts.header.into()),
        ("first_token_timeout", model.timeouts.first_token.into()),
        ("idle_timeout", model.timeouts.idle.into()),
        ("breaker", model.breaker.into()),
        ("affinity", model.affinity.into()),
        ("note", model.note.as_str().into()),
        ("enabled", model.enabled.into()),
        ("created_at", model.created_at.as_micros().into()),
    ]
}

#[derive(Clone, Copy, PartialEq)]
struct AssociationRow<'a> {
    association: &'a Association,
    model_id: &'a str,
    position: u32,
}

fn associations(config: &Config) -> Vec<(&str, AssociationRow<'_>)> {
    let mut rows = Vec::new();
    for model in &config.models {
        for (association, position) in model.associations.iter().zip(0..) {
            rows.push((association.id.as_str(), AssociationRow { association, model_id: &model.id, position }));
        }
    }
    rows
}

fn association_columns(row: AssociationRow<'_>, seal: Seal<'_>) -> Result<Columns, StorageError> {
    let AssociationRow { association, model_id, position } = row;
    let headers = if association.headers.is_empty() { String::new() } else { json(&association.headers)? };
    let mut columns = vec![
        ("model_id", model_id.into()),
        ("provider_id", association.provider_id.as_str().into()),
        ("position", position.into()),
        ("provider_model", association.provider_model.as_str().into()),
        ("note", association.note.as_str().into()),
        ("headers", seal.value("associations.headers", &association.id, &headers)?),
    ];
    columns.extend(association_fields! { each! { column!(association) } });
    Ok(columns)
}

fn keys(config: &Config) -> Vec<(&str, &ClientKey)> {
    config.keys.iter().map(|key| (key.id.as_str(), key)).collect()
}

fn key_columns(key: &ClientKey) -> Result<Columns, StorageError> {
    let mut columns = vec![
        ("name", key.name.as_str().into()),
        ("hash", key.hash.as_slice().into()),
        ("prefix", key.prefix.as_str().into()),
        ("suffix", key.suffix.as_deref().into()),
        ("note", key.note.as_str().into()),
        ("models", key.models.write()?),
        ("created_at", key.created_at.as_micros().into()),
    ];
    columns.extend(key_fields! { each! { column!(key) } });
    Ok(columns)
}
