use serde_json::Value;

use super::decode::decode;
use super::document::ConfigFile;
use super::environment::{ALLOWED, Absent, DEFAULT_ALLOWED, Variables};
use super::node;
use super::problem::{FileError, Problem};
use super::text::{ExpandError, Missing, expand};

/// A configuration file that was read: well formed, with its variables replaced. Whether it makes sense shows when it
/// meets a configuration.
#[derive(Clone)]
pub struct File {
    pub(super) document: ConfigFile,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("File(…)")
    }
}

/// Reads YAML or JSON. `env` looks its variables up.
pub fn parse(text: &str, env: Variables<'_>) -> Result<File, FileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut document: ConfigFile = match node::read(text)? {
        Some(root) => decode(&root)?,
        None => ConfigFile::default(),
    };
    let mut problems = Vec::new();
    for (place, text) in document.texts() {
        match expand(&text.value, env) {
            // An empty key would quietly turn authentication off.
            Ok(value) if value.is_empty() && !text.value.is_empty() && place.ends_with("key") => {
                problems.push(Problem::new(text.line, place, "is empty: its variable is set, but to nothing"));
            }
            Ok(value) => text.value = value,
            Err(ExpandError::Missing(missing))
                if is_secret(&place) && text.value == format!("${{{}}}", missing.name) =>
            {
                text.value.clear();
                text.missing = Some(missing);
            }
            Err(error) => problems.push(Problem::new(text.line, place, error.message())),
        }
    }
    for (place, line, extra) in document.extra_bodies() {
        for (path, value) in extra {
            if let Err(error) = expand_json(value, env) {
                problems.push(Problem::new(line, format!("{place}.{path}"), error.message()));
            }
        }
    }
    if problems.is_empty() { Ok(File { document }) } else { Err(FileError { problems }) }
}

/// Whether a secret belongs there, of which one may be stored already.
fn is_secret(place: &str) -> bool {
    [".api_key", ".proxy", ".key"].iter().any(|field| place.ends_with(field)) || place.contains(".headers.")
}

fn expand_json(value: &mut Value, env: Variables<'_>) -> Result<(), ExpandError> {
    match value {
        Value::String(text) => *text = expand(text, env)?,
        Value::Array(items) => items.iter_mut().try_for_each(|item| expand_json(item, env))?,
        Value::Object(map) => map.values_mut().try_for_each(|item| expand_json(item, env))?,
        _ => {}
    }
    Ok(())
}

impl ExpandError {
    pub(super) fn message(&self) -> String {
        match self {
            Self::Missing(Missing { name, why: Absent::NotSet }) => {
                format!("needs the environment variable {name}, which is not set")
            }
            Self::Missing(Missing { name, why: Absent::NotAllowed }) => format!(
                "needs the environment variable {name}, which a file sent to the API may not read: name it in {ALLOWED} \
                 of the gateway (`{DEFAULT_ALLOWED}` unless set), or apply the file where the gateway runs"
            ),
            Self::Malformed => {
                "holds `${` without a variable's name and `}` behind it: write `$${` for a literal `${`".into()
            }
        }
    }
}
