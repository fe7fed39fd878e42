use std::fmt;
use std::sync::Arc;

/// The variables that a configuration file sent to the API may read.
///
/// The gateway's own secrets are not among them: whoever may change the configuration could have them sent to a
/// provider.
#[derive(Clone)]
pub struct Environment(Arc<Lookup>);

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

const PRIVATE: [&str; 3] = ["TOKEN", "LLMIO_SECRET_KEY", "LLMIO_DATABASE_TOKEN"];

impl Environment {
    pub fn new(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(lookup))
    }

    pub fn get(&self, name: &str) -> Option<String> {
        if PRIVATE.contains(&name) { None } else { (self.0)(name) }
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
