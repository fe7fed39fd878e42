//! A real libSQL server. `LLMIO_TEST_SQLD` names its binary; `scripts/test` installs it and sets the variable.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use llmio_core::config::Secret;
use llmio_core::platform::{Clock, Database, DatabaseErrorKind, Statement};
use llmio_core::storage::HranaDatabase;
use llmio_native::{NativeHttpClient, TokioClock};

/// A running server, ended on drop.
pub(crate) struct Sqld {
    process: Child,
    pub(crate) url: String,
    _folder: tempfile::TempDir,
}

impl Drop for Sqld {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Sqld {
    /// `None` without a binary.
    pub(crate) async fn start() -> Option<Self> {
        let binary = std::env::var_os("LLMIO_TEST_SQLD")?;
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(&binary)
            .args(["--http-listen-addr", &format!("127.0.0.1:{port}"), "--db-path"])
            .arg(folder.path().join("data"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("LLMIO_TEST_SQLD ({}) does not start: {error}", binary.display()));
        let sqld = Self { process, url: format!("http://127.0.0.1:{port}"), _folder: folder };
        let database = open(&sqld.url);
        for _ in 0..20 {
            match database.query(Statement::new("SELECT 1", vec![])).await {
                Ok(_) => return Some(sqld),
                Err(error) if error.kind == DatabaseErrorKind::Network => {
                    TokioClock.sleep(Duration::from_millis(100)).await;
                }
                Err(error) => panic!("LLMIO_TEST_SQLD ({}) does not answer: {error}", binary.display()),
            }
        }
        panic!("LLMIO_TEST_SQLD ({}) was not ready in time", binary.display());
    }
}

pub(crate) fn open(url: &str) -> HranaDatabase {
    let http = Arc::new(NativeHttpClient::new());
    HranaDatabase::new(http, Arc::new(TokioClock), url, Some(&Secret::new("any"))).unwrap()
}
