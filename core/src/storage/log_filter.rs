//! Which entries of the log are asked for.

use schemars::JsonSchema;
use serde::Deserialize;

use super::conditions::Conditions;
use crate::platform::Timestamp;
use crate::record::{TraceId, first_id_at};

/// Which entries. What is empty or `None` takes all.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    pub fields: Vec<FieldChoice>,
    /// Any of them.
    pub status: Vec<StatusRange>,
    /// None of them.
    pub not_status: Vec<StatusRange>,
    /// A part of it, in any case.
    pub user_agent: Option<String>,
    /// A part of it, in any case.
    pub error: Option<String>,
    /// A part of the error, the user agent, or the name of a model or an id, in any case.
    pub text: Option<String>,
    /// A part of a recorded body, in any case.
    pub body: Option<String>,
    pub session_id: Option<String>,
    pub trace_id: Option<TraceId>,
    /// Inclusive.
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub to: Option<Timestamp>,
    pub stream: Option<bool>,
    /// Whether tokens were read from a cache.
    pub cache_hit: Option<bool>,
    pub has_bodies: Option<bool>,
    /// Entries of at least this attempt.
    pub attempts_min: Option<u32>,
    pub min_total_us: Option<i64>,
    pub max_total_us: Option<i64>,
    pub min_first_token_us: Option<i64>,
    pub min_cost: Option<f64>,
    /// Failed attempts as well as the final ones.
    pub all_attempts: bool,
}

/// Takes entries that have one of the values in a field, or leaves them out. `None` is what has none.
#[derive(Clone, Debug)]
pub struct FieldChoice {
    pub field: LogField,
    pub values: Vec<Option<String>>,
    pub leaves_out: bool,
}

impl FieldChoice {
    /// Whether it takes what has this value; `None` has none.
    pub(crate) fn takes(&self, value: Option<&str>) -> bool {
        self.values.is_empty() || self.values.iter().any(|wanted| wanted.as_deref() == value) != self.leaves_out
    }
}

/// What entries can be told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "LogFacetField")]
pub enum LogField {
    Model,
    Provider,
    ProviderType,
    ProviderModel,
    Association,
    Key,
    Dialect,
    Origin,
    Outcome,
    Operation,
    FinishReason,
    Status,
    UserAgent,
}

impl LogField {
    /// As the API calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Provider => "provider",
            Self::ProviderType => "provider_type",
            Self::ProviderModel => "provider_model",
            Self::Association => "association",
            Self::Key => "key",
            Self::Dialect => "dialect",
            Self::Origin => "origin",
            Self::Outcome => "outcome",
            Self::Operation => "operation",
            Self::FinishReason => "finish_reason",
            Self::Status => "status",
            Self::UserAgent => "user_agent",
        }
    }

    /// Associations and keys are told apart by their ids.
    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::Association => "association_id",
            Self::Key => "key_id",
            other => other.as_str(),
        }
    }
}

/// Inclusive on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRange {
    pub first: u16,
    pub last: u16,
}

impl StatusRange {
    /// `404`, or a class such as `5xx`.
    pub fn parse(text: &str) -> Option<Self> {
        let bounds = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?;
        let (first, last) = match text.strip_suffix("xx") {
            Some(class) => (bounds(&format!("{class}00"))?, bounds(&format!("{class}99"))?),
            None => (bounds(text)?, bounds(text)?),
        };
        (100..=599).contains(&first).then_some(Self { first, last })
    }
}

impl LogFilter {
    /// Whether nearly every entry fits, or an index leads to those that do: then the first rows come at once.
    pub(super) fn is_quick(&self) -> bool {
        let Self { trace_id, session_id, stream, .. } = self;
        if trace_id.is_some() || session_id.is_some() {
            return self.body.is_none();
        }
        stream.is_none() && !self.is_narrow()
    }

    fn is_narrow(&self) -> bool {
        !self.fields.iter().all(|choice| choice.values.is_empty())
            || !self.status.is_empty()
            || !self.not_status.is_empty()
            || [&self.user_agent, &self.error, &self.text, &self.body].iter().any(|text| text.is_some())
            || self.cache_hit.is_some()
            || self.has_bodies.is_some()
            || self.attempts_min.is_some()
            || self.min_total_us.is_some()
            || self.max_total_us.is_some()
            || self.min_first_token_us.is_some()
            || self.min_cost.is_some()
    }

    /// Whether it asks for nothing but a time and these fields, of requests.
    pub(crate) fn is_only_of(&self, fields: &[LogField]) -> bool {
        let known = |choice: &FieldChoice| choice.values.is_empty() || fields.contains(&choice.field);
        let rest = Self { fields: Vec::new(), ..self.clone() };
        self.fields.iter().all(known)
            && !rest.is_narrow()
            && self.stream.is_none()
            && self.session_id.is_none()
            && self.trace_id.is_none()
            && !self.all_attempts
    }

    /// Of the rows it takes.
    pub(super) fn conditions(&self) -> Conditions {
        let mut conditions = self.conditions_within();
        if let Some(from) = self.from {
            conditions.add("id >=", first_id_at(from));
        }
        if let Some(end) = self.end() {
            conditions.add("id <", end);
        }
        conditions
    }

    /// The first id that is too late.
    pub(super) fn end(&self) -> Option<String> {
        self.to.map(|to| first_id_at(Timestamp::from_millis(to.as_millis().saturating_add(1))))
    }

    /// Of the rows it takes, among ids that are looked at anyway: SQLite follows only one of two bounds of the same column, and
    /// it may be the wider one.
    pub(super) fn conditions_within(&self) -> Conditions {
        let mut conditions = Conditions::default();
        for FieldChoice { field, values, leaves_out } in &self.fields {
            conditions.add_choice(field.column(), values, *leaves_out);
        }
        for (ranges, leaves_out) in [(&self.status, false), (&self.not_status, true)] {
            let ranges: Vec<_> = ranges.iter().map(|range| (range.first, range.last)).collect();
            conditions.add_ranges("status", &ranges, leaves_out);
        }
        if let Some(session_id) = &self.session_id {
            conditions.add("session_id =", session_id.as_str());
        }
        let flags = [("stream =", self.stream), ("has_bodies =", self.has_bodies)];
        for (comparison, flag) in flags {
            if let Some(flag) = flag {
                conditions.add(comparison, flag);
            }
        }
        match self.cache_hit {
            Some(true) => conditions.add_sql("cache_read_tokens > 0"),
            Some(false) => conditions.add_sql("coalesce(cache_read_tokens, 0) = 0"),
            None => {}
        }
        for (comparison, least) in [
            ("total_us >=", self.min_total_us),
            ("total_us <=", self.max_total_us),
            ("first_token_us >=", self.min_first_token_us),
            ("attempt >=", self.attempts_min.map(i64::from)),
        ] {
            if let Some(least) = least {
                conditions.add(comparison, least);
            }
        }
        if let Some(cost) = self.min_cost {
            conditions.add("cost >=", cost);
        }
        for (columns, part) in [
            (&["user_agent"] as &[_], &self.user_agent),
            (&["error"], &self.error),
            (&["error", "user_agent", "model", "provider_model", "session_id", "trace_id", "id"], &self.text),
        ] {
            if let Some(part) = part {
                conditions.add_part(columns, part);
            }
        }
        if let Some(body) = &self.body {
            conditions.add_body_part(body);
        }
        if let Some(trace_id) = self.trace_id {
            conditions.add("trace_id =", trace_id.to_string());
            let arrived_at = trace_id.arrived_at();
            conditions.add("id >=", first_id_at(arrived_at));
            conditions.add("id <", first_id_at(Timestamp::from_millis(arrived_at.as_millis().saturating_add(1))));
        }
        if let Some(from) = self.from {
            conditions.add("created_at >=", from.as_micros());
        }
        if let Some(to) = self.to {
            conditions.add("created_at <", to.as_micros());
        }
        if !self.all_attempts {
            conditions.add("is_final =", true);
        }
        let failed = |choice: &FieldChoice| {
            let success = |value: &Option<String>| value.as_deref() == Some("success");
            choice.field == LogField::Outcome
                && !choice.values.is_empty()
                && choice.values.iter().any(success) == choice.leaves_out
        };
        let failures = self.error.is_some()
            || !self.status.is_empty() && self.status.iter().all(|range| range.first >= 400)
            || self.fields.iter().any(failed);
        if failures {
            // Follows from the others, and lets SQLite use the partial index of failures.
            conditions.add_sql("outcome <> 'success'");
        }
        conditions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_a_number_or_a_class() {
        let rows = [
            ("404", Some((404, 404))),
            ("5xx", Some((500, 599))),
            ("1xx", Some((100, 199))),
            ("6xx", None),
            ("12xx", None),
            ("0xx", None),
            ("xx", None),
            ("99", None),
            ("600", None),
            ("+5xx", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(StatusRange::parse(text).map(|range| (range.first, range.last)), expected, "{text:?}");
        }
    }

    #[test]
    fn a_window_is_the_only_bound_of_its_ids() {
        let from = Some(Timestamp::from_secs(1_767_225_600));
        let filter = LogFilter { from, to: from, ..LogFilter::default() };
        assert!(filter.conditions().sql.contains("id >= ") && filter.conditions().sql.contains("id < "));
        let within = filter.conditions_within().sql;
        assert!(!within.contains(" id ") && within.contains("created_at >= ") && within.contains("created_at < "));
    }
}
