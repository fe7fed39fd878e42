//! What the processes that the suite starts have in common.

use core::time::Duration;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::client::Call;

/// How long a process may take to start or to end, or a thing that happens in the background to be seen.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until the gateway at `base` is ready; panics with its last words when it is not in time, or has ended.
pub async fn until_ready(child: &mut Child, base: &str, log: &Path) {
    let limit = Instant::now() + PATIENCE;
    let mut said = String::new();
    loop {
        if let Ok(answer) = Call::get(&format!("{base}/readyz")).try_send().await {
            if answer.status == 200 {
                return;
            }
            said = format!("{} {}", answer.status, answer.text());
        }
        if let Ok(Some(status)) = child.try_wait() {
            panic!("the gateway ended at start ({status}):\n{}", last_words(log));
        }
        assert!(Instant::now() < limit, "the gateway is not ready in time: {said}\n{}", last_words(log));
        sleep(Duration::from_millis(10)).await;
    }
}

/// Sends the signal of that name (`TERM`, `STOP`, …).
pub async fn signal(child: &Child, name: &str) {
    let id = child.id().expect("the process runs").to_string();
    let sent = Command::new("kill").args([&format!("-{name}"), &id]).status().await;
    assert!(sent.is_ok_and(|status| status.success()), "SIG{name} is sent");
}

/// Sends SIGTERM and waits for the end.
pub async fn terminate(child: &mut Child, log: &Path) {
    signal(child, "TERM").await;
    let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
    assert!(ended.is_ok(), "the gateway does not end on SIGTERM:\n{}", last_words(log));
}

/// The end of a log file, for people.
pub fn last_words(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

/// For a `Drop`: shows the end of the log when the case has failed.
pub fn tell_when_panicking(who: &str, log: &Path) {
    if std::thread::panicking() {
        // Nobody is left to tell when standard error is gone.
        let _ = writeln!(std::io::stderr(), "--- the last words of {who}:\n{}", last_words(log));
    }
}

/// A binary of the workspace: where the variable says, else beside this program.
pub fn binary(variable: &str, name: &str) -> PathBuf {
    if let Some(path) = std::env::var_os(variable) {
        return path.into();
    }
    let program = std::env::current_exe().expect("this program's own path");
    // target/PROFILE/PROGRAM, or target/PROFILE/deps/TEST.
    let mut places = program.ancestors().skip(1).take(2).map(|folder| folder.join(name));
    places
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("{name} is not beside {}; build it first: cargo build -p {name}", program.display()))
}
