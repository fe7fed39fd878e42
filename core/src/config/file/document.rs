use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::text::Text;
use crate::config::fields::{association_fields, key_fields, with_fields_in_file};
use crate::config::{ProviderType, Settings, Strategy, defaults};

/// A configuration of LLMIO.
///
/// A section that is present is the whole truth about its subject: what it does not name is deleted. A section that is
/// absent leaves its subject alone. Records are known by their names, associations by provider and model: under another
/// name, a record is another one. `${NAME}` in any text value reads the environment; `$${` is a literal `${`.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "LLMIO configuration")]
pub(crate) struct ConfigFile {
    /// Upstream accounts. Deleting one deletes its associations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) providers: Option<Vec<ProviderEntry>>,
    /// Names that clients ask for, in the order they are listed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) models: Option<Vec<ModelEntry>>,
    /// Clients' API keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) keys: Option<Vec<KeyEntry>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) settings: Option<Settings>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderEntry {
    /// Unique; what associations refer to.
    pub(super) name: Text,
    #[serde(rename = "type")]
    pub(super) kind: ProviderType,
    /// Where the dialect's paths begin, as `https://api.openai.com/v1`. Absent or empty: the official address of the
    /// type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) base_url: Option<Text>,
    /// Where it speaks other dialects, with the same key: one address for each further type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) also: Vec<AddressEntry>,
    /// Absent: a stored key stays. Empty: the provider asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) api_key: Option<Text>,
    /// `anthropic-version` for clients that send none. Only for `anthropic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<Text>,
    /// `http://`, `https://` or `socks5://` and `[user:password@]host:port`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) proxy: Option<Text>,
    /// Samples, each up to its line's end, a `;` or a `；` (`\;` is a semicolon of the sample): a successful answer whose
    /// body contains one is taken for a failure. Case and white space do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error_matcher: Option<Text>,
    /// Where its operator looks after the account: `http://` or `https://`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) console_url: Option<Text>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<Text>,
    /// One that is switched off takes no part.
    #[serde(default = "defaults::yes")]
    pub(super) enabled: bool,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddressEntry {
    #[serde(rename = "type")]
    pub(super) kind: ProviderType,
    /// Where the dialect's paths begin.
    pub(super) base_url: Text,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelEntry {
    /// Unique. A name, or a pattern in which each `*` stands for any characters, also none. An exact name wins, then
    /// the longest pattern.
    pub(super) name: Text,
    #[serde(default)]
    pub(super) strategy: Strategy,
    /// How many further attempts may follow the first.
    #[serde(default = "defaults::max_retry")]
    pub(super) max_retry: u32,
    /// Seconds a request has until its answer begins, over all attempts. Absent: 600, and the time-outs below that are not
    /// set are no parts of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) time_out: Option<f64>,
    /// Seconds one attempt waits for the head of the answer. Absent: a third of `time_out` for a stream, else all; where that
    /// is not set, 300 for a stream, 60 while another provider could still be asked, else 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) header_timeout: Option<f64>,
    /// Seconds one streaming attempt waits for its first output. Absent: two thirds of `time_out`; where that is not set, 300
    /// after the head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first_token_timeout: Option<f64>,
    /// Seconds a stream that has begun may be silent. Absent: 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) idle_timeout: Option<f64>,
    /// Whether providers that keep failing are left out for a while.
    #[serde(default = "defaults::yes")]
    pub(super) breaker: bool,
    /// Whether a conversation keeps its provider while that can be asked: always with `lottery` and `round_robin`, from its
    /// second turn on with `least_latency`. `rotor` does so by itself.
    #[serde(default = "defaults::yes")]
    pub(super) affinity: bool,
    /// Whether within a tier providers of the client's own dialect are asked before those that a request is translated for.
    #[serde(default = "defaults::yes")]
    pub(super) prefer_same_dialect: bool,
    /// Whether a request is refused rather than translated with losses. Keys and requests can ask for the same.
    #[serde(default)]
    pub(super) strict: bool,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<Text>,
    /// Clients of one that is switched off are told so.
    #[serde(default = "defaults::yes")]
    pub(super) enabled: bool,
    #[serde(default)]
    pub(super) associations: Vec<AssociationEntry>,
}

association_fields! { with_fields_in_file! {
    #[derive(Clone, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct AssociationEntry {
        /// A provider's name.
        pub(super) provider: Text,
        /// The provider's own name for the model; `*` is the name the client asked for.
        pub(super) model: Text,
        /// Set on the provider's request.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pub(super) headers: BTreeMap<String, Text>,
        /// For people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub(super) note: Option<Text>,
    }
} }

key_fields! { with_fields_in_file! {
    #[derive(Clone, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct KeyEntry {
        /// Unique.
        pub(super) name: Text,
        /// The key itself, of which only a hash is stored. Absent: the stored one stays.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub(super) key: Option<Text>,
        /// Names or patterns of the models it may use. Absent: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub(super) models: Option<Vec<Text>>,
        /// For people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub(super) note: Option<Text>,
    }
} }

impl ConfigFile {
    /// Every text in which variables are read, each with its place.
    pub(super) fn texts(&mut self) -> Vec<(String, &mut Text)> {
        let mut texts = Vec::new();
        for (index, entry) in self.providers.iter_mut().flatten().enumerate() {
            let mut add = |field: &str, text| texts.push((format!("providers[{index}].{field}"), text));
            add("name", &mut entry.name);
            for (field, text) in [
                ("base_url", &mut entry.base_url),
                ("api_key", &mut entry.api_key),
                ("version", &mut entry.version),
                ("proxy", &mut entry.proxy),
                ("error_matcher", &mut entry.error_matcher),
                ("console_url", &mut entry.console_url),
                ("note", &mut entry.note),
            ] {
                text.iter_mut().for_each(|text| add(field, text));
            }
            for (index, address) in entry.also.iter_mut().enumerate() {
                add(&format!("also[{index}].base_url"), &mut address.base_url);
            }
        }
        for (index, entry) in self.models.iter_mut().flatten().enumerate() {
            let place = format!("models[{index}]");
            texts.push((format!("{place}.name"), &mut entry.name));
            texts.extend(entry.note.iter_mut().map(|text| (format!("{place}.note"), text)));
            for (index, association) in entry.associations.iter_mut().enumerate() {
                let place = format!("{place}.associations[{index}]");
                texts.push((format!("{place}.provider"), &mut association.provider));
                texts.push((format!("{place}.model"), &mut association.model));
                texts.extend(association.note.iter_mut().map(|text| (format!("{place}.note"), text)));
                let headers = association.headers.iter_mut();
                texts.extend(headers.map(|(name, text)| (format!("{place}.headers.{name}"), text)));
            }
        }
        for (index, entry) in self.keys.iter_mut().flatten().enumerate() {
            let mut add = |field: &str, text| texts.push((format!("keys[{index}].{field}"), text));
            add("name", &mut entry.name);
            entry.key.iter_mut().for_each(|text| add("key", text));
            entry.note.iter_mut().for_each(|text| add("note", text));
            entry.models.iter_mut().flatten().for_each(|text| add("models", text));
        }
        texts
    }

    /// Every `extra_body`, each with its place and line.
    pub(super) fn extra_bodies(&mut self) -> impl Iterator<Item = (String, u64, &mut Map<String, Value>)> {
        self.models.iter_mut().flatten().enumerate().flat_map(|(model, entry)| {
            entry.associations.iter_mut().enumerate().map(move |(index, association)| {
                let place = format!("models[{model}].associations[{index}].extra_body");
                (place, association.provider.line, &mut association.extra_body)
            })
        })
    }
}
