//! Configurations as an operator writes them.

use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

use crate::dialect::KEY;

/// A configuration file in the making. It starts with one client key, [`KEY`].
#[derive(Clone, Debug)]
pub struct Config {
    value: Value,
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl Config {
    pub fn new() -> Self {
        let keys = json!([{"name": "suite", "key": KEY}]);
        Self { value: json!({"providers": [], "models": [], "keys": keys}) }
    }

    /// A provider that is the scripted one, under a name.
    #[must_use]
    pub fn upstream(self, name: &str, dialect: Dialect, upstream: &Upstream) -> Self {
        self.provider(json!({
            "name": name,
            "type": provider_type(dialect),
            "base_url": upstream.base_url(dialect),
            "api_key": upstream.key()
        }))
    }

    #[must_use]
    pub fn provider(self, provider: Value) -> Self {
        self.push("providers", provider)
    }

    /// A model with these associations. It fails over without waiting, and without a breaker.
    #[must_use]
    pub fn model(self, name: &str, associations: impl IntoIterator<Item = Value>) -> Self {
        self.model_with(name, &json!({}), associations)
    }

    /// With further fields, or others in place of the usual ones.
    #[must_use]
    pub fn model_with(self, name: &str, fields: &Value, associations: impl IntoIterator<Item = Value>) -> Self {
        let associations: Vec<Value> = associations.into_iter().collect();
        let mut model = json!({
            "name": name,
            "strategy": "rotor",
            "max_retry": 3,
            "time_out": 20,
            "breaker": false,
            "associations": associations
        });
        for (key, value) in fields.as_object().into_iter().flatten() {
            model[key] = value.clone();
        }
        self.push("models", model)
    }

    #[must_use]
    pub fn key(self, key: Value) -> Self {
        self.push("keys", key)
    }

    #[must_use]
    pub fn setting(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.value["settings"][name] = value.into();
        self
    }

    fn push(mut self, list: &str, item: Value) -> Self {
        if let Some(items) = self.value[list].as_array_mut() {
            items.push(item);
        }
        self
    }
}

impl From<Config> for Value {
    fn from(config: Config) -> Self {
        config.value
    }
}

/// A provider serving a model under a name of its own.
pub fn association(provider: &str, provider_model: &str) -> Value {
    json!({"provider": provider, "model": provider_model})
}

/// With a weight; in `rotor` the heaviest is asked first.
pub fn weighted(provider: &str, provider_model: &str, weight: u32) -> Value {
    json!({"provider": provider, "model": provider_model, "weight": weight})
}

/// With further fields.
pub fn association_with(provider: &str, provider_model: &str, fields: &Value) -> Value {
    let mut association = association(provider, provider_model);
    for (key, value) in fields.as_object().into_iter().flatten() {
        association[key] = value.clone();
    }
    association
}

pub fn provider_type(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Chat => "openai",
        Dialect::Responses => "openai-res",
        Dialect::Anthropic => "anthropic",
        Dialect::Gemini => "gemini",
    }
}
