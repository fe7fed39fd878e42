//! A real libSQL server on loopback. `LLMIO_TEST_SQLD` names its binary; without it, who needs one fails.

use core::time::Duration;
use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::client::Call;
use crate::process;

/// The key whose tokens a server accepts that was started by [`Sqld::with_tokens`], and a token it signed.
const PUBLIC_KEY: &str = include_str!("sqld/token.pub");
pub const TOKEN: &str = include_str!("sqld/token.jwt").trim_ascii();

/// A running libSQL server with a database of its own. Dropped, it is killed and its data deleted.
#[derive(Debug)]
pub struct Sqld {
    child: Mutex<Child>,
    port: u16,
    checks_tokens: bool,
    directory: TempDir,
}

impl Sqld {
    /// One that lets everybody in.
    pub async fn start() -> Self {
        Self::start_with(false).await
    }

    /// One that asks for [`TOKEN`].
    pub async fn with_tokens() -> Self {
        Self::start_with(true).await
    }

    async fn start_with(checks_tokens: bool) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let port = llmio_upstream::ports::free().expect("a free port");
        std::fs::write(directory.path().join("token.pub"), PUBLIC_KEY).expect("a key file");
        let child = spawn(&directory, port, checks_tokens);
        let sqld = Self { child: Mutex::new(child), port, checks_tokens, directory };
        sqld.until_ready().await;
        sqld
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// As `kill -9`; whoever asks is refused the connection.
    pub async fn kill(&self) {
        self.child.lock().await.kill().await.expect("the libSQL server is killed");
    }

    /// Starts again on the same data at the same address, after [`Self::kill`].
    pub async fn restart(&self) {
        *self.child.lock().await = spawn(&self.directory, self.port, self.checks_tokens);
        self.until_ready().await;
    }

    /// Stops it in the middle of whatever it does: connections are still accepted by the system, and nothing answers.
    pub async fn pause(&self) {
        process::signal(&*self.child.lock().await, "STOP").await;
    }

    /// Goes on after [`Self::pause`].
    pub async fn resume(&self) {
        process::signal(&*self.child.lock().await, "CONT").await;
    }

    async fn until_ready(&self) {
        let limit = Instant::now() + process::PATIENCE;
        while !Call::get(&format!("{}/health", self.url())).try_send().await.is_ok_and(|answer| answer.status == 200) {
            if let Ok(Some(status)) = self.child.lock().await.try_wait() {
                panic!("the libSQL server ended at start ({status}):\n{}", self.last_words());
            }
            assert!(Instant::now() < limit, "the libSQL server is not ready in time:\n{}", self.last_words());
            sleep(Duration::from_millis(10)).await;
        }
    }

    fn last_words(&self) -> String {
        process::last_words(&self.log())
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("sqld.log")
    }
}

impl Drop for Sqld {
    fn drop(&mut self) {
        process::tell_when_panicking("the libSQL server", &self.log());
    }
}

fn spawn(directory: &TempDir, port: u16, checks_tokens: bool) -> Child {
    let binary = binary();
    let log = directory.path().join("sqld.log");
    let open_log = || File::options().create(true).append(true).open(&log).expect("a log file");
    let mut command = Command::new(&binary);
    command
        .args(["--http-listen-addr", &format!("127.0.0.1:{port}")])
        // As docs/deploy/server.md says: with more, its queue of writers loses some of them for 5 s at a time.
        .args(["--max-concurrent-connections", "1", "--db-path"])
        .arg(directory.path().join("data"))
        .env("RUST_LOG", "warn")
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .stdout(open_log())
        .stderr(open_log())
        .kill_on_drop(true);
    if checks_tokens {
        command.arg("--auth-jwt-key-file").arg(directory.path().join("token.pub"));
    }
    command.spawn().unwrap_or_else(|error| panic!("cannot run {} (LLMIO_TEST_SQLD): {error}", binary.display()))
}

fn binary() -> PathBuf {
    let path = std::env::var_os("LLMIO_TEST_SQLD").filter(|path| !path.is_empty());
    path.unwrap_or_else(|| {
        panic!(
            "this test needs a libSQL server: export LLMIO_TEST_SQLD=$(scripts/tools sqld), or run scripts/test, which \
             installs one"
        )
    })
    .into()
}
