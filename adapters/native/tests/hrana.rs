//! The database contract on a real libSQL server, over the native HTTP client.
//!
//! `LLMIO_TEST_SQLD` names the server's binary; `scripts/test` installs it and sets the variable.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use llmio_core::config::Secret;
use llmio_core::platform::{Clock, Database, DatabaseErrorKind, Statement};
use llmio_core::storage::HranaDatabase;
use llmio_core::testing::contract;
use llmio_native::{NativeHttpClient, TokioClock};

/// A running server, ended on drop.
struct Sqld {
    process: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Drop for Sqld {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Sqld {
    async fn start() -> Option<Self> {
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

fn open(url: &str) -> HranaDatabase {
    let http = Arc::new(NativeHttpClient::new().unwrap());
    HranaDatabase::new(http, Arc::new(TokioClock), url, Some(&Secret::new("any"))).unwrap()
}

#[tokio::test]
async fn a_libsql_server_keeps_the_contract() {
    let Some(sqld) = Sqld::start().await else {
        return;
    };
    contract::database::all(&open(&sqld.url)).await;
}

#[tokio::test]
async fn what_is_no_libsql_server_is_named() {
    let rows = [
        ("http://127.0.0.1:1", DatabaseErrorKind::Network, "127.0.0.1:1"),
        ("http://llmio.invalid", DatabaseErrorKind::Network, "llmio.invalid"),
    ];
    for (url, kind, names) in rows {
        let error = open(url).query(Statement::new("SELECT 1", vec![])).await.unwrap_err();
        assert_eq!(error.kind, kind, "{url}: {error}");
        assert!(error.message.contains(names), "{url}: {error}");
    }
}
