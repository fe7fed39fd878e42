//! Scans of the log in windows, from the newest entry to the oldest.
//!
//! What no index leads to may be found anywhere. A window is some thousand entries, whatever their time: it ends soon, so that
//! a scan whose asker has left ends with it in every home, and others get at the database between two. A scan ends when it
//! has what it wants, at the log's end, or when its time is up; then it says how far it came.

use core::time::Duration;

use super::conditions::Conditions;
use super::log_filter::LogFilter;
use crate::platform::{Clock, Database, DatabaseError, Rows, Statement, Timestamp, Value};
use crate::record::{TraceId, first_id_at};

/// A scan that has taken so long goes no further. A window may take as long again as [`WINDOW`].
pub const PATIENCE: Duration = Duration::from_millis(150);
/// What a window is to take.
const WINDOW: Duration = Duration::from_millis(30);
const FIRST_ROWS: u32 = 2_000;
/// Of windows whose entries' bodies are read, too.
const FIRST_BODIES: u32 = 20;
const MAX_ROWS: u32 = 100_000;

/// A scan under way.
pub(super) struct Scan<'a> {
    database: &'a dyn Database,
    clock: &'a dyn Clock,
    conditions: Conditions,
    from: Option<String>,
    /// Ids before this one are still to be looked at.
    before: Option<String>,
    rows: u32,
    started_at: Timestamp,
    patience: Duration,
    at_end: bool,
}

impl<'a> Scan<'a> {
    /// Of entries before `cursor`, an id.
    pub(super) fn new(
        database: &'a dyn Database,
        clock: &'a dyn Clock,
        filter: &LogFilter,
        cursor: Option<&str>,
        patience: Duration,
    ) -> Self {
        let end = filter.to.map(|to| first_id_at(Timestamp::from_millis(to.as_millis().saturating_add(1))));
        let before = match (cursor.map(str::to_owned), end) {
            (Some(cursor), Some(end)) => Some(cursor.min(end)),
            (cursor, end) => cursor.or(end),
        };
        Self {
            database,
            clock,
            conditions: filter.conditions(),
            from: filter.from.map(first_id_at),
            before,
            rows: if filter.body.is_some() { FIRST_BODIES } else { FIRST_ROWS },
            started_at: clock.now(),
            patience,
            at_end: false,
        }
    }

    /// Whether there is more to look at, and time for it.
    pub(super) fn goes_on(&self) -> bool {
        !self.at_end && self.clock.now().since(self.started_at) < self.patience
    }

    /// Asks of the next window: `ask` makes the statement of its WHERE clause.
    pub(super) async fn next(&mut self, ask: impl FnOnce(&Conditions) -> String) -> Result<Rows, DatabaseError> {
        let began_at = self.clock.now();
        let lower = self.lower_bound().await?;
        let mut conditions = self.conditions.clone();
        if let Some(before) = &self.before {
            conditions.add("id <", before.as_str());
        }
        if let Some(lower) = &lower {
            conditions.add("id >=", lower.as_str());
        }
        let sql = ask(&conditions);
        let found = self.database.query(Statement::new(sql, conditions.params)).await?;
        match lower {
            Some(lower) => self.before = Some(lower),
            None => self.at_end = true,
        }
        let took = self.clock.now().since(began_at);
        if took < WINDOW / 2 {
            self.rows = (self.rows * 2).min(MAX_ROWS);
        } else if took > WINDOW {
            self.rows = (self.rows / 2).max(1);
        }
        Ok(found)
    }

    /// The cursor of what was not looked at; `None` at the end.
    pub(super) fn cursor(&self) -> Option<String> {
        self.before.clone().filter(|_| !self.at_end)
    }

    /// All entries that arrived then or later were looked at; `None` when the scan came to its end.
    pub(super) fn scanned_to(&self) -> Option<Timestamp> {
        self.cursor().and_then(|cursor| TraceId::parse(&cursor)).map(TraceId::arrived_at)
    }

    /// The id that the next window begins with, if it is not the last.
    async fn lower_bound(&self) -> Result<Option<String>, DatabaseError> {
        let mut conditions = Conditions::default();
        if let Some(before) = &self.before {
            conditions.add("id <", before.as_str());
        }
        if let Some(from) = &self.from {
            conditions.add("id >=", from.as_str());
        }
        let parameter = conditions.params.len() + 1;
        let sql = format!("SELECT id FROM logs {} ORDER BY id DESC LIMIT 1 OFFSET ?{parameter}", conditions.sql);
        let mut params: Vec<Value> = conditions.params;
        params.push((self.rows - 1).into());
        let rows = self.database.query(Statement::new(sql, params)).await?;
        rows.first().map(|row| row.text("id").map(str::to_owned)).transpose()
    }
}
