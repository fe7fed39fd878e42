//! An export names a variable for each secret. Where such a variable is not to be had, the secret that it stands for stays as
//! it is stored, so that an export can be edited and applied again without any secret at hand.

use super::document::ConfigFile;
use super::export::{Placeholder, export};
use super::problem::Problem;
use super::text::{ExpandError, Text};
use crate::config::Config;

/// Settles every text whose variable was not to be had: with the stored secret when the variable is the one that an export
/// of `config` gives to this very field of this very record, else with a problem. A secret never moves to another
/// field, where it could be read.
pub(super) fn keep_stored(file: &mut ConfigFile, config: &Config) -> Vec<Problem> {
    let mut settling = Settling { placeholders: export(config).placeholders, problems: Vec::new() };
    for (index, entry) in file.providers.iter_mut().flatten().enumerate() {
        let stored = config.provider_named(entry.name.value.trim()).map(|provider| provider.id.as_str());
        for (field, text) in [("api_key", &mut entry.api_key), ("proxy", &mut entry.proxy)] {
            let Some(text) = text else { continue };
            settling.settle(text, &format!("providers[{index}]"), field, |record| stored == Some(record));
        }
    }
    for (index, entry) in file.models.iter_mut().flatten().enumerate() {
        let model = config.models.iter().find(|model| model.name == entry.name.value.trim());
        for (place, association) in entry.associations.iter_mut().enumerate() {
            let provider = config.provider_named(association.provider.value.trim()).map(|provider| &provider.id);
            let provider_model = association.model.value.trim();
            let fits = |record: &str| {
                model.into_iter().flat_map(|model| &model.associations).any(|stored| {
                    stored.id == record
                        && Some(&stored.provider_id) == provider
                        && stored.provider_model == provider_model
                })
            };
            let place = format!("models[{index}].associations[{place}]");
            for (name, text) in &mut association.headers {
                let field = format!("headers.{}", name.to_ascii_lowercase());
                settling.settle(text, &place, &field, fits);
            }
        }
    }
    // An export leaves client keys out, so no variable stands for one.
    for (index, entry) in file.keys.iter_mut().flatten().enumerate() {
        if let Some(text) = &mut entry.key {
            settling.settle(text, &format!("keys[{index}]"), "key", |_| false);
        }
    }
    settling.problems
}

struct Settling {
    placeholders: Vec<Placeholder>,
    problems: Vec<Problem>,
}

impl Settling {
    fn settle(&mut self, text: &mut Text, place: &str, field: &str, fits: impl Fn(&str) -> bool) {
        let Some(missing) = text.missing.take() else { return };
        let stored = self
            .placeholders
            .iter()
            .find(|known| known.variable == missing.name && known.field == field && fits(&known.record));
        match stored {
            Some(stored) => stored.secret.reveal().clone_into(&mut text.value),
            None => {
                let message = ExpandError::Missing(missing).message();
                self.problems.push(Problem::new(text.line, format!("{place}.{field}"), message));
            }
        }
    }
}
