use std::fmt::Write;

use serde_json::json;

use crate::platform::Value;

/// A WHERE clause under construction. Values only ever become parameters.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    /// Empty, or starts with `WHERE`.
    pub(super) sql: String,
    pub(super) params: Vec<Value>,
}

impl Conditions {
    /// `comparison` is a column and an operator; the value becomes a parameter.
    pub(super) fn add(&mut self, comparison: &'static str, value: impl Into<Value>) {
        let parameter = self.parameter(value);
        self.and(format_args!("{comparison} ?{parameter}"));
    }

    /// One of the columns contains `part`, in any case of ASCII letters. Not by LIKE: D1 limits its patterns to 50 bytes, and
    /// they would have to be escaped.
    pub(super) fn add_part(&mut self, columns: &[&'static str], part: &str) {
        let parameter = self.parameter(part);
        let parts = columns.iter().map(|column| format!("instr(lower({column}), lower(?{parameter})) > 0"));
        let parts = parts.collect::<Vec<_>>().join(" OR ");
        self.and(format_args!("({parts})"));
    }

    /// The recorded bodies of a row of `logs` contain `part`, in any case of ASCII letters.
    pub(super) fn add_body_part(&mut self, part: &str) {
        let parameter = self.parameter(part);
        self.and(format_args!(
            "has_bodies = 1 AND EXISTS (SELECT 1 FROM log_bodies WHERE log_id = logs.id \
             AND instr(lower(body), lower(?{parameter})) > 0)"
        ));
    }

    /// The column has one of the values, or none of them. `None` is NULL.
    pub(super) fn add_choice(&mut self, column: &'static str, values: &[Option<String>], leaves_out: bool) {
        let texts: Vec<&str> = values.iter().flatten().map(String::as_str).collect();
        let mut any = Vec::new();
        match texts.as_slice() {
            [] => {}
            // So that an index may be used for its order, too.
            [text] => {
                let parameter = self.parameter(*text);
                any.push(format!("{column} = ?{parameter}"));
            }
            texts => {
                let parameter = self.parameter(json!(texts).to_string());
                any.push(format!("{column} IN (SELECT value FROM json_each(?{parameter}))"));
            }
        }
        if values.iter().any(Option::is_none) {
            any.push(format!("{column} IS NULL"));
        }
        self.add_any(&any, leaves_out);
    }

    /// The column is within one of the ranges, both ends included, or in none of them.
    pub(super) fn add_ranges(&mut self, column: &'static str, ranges: &[(u16, u16)], leaves_out: bool) {
        let any: Vec<_> = ranges.iter().map(|(first, last)| format!("{column} BETWEEN {first} AND {last}")).collect();
        self.add_any(&any, leaves_out);
    }

    pub(super) fn add_sql(&mut self, condition: &'static str) {
        self.and(format_args!("{condition}"));
    }

    fn add_any(&mut self, any: &[String], leaves_out: bool) {
        if any.is_empty() {
            return;
        }
        let any = any.join(" OR ");
        if leaves_out {
            self.and(format_args!("({any}) IS NOT TRUE"));
        } else {
            self.and(format_args!("({any})"));
        }
    }

    /// The number of a new parameter.
    pub(super) fn parameter(&mut self, value: impl Into<Value>) -> usize {
        self.params.push(value.into());
        self.params.len()
    }

    pub(super) fn and(&mut self, condition: std::fmt::Arguments<'_>) {
        let word = if self.sql.is_empty() { "WHERE" } else { " AND" };
        // Writing to a String cannot fail.
        let _ = write!(self.sql, "{word} {condition}");
    }
}
