//! Scans of the log in windows, from the newest entry to the oldest.
//!
//! What no index leads to may be found anywhere. A window is some thousand entries, whatever their time: it ends soon, so that
//! a scan whose asker has left ends with it in every home, and others get at the database between two. A scan ends when it
//! has what it wants, at the log's end, or when its time is up; then it says how far it came.

use core::time::Duration;
use std::fmt::Write;

use super::conditions::Conditions;
use super::log_filter::LogFilter;
use super::log_pace::Pace;
use crate::platform::{Clock, Database, DatabaseError, Rows, Statement, Timestamp};
use crate::record::{TraceId, first_id_at};

/// A scan begins no window that would end later, as far as those before it tell.
pub const PATIENCE: Duration = Duration::from_millis(125);

/// A scan under way.
pub(super) struct Scan<'a> {
    database: &'a dyn Database,
    clock: &'a dyn Clock,
    conditions: Conditions,
    from: Option<String>,
    /// Ids before this one are still to be looked at.
    before: Option<String>,
    pace: Pace,
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
        let before = match (cursor.map(str::to_owned), filter.end()) {
            (Some(cursor), Some(end)) => Some(cursor.min(end)),
            (cursor, end) => cursor.or(end),
        };
        Self {
            database,
            clock,
            conditions: filter.conditions_within(),
            from: filter.from.map(first_id_at),
            before,
            pace: if filter.body.is_some() { Pace::of_bodies() } else { Pace::of_entries() },
            started_at: clock.now(),
            patience,
            at_end: false,
        }
    }

    /// Whether there is more to look at, and time for it.
    pub(super) fn goes_on(&self) -> bool {
        !self.at_end && self.rows().is_some()
    }

    /// How many entries the next window has; `None` where there is no time for one.
    fn rows(&self) -> Option<u32> {
        let left = self.patience.saturating_sub(self.clock.now().since(self.started_at));
        self.pace.rows_in(left)
    }

    /// Asks of the next window: `ask` makes the statement of its WHERE clause.
    pub(super) async fn next(&mut self, ask: impl FnOnce(&Conditions) -> String) -> Result<Rows, DatabaseError> {
        let began_at = self.clock.now();
        let rows = self.rows().unwrap_or(self.pace.least);
        let mut end = Conditions::default();
        let end = Statement::new(self.lower_bound(rows, &mut end), end.params);
        let mut conditions = self.conditions.clone();
        let lower = self.lower_bound(rows, &mut conditions);
        let from = conditions.parameter(self.from.as_deref().unwrap_or_default());
        conditions.and(format_args!("id >= coalesce(({lower}), ?{from})"));
        if let Some(before) = &self.before {
            conditions.add("id <", before.as_str());
        }
        let window = Statement::new(ask(&conditions), conditions.params);
        // Together, for the way to the database may take longer than they do.
        let mut answers = self.database.batch(vec![end, window]).await?.into_iter();
        let (lower, found) = (answers.next().unwrap_or_default(), answers.next().unwrap_or_default());
        match lower.first() {
            Some(row) => self.before = Some(row.text("id")?.to_owned()),
            None => self.at_end = true,
        }
        self.pace.took(rows, self.clock.now().since(began_at));
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

    /// Selects the id that the next window begins with; none if the log ends before, or what is asked for. Its parameters join
    /// those of `conditions`.
    fn lower_bound(&self, rows: u32, conditions: &mut Conditions) -> String {
        let mut sql = "SELECT id FROM logs WHERE true".to_owned();
        for (comparison, bound) in [("<", &self.before), (">=", &self.from)] {
            if let Some(bound) = bound {
                // Writing to a String cannot fail.
                let _ = write!(sql, " AND id {comparison} ?{}", conditions.parameter(bound.as_str()));
            }
        }
        let rows = conditions.parameter(rows.saturating_sub(1));
        format!("{sql} ORDER BY id DESC LIMIT 1 OFFSET ?{rows}")
    }
}
