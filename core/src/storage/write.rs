//! The statements that turn one configuration into another.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

use super::column::{Column, json};
use super::{StorageError, together};
use crate::config::fields::{association_fields, each, key_fields};
use crate::config::{Association, ClientKey, Config, Model, Place, Provider, Sealer, Settings, error_text};
use crate::platform::{Entropy, Statement, Value};

/// What moves the database from `old` to `new`, in an order that no constraint minds: what goes, then what stays, then
/// what comes. Empty when nothing differs, and else a few statements to a table, however many records: D1 counts them, and so
/// does the way to a remote database. The version is not part of it.
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
        let rows = settings_rows(&new.settings);
        let rows = rows.into_iter().map(|(name, value)| together::row([name.into(), value.into()]));
        let sql = "INSERT INTO settings (name, value) SELECT value->>0, value->>1 FROM json_each(?1) WHERE true \
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        writes.inserts.extend(each_group(sql, rows));
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
        let (mut changed, mut added) = (Vec::new(), Vec::new());
        for &(id, record) in new {
            match known.get(id) {
                Some(before) if *before == record => {}
                Some(_) => changed.push((id, columns(record)?)),
                None => added.push((id, columns(record)?)),
            }
        }
        let gone = old.iter().map(|(id, _)| *id).filter(|id| !kept.contains(id));
        self.deletes.extend(each_group(format!("DELETE FROM {table} WHERE id IN ({IDS})"), gone.map(id_row)));
        self.updates.extend(update(table, changed));
        self.inserts.extend(insert(table, added));
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
        let taken = |id: &str, record: T| owners.get(name(record)).is_some_and(|owner| *owner != id);
        let released = old.iter().filter(|(id, record)| kept.contains(id) && taken(id, *record)).map(|(id, _)| *id);
        let sql = format!("UPDATE {table} SET name = char(10) || id WHERE id IN ({IDS})");
        self.releases.extend(each_group(sql, released.map(id_row)));
    }

    fn into_statements(self) -> Vec<Statement> {
        [self.deletes, self.releases, self.updates, self.inserts].into_iter().flatten().collect()
    }
}

/// The ids of the parameter's rows.
const IDS: &str = "SELECT value->>0 FROM json_each(?1)";

fn id_row(id: &str) -> String {
    together::row([id.into()])
}

/// The statement for all rows: once, unless they are more than a parameter holds.
fn each_group(sql: impl Into<Cow<'static, str>>, rows: impl IntoIterator<Item = String>) -> Vec<Statement> {
    let sql = sql.into();
    together::parameters(rows).into_iter().map(|rows| Statement::new(sql.clone(), vec![rows])).collect()
}

fn insert(table: &str, records: Vec<(&str, Columns)>) -> Vec<Statement> {
    let sources = sources(&records);
    let names: String = sources.iter().map(|(name, _)| format!(", {name}")).collect();
    let values: String = sources.iter().map(|(_, value)| format!(", {value}")).collect();
    let sql = format!("INSERT INTO {table} (id{names}) SELECT value->>0{values} FROM json_each(?1)");
    each_group(sql, records.into_iter().map(record_row))
}

fn update(table: &str, records: Vec<(&str, Columns)>) -> Vec<Statement> {
    let sets: Vec<String> = sources(&records).iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let sql = format!(
        "UPDATE {table} SET {} FROM json_each(?1) AS record WHERE {table}.id = record.value->>0",
        sets.join(", ")
    );
    each_group(sql, records.into_iter().map(record_row))
}

/// The columns, and where each has its value from in a row of [`record_row`].
fn sources(records: &[(&str, Columns)]) -> Vec<(&'static str, String)> {
    let Some((_, first)) = records.first() else { return Vec::new() };
    let is_blob = |column: usize| {
        records.iter().any(|(_, columns)| columns.get(column).is_some_and(|(_, value)| matches!(value, Value::Blob(_))))
    };
    let source = |column: usize| match is_blob(column) {
        true => format!("unhex(value->>{})", column + 1),
        false => format!("value->>{}", column + 1),
    };
    first.iter().enumerate().map(|(column, (name, _))| (*name, source(column))).collect()
}

fn record_row((id, columns): (&str, Columns)) -> String {
    together::row(std::iter::once(id.into()).chain(columns.into_iter().map(|(_, value)| value)))
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
        ("also", if provider.also.is_empty() { Value::Null } else { json(&provider.also)?.into() }),
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
        ("prefer_same_dialect", model.prefer_same_dialect.into()),
        ("strict", model.strict.into()),
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
