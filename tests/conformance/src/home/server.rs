use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::{PATIENCE, Setup, TOKEN};
use crate::client::Call;

/// The `llmio` binary with a database file.
#[derive(Debug)]
pub(super) struct ServerProcess {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl ServerProcess {
    pub(super) async fn start(setup: &Setup, directory: &Path) -> Self {
        let binary = binary();
        let log = directory.join("server.log");
        let open_log = || File::options().create(true).append(true).open(&log).expect("a log file");
        let port = llmio_upstream::ports::free().expect("a free port");
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
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("cannot run {}: {error}; build it first: cargo build -p llmio", binary.display())
        });
        let mut server = Self { child, port, log };
        server.until_ready().await;
        server
    }

    pub(super) fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) async fn kill(&mut self) {
        self.child.kill().await.expect("the server is killed");
    }

    pub(super) async fn terminate(&mut self) {
        let id = self.child.id().expect("the server runs").to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await;
        assert!(sent.is_ok_and(|status| status.success()), "SIGTERM is sent");
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        assert!(ended.is_ok(), "the server does not end on SIGTERM:\n{}", self.last_words());
    }

    async fn until_ready(&mut self) {
        let limit = Instant::now() + PATIENCE;
        loop {
            if let Ok(answer) = Call::get(&format!("{}/readyz", self.base())).try_send().await
                && answer.status == 200
            {
                return;
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("the server ended at start ({status}):\n{}", self.last_words());
            }
            assert!(Instant::now() < limit, "the server is not ready in time:\n{}", self.last_words());
            sleep(core::time::Duration::from_millis(10)).await;
        }
    }

    fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        if std::thread::panicking() {
            use std::io::Write as _;
            // Nobody is left to tell when standard error is gone.
            let _ = writeln!(std::io::stderr(), "--- the server's last words:\n{}", self.last_words());
        }
    }
}

/// `LLMIO_BIN`, or the one that was built beside this test.
fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("LLMIO_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("this test's own path");
    let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    profile.join("llmio")
}
