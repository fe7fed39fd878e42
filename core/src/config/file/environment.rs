use std::fmt;
use std::sync::Arc;

use crate::config::Pattern;

/// Looks up the variables of a configuration file.
pub type Variables<'a> = &'a dyn Fn(&str) -> Result<String, Absent>;

/// Why a variable is not to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    NotSet,
    NotAllowed,
}

/// The setting of the home that names what may be read: names, or patterns with `*`, divided by commas.
pub(super) const ALLOWED: &str = "LLMIO_CONFIG_VARS";
pub(super) const DEFAULT_ALLOWED: &str = "*_API_KEY";

/// Whatever is allowed, these are the installation's own: whoever may change the configuration could have them sent to a
/// provider.
const PRIVATE: [&str; 8] =
    ["TOKEN", "LLMIO_*", "AWS_*", "*_DATABASE_TOKEN", "CLOUDFLARE_*", "CF_API_*", "TURSO_*", "*_SECRET_KEY"];

/// The variables that a configuration file sent to the API may read.
#[derive(Clone)]
pub struct Environment(Arc<Lookup>);

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Environment {
    /// All that the home's settings are looked up by, [`ALLOWED`] among them.
    pub fn new(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(lookup))
    }

    pub fn get(&self, name: &str) -> Result<String, Absent> {
        let allowed = (self.0)(ALLOWED).unwrap_or_else(|| DEFAULT_ALLOWED.to_owned());
        let is_allowed = allowed.split(',').any(|pattern| Pattern::new(pattern.trim()).matches(name));
        if !is_allowed || PRIVATE.iter().any(|pattern| Pattern::new(*pattern).matches(name)) {
            return Err(Absent::NotAllowed);
        }
        (self.0)(name).ok_or(Absent::NotSet)
    }
}

impl Default for Environment {
    /// Without any variables.
    fn default() -> Self {
        Self::new(|_| None)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_read() {
        let read = |allowed: Option<&'static str>, name: &str| {
            let set =
                move |name: &str| if name == ALLOWED { allowed.map(str::to_owned) } else { Some("set".to_owned()) };
            Environment::new(set).get(name).err()
        };
        let refused = Some(Absent::NotAllowed);
        for (allowed, name, expected) in [
            (None, "OPENAI_API_KEY", None),
            (None, "PATH", refused),
            (None, "TEAM_A_KEY", refused),
            (Some("*_API_KEY, TEAM_*"), "TEAM_A_KEY", None),
            (Some("*_API_KEY, TEAM_*"), "OPENAI_API_KEY", None),
            (Some(""), "OPENAI_API_KEY", refused),
            (Some("*"), "HOME", None),
            (Some("*"), "TOKEN", refused),
            (Some("*"), "LLMIO_SECRET_KEY", refused),
            (Some("*"), "LLMIO_API_KEY", refused),
            (Some("*"), "AWS_SECRET_ACCESS_KEY", refused),
            (Some("*"), "MY_DATABASE_TOKEN", refused),
            (Some("*"), "CLOUDFLARE_API_TOKEN", refused),
        ] {
            assert_eq!(read(allowed, name), expected, "{allowed:?} {name}");
        }
        assert_eq!(Environment::default().get("A_API_KEY"), Err(Absent::NotSet));
    }
}
