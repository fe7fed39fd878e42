//! The contract of [`Database`]. Every function makes its own tables (names begin with `contract_`), so the suite may
//! run again on the same database.

use futures_util::future::join_all;

use crate::platform::{Database, DatabaseErrorKind, Statement, Value};

/// Runs everything below.
pub async fn all(database: &dyn Database) {
    values_keep_their_type(database).await;
    rows_and_counts(database).await;
    errors_name_their_kind(database).await;
    a_batch_is_all_or_nothing(database).await;
    a_script_is_all_or_nothing(database).await;
    foreign_keys_are_enforced(database).await;
    concurrent_batches_lose_nothing(database).await;
}

fn statement(sql: impl Into<String>, params: Vec<Value>) -> Statement {
    Statement::new(sql.into(), params)
}

async fn count(database: &dyn Database, table: &str) -> i64 {
    let rows = database.query(statement(format!("SELECT count(*) AS n FROM {table}"), vec![])).await.unwrap();
    rows.first().unwrap().integer("n").unwrap()
}

pub async fn values_keep_their_type(database: &dyn Database) {
    database
        .script(
            "DROP TABLE IF EXISTS contract_values; CREATE TABLE contract_values (id INTEGER PRIMARY KEY, value);"
                .into(),
        )
        .await
        .unwrap();
    let rows = [
        (Value::Null, "null"),
        (Value::Integer(0), "integer"),
        (Value::Integer(i64::MAX), "integer"),
        (Value::Integer(i64::MIN), "integer"),
        (Value::Integer((1 << 53) + 1), "integer"),
        (Value::Real(0.1), "real"),
        (Value::Real(-1.5e300), "real"),
        (Value::Real(0.1 + 0.2), "real"),
        (Value::Real(f64::MIN_POSITIVE), "real"),
        (Value::Real(3.0), "real"),
        (Value::Text(String::new()), "text"),
        (Value::Text("0".into()), "text"),
        (Value::Text("it's \"quoted\"; -- 你好 🦀\r\n\t\u{1}\u{feff}".into()), "text"),
        (Value::Text("x".repeat(1 << 20)), "text"),
        (Value::Blob(vec![]), "blob"),
        (Value::Blob((0..=255).collect()), "blob"),
    ];
    for (index, (value, kind)) in (1_i64..).zip(rows) {
        database
            .query(statement("INSERT INTO contract_values VALUES (?1, ?2)", vec![index.into(), value.clone()]))
            .await
            .unwrap();
        let read = database
            .query(statement(
                "SELECT value, typeof(value) AS kind FROM contract_values WHERE id = ?1",
                vec![index.into()],
            ))
            .await
            .unwrap();
        let row = read.first().unwrap();
        assert_eq!(row.text("kind").unwrap(), kind, "row {index}");
        assert!(*row.value("value").unwrap() == value, "row {index}: a {kind} came back changed");
    }
    let nul = database.query(statement("SELECT ?1 AS value", vec!["a\0b".into()])).await.unwrap();
    assert_eq!(nul.first().unwrap().text("value").unwrap(), "a\u{fffd}b");
}

pub async fn rows_and_counts(database: &dyn Database) {
    database
        .script(
            "DROP TABLE IF EXISTS contract_rows; CREATE TABLE contract_rows (id INTEGER PRIMARY KEY, name TEXT);"
                .into(),
        )
        .await
        .unwrap();
    let rows: [(&str, Vec<Value>, u64, usize); 9] = [
        ("INSERT INTO contract_rows VALUES (1, ?1), (2, ?2), (3, ?1)", vec!["a".into(), "b".into()], 3, 0),
        ("UPDATE contract_rows SET name = 'c' WHERE name = 'a'", vec![], 2, 0),
        ("SELECT * FROM contract_rows", vec![], 0, 3),
        ("UPDATE contract_rows SET name = 'd' WHERE id = 99", vec![], 0, 0),
        ("SELECT * FROM contract_rows WHERE id = ?1", vec![99.into()], 0, 0),
        ("WITH picked AS (SELECT id FROM contract_rows WHERE id < 3) SELECT * FROM picked", vec![], 0, 2),
        ("INSERT INTO contract_rows (name) VALUES ('r') RETURNING id, name", vec![], 1, 1),
        ("INSERT INTO contract_rows VALUES (1, 'z') ON CONFLICT DO NOTHING", vec![], 0, 0),
        ("DELETE FROM contract_rows", vec![], 4, 0),
    ];
    for (sql, params, affected, found) in rows {
        let answer = database.query(statement(sql, params)).await.unwrap();
        assert_eq!((answer.affected, answer.rows.len()), (affected, found), "{sql}");
    }
    let none = database.query(statement("SELECT id, name AS title FROM contract_rows", vec![])).await.unwrap();
    assert_eq!(none.columns, ["id", "title"], "the columns are named even when there are no rows");
}

pub async fn errors_name_their_kind(database: &dyn Database) {
    database
        .script(
            "DROP TABLE IF EXISTS contract_errors;
             CREATE TABLE contract_errors (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE CHECK (name <> ''));
             INSERT INTO contract_errors VALUES (1, 'taken');"
                .into(),
        )
        .await
        .unwrap();
    let rows = [
        ("SELECT * FROM contract_nowhere", DatabaseErrorKind::Missing, "contract_nowhere"),
        ("SELECT absent FROM contract_errors", DatabaseErrorKind::Missing, "absent"),
        ("INSERT INTO contract_errors (absent) VALUES (1)", DatabaseErrorKind::Missing, "absent"),
        ("INSERT INTO contract_errors VALUES (1, 'x')", DatabaseErrorKind::Constraint, "contract_errors.id"),
        ("INSERT INTO contract_errors VALUES (2, 'taken')", DatabaseErrorKind::Constraint, "contract_errors.name"),
        ("INSERT INTO contract_errors VALUES (2, NULL)", DatabaseErrorKind::Constraint, "contract_errors.name"),
        ("INSERT INTO contract_errors VALUES (2, '')", DatabaseErrorKind::Constraint, "name"),
        ("SELEKT 1", DatabaseErrorKind::Other, "SELEKT"),
    ];
    for (sql, kind, names) in rows {
        for asked in ["query", "batch"] {
            let error = match asked {
                "query" => database.query(statement(sql, vec![])).await.unwrap_err(),
                _ => database.batch(vec![statement(sql, vec![])]).await.unwrap_err(),
            };
            assert_eq!(error.kind, kind, "{asked}: {sql}: {error}");
            assert!(error.message.contains(names), "{asked}: {sql}: {error} does not name {names}");
        }
    }
    for params in [vec![], vec![1.into(), 2.into()]] {
        let error = database.query(statement("SELECT ?1", params)).await;
        assert!(error.is_err(), "too few or too many parameters are an error");
    }
    assert_eq!(count(database, "contract_errors").await, 1);
}

pub async fn a_batch_is_all_or_nothing(database: &dyn Database) {
    database
        .script(
            "DROP TABLE IF EXISTS contract_batch; CREATE TABLE contract_batch (id INTEGER PRIMARY KEY, n INTEGER);"
                .into(),
        )
        .await
        .unwrap();
    let insert = |id: i64| statement("INSERT INTO contract_batch VALUES (?1, 0)", vec![id.into()]);
    let answers = database
        .batch(vec![
            insert(1),
            insert(2),
            statement("SELECT count(*) AS n FROM contract_batch", vec![]),
            statement("UPDATE contract_batch SET n = n + 1", vec![]),
            statement("SELECT sum(n) AS n FROM contract_batch", vec![]),
        ])
        .await
        .unwrap();
    let affected: Vec<_> = answers.iter().map(|rows| rows.affected).collect();
    assert_eq!(affected, [1, 1, 0, 2, 0]);
    for read in [2, 4] {
        assert_eq!(answers[read].first().unwrap().integer("n").unwrap(), 2, "a batch sees its own writes");
    }

    let error = database.batch(vec![insert(3), insert(1), insert(4)]).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::Constraint, "{error}");
    assert_eq!(count(database, "contract_batch").await, 2, "a failed batch leaves nothing behind");

    let error = database.batch(vec![insert(3), statement("SELECT * FROM contract_nowhere", vec![])]).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::Missing, "{error}");
    assert_eq!(count(database, "contract_batch").await, 2);

    database.batch(vec![insert(3)]).await.unwrap();
    assert_eq!(count(database, "contract_batch").await, 3, "after a failure the next batch works");
    assert!(database.batch(vec![]).await.unwrap().is_empty());
}

pub async fn a_script_is_all_or_nothing(database: &dyn Database) {
    database.script("DROP TABLE IF EXISTS contract_script; DROP TABLE IF EXISTS contract_half;".into()).await.unwrap();
    let error = database
        .script("CREATE TABLE contract_half (id INTEGER); INSERT INTO contract_nowhere VALUES (1);".into())
        .await
        .unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::Missing, "{error}");
    let error = database.query(statement("SELECT * FROM contract_half", vec![])).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::Missing, "the failed script's table is gone");

    database
        .script(
            "-- A comment; with a semicolon.
             CREATE TABLE contract_script (id INTEGER, name TEXT DEFAULT 'a;b');
             CREATE TRIGGER contract_script_twice AFTER INSERT ON contract_script WHEN new.id < 10 BEGIN
                 INSERT INTO contract_script (id) VALUES (new.id + 10);
             END;
             INSERT INTO contract_script (id) VALUES (1);
             -- The end."
                .into(),
        )
        .await
        .unwrap();
    assert_eq!(count(database, "contract_script").await, 2);
}

pub async fn foreign_keys_are_enforced(database: &dyn Database) {
    database
        .script(
            "DROP TABLE IF EXISTS contract_children; DROP TABLE IF EXISTS contract_parents;
             CREATE TABLE contract_parents (id INTEGER PRIMARY KEY);
             CREATE TABLE contract_children (parent INTEGER NOT NULL REFERENCES contract_parents (id) ON DELETE CASCADE);
             INSERT INTO contract_parents VALUES (1);"
                .into(),
        )
        .await
        .unwrap();
    let insert = |parent: i64| statement("INSERT INTO contract_children VALUES (?1)", vec![parent.into()]);
    database.query(insert(1)).await.unwrap();
    let error = database.query(insert(2)).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::Constraint, "{error}");
    let error = database.batch(vec![insert(1), insert(2)]).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::Constraint, "{error}");
    let deleted = database.query(statement("DELETE FROM contract_parents WHERE id = 1", vec![])).await.unwrap();
    assert_eq!(deleted.affected, 1, "rows deleted through a foreign key do not count");
    assert_eq!(count(database, "contract_children").await, 0);
}

pub async fn concurrent_batches_lose_nothing(database: &dyn Database) {
    database
        .script(
            "DROP TABLE IF EXISTS contract_concurrent;
             CREATE TABLE contract_concurrent (id INTEGER PRIMARY KEY, n INTEGER);
             INSERT INTO contract_concurrent VALUES (1, 0);"
                .into(),
        )
        .await
        .unwrap();
    let work = (0..16).map(|turn| async move {
        let add = || statement("UPDATE contract_concurrent SET n = n + 1 WHERE id = 1", vec![]);
        if turn % 2 == 0 {
            database.batch(vec![add(), add()]).await.unwrap();
        } else {
            database.query(add()).await.unwrap();
        }
        let seen = database.query(statement("SELECT n FROM contract_concurrent", vec![])).await.unwrap();
        assert!(seen.first().unwrap().integer("n").unwrap() > 0, "a read sees the writes resolved before it");
    });
    join_all(work).await;
    let rows = database.query(statement("SELECT n FROM contract_concurrent", vec![])).await.unwrap();
    assert_eq!(rows.first().unwrap().integer("n").unwrap(), 24);
}
