use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;
use std::time::Duration;

use futures_util::FutureExt;
use libsql::ffi;
use llmio_core::platform::{DatabaseError, DatabaseErrorKind, Rows, Statement, Value};

use super::error::database_error;

/// Another process (the command line beside a running server) may hold the write lock for a moment.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements whose compiled form is kept. Nearly all are constants of the program.
const CACHED_STATEMENTS: usize = 128;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Write,
    Read,
    /// A file that is not ours: nothing about it changes.
    Foreign,
}

/// One blocking connection with its compiled statements.
pub(super) struct Connection {
    /// Dropped before the connection, in the order of the fields.
    statements: HashMap<Text, libsql::Statement>,
    connection: libsql::Connection,
    mode: Mode,
    /// A connection keeps the database in memory alive, but not the other way round.
    _database: libsql::Database,
}

/// What a statement is known by: a constant of the program by where it lies, for reading an INSERT of many columns again to
/// find it takes longer than half of its work.
#[derive(PartialEq, Eq, Hash)]
enum Text {
    Constant { address: usize, length: usize },
    Made(String),
}

/// Ends the statement that a connection is at; nothing where it is at none.
pub(super) struct Interrupt(libsql::Connection);

impl Interrupt {
    pub(super) fn now(&self) {
        // It cannot fail for a local database.
        let _ = self.0.interrupt();
    }
}

impl Connection {
    pub(super) fn open(path: &Path, mode: Mode) -> Result<Self, DatabaseError> {
        let access =
            if mode == Mode::Foreign { libsql::OpenFlags::SQLITE_OPEN_READ_ONLY } else { libsql::OpenFlags::default() };
        // One thread uses the connection; only its interrupt may come from others, which needs no lock.
        let flags = access | libsql::OpenFlags::from_bits_retain(ffi::SQLITE_OPEN_NOMUTEX);
        let database = now(libsql::Builder::new_local(path).flags(flags).build())?;
        let connection = database.connect().map_err(|error| database_error(&error))?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(|error| database_error(&error))?;
        let connection = Self { statements: HashMap::new(), connection, mode, _database: database };
        // A commit in the write-ahead log survives the end of the process; with NORMAL only a power cut can undo the
        // newest ones, and the file stays consistent.
        let pragmas: &[&str] = match mode {
            Mode::Write => &[
                "PRAGMA journal_mode = WAL",
                "PRAGMA synchronous = NORMAL",
                "PRAGMA foreign_keys = ON",
                "PRAGMA journal_size_limit = 16777216",
                // In pages of 4 KiB. What many transactions change goes from the write-ahead log to the file once in 16 MiB.
                "PRAGMA wal_autocheckpoint = 4000",
                // In KiB, if negative: the pages that one transaction after the other changes, rollups and ends of indexes.
                "PRAGMA cache_size = -4096",
            ],
            // In KiB, if negative: what reports and pages of the log read again and again stays at hand.
            Mode::Read | Mode::Foreign => &["PRAGMA query_only = ON", "PRAGMA cache_size = -16384"],
        };
        for pragma in pragmas {
            run(&now(connection.connection.prepare(pragma))?, Vec::new())?;
        }
        Ok(connection)
    }

    pub(super) fn interrupt(&self) -> Interrupt {
        Interrupt(self.connection.clone())
    }

    pub(super) fn query(&mut self, statement: Statement) -> Result<Rows, DatabaseError> {
        let Statement { sql, params } = statement;
        if self.statements.len() >= CACHED_STATEMENTS {
            self.statements.clear();
        }
        let text = match &sql {
            Cow::Borrowed(text) => Text::Constant { address: text.as_ptr().addr(), length: text.len() },
            Cow::Owned(text) => Text::Made(text.clone()),
        };
        let prepared = match self.statements.entry(text) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(now(self.connection.prepare(&sql))?),
        };
        // A compiled statement keeps its old parameters, so a missing one would silently repeat an earlier value.
        let wanted = prepared.parameter_count();
        if wanted != params.len() {
            return Err(DatabaseError::new(
                DatabaseErrorKind::Other,
                format!("the statement takes {wanted} parameters and was given {}", params.len()),
            ));
        }
        let before = self.connection.total_changes();
        let result = run(prepared, params.into_iter().map(parameter).collect());
        // An unfinished statement would keep its read transaction, and with it the log file, open.
        prepared.reset();
        let mut rows = result?;
        if self.connection.total_changes() != before {
            rows.affected = self.connection.changes();
        }
        Ok(rows)
    }

    pub(super) fn script(&mut self, sql: &str) -> Result<(), DatabaseError> {
        now(self.connection.execute_batch(sql)).map(drop)
    }

    /// Runs `work` in one transaction: all of it, or nothing.
    pub(super) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let begin = match self.mode {
            Mode::Write => "BEGIN IMMEDIATE",
            Mode::Read | Mode::Foreign => "BEGIN",
        };
        self.query(Statement::new(begin, vec![]))?;
        let result = work(self).and_then(|output| {
            self.query(Statement::new("COMMIT", vec![]))?;
            Ok(output)
        });
        self.leave_clean();
        result
    }

    /// Ends a transaction that is still open.
    pub(super) fn leave_clean(&mut self) {
        if !self.connection.is_autocommit() {
            for statement in self.statements.values() {
                statement.reset();
            }
            if let Err(error) = self.query(Statement::new("ROLLBACK", vec![])) {
                tracing::error!(%error, "a database transaction could not be rolled back");
            }
        }
    }
}

fn run(prepared: &libsql::Statement, params: Vec<libsql::Value>) -> Result<Rows, DatabaseError> {
    // What gives no rows costs less without a place for them.
    if prepared.column_count() == 0 {
        now(prepared.run(params))?;
        return Ok(Rows::default());
    }
    let mut found = now(prepared.query(params))?;
    let width = found.column_count();
    let columns = (0..width).map(|column| found.column_name(column).unwrap_or_default().to_owned()).collect();
    let mut rows = Vec::new();
    while let Some(row) = now(found.next())? {
        let values = (0..width).map(|column| row.get_value(column).map(value)).collect::<Result<_, _>>();
        rows.push(values.map_err(|error| database_error(&error))?);
    }
    Ok(Rows { columns, rows, affected: 0 })
}

/// libSQL's local calls are `async` by their type only: they block and are ready at once.
fn now<T>(future: impl Future<Output = libsql::Result<T>>) -> Result<T, DatabaseError> {
    match future.now_or_never() {
        Some(result) => result.map_err(|error| database_error(&error)),
        None => Err(DatabaseError::new(DatabaseErrorKind::Other, "a local database call did not finish at once")),
    }
}

fn parameter(value: Value) -> libsql::Value {
    match value {
        Value::Null => libsql::Value::Null,
        Value::Integer(integer) => libsql::Value::Integer(integer),
        Value::Real(real) => libsql::Value::Real(real),
        Value::Text(text) if text.contains('\0') => libsql::Value::Text(text.replace('\0', "\u{fffd}")),
        Value::Text(text) => libsql::Value::Text(text),
        Value::Blob(blob) => libsql::Value::Blob(blob),
    }
}

fn value(value: libsql::Value) -> Value {
    match value {
        libsql::Value::Null => Value::Null,
        libsql::Value::Integer(integer) => Value::Integer(integer),
        libsql::Value::Real(real) => Value::Real(real),
        libsql::Value::Text(text) => Value::Text(text),
        libsql::Value::Blob(blob) => Value::Blob(blob),
    }
}
