//! What differs between two configurations, for people: which records and fields, and their values where they are no secrets.

mod dependants;
mod fields;

use std::collections::{HashMap, HashSet};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::Config;
pub use dependants::{Dependant, Effect};
use fields::{Field, Record, records};

/// One record that was or will be created, changed or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    pub action: Action,
    pub kind: Kind,
    /// Empty for the settings, and for what a dry run would create.
    pub id: String,
    /// An association is named by its model and its provider's name and model: `gpt-5: main/gpt-5`.
    pub name: String,
    /// The fields that differ; only for an update.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<&'static str>,
    /// Their values until now; all values of a record that is deleted. Secrets show as `••••`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Map<String, Json>>,
    /// Their values from now on; all values of a record that is created. A secret that is another one shows as
    /// `•••• (changed)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Map<String, Json>>,
    /// Of a provider or model that is deleted or gets another name: what goes with it, and who names it still.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependants: Vec<Dependant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Create,
    Update,
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Provider,
    Model,
    Association,
    Key,
    Settings,
}

impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Model => "model",
            Self::Association => "association",
            Self::Key => "key",
            Self::Settings => "settings",
        }
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let action = match self.action {
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
        };
        write!(f, "{action} {}", self.kind.as_str())?;
        if !self.name.is_empty() {
            write!(f, " {}", self.name)?;
        }
        if !self.fields.is_empty() {
            write!(f, ": {}", self.fields.join(", "))?;
        }
        Ok(())
    }
}

/// Records are matched by id.
pub fn diff(old: &Config, new: &Config) -> Vec<Change> {
    let mut changes = Vec::new();
    for kind in [Kind::Provider, Kind::Model, Kind::Association, Kind::Key, Kind::Settings] {
        compare(&mut changes, kind, &records(kind, old), &records(kind, new));
    }
    dependants::add(&mut changes, old, new);
    changes
}

fn compare(changes: &mut Vec<Change>, kind: Kind, old: &[Record<'_>], new: &[Record<'_>]) {
    let change = |action, record: &Record<'_>| Change {
        action,
        kind,
        id: record.id.to_owned(),
        name: record.name(),
        fields: Vec::new(),
        before: None,
        after: None,
        dependants: Vec::new(),
    };
    let known: HashMap<&str, &Record<'_>> = old.iter().map(|record| (record.id, record)).collect();
    let kept: HashSet<&str> = new.iter().map(|record| record.id).collect();
    for record in old.iter().filter(|record| !kept.contains(record.id)) {
        let before = shown(record.fields().iter());
        changes.push(Change { before: Some(before), ..change(Action::Delete, record) });
    }
    for record in new {
        let Some(before) = known.get(record.id) else {
            let after = shown(record.fields().iter());
            changes.push(Change { after: Some(after), ..change(Action::Create, record) });
            continue;
        };
        if before.is_same(record) {
            continue;
        }
        let (was, is) = (before.fields(), record.fields());
        let differing: Vec<_> = was.iter().zip(&is).filter(|(was, is)| was.value != is.value).collect();
        if differing.is_empty() {
            continue;
        }
        changes.push(Change {
            fields: differing.iter().map(|(_, field)| field.name).collect(),
            before: Some(shown(differing.iter().map(|(was, _)| *was))),
            after: Some(differing.iter().map(|(was, is)| (is.name.to_owned(), is.shown_after(was))).collect()),
            ..change(Action::Update, record)
        });
    }
}

fn shown<'a>(fields: impl Iterator<Item = &'a Field>) -> Map<String, Json> {
    fields.map(|field| (field.name.to_owned(), field.shown.clone())).collect()
}
