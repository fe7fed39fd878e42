//! Databases as the original LLMIO has them: its tables, everyday records, and what its console lets happen that our rules
//! refuse.

mod records;
mod schema;

use std::path::Path;

/// The text of a key that may use every model and records bodies.
pub const APP_KEY: &str = "sk-original-app-0123456789abcdef";
/// Of a key that may use `claude` only.
pub const SCOPED_KEY: &str = "sk-original-scoped-0123456789abc";
/// Of keys that do not let in: expired, off.
pub const EXPIRED_KEY: &str = "sk-original-expired-0123456789ab";
pub const OFF_KEY: &str = "sk-original-off-0123456789abcdef";

/// What a database holds.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Where its providers are, without a path.
    pub upstream: String,
    /// Rows of its log, over the thirty days before now; besides a few that are odd.
    pub entries: u32,
    /// Whether it was written by an early version: fewer columns, no traces.
    pub is_early: bool,
}

impl Spec {
    pub fn new(entries: u32) -> Self {
        Self { upstream: "http://127.0.0.1:1".to_owned(), entries, is_early: false }
    }
}

/// Writes a new database.
pub async fn make(path: &Path, spec: &Spec) -> libsql::Result<()> {
    let database = libsql::Builder::new_local(path).build().await?;
    let connection = database.connect()?;
    connection.execute_batch("PRAGMA synchronous = OFF").await.map(drop)?;
    connection.execute_batch(&schema::tables(spec.is_early)).await.map(drop)?;
    if spec.is_early {
        return connection.execute_batch(&records::early(spec)).await.map(drop);
    }
    for script in [records::configuration(spec), records::log(spec.entries), records::odd_log()] {
        connection.execute_batch(&format!("BEGIN; {script} COMMIT;")).await.map(drop)?;
    }
    Ok(())
}

/// Runs SQL on a database that was made, as the original might have changed it.
pub async fn change(path: &Path, sql: &str) -> libsql::Result<()> {
    let database = libsql::Builder::new_local(path).build().await?;
    database.connect()?.execute_batch(sql).await.map(drop)
}

/// The numbers in the first row of a SELECT, 0 for NULL.
pub async fn numbers(path: &Path, sql: &str) -> libsql::Result<Vec<f64>> {
    let database = libsql::Builder::new_local(path).flags(libsql::OpenFlags::SQLITE_OPEN_READ_ONLY).build().await?;
    let mut rows = database.connect()?.query(sql, ()).await?;
    let Some(row) = rows.next().await? else { return Ok(Vec::new()) };
    (0..row.column_count())
        .map(|column| {
            Ok(match row.get_value(column)? {
                #[expect(clippy::cast_precision_loss, reason = "sums of tests are small")]
                libsql::Value::Integer(integer) => integer as f64,
                libsql::Value::Real(real) => real,
                _ => 0.0,
            })
        })
        .collect()
}

/// Holds a database as a program does that writes to it.
pub struct Lock {
    _connection: libsql::Connection,
    _database: libsql::Database,
}

impl std::fmt::Debug for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lock(…)")
    }
}

pub async fn lock(path: &Path) -> libsql::Result<Lock> {
    let database = libsql::Builder::new_local(path).build().await?;
    let connection = database.connect()?;
    connection.execute_batch("BEGIN EXCLUSIVE").await.map(drop)?;
    Ok(Lock { _connection: connection, _database: database })
}
