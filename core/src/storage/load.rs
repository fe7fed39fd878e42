use std::collections::{HashMap, HashSet};

use super::StorageError;
use super::column::{Column, corrupt, read_json};
use crate::config::fields::{association_fields, each, filled, key_fields};
use crate::config::{
    Address, Association, ClientKey, Config, Model, Place, Provider, ProviderType, Sealer, Secret, Settings, Strategy,
    Timeouts, error_samples,
};
use crate::platform::{Database, Row, Rows, Statement, Timestamp};

pub(super) const VERSION: &str = "SELECT version FROM config_version";

/// A field's column has its name.
macro_rules! name {
    (() $field:ident) => {
        stringify!($field)
    };
}

macro_rules! read {
    (($row:ident) $field:ident) => {
        Column::read($row, name!(() $field))?
    };
}

/// Each names its columns: they are this version's, whatever others have been added, and in whatever order.
fn queries() -> [String; 6] {
    let of_associations = association_fields! { each! { name!() } }.join(", ");
    let of_keys = key_fields! { each! { name!() } }.join(", ");
    [
        VERSION.to_owned(),
        "SELECT id, name, type, base_url, also, api_key, version, proxy, error_matcher, console_url, note, enabled \
         FROM providers ORDER BY name"
            .to_owned(),
        "SELECT id, name, strategy, max_retry, time_out, header_timeout, first_token_timeout, idle_timeout, breaker, \
         affinity, prefer_same_dialect, strict, note, enabled, created_at FROM models ORDER BY position, id"
            .to_owned(),
        format!(
            "SELECT id, model_id, provider_id, provider_model, headers, note, {of_associations} FROM associations \
             ORDER BY model_id, position, id"
        ),
        format!(
            "SELECT id, name, hash, prefix, suffix, models, note, created_at, {of_keys} FROM keys ORDER BY created_at, id"
        ),
        "SELECT name, value FROM settings".to_owned(),
    ]
}

/// Reads the whole configuration as of one moment. A provider or model of a type or strategy that a newer version has
/// brought is left out, with its associations, and named in the log; in the database it stays.
pub async fn load(database: &dyn Database, sealer: &Sealer) -> Result<Config, StorageError> {
    let answers = database.batch(queries().map(|sql| Statement::new(sql, vec![])).into()).await?;
    let [version, providers, models, associations, keys, settings] = answers.as_slice() else {
        return Err(StorageError::Corrupt("the database answered another number of statements".into()));
    };
    let mut config = Config {
        version: read_version(version)?,
        providers: known(providers.iter().map(|row| provider(row, sealer)))?,
        models: known(models.iter().map(model))?,
        keys: keys.iter().map(client_key).collect::<Result<_, _>>()?,
        settings: read_settings(settings)?,
    };
    let providers: HashSet<&str> = config.providers.iter().map(|provider| provider.id.as_str()).collect();
    let mut by_model: HashMap<&str, Vec<Association>> = HashMap::new();
    for row in associations.iter() {
        if !providers.contains(row.text("provider_id")?) {
            continue;
        }
        by_model.entry(row.text("model_id")?).or_default().push(association(row, sealer)?);
    }
    for model in &mut config.models {
        model.associations = by_model.remove(model.id.as_str()).unwrap_or_default();
    }
    Ok(config)
}

/// The number that grows with every change; a snapshot of another number is stale.
pub async fn version(database: &dyn Database) -> Result<i64, StorageError> {
    read_version(&database.query(Statement::new(VERSION, vec![])).await?)
}

pub(super) fn read_version(rows: &Rows) -> Result<i64, StorageError> {
    Ok(rows.first().ok_or_else(|| StorageError::Corrupt("config_version is empty".into()))?.integer("version")?)
}

/// The records without those that are left out.
fn known<T>(records: impl Iterator<Item = Result<Option<T>, StorageError>>) -> Result<Vec<T>, StorageError> {
    records.filter_map(Result::transpose).collect()
}

fn provider(row: Row<'_>, sealer: &Sealer) -> Result<Option<Provider>, StorageError> {
    let Some(kind) = word(row, "provider", "type", ProviderType::parse)? else { return Ok(None) };
    let id = row.text("id")?;
    let open = |column, value: Option<&[u8]>| value.map(|sealed| sealer.open(Place { column, id }, sealed)).transpose();
    Ok(Some(Provider {
        id: id.to_owned(),
        name: row.text("name")?.to_owned(),
        kind,
        base_url: row.text("base_url")?.to_owned(),
        also: further_addresses(row)?,
        api_key: open("providers.api_key", row.optional_blob("api_key")?)?.unwrap_or_default(),
        version: row.optional_text("version")?.map(str::to_owned),
        proxy: open("providers.proxy", row.optional_blob("proxy")?)?,
        error_matcher: error_samples(row.text("error_matcher")?),
        console_url: row.optional_text("console_url")?.map(str::to_owned),
        note: row.text("note")?.to_owned(),
        enabled: row.boolean("enabled")?,
    }))
}

/// Those of types that a newer version has brought are left out.
fn further_addresses(row: Row<'_>) -> Result<Vec<Address>, StorageError> {
    let all: Option<Vec<serde_json::Value>> = read_json(row, "also")?;
    Ok(all.into_iter().flatten().filter_map(|address| serde_json::from_value(address).ok()).collect())
}

fn model(row: Row<'_>) -> Result<Option<Model>, StorageError> {
    let Some(strategy) = word(row, "model", "strategy", Strategy::parse)? else { return Ok(None) };
    Ok(Some(Model {
        id: row.text("id")?.to_owned(),
        name: row.text("name")?.to_owned(),
        strategy,
        max_retry: Column::read(row, "max_retry")?,
        timeouts: Timeouts {
            total: row.optional_real("time_out")?,
            header: row.optional_real("header_timeout")?,
            first_token: row.optional_real("first_token_timeout")?,
            idle: row.optional_real("idle_timeout")?,
        },
        breaker: row.boolean("breaker")?,
        affinity: row.boolean("affinity")?,
        prefer_same_dialect: row.boolean("prefer_same_dialect")?,
        strict: row.boolean("strict")?,
        note: row.text("note")?.to_owned(),
        enabled: row.boolean("enabled")?,
        associations: Vec::new(),
        created_at: Timestamp::from_micros(row.integer("created_at")?),
    }))
}

fn association(row: Row<'_>, sealer: &Sealer) -> Result<Association, StorageError> {
    let id = row.text("id")?;
    let headers = match row.optional_blob("headers")? {
        None => Vec::new(),
        Some(sealed) => {
            let opened: Secret = sealer.open(Place { column: "associations.headers", id }, sealed)?;
            // The parser's own message could quote a header's value.
            serde_json::from_str(opened.reveal()).map_err(|_| corrupt(row, "headers"))?
        }
    };
    Ok(association_fields! { filled! {
        Association {
            id: id.to_owned(),
            provider_id: row.text("provider_id")?.to_owned(),
            provider_model: row.text("provider_model")?.to_owned(),
            headers,
            note: row.text("note")?.to_owned(),
        } by read!(row)
    } })
}

fn client_key(row: Row<'_>) -> Result<ClientKey, StorageError> {
    Ok(key_fields! { filled! {
        ClientKey {
            id: row.text("id")?.to_owned(),
            name: row.text("name")?.to_owned(),
            hash: row.blob("hash")?.try_into().map_err(|_| corrupt(row, "hash"))?,
            prefix: row.text("prefix")?.to_owned(),
            suffix: row.optional_text("suffix")?.map(str::to_owned),
            note: row.text("note")?.to_owned(),
            models: Column::read(row, "models")?,
            created_at: Timestamp::from_micros(row.integer("created_at")?),
        } by read!(row)
    } })
}

/// Settings that this version does not know are left alone.
fn read_settings(rows: &Rows) -> Result<Settings, StorageError> {
    let mut settings = serde_json::Map::new();
    let known = super::write::settings_rows(&Settings::default());
    for row in rows.iter() {
        let name = row.text("name")?;
        if known.iter().any(|(known, _)| known == name) {
            settings.insert(name.to_owned(), read_json(row, "value")?.unwrap_or_default());
        }
    }
    serde_json::from_value(settings.into()).map_err(|error| StorageError::Corrupt(format!("settings: {error}")))
}

/// `None` for a word that this version does not know.
fn word<T>(
    row: Row<'_>,
    record: &str,
    column: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, StorageError> {
    let (name, text) = (row.text("name")?, row.text(column)?);
    let known = parse(text);
    if known.is_none() {
        tracing::warn!(
            "configuration: {record} `{name}` is left out, as its {column} `{text}` is unknown to this version"
        );
    }
    Ok(known)
}
