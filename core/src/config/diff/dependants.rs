//! Who else is concerned when a provider or model is deleted or gets another name.

use std::collections::{HashMap, HashSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::fields::records;
use super::{Action, Change, Kind};
use crate::config::{ClientKey, Config};

/// A record that belongs to another one, or names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Dependant {
    pub kind: Kind,
    /// Empty for the settings.
    pub id: String,
    pub name: String,
    pub effect: Effect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It goes, too.
    Deleted,
    /// It is changed to fit.
    Updated,
    /// It goes on naming what is no longer there under that name.
    StillNames,
}

/// Completes the changes that lead from `old` to `new`.
pub(super) fn add(changes: &mut [Change], old: &Config, new: &Config) {
    let is_concerned = |change: &Change| {
        matches!(change.kind, Kind::Provider | Kind::Model)
            && (change.action == Action::Delete || change.action == Action::Update && change.fields.contains(&"name"))
    };
    if !changes.iter().any(is_concerned) {
        return;
    }
    let kept: HashSet<&str> = new.associations().map(|(_, association)| association.id.as_str()).collect();
    let gone: Vec<_> = records(Kind::Association, old).into_iter().filter(|it| !kept.contains(it.id)).collect();
    let (models, named) = (named_models(new), keys_by_model(new));
    for change in changes.iter_mut().filter(|change| is_concerned(change)) {
        let Some(name) = old_name(change, old) else { continue };
        if change.action == Action::Delete {
            let belongs = gone.iter().filter(|it| it.belongs_to(change.kind, &change.id));
            change.dependants.extend(belongs.map(|it| Dependant {
                kind: Kind::Association,
                id: it.id.to_owned(),
                name: it.name(),
                effect: Effect::Deleted,
            }));
        }
        if change.kind == Kind::Provider
            && old.settings.counting_provider.as_deref() == Some(name)
            && new.settings.counting_provider.as_deref() != Some(name)
        {
            change.dependants.push(Dependant {
                kind: Kind::Settings,
                id: String::new(),
                name: String::new(),
                effect: Effect::Updated,
            });
        }
        if change.kind == Kind::Model && !models.contains(name) {
            let keys = named.get(name).into_iter().flatten();
            change.dependants.extend(keys.map(|key| Dependant {
                kind: Kind::Key,
                id: key.id.clone(),
                name: key.name.clone(),
                effect: Effect::StillNames,
            }));
        }
    }
}

fn old_name<'a>(change: &Change, old: &'a Config) -> Option<&'a str> {
    match change.kind {
        Kind::Provider => old.provider(&change.id).map(|provider| provider.name.as_str()),
        Kind::Model => old.model(&change.id).map(|model| model.name.as_str()),
        _ => None,
    }
}

fn named_models(config: &Config) -> HashSet<&str> {
    config.models.iter().map(|model| model.name.as_str()).collect()
}

/// The keys by each name that their scopes hold.
fn keys_by_model(config: &Config) -> HashMap<&str, Vec<&ClientKey>> {
    let mut named: HashMap<&str, Vec<&ClientKey>> = HashMap::new();
    for key in &config.keys {
        for model in key.models.iter().flatten() {
            named.entry(model).or_default().push(key);
        }
    }
    named
}
