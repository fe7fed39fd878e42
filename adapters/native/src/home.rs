use std::path::{Path, PathBuf};
use std::sync::Arc;

use llmio_core::config::{Sealer, Secret};
use llmio_core::platform::{Database, DatabaseError, Entropy, Platform};
use llmio_core::storage::{self, Applied, ConfigStore, HranaDatabase, MigrateError};

use crate::{LocalDatabase, NativeHttpClient, OsEntropy, TokioClock, original, permission, secret_file};

/// What a server or a function stands on: the platform, and the key that opens stored secrets.
#[derive(Debug)]
pub struct Home {
    pub platform: Platform,
    pub sealer: Sealer,
    /// The database again, when it is a local one.
    pub local: Option<Arc<LocalDatabase>>,
    /// Where the database is, for people.
    pub database_place: String,
    place: Place,
}

/// A token that the operator did not choose.
#[derive(Clone, Debug)]
pub struct MadeToken {
    pub token: Secret,
    /// Where it is kept. `None`: nowhere.
    pub file: Option<PathBuf>,
    /// Whether it was made now.
    pub is_new: bool,
}

/// Where everything is kept, as an operator says it.
#[derive(Clone, Debug)]
pub struct HomeSettings {
    /// `LLMIO_DATABASE_URL`: `file:PATH`, or `libsql://HOST`, `https://HOST` or `http://HOST` of a libSQL server.
    pub database_url: String,
    /// `LLMIO_DATABASE_TOKEN`: the libSQL server's access token.
    pub database_token: Option<Secret>,
    /// `LLMIO_SECRET_KEY`: seals the providers' keys in the database. Needed for a database on another computer.
    pub secret_key: Option<Secret>,
}

/// A setting that cannot be used, in words for the operator: which one, and what to do about it.
#[derive(Clone, Debug)]
pub struct HomeError(String);

impl HomeError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Display for HomeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for HomeError {}

impl From<DatabaseError> for HomeError {
    fn from(error: DatabaseError) -> Self {
        Self(error.to_string())
    }
}

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    File(PathBuf),
    Memory,
    Remote(String),
}

impl Home {
    /// Opens the database without touching its schema.
    pub fn open(settings: &HomeSettings) -> Result<Self, HomeError> {
        let place = Place::parse(&settings.database_url)?;
        if let Place::File(path) = &place
            && original::lies_at(path)?
        {
            return Err(HomeError::new(format!(
                "{0} is a database of the original LLMIO: start the server (`llmio`) to take it over, or see first what that \
                 brings, with `llmio import llmio {0} --dry-run`",
                path.display()
            )));
        }
        Self::at(settings, &place, place.clone())
    }

    /// With its database at `place`, and what is kept beside it beside `named`.
    pub(crate) fn at(settings: &HomeSettings, named: &Place, place: Place) -> Result<Self, HomeError> {
        let entropy = OsEntropy::new()
            .map_err(|cause| HomeError::new(format!("the operating system gives no randomness: {cause}")))?;
        let http = Arc::new(NativeHttpClient::new());
        if let Place::File(path) = &place {
            permission::check(path)?;
        }
        let sealer = sealer(settings, named, &entropy)?;
        let clock = Arc::new(TokioClock);
        let mut local = None;
        let database: Arc<dyn Database> = match &place {
            Place::File(path) => local.insert(Arc::new(LocalDatabase::open(path)?)).clone(),
            Place::Memory => local.insert(Arc::new(LocalDatabase::open_in_memory()?)).clone(),
            Place::Remote(url) => {
                let token = settings.database_token.as_ref();
                Arc::new(HranaDatabase::new(http.clone(), clock.clone(), url, token)?)
            }
        };
        let platform = Platform { http, database, clock, entropy: Arc::new(entropy) };
        Ok(Self { platform, sealer, local, database_place: place.to_string(), place })
    }

    /// The database's file, when it is one.
    pub fn database_file(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Memory | Place::Remote(_) => None,
        }
    }

    /// Whether there is a database yet: on another computer there may be.
    pub fn exists(settings: &HomeSettings) -> Result<bool, HomeError> {
        Ok(match Place::parse(&settings.database_url)? {
            Place::File(path) => std::fs::metadata(path).is_ok_and(|file| file.len() > 0),
            Place::Memory => false,
            Place::Remote(_) => true,
        })
    }

    /// The token of an installation whose operator set none: it is made once, and kept in a file (mode 0600) beside the
    /// database. Several computers that share a database have no such place.
    pub fn made_token(&self) -> Result<MadeToken, HomeError> {
        let entropy = &*self.platform.entropy;
        match &self.place {
            Place::File(path) => {
                let path = path.with_extension("token");
                let made = secret_file::read_or_make(&path, 24, entropy).map_err(|cause| {
                    HomeError::new(format!(
                        "the token file {} cannot be used: {cause}. Without TOKEN it holds the administrator's token; \
                         mend or remove it, or set TOKEN",
                        path.display()
                    ))
                })?;
                Ok(MadeToken { token: Secret::new(made.text), file: Some(path), is_new: made.is_new })
            }
            Place::Memory => {
                Ok(MadeToken { token: Secret::new(secret_file::random(24, entropy)), file: None, is_new: true })
            }
            Place::Remote(_) => Err(HomeError::new(
                "with a database on another computer TOKEN is required: set it to a long random text (for example what \
                 `openssl rand -hex 24` prints)",
            )),
        }
    }

    /// The steps that [`Self::migrate`] would apply.
    pub async fn pending(&self) -> Result<Vec<&'static str>, MigrateError> {
        storage::pending(&*self.platform.database).await
    }

    /// Brings the schema up to date.
    pub async fn migrate(&self) -> Result<Applied, MigrateError> {
        storage::migrate(&*self.platform.database, &*self.platform.clock).await
    }

    /// The stored configuration, on a database that is up to date.
    pub async fn store(&self) -> Result<ConfigStore, MigrateError> {
        self.migrate().await?;
        Ok(ConfigStore::new(&self.platform, self.sealer.clone()))
    }
}

fn sealer(settings: &HomeSettings, place: &Place, entropy: &dyn Entropy) -> Result<Sealer, HomeError> {
    if let Some(key) = &settings.secret_key {
        return Sealer::from_text(key.reveal()).map_err(|error| HomeError::new(format!("LLMIO_SECRET_KEY: {error}")));
    }
    match place {
        Place::File(path) => {
            let path = path.with_extension("key");
            let unusable = |cause: &dyn std::fmt::Display| {
                HomeError::new(format!(
                    "the key file {} cannot be used: {cause}. It seals the providers' keys in the database beside it; \
                     restore it, or set LLMIO_SECRET_KEY",
                    path.display()
                ))
            };
            let key = secret_file::read_or_make(&path, 32, entropy).map_err(|error| unusable(&error))?;
            Sealer::from_text(&key.text).map_err(|error| unusable(&error))
        }
        Place::Memory => {
            let mut key = [0; 32];
            entropy.fill(&mut key);
            Ok(Sealer::new(key))
        }
        Place::Remote(_) => Err(HomeError::new(
            "a database on another computer needs LLMIO_SECRET_KEY, which seals the providers' keys in it: set it to \
             the same value wherever this database is used (for example what `openssl rand -hex 32` prints)",
        )),
    }
}

impl Place {
    pub(crate) fn parse(url: &str) -> Result<Self, HomeError> {
        let url = url.trim();
        if ["libsql://", "https://", "http://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Ok(Self::Remote(url.to_owned()));
        }
        if url.contains("://") && !url.starts_with("file://") {
            return Err(HomeError::new(format!(
                "LLMIO_DATABASE_URL has an unknown scheme ({url}): write file:PATH, libsql://HOST, https://HOST or \
                 http://HOST"
            )));
        }
        let path = url.strip_prefix("file://").or_else(|| url.strip_prefix("file:")).unwrap_or(url);
        match path {
            "" => Err(HomeError::new("LLMIO_DATABASE_URL names no file: write for example file:db/llmio.db")),
            ":memory:" => Ok(Self::Memory),
            _ => Ok(Self::File(Path::new(path).to_owned())),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Memory => f.write_str("in memory, gone when the process ends"),
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
