use super::environment::Variables;
use super::merge::{Context, merge};
use super::parse::parse;
use super::problem::{FileError, Problem};
use crate::config::{Association, Config, Pattern};
use crate::platform::Timestamp;

/// What [`check`] found in a usable file.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The configuration that the file alone makes. Its ids and client keys mean nothing.
    pub config: Config,
    /// Usable, but perhaps not what was meant.
    pub warnings: Vec<Problem>,
}

/// Checks a file without a database.
pub fn check(text: &str, env: Variables<'_>) -> Result<Findings, FileError> {
    let file = parse(text, env)?;
    let next = std::cell::Cell::new(0);
    let new_id = || {
        next.set(next.get() + 1);
        format!("{}", next.get())
    };
    let mut config = Config::default();
    let context = Context { new_id: &new_id, now: Timestamp::default(), offline: true };
    merge(&file.document, &mut config, &context)?;
    let mut warnings = Vec::new();
    if file.document.models.is_some() {
        models(&config, &mut warnings);
    }
    if file.document.models.is_some() && file.document.providers.is_some() {
        unused_providers(&config, &mut warnings);
    }
    if file.document.models.is_some() && file.document.keys.is_some() {
        keys(&config, &mut warnings);
    }
    Ok(Findings { config, warnings })
}

fn models(config: &Config, warnings: &mut Vec<Problem>) {
    for (index, model) in config.models.iter().enumerate() {
        let mut warn = |message: String| warnings.push(Problem::new(0, format!("models[{index}]"), message));
        let is_off = |association: &Association| {
            config.provider(&association.provider_id).is_some_and(|provider| !provider.enabled)
        };
        if model.associations.is_empty() {
            warn(format!("`{}` has no associations: requests for it are refused", model.name));
        } else if model.associations.iter().filter(|association| association.enabled).any(is_off)
            && model.associations.iter().filter(|association| association.enabled).all(is_off)
        {
            warn(format!("`{}` has only providers that are not enabled: requests for it are refused", model.name));
        } else if model.associations.iter().all(|association| !association.enabled) {
            warn(format!("`{}` has only associations that are not enabled: requests for it are refused", model.name));
        }
        if let Some(other) = config.models.iter().find(|other| shadows(&other.name, &model.name)) {
            warn(format!("`{}` is never reached: `{}` matches all its names and is longer", model.name, other.name));
        }
        for (place, association) in model.associations.iter().enumerate() {
            let same = |other: &&Association| {
                (&other.provider_id, &other.provider_model) == (&association.provider_id, &association.provider_model)
            };
            if model.associations.iter().take(place).any(|other| same(&other)) {
                warn(format!("associations[{place}] serves the same provider and model as one before it"));
            }
        }
    }
}

/// Whether pattern `other` wins wherever pattern `name` matches. Names the clear cases only.
fn shadows(other: &str, name: &str) -> bool {
    let both = Pattern::is_pattern(other) && Pattern::is_pattern(name);
    // A star of `name`, taken for a letter, is matched by a star of `other` alone.
    both && other != name && other.len() > name.len() && Pattern::new(other).matches(name)
}

fn unused_providers(config: &Config, warnings: &mut Vec<Problem>) {
    for (index, provider) in config.providers.iter().enumerate() {
        let used = config.associations().any(|(_, association)| association.provider_id == provider.id)
            || config.settings.counting_provider.as_ref() == Some(&provider.name);
        if !used {
            let message = format!("`{}` serves no model", provider.name);
            warnings.push(Problem::new(0, format!("providers[{index}]"), message));
        }
    }
}

fn keys(config: &Config, warnings: &mut Vec<Problem>) {
    for (index, key) in config.keys.iter().enumerate() {
        for allowed in key.models.iter().flatten() {
            // Either may be a pattern, and then the other may be one of its names.
            let met = config
                .models
                .iter()
                .any(|model| Pattern::new(allowed).matches(&model.name) || Pattern::new(&model.name).matches(allowed));
            if !met {
                let message = format!("of `{}` names no model: `{allowed}`", key.name);
                warnings.push(Problem::new(0, format!("keys[{index}].models"), message));
            }
        }
    }
}
