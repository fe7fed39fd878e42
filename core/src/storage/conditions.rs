use std::fmt::Write;

use crate::platform::Value;

/// A WHERE clause under construction. Values only ever become parameters.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    /// Empty, or starts with `WHERE`.
    pub(super) sql: String,
    pub(super) params: Vec<Value>,
}

impl Conditions {
    /// `comparison` is a column and an operator; the value becomes a parameter.
    pub(super) fn add(&mut self, comparison: &'static str, value: impl Into<Value>) {
        self.params.push(value.into());
        let parameter = self.params.len();
        self.and(format_args!("{comparison} ?{parameter}"));
    }

    /// The column contains `part`, in any case of ASCII letters. Not by LIKE: D1 limits its patterns to 50 bytes, and
    /// they would have to be escaped.
    pub(super) fn add_part(&mut self, column: &'static str, part: &str) {
        self.params.push(part.into());
        let parameter = self.params.len();
        self.and(format_args!("instr(lower({column}), lower(?{parameter})) > 0"));
    }

    pub(super) fn add_sql(&mut self, condition: &'static str) {
        self.and(format_args!("{condition}"));
    }

    fn and(&mut self, condition: std::fmt::Arguments<'_>) {
        let word = if self.sql.is_empty() { "WHERE" } else { " AND" };
        // Writing to a String cannot fail.
        let _ = write!(self.sql, "{word} {condition}");
    }
}
