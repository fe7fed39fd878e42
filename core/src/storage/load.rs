use std::collections::{HashMap, HashSet};

use super::StorageError;
use crate::config::{
    Association, Capabilities, ClientKey, Config, Model, Place, Provider, ProviderType, Sealer, Secret, Settings,
    Strategy, Timeouts, error_samples,
};
use crate::platform::{Database, Row, Rows, Statement, Timestamp};

pub(super) const VERSION: &str = "SELECT version FROM config_version";

/// Each names its columns: they are this version's, whatever others have been added, and in whatever order.
const QUERIES: [&str; 6] = [
    VERSION,
    "SELECT id, name, type, base_url, api_key, version, proxy, error_matcher FROM providers ORDER BY name",
    "SELECT id, name, strategy, max_retry, time_out, header_timeout, first_token_timeout, idle_timeout, breaker, \
     created_at FROM models ORDER BY position, id",
    "SELECT id, model_id, provider_id, provider_model, weight, tool_call, structured_output, image, with_header, headers, \
     extra_body, prices, enabled FROM associations ORDER BY model_id, position, id",
    "SELECT id, name, hash, prefix, enabled, models, expires_at, log_io, created_at FROM keys ORDER BY created_at, id",
    "SELECT name, value FROM settings",
];

/// Reads the whole configuration as of one moment. A provider or model of a type or strategy that a newer version has
/// brought is left out, with its associations, and named in the log; in the database it stays.
pub async fn load(database: &dyn Database, sealer: &Sealer) -> Result<Config, StorageError> {
    let answers = database.batch(QUERIES.map(|sql| Statement::new(sql, vec![])).into()).await?;
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
        api_key: open("providers.api_key", row.optional_blob("api_key")?)?.unwrap_or_default(),
        version: row.optional_text("version")?.map(str::to_owned),
        proxy: open("providers.proxy", row.optional_blob("proxy")?)?,
        error_matcher: error_samples(row.text("error_matcher")?),
    }))
}

fn model(row: Row<'_>) -> Result<Option<Model>, StorageError> {
    let Some(strategy) = word(row, "model", "strategy", Strategy::parse)? else { return Ok(None) };
    Ok(Some(Model {
        id: row.text("id")?.to_owned(),
        name: row.text("name")?.to_owned(),
        strategy,
        max_retry: number(row, "max_retry")?,
        timeouts: Timeouts {
            total: row.optional_real("time_out")?,
            header: row.optional_real("header_timeout")?,
            first_token: row.optional_real("first_token_timeout")?,
            idle: row.optional_real("idle_timeout")?,
        },
        breaker: row.boolean("breaker")?,
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
    Ok(Association {
        id: id.to_owned(),
        provider_id: row.text("provider_id")?.to_owned(),
        provider_model: row.text("provider_model")?.to_owned(),
        weight: number(row, "weight")?,
        capabilities: Capabilities {
            tool_call: row.boolean("tool_call")?,
            structured_output: row.boolean("structured_output")?,
            image: row.boolean("image")?,
        },
        with_header: row.boolean("with_header")?,
        headers,
        extra_body: json(row, "extra_body")?.unwrap_or_default(),
        prices: json(row, "prices")?,
        enabled: row.boolean("enabled")?,
    })
}

fn client_key(row: Row<'_>) -> Result<ClientKey, StorageError> {
    Ok(ClientKey {
        id: row.text("id")?.to_owned(),
        name: row.text("name")?.to_owned(),
        hash: row.blob("hash")?.try_into().map_err(|_| corrupt(row, "hash"))?,
        prefix: row.text("prefix")?.to_owned(),
        enabled: row.boolean("enabled")?,
        models: json(row, "models")?,
        expires_at: row.optional_integer("expires_at")?.map(Timestamp::from_micros),
        log_io: row.boolean("log_io")?,
        created_at: Timestamp::from_micros(row.integer("created_at")?),
    })
}

/// Settings that this version does not know are left alone.
fn read_settings(rows: &Rows) -> Result<Settings, StorageError> {
    let mut settings = serde_json::Map::new();
    let known = super::write::settings_rows(&Settings::default());
    for row in rows.iter() {
        let name = row.text("name")?;
        if known.iter().any(|(known, _)| known == name) {
            settings.insert(name.to_owned(), json(row, "value")?.unwrap_or_default());
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

fn number(row: Row<'_>, column: &str) -> Result<u32, StorageError> {
    u32::try_from(row.integer(column)?).map_err(|_| corrupt(row, column))
}

fn json<T: serde::de::DeserializeOwned>(row: Row<'_>, column: &str) -> Result<Option<T>, StorageError> {
    row.optional_text(column)?.map(serde_json::from_str).transpose().map_err(|_| corrupt(row, column))
}

fn corrupt(row: Row<'_>, column: &str) -> StorageError {
    let name = row.optional_text("name").ok().flatten().or_else(|| row.optional_text("id").ok().flatten());
    StorageError::Corrupt(format!("column `{column}` of `{}`", name.unwrap_or("?")))
}
