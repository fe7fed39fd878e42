mod kind;
mod lambda;
mod server;
mod worker;

use std::path::Path;
use std::sync::Arc;

use http::Method;
use serde_json::Value;
use tempfile::TempDir;

use crate::client::{Answer, Call};
use crate::sqld::{self, Sqld};
pub use kind::Kind;
use lambda::LambdaService;
use server::ServerProcess;
use worker::WorkerProcess;

/// The administrator's token of every home under test.
pub const TOKEN: &str = "admin-token-of-the-suite";

/// Seals the providers' keys where homes share a database.
const SECRET_KEY: &str = "5e41ed000000000000000000000000000000000000000000000000000005e41e";

/// How a home starts.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Applied at start; see [`crate::config`].
    pub config: Value,
    /// Settings by the names they have in every home. Where the database is a libSQL server, `LLMIO_DATABASE_URL`,
    /// `LLMIO_DATABASE_TOKEN` and `LLMIO_SECRET_KEY` are among them; without the first, a home uses its own.
    pub environment: Vec<(String, String)>,
}

impl Setup {
    pub fn new(config: impl Into<Value>) -> Self {
        Self { config: config.into(), environment: Vec::new() }
    }

    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A running gateway. Dropped, it is killed, and its data deleted when no other home has them.
#[derive(Debug)]
pub struct Home {
    kind: Kind,
    process: Process,
    setup: Setup,
    /// Its logs, and its database when that is a file.
    directory: Arc<TempDir>,
    sqld: Option<Arc<Sqld>>,
}

/// A home's process or processes. Each has `start`, `base`, `kill` and `terminate`.
#[derive(Debug)]
enum Process {
    Server(ServerProcess),
    Lambda(LambdaService),
    Worker(WorkerProcess),
}

impl Home {
    /// The one that `LLMIO_CONFORMANCE_HOME` names, with a database of its own.
    pub async fn start(setup: Setup) -> Self {
        Self::start_kind(Kind::chosen(), setup).await
    }

    pub async fn start_kind(kind: Kind, setup: Setup) -> Self {
        let sqld = if kind.is_on_libsql() { Some(Arc::new(Sqld::start().await)) } else { None };
        Self::start_in(kind, setup, new_directory(), sqld).await
    }

    /// The chosen one on this libSQL server.
    pub async fn start_on(sqld: Arc<Sqld>, setup: Setup) -> Self {
        Self::start_in(Kind::chosen(), setup, new_directory(), Some(sqld)).await
    }

    /// Another one of the same kind on the same database. Nothing is applied at its start.
    pub async fn another(&self) -> Self {
        let setup = Setup { config: Value::Null, environment: self.setup.environment.clone() };
        let directory = if self.sqld.is_some() { new_directory() } else { Arc::clone(&self.directory) };
        Self::start_in(self.kind, setup, directory, self.sqld.clone()).await
    }

    async fn start_in(kind: Kind, mut setup: Setup, directory: Arc<TempDir>, sqld: Option<Arc<Sqld>>) -> Self {
        if let Some(sqld) = &sqld {
            let is_set = |name: &str| setup.environment.iter().any(|(key, _)| key == name);
            let settings = [("LLMIO_DATABASE_URL", sqld.url()), ("LLMIO_DATABASE_TOKEN", sqld::TOKEN.to_owned())]
                .into_iter()
                .chain([("LLMIO_SECRET_KEY", SECRET_KEY.to_owned())])
                .filter(|(name, _)| !is_set(name))
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<Vec<_>>();
            setup.environment.extend(settings);
        }
        let process = Process::start(kind, &setup, directory.path()).await;
        let home = Self { kind, process, setup, directory, sqld };
        home.apply().await;
        home
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The libSQL server that holds its data, where there is one.
    pub fn sqld(&self) -> Option<&Sqld> {
        self.sqld.as_deref()
    }

    /// `http://…` without a path.
    pub fn base(&self) -> String {
        match &self.process {
            Process::Server(server) => server.base(),
            Process::Lambda(lambda) => lambda.base(),
            Process::Worker(worker) => worker.base(),
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base())
    }

    /// Where processes are frozen between requests, gives each of them one: what a busy database did not take in time
    /// waits there.
    pub(crate) async fn wake(&self) {
        if let Process::Lambda(lambda) = &self.process {
            lambda.wake().await;
        }
    }

    /// As `kill -9`: nothing is flushed.
    pub async fn kill(&mut self) {
        match &mut self.process {
            Process::Server(server) => server.kill().await,
            Process::Lambda(lambda) => lambda.kill().await,
            Process::Worker(worker) => worker.kill().await,
        }
    }

    /// As SIGTERM, and waits for the end.
    pub async fn stop(&mut self) {
        match &mut self.process {
            Process::Server(server) => server.terminate().await,
            Process::Lambda(lambda) => lambda.terminate().await,
            Process::Worker(worker) => worker.terminate().await,
        }
    }

    /// Starts again on the same data, after [`Self::kill`] or [`Self::stop`]. Without `config` it has only what it
    /// stored.
    pub async fn restart(&mut self, config: Option<Value>) {
        self.setup.config = config.unwrap_or_default();
        self.process = Process::start(self.kind, &self.setup, self.directory.path()).await;
        self.apply().await;
    }

    /// Opens the admin API at a path below `/api`.
    pub async fn admin(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let call =
            Call::new(method, &self.url(&format!("/api{path}"))).header("authorization", &format!("Bearer {TOKEN}"));
        match body {
            Some(body) => call.json(body).send().await,
            None => call.send().await,
        }
    }

    /// Sends the configuration to a home that reads no file.
    async fn apply(&self) {
        if self.kind.reads_config_file() || self.setup.config.is_null() {
            return;
        }
        let applied = self.admin(Method::PUT, "/config", Some(&self.setup.config)).await;
        assert_eq!(applied.status, 200, "the configuration is applied: {}", applied.text());
    }
}

impl Process {
    async fn start(kind: Kind, setup: &Setup, directory: &Path) -> Self {
        match kind {
            Kind::Server | Kind::ServerLibsql => Self::Server(ServerProcess::start(setup, directory).await),
            Kind::Lambda => Self::Lambda(LambdaService::start(setup, directory).await),
            Kind::Worker | Kind::WorkerLibsql => Self::Worker(WorkerProcess::start(setup, directory).await),
        }
    }
}

fn new_directory() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().expect("a temporary directory"))
}
