use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::{Child, Command};

use super::{Setup, TOKEN};
use crate::process;

/// The `llmio` binary, with a database file where its settings name no other.
#[derive(Debug)]
pub(super) struct ServerProcess {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl ServerProcess {
    pub(super) async fn start(setup: &Setup, directory: &Path) -> Self {
        let binary = process::binary("LLMIO_BIN", "llmio");
        let port = llmio_upstream::ports::free().expect("a free port");
        let log = directory.join(format!("server-{port}.log"));
        let open_log = || File::options().create(true).append(true).open(&log).expect("a log file");
        let mut command = Command::new(&binary);
        command
            .arg("serve")
            .env("TOKEN", TOKEN)
            .env("LLMIO_SERVER_PORT", port.to_string())
            .env("LLMIO_DATABASE_URL", format!("file:{}", directory.join("llmio.db").display()))
            .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".to_owned()))
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(open_log())
            .stderr(open_log())
            .kill_on_drop(true);
        if !setup.config.is_null() {
            let file = directory.join("config.json");
            std::fs::write(&file, setup.config.to_string()).expect("a configuration file");
            command.env("LLMIO_CONFIG", &file);
        }
        command.envs(setup.environment.iter().map(|(name, value)| (name, value)));
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot run {}: {error}", binary.display()));
        let mut server = Self { child, port, log };
        let base = server.base();
        process::until_ready(&mut server.child, &base, &server.log).await;
        server
    }

    pub(super) fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) async fn kill(&mut self) {
        self.child.kill().await.expect("the server is killed");
    }

    pub(super) async fn terminate(&mut self) {
        process::terminate(&mut self.child, &self.log).await;
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        process::tell_when_panicking("the gateway", &self.log);
    }
}
