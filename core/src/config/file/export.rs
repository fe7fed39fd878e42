use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use super::document::{AddressEntry, AssociationEntry, ConfigFile, KeyEntry, ModelEntry, ProviderEntry};
use super::text::Text;
use crate::config::fields::{association_fields, copied, filled, key_fields};
use crate::config::{
    Address, Association, ClientKey, Config, Model, Provider, Secret, error_text, is_sensitive_header, proxy_hint,
};

/// A configuration as a file that may be shown and stored anywhere: a variable stands for each secret, and client keys
/// are left out. Applied where it came from, it keeps them all; applied elsewhere, it asks for them.
#[derive(Clone)]
pub struct Export {
    document: ConfigFile,
    pub(super) placeholders: Vec<Placeholder>,
}

/// A secret that a variable stands for.
#[derive(Clone)]
pub(super) struct Placeholder {
    pub(super) variable: String,
    /// The id of the provider or association it belongs to.
    pub(super) record: String,
    /// As `api_key` or `headers.authorization`.
    pub(super) field: String,
    pub(super) secret: Secret,
}

pub fn export(config: &Config) -> Export {
    document(config, Names::default(), &HashMap::new())
}

/// As [`export`] with every secret in it, and with the texts of those keys, by their ids, that are known: for a file that only
/// its owner may read.
pub fn export_with_secrets(config: &Config, key_texts: &HashMap<String, Secret>) -> Export {
    document(config, Names { reveals: true, ..Names::default() }, key_texts)
}

fn document(config: &Config, mut names: Names, key_texts: &HashMap<String, Secret>) -> Export {
    let providers = config.providers.iter().map(|provider| provider_entry(provider, &mut names)).collect();
    let models = config.models.iter().map(|model| model_entry(model, config, &mut names)).collect();
    let document = ConfigFile {
        providers: Some(providers),
        models: Some(models),
        keys: Some(config.keys.iter().map(|key| key_entry(key, key_texts.get(&key.id))).collect()),
        settings: Some(config.settings.clone()),
    };
    Export { document, placeholders: names.given }
}

impl Export {
    pub fn to_yaml(&self) -> String {
        let body = serde_saphyr::to_string(&self.to_json()).unwrap_or_default();
        if self.placeholders.is_empty() {
            return body;
        }
        let names: String = self.variables().map(|name| format!("#   {name}\n")).collect();
        format!("# Secrets are left out: where these variables are not set, what is stored stays.\n{names}{body}")
    }

    pub fn to_json(&self) -> Value {
        serde_json::to_value(&self.document).unwrap_or_default()
    }

    /// The variables that stand for secrets.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.placeholders.iter().map(|placeholder| placeholder.variable.as_str())
    }
}

impl std::fmt::Debug for Export {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Export(…)")
    }
}

fn provider_entry(provider: &Provider, names: &mut Names) -> ProviderEntry {
    let api_key = if provider.api_key.is_empty() {
        Text::default()
    } else {
        names.variable(&[&provider.name, "API_KEY"], &provider.id, "api_key", provider.api_key.reveal())
    };
    let proxy = provider.proxy.as_ref().map(|proxy| {
        if proxy_hint(proxy.reveal()) == proxy.reveal() {
            Text::literal(proxy.reveal())
        } else {
            names.variable(&[&provider.name, "PROXY"], &provider.id, "proxy", proxy.reveal())
        }
    });
    ProviderEntry {
        name: Text::literal(&provider.name),
        kind: provider.kind,
        base_url: Some(Text::literal(&provider.base_url)),
        also: provider.also.iter().map(address_entry).collect(),
        api_key: Some(api_key),
        version: provider.version.as_deref().map(Text::literal),
        proxy,
        error_matcher: Some(error_text(&provider.error_matcher))
            .filter(|samples| !samples.is_empty())
            .map(|samples| Text::literal(&samples)),
        console_url: provider.console_url.as_deref().map(Text::literal),
        note: note(&provider.note),
        enabled: provider.enabled,
    }
}

fn address_entry(address: &Address) -> AddressEntry {
    AddressEntry { kind: address.kind, base_url: Text::literal(&address.base_url) }
}

fn model_entry(model: &Model, config: &Config, names: &mut Names) -> ModelEntry {
    ModelEntry {
        name: Text::literal(&model.name),
        strategy: model.strategy,
        max_retry: model.max_retry,
        time_out: model.timeouts.total,
        header_timeout: model.timeouts.header,
        first_token_timeout: model.timeouts.first_token,
        idle_timeout: model.timeouts.idle,
        breaker: model.breaker,
        affinity: model.affinity,
        prefer_same_dialect: model.prefer_same_dialect,
        strict: model.strict,
        note: note(&model.note),
        enabled: model.enabled,
        associations: model
            .associations
            .iter()
            .map(|association| association_entry(model, association, config, names))
            .collect(),
    }
}

fn association_entry(model: &Model, association: &Association, config: &Config, names: &mut Names) -> AssociationEntry {
    let provider = config.provider(&association.provider_id).map_or("", |provider| &provider.name);
    let mut headers = BTreeMap::new();
    for (name, value) in &association.headers {
        let text = if is_sensitive_header(name, value) {
            names.variable(&[provider, &model.name, name], &association.id, format!("headers.{name}"), value)
        } else {
            Text::literal(value)
        };
        headers.insert(name.clone(), text);
    }
    let mut entry = association_fields! { filled! {
        AssociationEntry {
            provider: Text::literal(provider),
            model: Text::literal(&association.provider_model),
            headers,
            note: note(&association.note),
        } by copied!(association)
    } };
    entry.extra_body = escaped(&entry.extra_body);
    entry
}

fn key_entry(key: &ClientKey, text: Option<&Secret>) -> KeyEntry {
    let models = key.models.as_ref();
    key_fields! { filled! {
        KeyEntry {
            name: Text::literal(&key.name),
            key: text.map(|text| Text::literal(text.reveal())),
            models: models.map(|models| models.iter().map(|model| Text::literal(model)).collect()),
            note: note(&key.note),
        } by copied!(key)
    } }
}

fn note(text: &str) -> Option<Text> {
    (!text.is_empty()).then(|| Text::literal(text))
}

fn escaped(map: &Map<String, Value>) -> Map<String, Value> {
    map.iter().map(|(name, value)| (name.clone(), escaped_value(value))).collect()
}

fn escaped_value(value: &Value) -> Value {
    match value {
        Value::String(text) => Text::literal(text).value.into(),
        Value::Array(items) => items.iter().map(escaped_value).collect(),
        Value::Object(map) => escaped(map).into(),
        other => other.clone(),
    }
}

/// Hands out names of variables, each once.
#[derive(Default)]
struct Names {
    /// Secrets stand for themselves.
    reveals: bool,
    used: HashSet<String>,
    given: Vec<Placeholder>,
}

impl Names {
    /// The parts in capitals, everything but ASCII letters and digits as underscores: `main`, `API_KEY` are
    /// `MAIN_API_KEY`. A name that is taken gets a number.
    fn variable(&mut self, parts: &[&str], record: &str, field: impl Into<String>, secret: &str) -> Text {
        if self.reveals {
            return Text::literal(secret);
        }
        let joined = parts.join("_").to_uppercase();
        let plain: String = joined.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let first = plain.chars().next();
        let base = if first.is_some_and(|c| c.is_ascii_digit()) { format!("_{plain}") } else { plain };
        let mut name = base.clone();
        let mut number = 2;
        while !self.used.insert(name.clone()) {
            name = format!("{base}_{number}");
            number += 1;
        }
        let text = Text::variable(&name);
        let (record, field, secret) = (record.to_owned(), field.into(), Secret::new(secret));
        self.given.push(Placeholder { variable: name, record, field, secret });
        text
    }
}
