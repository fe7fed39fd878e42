//! The database contract on a real libSQL server, over the native HTTP client.

#[path = "support/libsql.rs"]
mod libsql;

use libsql::open;
use llmio_conformance::sqld::Sqld;
use llmio_core::platform::{Database, DatabaseErrorKind, Statement};
use llmio_core::testing::contract;

#[tokio::test]
async fn a_libsql_server_keeps_the_contract() {
    let sqld = Sqld::start().await;
    contract::database::all(&open(&sqld.url())).await;
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
