//! The database contract on local files, and what only a file can show.

use std::time::Duration;

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

/// What closes last must be alone, or the write-ahead log stays behind with the newest rows in it.
#[tokio::test]
async fn a_closed_file_holds_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("llmio.db");
    LocalDatabase::open(&path).unwrap().script("CREATE TABLE t (x)".into()).await.unwrap();
    for round in 0..200 {
        let database = LocalDatabase::open(&path).unwrap();
        database.query(statement("INSERT INTO t VALUES (?1)", vec![round.into()])).await.unwrap();
        let count = || database.query(statement("SELECT count(*) FROM t", vec![]));
        let (one, other) = futures_util::future::join(count(), count()).await;
        assert_eq!(one.unwrap().rows, other.unwrap().rows);
        drop(database);
        let mut files: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        files.sort();
        assert_eq!(files, ["llmio.db"], "closed {round} times");
    }
}

/// A question that would take for ever, asked and left by more than there are connections.
#[tokio::test]
async fn what_nobody_waits_for_is_not_read_to_its_end() {
    const ENDLESS: &str =
        "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n WHERE x < 0";
    let folder = tempfile::tempdir().unwrap();
    for database in
        [LocalDatabase::open(folder.path().join("llmio.db")).unwrap(), LocalDatabase::open_in_memory().unwrap()]
    {
        let endless = || statement(ENDLESS, vec![]);
        for _ in 0..5 {
            let (one, both) = (database.query(endless()), database.batch(vec![endless(), endless()]));
            let asked = futures_util::future::join(one, both);
            assert!(tokio::time::timeout(Duration::from_millis(20), asked).await.is_err());
        }
        let one = database.query(statement("SELECT 1 AS one", vec![]));
        let rows = tokio::time::timeout(Duration::from_secs(60), one).await.expect("connections are free").unwrap();
        assert_eq!(rows.rows, [[Value::Integer(1)]]);
    }
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
