use std::collections::HashMap;

use super::document::{AddressEntry, AssociationEntry, ConfigFile, KeyEntry, ModelEntry, ProviderEntry};
use super::keep::keep_stored;
use super::problem::{FileError, Problem};
use super::text::Text;
use crate::config::fields::{association_fields, copied, filled, key_fields};
use crate::config::{
    Address, Association, ClientKey, Config, Invalid, Model, Provider, Secret, Timeouts, client_key_prefix,
    client_key_suffix, default_base_url, error_samples, hash_client_key, normal_headers, normal_note, proxy_hint,
    secret_hint, trimmed_url, validate, written_secret,
};
use crate::platform::Timestamp;

/// What merging needs besides the file.
pub(super) struct Context<'a> {
    pub(super) new_id: &'a dyn Fn() -> String,
    pub(super) now: Timestamp,
    /// The stored configuration is not known: what the file leaves to it is taken as given.
    pub(super) offline: bool,
}

/// Makes `config` what the document says.
pub(super) fn merge(file: &ConfigFile, config: &mut Config, context: &Context<'_>) -> Result<(), FileError> {
    let mut file = file.clone();
    let problems = keep_stored(&mut file, config);
    if !problems.is_empty() {
        return Err(FileError { problems });
    }
    let mut merge = Merge { context, problems };
    if let Some(entries) = &file.providers {
        merge.providers(entries, config);
    }
    if let Some(entries) = &file.models {
        merge.models(entries, config, file.providers.is_none());
    }
    if let Some(entries) = &file.keys {
        merge.keys(entries, config);
    }
    if let Some(settings) = &file.settings {
        config.settings = settings.clone();
        if !(context.offline && file.providers.is_none()) {
            merge.check(validate::settings(settings, config), "settings", |_| 0);
        }
    }
    if merge.problems.is_empty()
        && let Err((record, invalid)) = validate::together(config)
    {
        merge.problems.push(Problem::new(0, record, invalid.to_string()));
    }
    if merge.problems.is_empty() { Ok(()) } else { Err(FileError { problems: merge.problems }) }
}

fn address(entry: &AddressEntry) -> Address {
    Address { kind: entry.kind, base_url: trimmed_url(&entry.base_url.value).unwrap_or_default() }
}

struct Merge<'a> {
    context: &'a Context<'a>,
    problems: Vec<Problem>,
}

impl Merge<'_> {
    fn providers(&mut self, entries: &[ProviderEntry], config: &mut Config) {
        self.unique("providers", "name", entries.iter().map(|entry| &entry.name));
        let gone: Vec<String> = config
            .providers
            .iter()
            .filter(|provider| !entries.iter().any(|entry| entry.name.value.trim() == provider.name))
            .map(|provider| provider.id.clone())
            .collect();
        for id in gone {
            config.remove_provider(&id);
        }
        for (index, entry) in entries.iter().enumerate() {
            let stored = config.provider_named(entry.name.value.trim()).cloned();
            let place = format!("providers[{index}]");
            let made = self.provider(entry, stored.as_ref());
            if let Some(provider) = self.keep(made, &place, |field| entry.line(field)) {
                config.providers.retain(|other| other.id != provider.id);
                config.providers.push(provider);
            }
        }
    }

    fn provider(&self, entry: &ProviderEntry, stored: Option<&Provider>) -> Result<Provider, Invalid> {
        let stored_key = stored.map(|provider| provider.api_key.reveal());
        let stored_proxy = stored.and_then(|provider| provider.proxy.as_ref()).map(Secret::reveal);
        let api_key = match &entry.api_key {
            None => stored_key.unwrap_or_default().to_owned(),
            Some(text) => written_secret("api_key", text.value.trim(), stored_key, secret_hint)?,
        };
        let proxy = written_secret("proxy", optional(entry.proxy.as_ref()).trim(), stored_proxy, proxy_hint)?;
        let version = optional(entry.version.as_ref());
        let provider = Provider {
            id: stored.map_or_else(self.context.new_id, |provider| provider.id.clone()),
            name: entry.name.value.trim().to_owned(),
            kind: entry.kind,
            base_url: trimmed_url(optional(entry.base_url.as_ref()))
                .unwrap_or_else(|| default_base_url(entry.kind).to_owned()),
            also: entry.also.iter().map(address).collect(),
            api_key: Secret::new(api_key),
            version: Some(version.to_owned()).filter(|version| !version.is_empty()),
            proxy: Some(Secret::new(proxy)).filter(|proxy| !proxy.is_empty()),
            error_matcher: error_samples(optional(entry.error_matcher.as_ref())),
            console_url: Some(optional(entry.console_url.as_ref()).trim().to_owned()).filter(|url| !url.is_empty()),
            note: normal_note(optional(entry.note.as_ref())),
            enabled: entry.enabled,
        };
        validate::provider(&provider)?;
        Ok(provider)
    }

    /// `foreign`: the file has no providers of its own.
    fn models(&mut self, entries: &[ModelEntry], config: &mut Config, foreign: bool) {
        self.unique("models", "name", entries.iter().map(|entry| &entry.name));
        let mut stored = std::mem::take(&mut config.models);
        for (index, entry) in entries.iter().enumerate() {
            let place = format!("models[{index}]");
            let name = entry.name.value.trim();
            let before = stored.iter().position(|model| model.name == name).map(|index| stored.swap_remove(index));
            let (id, created_at, mut associations) = match before {
                Some(model) => (model.id, model.created_at, model.associations),
                None => ((self.context.new_id)(), self.context.now, Vec::new()),
            };
            let mut model = Model {
                id,
                name: name.to_owned(),
                strategy: entry.strategy,
                max_retry: entry.max_retry,
                timeouts: Timeouts {
                    total: entry.time_out,
                    header: entry.header_timeout,
                    first_token: entry.first_token_timeout,
                    idle: entry.idle_timeout,
                },
                breaker: entry.breaker,
                affinity: entry.affinity,
                prefer_same_dialect: entry.prefer_same_dialect,
                strict: entry.strict,
                note: normal_note(optional(entry.note.as_ref())),
                enabled: entry.enabled,
                created_at,
                associations: Vec::new(),
            };
            for (index, entry) in entry.associations.iter().enumerate() {
                let place = format!("{place}.associations[{index}]");
                let made = self.association(entry, config, &mut associations, foreign);
                model.associations.extend(self.keep(made, &place, |field| entry.line(field)));
            }
            self.check(validate::model(&model), &place, |field| entry.line(field));
            config.models.push(model);
        }
    }

    fn association(
        &self,
        entry: &AssociationEntry,
        config: &Config,
        stored: &mut Vec<Association>,
        foreign: bool,
    ) -> Result<Association, Invalid> {
        let provider = entry.provider.value.trim();
        let provider_model = entry.model.value.trim();
        let provider_id = match config.provider_named(provider) {
            Some(provider) => provider.id.clone(),
            // Offline, a provider may be one of those that are stored.
            None if self.context.offline && foreign => format!("stored provider {provider}"),
            None => return Err(Invalid::new("provider", format!("names no provider: there is no `{provider}`"))),
        };
        let same = |known: &Association| known.provider_id == provider_id && known.provider_model == provider_model;
        let before = stored.iter().position(same).map(|index| stored.remove(index));
        let mut headers = Vec::new();
        for (name, text) in &entry.headers {
            let known = before.as_ref().and_then(|known| known.header(name));
            let hint = |value: &str| crate::config::header_hint(name, value);
            headers.push((name.clone(), written_secret(&format!("headers.{name}"), &text.value, known, hint)?));
        }
        let association = association_fields! { filled! {
            Association {
                id: before.map_or_else(self.context.new_id, |known| known.id),
                provider_id,
                provider_model: provider_model.to_owned(),
                headers: normal_headers(headers),
                note: normal_note(optional(entry.note.as_ref())),
            } by copied!(entry)
        } };
        // In a file, the field is called `model`.
        validate::association(&association).map_err(|invalid| match invalid.field.as_str() {
            "provider_model" => Invalid { field: "model".into(), ..invalid },
            _ => invalid,
        })?;
        Ok(association)
    }

    fn keys(&mut self, entries: &[KeyEntry], config: &mut Config) {
        self.unique("keys", "name", entries.iter().map(|entry| &entry.name));
        let stored = std::mem::take(&mut config.keys);
        for (index, entry) in entries.iter().enumerate() {
            let place = format!("keys[{index}]");
            let name = entry.name.value.trim();
            let made = self.key(entry, stored.iter().find(|key| key.name == name));
            config.keys.extend(self.keep(made, &place, |field| entry.line(field)));
        }
    }

    fn key(&self, entry: &KeyEntry, stored: Option<&ClientKey>) -> Result<ClientKey, Invalid> {
        let name = entry.name.value.trim();
        let (hash, prefix, suffix) = match (&entry.key, stored) {
            (Some(text), _) => {
                let text = text.value.trim();
                validate::client_key_text(text)?;
                (hash_client_key(text), client_key_prefix(text), client_key_suffix(text))
            }
            (None, Some(stored)) => (stored.hash, stored.prefix.clone(), stored.suffix.clone()),
            // Distinct names keep these stand-ins apart.
            (None, None) if self.context.offline => {
                (hash_client_key(&format!("stored key {name}")), String::new(), None)
            }
            (None, None) => {
                return Err(Invalid::new(
                    "key",
                    format!(
                        "is missing, and no key `{name}` is stored: give one as `key: \"${{A_VARIABLE}}\"`, or make one with `llmio key create {name}`"
                    ),
                ));
            }
        };
        let models = entry.models.as_ref();
        let key = key_fields! { filled! {
            ClientKey {
                id: stored.map_or_else(self.context.new_id, |key| key.id.clone()),
                name: name.to_owned(),
                hash,
                prefix,
                suffix,
                note: normal_note(optional(entry.note.as_ref())),
                models: models.map(|models| models.iter().map(|model| model.value.trim().to_owned()).collect()),
                created_at: stored.map_or(self.context.now, |key| key.created_at),
            } by copied!(entry)
        } };
        validate::client_key(&key)?;
        Ok(key)
    }

    fn unique<'a>(&mut self, section: &str, field: &str, names: impl Iterator<Item = &'a Text>) {
        let mut seen: HashMap<&str, u64> = HashMap::new();
        for (index, text) in names.enumerate() {
            let place = format!("{section}[{index}].{field}");
            if let Some(line) = seen.insert(text.value.trim(), text.line) {
                let message = format!("is there twice: `{}` is also on line {line}", text.value.trim());
                self.problems.push(Problem::new(text.line, place, message));
            }
        }
    }

    fn keep<T>(&mut self, made: Result<T, Invalid>, place: &str, line: impl Fn(&str) -> u64) -> Option<T> {
        match made {
            Ok(record) => Some(record),
            Err(invalid) => {
                self.check(Err(invalid), place, line);
                None
            }
        }
    }

    fn check(&mut self, checked: Result<(), Invalid>, place: &str, line: impl Fn(&str) -> u64) {
        if let Err(Invalid { field, message, .. }) = checked {
            let dot = if field.is_empty() { "" } else { "." };
            self.problems.push(Problem::new(line(&field), format!("{place}{dot}{field}"), message));
        }
    }
}

fn optional(text: Option<&Text>) -> &str {
    text.map_or("", |text| &text.value)
}

fn line_of(text: Option<&Text>, else_at: &Text) -> u64 {
    text.unwrap_or(else_at).line
}

impl ProviderEntry {
    fn line(&self, field: &str) -> u64 {
        let text = match field {
            "base_url" => self.base_url.as_ref(),
            "api_key" => self.api_key.as_ref(),
            "version" => self.version.as_ref(),
            "proxy" => self.proxy.as_ref(),
            "error_matcher" => self.error_matcher.as_ref(),
            "console_url" => self.console_url.as_ref(),
            "note" => self.note.as_ref(),
            _ => field.strip_prefix("also.").and_then(|place| {
                let index = place.split('.').next()?.parse::<usize>().ok()?;
                self.also.get(index).map(|address| &address.base_url)
            }),
        };
        line_of(text, &self.name)
    }
}

impl ModelEntry {
    fn line(&self, field: &str) -> u64 {
        line_of(self.note.as_ref().filter(|_| field == "note"), &self.name)
    }
}

impl AssociationEntry {
    fn line(&self, field: &str) -> u64 {
        let text = match field.strip_prefix("headers.") {
            Some(name) => self.headers.get(name),
            None if field == "model" => Some(&self.model),
            None if field == "note" => self.note.as_ref(),
            None => None,
        };
        line_of(text, &self.provider)
    }
}

impl KeyEntry {
    fn line(&self, field: &str) -> u64 {
        let text = match field {
            "key" => self.key.as_ref(),
            "models" => self.models.as_ref().and_then(|models| models.first()),
            "note" => self.note.as_ref(),
            _ => None,
        };
        line_of(text, &self.name)
    }
}
