use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use futures_util::FutureExt;
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
    statements: HashMap<String, libsql::Statement>,
    connection: libsql::Connection,
    mode: Mode,
    /// A connection keeps the database in memory alive, but not the other way round.
    _database: libsql::Database,
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
        let mut builder = libsql::Builder::new_local(path);
        if mode == Mode::Foreign {
            builder = builder.flags(libsql::OpenFlags::SQLITE_OPEN_READ_ONLY);
        }
        let database = now(builder.build())?;
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
            ],
            // In KiB, if negative: what reports and pages of the log read again and again stays at hand.
            Mode::Read | Mode::Foreign => &["PRAGMA query_only = ON", "PRAGMA cache_size = -16384"],
        };
        for pragma in pragmas {
            run(&now(connection.connection.prepare(pragma))?, vec![])?;
        }
        Ok(connection)
    }

    pub(super) fn interrupt(&self) -> Interrupt {
        Interrupt(self.connection.clone())
    }

    pub(super) fn query(&mut self, statement: &Statement) -> Result<Rows, DatabaseError> {
        let prepared = match self.statements.get(statement.sql.as_ref()) {
            Some(prepared) => prepared,
            None => {
                let prepared = now(self.connection.prepare(&statement.sql))?;
                if self.statements.len() >= CACHED_STATEMENTS {
                    self.statements.clear();
                }
                self.statements.entry(statement.sql.to_string()).or_insert(prepared)
            }
        };
        // A compiled statement keeps its old parameters, so a missing one would silently repeat an earlier value.
        let wanted = prepared.parameter_count();
        if wanted != statement.params.len() {
            return Err(DatabaseError::new(
                DatabaseErrorKind::Other,
                format!("the statement takes {wanted} parameters and was given {}", statement.params.len()),
            ));
        }
        let before = self.connection.total_changes();
        let result = run(prepared, statement.params.iter().map(parameter).collect());
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
        self.query(&Statement::new(begin, vec![]))?;
        let result = work(self).and_then(|output| {
            self.query(&Statement::new("COMMIT", vec![]))?;
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
            if let Err(error) = self.query(&Statement::new("ROLLBACK", vec![])) {
                tracing::error!(%error, "a database transaction could not be rolled back");
            }
        }
    }
}

fn run(prepared: &libsql::Statement, params: Vec<libsql::Value>) -> Result<Rows, DatabaseError> {
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

fn parameter(value: &Value) -> libsql::Value {
    match value {
        Value::Null => libsql::Value::Null,
        Value::Integer(integer) => libsql::Value::Integer(*integer),
        Value::Real(real) => libsql::Value::Real(*real),
        Value::Text(text) => libsql::Value::Text(text.replace('\0', "\u{fffd}")),
        Value::Blob(blob) => libsql::Value::Blob(blob.clone()),
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
