use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Map, Value};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use super::{SECRET_KEY, Setup, TOKEN};
use crate::process::{self, PATIENCE};

/// The Cloudflare Worker in workerd, started by `tests/worker/launch.mjs`: on its own D1 database, or on the libSQL
/// server that its settings name. Node.js (22.12 or newer) is the one in `PATH`; `scripts/build-worker` makes the Worker
/// and `npm ci` in `tests/worker` its launcher.
#[derive(Debug)]
pub(super) struct WorkerProcess {
    /// Node.js, at the head of a process group with workerd in it.
    child: Child,
    base: String,
    log: PathBuf,
    /// The launcher ends with it, so that nothing outlives the suite.
    _stdin: Option<ChildStdin>,
}

impl WorkerProcess {
    pub(super) async fn start(setup: &Setup, directory: &Path) -> Self {
        let launcher = concat!(env!("CARGO_MANIFEST_DIR"), "/../worker/launch.mjs");
        let mut settings = Map::new();
        settings.insert("TOKEN".to_owned(), TOKEN.into());
        settings.insert("LLMIO_SECRET_KEY".to_owned(), SECRET_KEY.into());
        settings.extend(setup.environment.iter().map(|(name, value)| (name.clone(), value.as_str().into())));
        if settings.contains_key("LLMIO_DATABASE_URL") {
            migrate(&settings).await;
        }
        let log = directory.join("worker.log");
        let mut command = Command::new("node");
        command
            .arg(launcher)
            .arg(directory.join("d1"))
            .arg(Value::from(settings).to_string())
            .args(std::env::var_os("LLMIO_WORKER_BUILD"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&log).expect("a log file"))
            .process_group(0);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot run node: {error}"));
        let stdout = child.stdout.take().expect("its output");
        let stdin = child.stdin.take();
        let mut worker = Self { child, base: String::new(), log, _stdin: stdin };
        let mut lines = BufReader::new(stdout).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        let line = line.ok().and_then(Result::ok).flatten().unwrap_or_default();
        let Some(base) = line.strip_prefix("listening on ") else {
            panic!("the Worker does not start: {line}\n{}", process::last_words(&worker.log));
        };
        worker.base = base.to_owned();
        // Whatever it says later belongs to its log.
        let mut log = tokio::fs::File::options().append(true).open(&worker.log).await.expect("a log file");
        tokio::spawn(async move { tokio::io::copy(&mut lines.into_inner(), &mut log).await });
        let base = worker.base();
        process::until_ready(&mut worker.child, &base, &worker.log).await;
        worker
    }

    pub(super) fn base(&self) -> String {
        self.base.clone()
    }

    pub(super) async fn kill(&mut self) {
        self.kill_group();
        self.child.wait().await.expect("the Worker is killed");
    }

    /// As when Cloudflare ends an isolate: what runs in `waitUntil` is finished before.
    pub(super) async fn terminate(&mut self) {
        process::terminate(&mut self.child, &self.log).await;
    }

    fn kill_group(&self) {
        if let Some(id) = self.child.id() {
            let group = format!("-{id}");
            let killed = std::process::Command::new("kill").args(["-KILL", "--", &group]).status();
            assert!(killed.is_ok(), "the Worker is killed");
        }
    }
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        process::tell_when_panicking("the Worker", &self.log);
        self.kill_group();
    }
}

/// A remote database is migrated by the server's binary, as the guide says.
async fn migrate(settings: &Map<String, Value>) {
    let names = ["LLMIO_DATABASE_URL", "LLMIO_DATABASE_TOKEN", "LLMIO_SECRET_KEY"];
    let settings = names.iter().filter_map(|name| Some((name, settings.get(*name)?.as_str()?)));
    let binary = process::binary("LLMIO_BIN", "llmio");
    let migrated = Command::new(binary).arg("migrate").envs(settings).output().await.expect("llmio migrate");
    assert!(migrated.status.success(), "llmio migrate: {}", String::from_utf8_lossy(&migrated.stderr));
}
