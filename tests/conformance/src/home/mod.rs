mod server;

use core::time::Duration;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::client::{Answer, Call};
use server::ServerProcess;

/// The administrator's token of every home under test.
pub const TOKEN: &str = "admin-token-of-the-suite";

/// How a home starts.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Applied at start; see [`crate::config`].
    pub config: Value,
    /// In the home's own form of settings: environment variables for the server.
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

/// A running gateway with a database of its own. Dropped, it is killed and its data deleted.
///
/// `LLMIO_CONFORMANCE_HOME` chooses the kind (default `server`), so that the same suite runs against each.
#[derive(Debug)]
pub struct Home {
    kind: Kind,
    setup: Setup,
    directory: TempDir,
}

#[derive(Debug)]
enum Kind {
    Server(ServerProcess),
}

impl Home {
    pub async fn start(setup: Setup) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let kind = Kind::start(&setup, directory.path()).await;
        Self { kind, setup, directory }
    }

    /// `http://…` without a path.
    pub fn base(&self) -> String {
        match &self.kind {
            Kind::Server(server) => server.base(),
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base())
    }

    /// As `kill -9`: nothing is flushed.
    pub async fn kill(&mut self) {
        match &mut self.kind {
            Kind::Server(server) => server.kill().await,
        }
    }

    /// As SIGTERM, and waits for the end.
    pub async fn stop(&mut self) {
        match &mut self.kind {
            Kind::Server(server) => server.terminate().await,
        }
    }

    /// Starts again on the same data, after [`Self::kill`] or [`Self::stop`]. Without `config` it has only what it stored.
    pub async fn restart(&mut self, config: Option<Value>) {
        self.setup.config = config.unwrap_or_default();
        self.kind = Kind::start(&self.setup, self.directory.path()).await;
    }

    /// Opens the admin API at a path below `/api`.
    pub async fn admin(&self, method: http::Method, path: &str, body: Option<&Value>) -> Answer {
        let call =
            Call::new(method, &self.url(&format!("/api{path}"))).header("authorization", &format!("Bearer {TOKEN}"));
        match body {
            Some(body) => call.json(body).send().await,
            None => call.send().await,
        }
    }
}

impl Kind {
    async fn start(setup: &Setup, directory: &Path) -> Self {
        let name = std::env::var("LLMIO_CONFORMANCE_HOME").unwrap_or_else(|_| "server".to_owned());
        match name.as_str() {
            "server" => Self::Server(ServerProcess::start(setup, directory).await),
            other => panic!("LLMIO_CONFORMANCE_HOME={other}: the homes are: server"),
        }
    }
}

/// How long a home may take to start, or a thing that happens in the background to be seen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
