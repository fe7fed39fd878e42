//! A local libSQL (SQLite) file, or a database in memory.

mod asker;
mod connection;
mod error;
mod worker;

use std::fs;
use std::path::{Path, PathBuf};

use llmio_core::platform::{BoxFuture, Database, DatabaseError, DatabaseErrorKind, Rows, Statement};

use connection::{Connection, Mode};
use worker::Worker;

/// Connections that only read. They never wait for the writer (write-ahead log), so two keep the admin pages quick
/// while a clean-up runs; more would only cost memory.
const READERS: usize = 2;

/// A database in a local file, or in memory.
///
/// libSQL's local calls block, so each connection lives on a thread of its own: one that writes, and for a file a few
/// that read. Dropping the value finishes what was sent and closes the file, which then, unless others use it, holds all
/// of it: there is no write-ahead log beside it.
#[derive(Debug)]
pub struct LocalDatabase {
    /// Dropped before the writer, in the order of the fields: only a connection that closes alone takes the write-ahead
    /// log into the file, and of several that close at once none is alone.
    readers: Option<Worker>,
    writer: Worker,
    path: Option<PathBuf>,
}

impl LocalDatabase {
    /// Opens the file, creating it (mode 0600) and its folder when missing. Nothing is migrated.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DatabaseError> {
        let path = path.as_ref();
        create_private(path).map_err(|cause| {
            DatabaseError::new(
                DatabaseErrorKind::Other,
                format!("cannot open the database file {}: {cause}", path.display()),
            )
        })?;
        let writer = Worker::start("llmio-db-write", vec![Connection::open(path, Mode::Write)?])?;
        let readers =
            (0..READERS).map(|_| Connection::open(path, Mode::Read)).collect::<Result<Vec<_>, DatabaseError>>()?;
        let readers = Worker::start("llmio-db-read", readers)?;
        Ok(Self { readers: Some(readers), writer, path: Some(path.to_owned()) })
    }

    /// Opens a file that is somebody else's, to be read only.
    pub fn open_foreign(path: impl AsRef<Path>) -> Result<Self, DatabaseError> {
        let path = path.as_ref();
        let reader = Worker::start("llmio-db-foreign", vec![Connection::open(path, Mode::Foreign)?])?;
        Ok(Self { readers: None, writer: reader, path: Some(path.to_owned()) })
    }

    /// Whether a SELECT finds a row in a file that may be somebody else's, without any change to it.
    pub fn finds(path: impl AsRef<Path>, sql: &'static str) -> Result<bool, DatabaseError> {
        let rows = Connection::open(path.as_ref(), Mode::Foreign)?.query(Statement::new(sql, vec![]))?;
        Ok(!rows.rows.is_empty())
    }

    /// A database that ends with this value.
    pub fn open_in_memory() -> Result<Self, DatabaseError> {
        let connection = Connection::open(Path::new(":memory:"), Mode::Write)?;
        Ok(Self { readers: None, writer: Worker::start("llmio-db", vec![connection])?, path: None })
    }

    /// The file, or `None` for a database in memory.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Gives the room of deleted rows back to the file system. Rewrites the whole file; writers wait meanwhile.
    pub async fn vacuum(&self) -> Result<(), DatabaseError> {
        self.writer
            .run(|connection| {
                connection.query(Statement::new("VACUUM", vec![]))?;
                connection.query(Statement::new("PRAGMA wal_checkpoint(TRUNCATE)", vec![]))?;
                Ok(())
            })
            .await
    }

    /// What only reads never waits for a writer, of this process or another one.
    fn reader(&self) -> &Worker {
        self.readers.as_ref().unwrap_or(&self.writer)
    }
}

impl Database for LocalDatabase {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn query(&self, statement: Statement) -> BoxFuture<'_, Result<Rows, DatabaseError>> {
        let only_reads = statement.only_reads();
        let job = move |connection: &mut Connection| connection.query(statement);
        if only_reads { Box::pin(self.reader().read(job)) } else { Box::pin(self.writer.run(job)) }
    }

    fn batch(&self, statements: Vec<Statement>) -> BoxFuture<'_, Result<Vec<Rows>, DatabaseError>> {
        let only_reads = statements.iter().all(Statement::only_reads);
        let job = move |connection: &mut Connection| {
            connection.transaction(|connection| {
                statements.into_iter().map(|statement| connection.query(statement)).collect::<Result<Vec<_>, _>>()
            })
        };
        if only_reads { Box::pin(self.reader().read(job)) } else { Box::pin(self.writer.run(job)) }
    }

    fn script(&self, sql: String) -> BoxFuture<'_, Result<(), DatabaseError>> {
        Box::pin(self.writer.run(move |connection| connection.transaction(|connection| connection.script(&sql))))
    }
}

/// Creates the folder and an empty file that only this user may read: the database holds credentials, sealed, and
/// perhaps logged bodies. SQLite gives its `-wal` and `-shm` files the mode of the main file.
fn create_private(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
