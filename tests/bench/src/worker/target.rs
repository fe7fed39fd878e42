use core::time::Duration;
use std::net::SocketAddr;
use std::path::Path;

use tokio::process::Command;

use super::upload::Upload;
use super::workerd::{self, Service, Worker};
use crate::Error;
use crate::gateway::{Named, TOKEN, configuration};
use crate::measure::Target;
use crate::process::{Process, fresh, listening};
use crate::provider::{Providers, local};
use crate::scenario::Pace;

/// The bare Worker that only passes on: one copy for each provider, both in one process.
#[derive(Debug)]
pub(crate) struct PassThrough {
    process: Process,
    /// In the order of [`Pace::ALL`].
    ports: Vec<u16>,
}

impl PassThrough {
    /// `settings` are those of the gateway's Worker, so that both run the same runtime.
    pub(crate) async fn start(
        binary: &Path,
        directory: &Path,
        settings: &Worker,
        providers: &Providers,
    ) -> Result<(Self, Duration), Error> {
        let directory = fresh(directory, "pass-through")?;
        std::fs::write(directory.join("worker.js"), include_str!("pass_through.js"))?;
        let worker = Worker { modules: vec!["worker.js".to_owned()], ..settings.clone() };
        let mut services = Vec::new();
        for pace in Pace::ALL {
            let port = llmio_upstream::ports::free()?;
            services.push(Service { port, environment: vec![("PROVIDER", providers.base(pace))] });
        }
        let ports = services.iter().map(|service| service.port).collect();
        let (process, time) = workerd::start(binary, &directory, &worker, &services, "/").await?;
        Ok((Self { process, ports }, time))
    }

    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        self.process.kill().await
    }
}

impl Target for PassThrough {
    fn name(&self) -> &'static str {
        "pass-through"
    }

    fn address(&self, pace: Pace) -> SocketAddr {
        local(self.ports[pace as usize])
    }

    fn process(&self) -> Option<&Process> {
        Some(&self.process)
    }
}

/// Our Worker with its database in a libSQL server, which is a process of its own.
#[derive(Debug)]
pub(crate) struct Gateway {
    process: Process,
    port: u16,
}

impl Gateway {
    pub(crate) async fn start(
        binary: &Path,
        directory: &Path,
        upload: &Upload,
        database: &Sqld,
    ) -> Result<(Self, Duration), Error> {
        let directory = fresh(directory, "gateway")?;
        upload.copy_to(&directory)?;
        let port = llmio_upstream::ports::free()?;
        let environment = vec![
            ("TOKEN", TOKEN.to_owned()),
            ("LLMIO_SECRET_KEY", SECRET_KEY.to_owned()),
            ("LLMIO_DATABASE_URL", database.url()),
        ];
        let services = [Service { port, environment }];
        let (process, time) = workerd::start(binary, &directory, &upload.worker, &services, "/healthz").await?;
        Ok((Self { process, port }, time))
    }

    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        self.process.kill().await
    }
}

impl Target for Gateway {
    fn name(&self) -> &'static str {
        "llmio"
    }

    fn address(&self, _: Pace) -> SocketAddr {
        local(self.port)
    }

    fn process(&self) -> Option<&Process> {
        Some(&self.process)
    }
}

const SECRET_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A libSQL server that holds the benchmark's configuration.
#[derive(Debug)]
pub(crate) struct Sqld {
    _process: Process,
    port: u16,
}

impl Sqld {
    /// `llmio` is the server's binary: its `apply` migrates the database and stores the configuration.
    pub(crate) async fn start(
        binary: &Path,
        llmio: &Path,
        directory: &Path,
        providers: &[Named],
    ) -> Result<Self, Error> {
        let directory = fresh(directory, "sqld")?;
        let port = llmio_upstream::ports::free()?;
        let mut command = Command::new(binary);
        command.args(["--http-listen-addr", &format!("127.0.0.1:{port}"), "--db-path", "data"]).current_dir(&directory);
        let process = Process::start(command, &directory.join("sqld.log"))?;
        listening(port).await?;
        let sqld = Self { _process: process, port };
        let file = directory.join("gateway.json");
        std::fs::write(&file, configuration(providers).to_string())?;
        let applied = Command::new(llmio)
            .arg("apply")
            .arg(&file)
            .env("LLMIO_DATABASE_URL", sqld.url())
            .env("LLMIO_SECRET_KEY", SECRET_KEY)
            .output()
            .await
            .map_err(|error| format!("cannot run {}: {error}", llmio.display()))?;
        if !applied.status.success() {
            return Err(format!("llmio apply: {}", String::from_utf8_lossy(&applied.stderr)).into());
        }
        Ok(sqld)
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
