use std::path::{Path, PathBuf};
use std::sync::Arc;

use llmio_core::config::{Sealer, Secret};
use llmio_core::platform::{Database, Entropy, Platform};
use llmio_core::storage::{self, Applied, ConfigStore, HranaDatabase};
use llmio_native::{LocalDatabase, NativeHttpClient, OsEntropy, TokioClock};

use crate::cli::HomeArgs;
use crate::failure::Failure;
use crate::key_file;
use crate::secret::Hidden;

/// What every command stands on: the platform, and the key that opens stored secrets.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) platform: Platform,
    pub(crate) sealer: Sealer,
    /// The database again, when it is a local one.
    pub(crate) local: Option<Arc<LocalDatabase>>,
    /// Where the database is, for people.
    pub(crate) database_place: String,
}

/// Where the database is.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    File(PathBuf),
    Memory,
    Remote(String),
}

impl Home {
    /// Opens the database without touching its schema.
    pub(crate) fn open(args: &HomeArgs) -> Result<Self, Failure> {
        let entropy = OsEntropy::new()
            .map_err(|cause| Failure::new(format!("the operating system gives no randomness: {cause}")))?;
        let http = Arc::new(NativeHttpClient::new());
        let place = Place::parse(&args.database_url)?;
        let sealer = sealer(args, &place, &entropy)?;
        let clock = Arc::new(TokioClock);
        let mut local = None;
        let database: Arc<dyn Database> = match &place {
            Place::File(path) => local.insert(Arc::new(LocalDatabase::open(path)?)).clone(),
            Place::Memory => local.insert(Arc::new(LocalDatabase::open_in_memory()?)).clone(),
            Place::Remote(url) => {
                let token = args.database_token.as_ref().and_then(Hidden::reveal).map(Secret::new);
                Arc::new(HranaDatabase::new(http.clone(), clock.clone(), url, token.as_ref())?)
            }
        };
        let platform = Platform { http, database, clock, entropy: Arc::new(entropy) };
        Ok(Self { platform, sealer, local, database_place: place.to_string() })
    }

    /// Brings the schema up to date.
    pub(crate) async fn migrate(&self) -> Result<Applied, Failure> {
        Ok(storage::migrate(&*self.platform.database, &*self.platform.clock).await?)
    }

    /// The stored configuration, on a database that is up to date.
    pub(crate) async fn store(&self) -> Result<ConfigStore, Failure> {
        self.migrate().await?;
        Ok(ConfigStore::new(&self.platform, self.sealer.clone()))
    }
}

fn sealer(args: &HomeArgs, place: &Place, entropy: &dyn Entropy) -> Result<Sealer, Failure> {
    if let Some(key) = args.secret_key.as_ref().and_then(|key| key.reveal()) {
        return Sealer::from_text(key).map_err(|error| Failure::new(format!("LLMIO_SECRET_KEY: {error}")));
    }
    match place {
        Place::File(path) => {
            let path = path.with_extension("key");
            let unusable = |cause: &dyn std::fmt::Display| {
                Failure::new(format!(
                    "the key file {} cannot be used: {cause}. It seals the providers' keys in the database beside it; \
                     restore it, or set LLMIO_SECRET_KEY",
                    path.display()
                ))
            };
            let text = key_file::read_or_make(&path, entropy).map_err(|error| unusable(&error))?;
            Sealer::from_text(&text).map_err(|error| unusable(&error))
        }
        Place::Memory => {
            let mut key = [0; 32];
            entropy.fill(&mut key);
            Ok(Sealer::new(key))
        }
        Place::Remote(_) => Err(Failure::new(
            "a database on another computer needs LLMIO_SECRET_KEY, which seals the providers' keys in it: set it to \
             the same value wherever this database is used (for example what `openssl rand -hex 32` prints)",
        )),
    }
}

impl Place {
    fn parse(url: &str) -> Result<Self, Failure> {
        let url = url.trim();
        if ["libsql://", "https://", "http://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Ok(Self::Remote(url.to_owned()));
        }
        if url.contains("://") && !url.starts_with("file://") {
            return Err(Failure::new(format!(
                "LLMIO_DATABASE_URL has an unknown scheme ({url}): write file:PATH, libsql://HOST, https://HOST or \
                 http://HOST"
            )));
        }
        let path = url.strip_prefix("file://").or_else(|| url.strip_prefix("file:")).unwrap_or(url);
        match path {
            "" => Err(Failure::new("LLMIO_DATABASE_URL names no file: write for example file:db/llmio.db")),
            ":memory:" => Ok(Self::Memory),
            _ => Ok(Self::File(Path::new(path).to_owned())),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Memory => f.write_str("in memory, gone when the server ends"),
            Self::Remote(url) => f.write_str(url),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_urls() {
        let file = |path: &str| Some(Place::File(path.into()));
        let rows = [
            ("file:db/llmio.db", file("db/llmio.db")),
            ("file:/var/lib/llmio.db", file("/var/lib/llmio.db")),
            ("file:///var/lib/llmio.db", file("/var/lib/llmio.db")),
            ("db/llmio.db", file("db/llmio.db")),
            (":memory:", Some(Place::Memory)),
            ("file::memory:", Some(Place::Memory)),
            ("libsql://x.turso.io", Some(Place::Remote("libsql://x.turso.io".into()))),
            ("http://127.0.0.1:8080", Some(Place::Remote("http://127.0.0.1:8080".into()))),
            ("postgres://x", None),
            ("file:", None),
            ("", None),
        ];
        for (url, expected) in rows {
            assert_eq!(Place::parse(url).ok(), expected, "{url}");
        }
    }
}
