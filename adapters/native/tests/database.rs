//! The database contract on local files, and what only a file can show.

use llmio_core::platform::{Database, Statement, Value};
use llmio_core::testing::contract;
use llmio_native::LocalDatabase;

fn statement(sql: &'static str, params: Vec<Value>) -> Statement {
    Statement::new(sql, params)
}

#[tokio::test]
async fn a_file_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    contract::database::all(&LocalDatabase::open(folder.path().join("llmio.db")).unwrap()).await;
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::database::all(&LocalDatabase::open_in_memory().unwrap()).await;
}

#[tokio::test]
async fn a_file_outlives_its_database_value() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/on/the/way/llmio.db");
    let first = LocalDatabase::open(&path).unwrap();
    first.script("CREATE TABLE t (x); INSERT INTO t VALUES (7);".into()).await.unwrap();
    // A second process, here a second value, reads and writes the same file at the same time.
    let second = LocalDatabase::open(&path).unwrap();
    second.query(statement("UPDATE t SET x = x + ?1", vec![1.into()])).await.unwrap();
    let rows = first.query(statement("SELECT x FROM t", vec![])).await.unwrap();
    assert_eq!(rows.rows, [[Value::Integer(8)]]);
    drop((first, second));
    let third = LocalDatabase::open(&path).unwrap();
    let rows = third.query(statement("SELECT x FROM t", vec![])).await.unwrap();
    assert_eq!(rows.rows, [[Value::Integer(8)]]);
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_user_reads_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("llmio.db");
    let database = LocalDatabase::open(&path).unwrap();
    database.script("CREATE TABLE t (x); INSERT INTO t VALUES (7);".into()).await.unwrap();
    for name in ["llmio.db", "llmio.db-wal", "llmio.db-shm"] {
        let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
}

#[tokio::test]
async fn vacuum_shrinks_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("llmio.db");
    let database = LocalDatabase::open(&path).unwrap();
    database.script("CREATE TABLE t (x);".into()).await.unwrap();
    database.query(statement("INSERT INTO t VALUES (zeroblob(4000000))", vec![])).await.unwrap();
    database.query(statement("DELETE FROM t", vec![])).await.unwrap();
    database.vacuum().await.unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() < 100_000);
    contract::database::rows_and_counts(&database).await;
}

#[tokio::test]
async fn what_only_reads_does_not_wait_for_another_process_that_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("llmio.db");
    let database = LocalDatabase::open(&path).unwrap();
    database.script("CREATE TABLE t (x); INSERT INTO t VALUES (7);".into()).await.unwrap();
    let foreign = libsql::Builder::new_local(&path).build().await.unwrap().connect().unwrap();
    foreign.execute("BEGIN IMMEDIATE", ()).await.unwrap();
    foreign.execute("UPDATE t SET x = 8", ()).await.unwrap();

    let add = statement("UPDATE t SET x = x + 1", vec![]);
    let mut writing = std::pin::pin!(database.batch(vec![add]));
    assert!(futures_util::poll!(&mut writing).is_pending());
    let read = statement("SELECT x FROM t", vec![]);
    assert_eq!(database.query(read.clone()).await.unwrap().rows, [[Value::Integer(7)]]);
    for rows in database.batch(vec![read.clone(), read.clone()]).await.unwrap() {
        assert_eq!(rows.rows, [[Value::Integer(7)]]);
    }
    assert!(futures_util::poll!(&mut writing).is_pending(), "the lock is still held, and was not waited for");

    foreign.execute("COMMIT", ()).await.unwrap();
    writing.await.unwrap();
    assert_eq!(database.query(read).await.unwrap().rows, [[Value::Integer(9)]]);
}

#[test]
fn what_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.db");
    std::fs::write(&text, "this is no database, only a text that is long enough to be one".repeat(20)).unwrap();
    let rows = [(folder.path().to_owned(), "cannot open the database file"), (text, "not a database")];
    for (path, expected) in rows {
        let error = LocalDatabase::open(&path).unwrap_err();
        assert!(error.message.contains(expected), "{}: {error}", path.display());
    }
}
