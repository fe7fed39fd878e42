//! Providers.

use http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::call::{from_value, patch};
use super::{Admin, AdminCall, AdminError, AdminRoute, List, Reply};
use crate::config::file::Applied;
use crate::config::{
    Address, Config, Provider, ProviderType, Secret, default_base_url, defaults, error_samples, error_text,
    normal_note, proxy_hint, secret_hint, trimmed_url, written_secret,
};
use crate::platform::Timestamp;
use crate::probe::{ListedModel, list_models};
use crate::storage;

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(Method::GET, "/api/providers", "listProviders", "All providers, by name", |a, c| {
            Box::pin(list(a, c))
        })
        .answers::<List<ProviderView>>(200)
        .versioned(),
        AdminRoute::new(Method::POST, "/api/providers", "createProvider", "Add a provider", |a, c| {
            Box::pin(create(a, c))
        })
        .body::<ProviderFields>()
        .answers::<ProviderView>(201)
        .versioned(),
        AdminRoute::new(Method::GET, "/api/providers/{id}", "getProvider", "One provider", |a, c| Box::pin(get(a, c)))
            .answers::<ProviderView>(200)
            .versioned(),
        AdminRoute::new(
            Method::PATCH,
            "/api/providers/{id}",
            "updateProvider",
            "Change the given fields of a provider",
            |a, c| Box::pin(update(a, c)),
        )
        .patch::<ProviderFields>()
        .answers::<ProviderView>(200)
        .versioned(),
        AdminRoute::new(
            Method::DELETE,
            "/api/providers/{id}",
            "deleteProvider",
            "Delete a provider with its associations",
            |a, c| Box::pin(delete(a, c)),
        )
        .answers::<Applied>(200)
        .versioned(),
        AdminRoute::new(
            Method::GET,
            "/api/providers/{id}/models",
            "listProviderModels",
            "The provider's own models, asked for now",
            |a, c| Box::pin(models(a, c)),
        )
        .answers::<List<ListedModel>>(200),
        AdminRoute::new(
            Method::GET,
            "/api/provider-types",
            "listProviderTypes",
            "The types of providers, with what to begin from",
            |_, _| Box::pin(async { Reply::list(ProviderType::ALL.map(Template::of).into()) }),
        )
        .answers::<List<Template>>(200),
    ]
}

/// What can be set of a provider.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderFields {
    /// Unique.
    name: String,
    #[serde(rename = "type")]
    kind: ProviderType,
    /// Where the dialect's paths begin, as `https://api.openai.com/v1`. Empty: the official address of the type.
    #[serde(default)]
    base_url: String,
    /// Where it speaks other dialects, with the same key: one address for each further type.
    #[serde(default)]
    also: Vec<Address>,
    /// Answers show only a mask; the mask written back keeps the stored key.
    #[serde(default)]
    api_key: Option<String>,
    /// `anthropic-version` for clients that send none. Only for `anthropic`.
    #[serde(default)]
    version: Option<String>,
    /// `http://`, `https://` or `socks5://` and `[user:password@]host:port`. Credentials are masked as `api_key` is.
    #[serde(default)]
    proxy: Option<String>,
    /// Samples, each up to its line's end, a `;` or a `；` (`\;` is a semicolon of the sample): a successful answer whose
    /// body contains one is taken for a failure. Case and white space do not count.
    #[serde(default)]
    error_matcher: String,
    /// Where its operator looks after the account: `http://` or `https://`.
    #[serde(default)]
    console_url: Option<String>,
    /// For people; at most 2000 characters.
    #[serde(default)]
    note: String,
    /// One that is switched off takes no part.
    #[serde(default = "defaults::yes")]
    enabled: bool,
}

/// A provider.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Provider")]
struct ProviderView {
    id: String,
    #[serde(flatten)]
    fields: ProviderFields,
    /// Null where the id does not tell.
    created_at: Option<Timestamp>,
}

impl ProviderFields {
    fn of(provider: &Provider) -> Self {
        Self {
            name: provider.name.clone(),
            kind: provider.kind,
            base_url: provider.base_url.clone(),
            also: provider.also.clone(),
            api_key: Some(&provider.api_key).filter(|key| !key.is_empty()).map(|key| secret_hint(key.reveal())),
            version: provider.version.clone(),
            proxy: provider.proxy.as_ref().map(|proxy| proxy_hint(proxy.reveal())),
            error_matcher: error_text(&provider.error_matcher),
            console_url: provider.console_url.clone(),
            note: provider.note.clone(),
            enabled: provider.enabled,
        }
    }

    /// A key that was left out is the stored provider's.
    pub(super) fn with_key_of(self, stored: Option<&Provider>) -> Self {
        let key = || stored.map(|provider| secret_hint(provider.api_key.reveal()));
        Self { api_key: self.api_key.clone().or_else(key), ..self }
    }

    pub(super) fn into_record(self, id: String, stored: Option<&Provider>) -> Result<Provider, AdminError> {
        let stored_key = stored.map(|provider| provider.api_key.reveal());
        let stored_proxy = stored.and_then(|provider| provider.proxy.as_ref()).map(Secret::reveal);
        let api_key = self.api_key.as_deref().map(str::trim).unwrap_or_default();
        let proxy = self.proxy.as_deref().map(str::trim).unwrap_or_default();
        let proxy = written_secret("proxy", proxy, stored_proxy, proxy_hint)?;
        Ok(Provider {
            id,
            name: self.name.trim().to_owned(),
            kind: self.kind,
            base_url: trimmed_url(&self.base_url).unwrap_or_else(|| default_base_url(self.kind).to_owned()),
            also: self.also.iter().map(trimmed).collect(),
            api_key: Secret::new(written_secret("api_key", api_key, stored_key, secret_hint)?),
            version: self.version.filter(|version| !version.is_empty()),
            proxy: Some(Secret::new(proxy)).filter(|proxy| !proxy.is_empty()),
            error_matcher: error_samples(&self.error_matcher),
            console_url: self.console_url.map(|url| url.trim().to_owned()).filter(|url| !url.is_empty()),
            note: normal_note(&self.note),
            enabled: self.enabled,
        })
    }
}

fn trimmed(address: &Address) -> Address {
    Address { kind: address.kind, base_url: trimmed_url(&address.base_url).unwrap_or_default() }
}

impl ProviderView {
    fn of(provider: &Provider) -> Self {
        Self {
            id: provider.id.clone(),
            fields: ProviderFields::of(provider),
            created_at: storage::made_at(&provider.id),
        }
    }
}

/// What a new provider of a type begins with.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProviderTemplate")]
struct Template {
    #[serde(rename = "type")]
    kind: ProviderType,
    /// Of the official service.
    base_url: &'static str,
    /// The `anthropic-version` to begin with.
    version: Option<&'static str>,
}

impl Template {
    fn of(kind: ProviderType) -> Self {
        let version = (kind == ProviderType::Anthropic).then_some("2023-06-01");
        Self { kind, base_url: default_base_url(kind), version }
    }
}

async fn list(admin: &Admin, _: AdminCall) -> Result<Reply, AdminError> {
    let config = admin.store.load().await?;
    Ok(Reply::list(config.providers.iter().map(ProviderView::of).collect())?.of_version(config.version))
}

async fn get(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let config = admin.store.load().await?;
    Ok(Reply::ok(&ProviderView::of(find(&config, call.parameter("id"))?))?.of_version(config.version))
}

async fn create(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let id = admin.store.new_id();
    let fields = call.object()?;
    let edited = admin.edit(&call, |config| insert(config, &id, fields.clone())).await?;
    Ok(Reply::created(&ProviderView::of(find(&edited.after, &id)?))?.of_version(edited.after.version))
}

async fn update(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let id = call.parameter("id");
    let fields = call.object()?;
    let edited = admin.edit(&call, |config| change(config, id, fields.clone())).await?;
    Ok(Reply::ok(&ProviderView::of(find(&edited.after, id)?))?.of_version(edited.after.version))
}

async fn delete(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let id = call.parameter("id");
    let edited = admin.edit(&call, |config| remove(config, id)).await?;
    Reply::applied(&Applied::of(&edited))
}

pub(super) fn insert(config: &mut Config, id: &str, fields: Map<String, Value>) -> Result<(), AdminError> {
    config.providers.push(from_value::<ProviderFields>(fields.into())?.into_record(id.to_owned(), None)?);
    Ok(())
}

/// The setting that names it goes along with its name.
pub(super) fn change(config: &mut Config, id: &str, fields: Map<String, Value>) -> Result<(), AdminError> {
    let stored = find(config, id)?.clone();
    let changed = patch(&ProviderFields::of(&stored), fields)?.into_record(stored.id.clone(), Some(&stored))?;
    if config.settings.counting_provider.as_deref() == Some(stored.name.as_str()) {
        config.settings.counting_provider = Some(changed.name.clone());
    }
    if let Some(provider) = config.providers.iter_mut().find(|provider| provider.id == id) {
        *provider = changed;
    }
    Ok(())
}

/// With its associations.
pub(super) fn remove(config: &mut Config, id: &str) -> Result<(), AdminError> {
    config.remove_provider(id).map(drop).ok_or_else(|| AdminError::not_found("provider", id))
}

async fn models(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let config = admin.store.load().await?;
    let provider = find(&config, call.parameter("id"))?;
    let models = list_models(&*admin.platform.http, &*admin.platform.clock, provider)
        .await
        .map_err(|error| AdminError::new(StatusCode::BAD_GATEWAY, "provider_failed", error.message))?;
    Reply::list(models)
}

fn find<'a>(config: &'a Config, id: &str) -> Result<&'a Provider, AdminError> {
    config.provider(id).ok_or_else(|| AdminError::not_found("provider", id))
}
