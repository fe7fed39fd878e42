//! The records of a configuration as fields that can be compared and shown.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::Kind;
use crate::config::fields::{association_fields, each, key_fields};
use crate::config::{
    Association, ClientKey, Config, Model, Provider, Settings, error_text, is_sensitive_header, proxy_hint,
};

/// Stands for a secret.
const HIDDEN: &str = "••••";
const CHANGED: &str = " (changed)";

pub(super) struct Field {
    pub(super) name: &'static str,
    /// What is compared; never shown.
    pub(super) value: Json,
    pub(super) shown: Json,
}

impl Field {
    fn plain(name: &'static str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or_default();
        Self { name, shown: value.clone(), value }
    }

    fn shown_as(name: &'static str, value: impl Serialize, shown: impl Into<Json>) -> Self {
        Self { shown: shown.into(), ..Self::plain(name, value) }
    }

    /// As it is shown beside what it was before.
    pub(super) fn shown_after(&self, before: &Self) -> Json {
        marked(&self.shown, &before.shown, &self.value, &before.value)
    }
}

/// What looks the same and is not says so.
fn marked(shown: &Json, shown_before: &Json, value: &Json, before: &Json) -> Json {
    match (shown, shown_before) {
        (Json::Object(map), Json::Object(map_before)) => {
            let of = |name: &str, json: &Json| json.get(name).cloned().unwrap_or_default();
            let mark = |(name, shown): (&String, &Json)| {
                let shown_before = map_before.get(name).cloned().unwrap_or_default();
                (name.clone(), marked(shown, &shown_before, &of(name, value), &of(name, before)))
            };
            map.iter().map(mark).collect::<Map<_, _>>().into()
        }
        (Json::String(text), Json::String(same)) if text == same && value != before => {
            format!("{text}{CHANGED}").into()
        }
        _ => shown.clone(),
    }
}

#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) id: &'a str,
    /// Its place among its like.
    position: usize,
    config: &'a Config,
    of: Of<'a>,
}

#[derive(Clone, Copy, PartialEq)]
enum Of<'a> {
    Provider(&'a Provider),
    Model(&'a Model),
    Association(&'a Model, &'a Association),
    Key(&'a ClientKey),
    Settings(&'a Settings),
}

/// All records of a kind.
pub(super) fn records(kind: Kind, config: &Config) -> Vec<Record<'_>> {
    let record = |(position, (id, of))| Record { id, position, config, of };
    match kind {
        Kind::Provider => {
            config.providers.iter().map(|it| (it.id.as_str(), Of::Provider(it))).enumerate().map(record).collect()
        }
        Kind::Model => config.models.iter().map(|it| (it.id.as_str(), Of::Model(it))).enumerate().map(record).collect(),
        Kind::Association => {
            let associations = config.models.iter().flat_map(|model| {
                model.associations.iter().map(move |it| (it.id.as_str(), Of::Association(model, it))).enumerate()
            });
            associations.map(record).collect()
        }
        Kind::Key => config.keys.iter().map(|it| (it.id.as_str(), Of::Key(it))).enumerate().map(record).collect(),
        Kind::Settings => vec![record((0, ("", Of::Settings(&config.settings))))],
    }
}

impl Record<'_> {
    pub(super) fn name(&self) -> String {
        match self.of {
            Of::Provider(provider) => provider.name.clone(),
            Of::Model(model) => model.name.clone(),
            Of::Association(model, association) => {
                format!("{}: {}/{}", model.name, self.provider_of(association), association.provider_model)
            }
            Of::Key(key) => key.name.clone(),
            Of::Settings(_) => String::new(),
        }
    }

    /// Whether all its fields are the same as another's.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let is_same = match (self.of, other.of) {
            (Of::Association(model, one), Of::Association(other, two)) => model.id == other.id && one == two,
            (one, two) => one == two,
        };
        is_same && self.position == other.position
    }

    /// Whether it is an association of this provider or model.
    pub(super) fn belongs_to(&self, kind: Kind, id: &str) -> bool {
        match (self.of, kind) {
            (Of::Association(model, _), Kind::Model) => model.id == id,
            (Of::Association(_, association), Kind::Provider) => association.provider_id == id,
            _ => false,
        }
    }

    /// In the same order for every record of a kind.
    pub(super) fn fields(&self) -> Vec<Field> {
        match self.of {
            Of::Provider(provider) => of_provider(provider),
            Of::Model(model) => of_model(model, self.position),
            Of::Association(model, association) => {
                of_association(model, association, self.provider_of(association), self.position)
            }
            Of::Key(key) => of_key(key),
            Of::Settings(settings) => of_settings(settings),
        }
    }

    fn provider_of(&self, association: &Association) -> &str {
        self.config.provider(&association.provider_id).map_or("?", |provider| &provider.name)
    }
}

/// For [`each`]: a field as it is.
macro_rules! field {
    (($from:ident) $field:ident) => {
        Field::plain(stringify!($field), &$from.$field)
    };
}

fn of_provider(provider: &Provider) -> Vec<Field> {
    let key = provider.api_key.reveal();
    let proxy = provider.proxy.as_ref().map(|proxy| proxy.reveal());
    vec![
        field!((provider) name),
        Field::plain("type", provider.kind),
        field!((provider) base_url),
        field!((provider) also),
        Field::shown_as("api_key", key, (!key.is_empty()).then_some(HIDDEN)),
        field!((provider) version),
        Field::shown_as("proxy", proxy, proxy.map(proxy_hint)),
        Field::plain("error_matcher", error_text(&provider.error_matcher)),
        field!((provider) console_url),
        field!((provider) note),
        field!((provider) enabled),
    ]
}

fn of_model(model: &Model, position: usize) -> Vec<Field> {
    vec![
        field!((model) name),
        field!((model) strategy),
        field!((model) max_retry),
        Field::plain("time_out", model.timeouts.total),
        Field::plain("header_timeout", model.timeouts.header),
        Field::plain("first_token_timeout", model.timeouts.first_token),
        Field::plain("idle_timeout", model.timeouts.idle),
        field!((model) breaker),
        field!((model) affinity),
        field!((model) prefer_same_dialect),
        field!((model) strict),
        field!((model) note),
        field!((model) enabled),
        Field::plain("order", position),
    ]
}

fn of_association(model: &Model, association: &Association, provider: &str, position: usize) -> Vec<Field> {
    let object = |shown: &dyn Fn(&str, &str) -> String| -> Json {
        association
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), shown(name, value).into()))
            .collect::<Map<_, _>>()
            .into()
    };
    let hint = |name: &str, value: &str| if is_sensitive_header(name, value) { HIDDEN } else { value }.to_owned();
    let mut fields = vec![
        Field::shown_as("model", &model.id, &*model.name),
        Field::shown_as("provider", &association.provider_id, provider),
        field!((association) provider_model),
        Field::shown_as("headers", object(&|_, value| value.to_owned()), object(&hint)),
        field!((association) note),
    ];
    fields.extend(association_fields! { each! { field!(association) } });
    fields.push(Field::plain("order", position));
    fields
}

fn of_key(key: &ClientKey) -> Vec<Field> {
    let mut fields =
        vec![field!((key) name), Field::shown_as("key", key.hash, HIDDEN), field!((key) models), field!((key) note)];
    fields.extend(key_fields! { each! { field!(key) } });
    fields
}

fn of_settings(settings: &Settings) -> Vec<Field> {
    vec![
        field!((settings) log_retention_days),
        field!((settings) keep_alive),
        field!((settings) max_rest),
        field!((settings) counting_provider),
        field!((settings) record_decisions),
    ]
}
