//! The database contract on a real libSQL server, over the native HTTP client.

#[path = "support/sqld.rs"]
mod sqld;

use llmio_core::platform::{Database, DatabaseErrorKind, Statement};
use llmio_core::testing::contract;

use sqld::{Sqld, open};

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
