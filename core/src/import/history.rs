//! The original's log: its newest rows first, in steps.

use std::fmt;
use std::sync::Arc;

use super::bodies::{self, READ_STREAM, READ_TEXT};
use super::entry::{self, MAX_NAME, Siblings, place};
use super::field::Fields;
use super::names::Names;
use super::original::Original;
use crate::config::ProviderType;
use crate::dialect::Dialect;
use crate::platform::{Clock, Database, DatabaseError, DatabaseErrorKind, Statement, Value};
use crate::record::LogEntry;
use crate::record::retention::ROLLUP_RETENTION_DAYS;
use crate::record::rollup::Rollups;
use crate::storage::imports::{self, Import, Part};
use crate::storage::{logs, rollups};

/// Rows of the log to a step: some 20 ms, for which other writers wait.
const PAGE: u32 = 500;
/// Recorded bodies to a step, and bytes of them.
const BODIES_PAGE: u32 = 250;
const BODIES_BYTES: u64 = 2 << 20;

/// Brings the log of one original into a database.
#[derive(Debug)]
pub struct History {
    original: Original,
    names: Names,
    database: Arc<dyn Database>,
    clock: Arc<dyn Clock>,
    import: Import,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Written.
    pub entries: u64,
    pub bodies: u64,
    /// From 0 to 1.
    pub share: f64,
    pub is_done: bool,
}

/// Which of the two databases failed.
#[derive(Clone, Debug)]
pub enum HistoryError {
    Original(DatabaseError),
    Ours(DatabaseError),
}

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Original(error) => write!(f, "the original's database cannot be read: {error}"),
            Self::Ours(error) => write!(f, "the database cannot be written: {error}"),
        }
    }
}

impl std::error::Error for HistoryError {}

/// Rows are numbered as they are written, which is how the newest are found. Those of a history are older than all that are
/// there: their number is the original's moved by this, the last one's just below the least.
pub(super) async fn shift(database: &dyn Database, last: i64) -> Result<i64, DatabaseError> {
    let rows = database.query(Statement::new("SELECT min(rowid) AS least FROM logs", vec![])).await?;
    let least = rows.first().map(|row| row.optional_integer("least")).transpose()?.flatten().unwrap_or(1).min(1);
    Ok(least - 1 - last)
}

impl History {
    pub fn new(
        original: Original,
        names: Names,
        database: Arc<dyn Database>,
        clock: Arc<dyn Clock>,
        import: Import,
    ) -> Self {
        Self { original, names, database, clock, import }
    }

    pub fn progress(&self) -> Progress {
        let Import { entries, bodies, finished_at, .. } = &self.import;
        let all = entries.length() + bodies.length();
        #[expect(clippy::cast_precision_loss, reason = "a share that is shown")]
        let share = if all == 0 { 1.0 } else { 1.0 - (entries.left() + bodies.left()) as f64 / all as f64 };
        Progress { entries: entries.done, bodies: bodies.done, share, is_done: finished_at.is_some() }
    }

    /// Brings some more, and answers whether there may be more to bring. Interrupted, or done by two at once, nothing is
    /// missing or there twice.
    pub async fn step(&mut self) -> Result<bool, HistoryError> {
        if self.import.finished_at.is_some() {
            return Ok(false);
        }
        if self.import.entries.left() > 0 {
            self.entries_step().await?;
        } else if self.import.bodies.left() > 0 {
            self.bodies_step().await?;
        } else {
            let next = Import { finished_at: Some(self.clock.now()), ..self.import.clone() };
            imports::change(&*self.database, &self.import, &next).await.map_err(HistoryError::Ours)?;
            self.import = next;
            return Ok(false);
        }
        Ok(true)
    }

    /// Writes a step together with how far it leads.
    async fn write(&mut self, next: Import, mut statements: Vec<Statement>) -> Result<(), HistoryError> {
        statements.insert(0, imports::advance(&self.import, &next));
        match self.database.batch(statements).await {
            Ok(_) => {
                self.import = next;
                Ok(())
            }
            Err(error) if error.kind == DatabaseErrorKind::Constraint => {
                // Somebody else has made this step, or its answer was lost.
                let found = imports::find(&*self.database, &self.import.id).await.map_err(HistoryError::Ours)?;
                match found {
                    Some(found) if found != self.import => {
                        self.import = found;
                        Ok(())
                    }
                    _ => Err(HistoryError::Ours(error)),
                }
            }
            Err(error) => Err(HistoryError::Ours(error)),
        }
    }

    async fn read(&self, sql: String, params: Vec<Value>) -> Result<crate::platform::Rows, HistoryError> {
        self.original.database.query(Statement::new(sql, params)).await.map_err(HistoryError::Original)
    }

    /// The rows of all requests that a SELECT names.
    async fn siblings(&self, traces: &str, params: Vec<Value>) -> Result<Siblings, HistoryError> {
        entry::siblings(&self.original, traces, params).await.map_err(HistoryError::Original)
    }

    async fn entries_step(&mut self) -> Result<(), HistoryError> {
        let sql = format!(
            "SELECT {} FROM chat_logs AS l WHERE l.id < ?1 AND l.id > ?2 AND {} ORDER BY l.id DESC LIMIT {PAGE}",
            entry::columns(&self.original),
            self.original.is_kept("chat_logs", "l")
        );
        let Part { position, floor, done, .. } = self.import.entries;
        let rows = self.read(sql, vec![position.into(), floor.into()]).await?;
        let ids: Vec<i64> = rows.iter().filter_map(|row| Fields(row).integer("id")).collect();
        let reached = match ids.last() {
            Some(last) if ids.len() == PAGE as usize => *last,
            _ => floor + 1,
        };
        let siblings = match (ids.first(), ids.last()) {
            (Some(newest), Some(oldest)) => {
                let traces = "SELECT trace_id FROM chat_logs WHERE id >= ?1 AND id <= ?2 AND trace_id > ''";
                self.siblings(traces, vec![(*oldest).into(), (*newest).into()]).await?
            }
            _ => Siblings::new(),
        };
        let mut numbered: Vec<(i64, LogEntry)> = Vec::with_capacity(ids.len());
        for row in rows.iter() {
            let (number, entry) = entry::entry(&self.names, Fields(row), &siblings);
            numbered.push((number.saturating_add(self.import.shift), entry));
        }
        let mut next = self.import.clone();
        next.entries.position = reached;
        next.entries.done = done + numbered.len() as u64;
        let mut statements = Vec::new();
        if self.database.prefers_few_statements() {
            logs::insert_numbered_together(&numbered, &mut statements);
        } else {
            logs::insert_numbered(&numbered, &mut statements);
        }
        let now = self.clock.now();
        let counted_since = now.minus(core::time::Duration::from_secs(u64::from(ROLLUP_RETENTION_DAYS) * 86_400));
        let counted = numbered.iter().map(|(_, entry)| entry).filter(|entry| entry.created_at >= counted_since);
        let sums = Rollups::of(counted);
        if !numbered.is_empty() {
            let first = i64::try_from(done).unwrap_or(i64::MAX).saturating_add(1);
            let last = i64::try_from(next.entries.done).unwrap_or(i64::MAX);
            let writer = format!("import {}", self.import.id);
            let add = if self.database.prefers_few_statements() { rollups::add_together } else { rollups::add };
            add(&sums, &writer, &(first..=last), now, &mut statements);
        }
        self.write(next, statements).await
    }

    async fn bodies_step(&mut self) -> Result<(), HistoryError> {
        let Part { position, floor, done, .. } = self.import.bodies;
        let size = |column: &str| {
            let known = self.original.number("chat_ios", column, "i");
            if known.starts_with("NULL") { "0".to_owned() } else { format!("coalesce(octet_length(i.{column}), 0)") }
        };
        let sizes = format!(
            "SELECT i.id AS id, min({}, {READ_TEXT}) + min({}, {READ_TEXT}) + min({}, {READ_STREAM}) AS bytes \
             FROM chat_ios AS i WHERE i.id < ?1 AND i.id > ?2 ORDER BY i.id DESC LIMIT {BODIES_PAGE}",
            size("input"),
            size("of_string"),
            size("of_string_array")
        );
        let (mut reached, mut bytes, mut count) = (floor + 1, 0, 0);
        for row in self.read(sizes, vec![position.into(), floor.into()]).await?.iter() {
            let row = Fields(row);
            bytes += row.count("bytes");
            if bytes > BODIES_BYTES && count > 0 {
                break;
            }
            count += 1;
            reached = row.integer("id").unwrap_or(reached);
        }
        if count == 0 {
            reached = floor + 1;
        }
        let traces = "SELECT l.trace_id FROM chat_ios AS i JOIN chat_logs AS l ON l.id = i.log_id \
                      WHERE i.id < ?1 AND i.id >= ?2 AND l.trace_id > ''";
        let siblings = self.siblings(traces, vec![position.into(), reached.into()]).await?;
        let text = |column: &str, most: usize| self.original.text("chat_ios", column, "i", most);
        let log = |column: &str| self.original.text("chat_logs", column, "l", MAX_NAME);
        let sql = format!(
            "SELECT {}, {}, {}, {} AS input_bytes, {} AS whole_bytes, {} AS stream_bytes, {}, {}, {}, {}, {} \
             FROM chat_ios AS i JOIN chat_logs AS l ON l.id = i.log_id \
             WHERE i.id < ?1 AND i.id >= ?2 AND {} AND {} ORDER BY i.id DESC",
            text("input", READ_TEXT),
            text("of_string", READ_TEXT),
            text("of_string_array", READ_STREAM),
            size("input"),
            size("of_string"),
            size("of_string_array"),
            self.original.number("chat_logs", "id", "l"),
            self.original.number("chat_logs", "retry", "l"),
            log("trace_id"),
            log("created_at"),
            log("style"),
            self.original.is_kept("chat_ios", "i"),
            self.original.is_kept("chat_logs", "l")
        );
        let mut statements = Vec::new();
        let mut written = 0;
        for row in self.read(sql, vec![position.into(), reached.into()]).await?.iter() {
            statements.extend(self.bodies(Fields(row), &siblings));
            written += 1;
        }
        let mut next = self.import.clone();
        next.bodies.position = reached;
        next.bodies.done = done + written;
        self.write(next, statements).await
    }

    fn bodies(&self, row: Fields<'_>, siblings: &Siblings) -> Vec<Statement> {
        let id = place(self.names.identity(), row, siblings).id;
        let dialect = ProviderType::parse(&row.text("style")).map_or(Dialect::OpenAiChat, ProviderType::dialect);
        let bytes = |column: &str| usize::try_from(row.count(column)).unwrap_or(usize::MAX);
        let (request, request_cut) = bodies::text(&row.text("input"), bytes("input_bytes"));
        let (list, whole) = (row.text("of_string_array"), row.text("of_string"));
        let is_stream = !matches!(list.trim(), "" | "null" | "[]");
        let (response, response_cut) = if is_stream {
            bodies::stream(dialect, &list, bytes("stream_bytes"))
        } else {
            bodies::text(&whole, bytes("whole_bytes"))
        };
        logs::add_bodies(
            &id,
            &request,
            &response,
            &logs::BodyFacts {
                is_stream,
                request_bytes: row.count("input_bytes"),
                request_truncated: request_cut,
                response_truncated: response_cut,
            },
        )
    }
}
