//! The filters of the log, which its list, its facets, its histogram and its exports share.

use schemars::JsonSchema;
use serde::Deserialize;

use super::logs::invalid;
use super::{AdminError, none};
use crate::config::ProviderType;
use crate::dialect::Dialect;
use crate::platform::Timestamp;
use crate::record::{Operation, Origin, Outcome, TraceId};
use crate::storage::log_filter::{FieldChoice, LogField, LogFilter, StatusRange};

/// Characters of a filter's text.
const MAX_TEXT: usize = 500;
/// Values of one filter.
const MAX_VALUES: usize = 100;

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "LogAttempts")]
pub(super) enum Attempts {
    Final,
    All,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "LogCache")]
pub(super) enum Cache {
    Hit,
    Miss,
}

/// Makes a struct of query parameters: the filters, and what else an operation takes.
macro_rules! log_params {
    ($name:ident { $($(#[$attribute:meta])* $field:ident: $kind:ty,)* }) => {
        /// A filter may be given several times and takes what fits any; `not_` before its name leaves out; `none` is what has
        /// none, but for models.
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            /// As the client asked for it.
            #[serde(default)]
            pub(super) model: Vec<String>,
            #[serde(default)]
            pub(super) not_model: Vec<String>,
            #[serde(default)]
            pub(super) provider: Vec<String>,
            #[serde(default)]
            pub(super) not_provider: Vec<String>,
            #[serde(default)]
            pub(super) provider_type: Vec<ProviderType>,
            #[serde(default)]
            pub(super) not_provider_type: Vec<ProviderType>,
            #[serde(default)]
            pub(super) provider_model: Vec<String>,
            #[serde(default)]
            pub(super) not_provider_model: Vec<String>,
            /// The id of an association.
            #[serde(default)]
            pub(super) association: Vec<String>,
            #[serde(default)]
            pub(super) not_association: Vec<String>,
            /// The id of a key; `none` for requests without one.
            #[serde(default)]
            pub(super) key: Vec<String>,
            #[serde(default)]
            pub(super) not_key: Vec<String>,
            /// A status such as `404`, or a class such as `5xx`.
            #[serde(default)]
            pub(super) status: Vec<String>,
            #[serde(default)]
            pub(super) not_status: Vec<String>,
            #[serde(default)]
            pub(super) outcome: Vec<Outcome>,
            #[serde(default)]
            pub(super) not_outcome: Vec<Outcome>,
            /// The client's.
            #[serde(default)]
            pub(super) dialect: Vec<Dialect>,
            #[serde(default)]
            pub(super) not_dialect: Vec<Dialect>,
            #[serde(default)]
            pub(super) operation: Vec<Operation>,
            #[serde(default)]
            pub(super) not_operation: Vec<Operation>,
            #[serde(default)]
            pub(super) finish_reason: Vec<String>,
            #[serde(default)]
            pub(super) not_finish_reason: Vec<String>,
            #[serde(default)]
            pub(super) origin: Vec<Origin>,
            #[serde(default)]
            pub(super) not_origin: Vec<Origin>,
            /// A part of it, in any case.
            pub(super) user_agent: Option<String>,
            /// A part of the error's text, in any case.
            pub(super) error: Option<String>,
            /// A part of the error, the user agent, the name of a model, or the id of a session, a trace or an entry, in any case.
            pub(super) q: Option<String>,
            /// A part of a recorded body, in any case. Needs `from`.
            pub(super) body: Option<String>,
            /// The id of a session.
            pub(super) session: Option<String>,
            /// The id of a trace.
            pub(super) trace: Option<String>,
            /// Requests that arrived then or later.
            pub(super) from: Option<Timestamp>,
            /// Requests that arrived earlier.
            pub(super) to: Option<Timestamp>,
            pub(super) stream: Option<bool>,
            /// Whether tokens were read from a cache.
            pub(super) cache: Option<Cache>,
            pub(super) has_bodies: Option<bool>,
            /// Requests that took so many attempts or more; with `attempts=all`, attempts from that one on.
            pub(super) attempts_min: Option<u32>,
            pub(super) min_total_ms: Option<f64>,
            pub(super) max_total_ms: Option<f64>,
            pub(super) min_first_token_ms: Option<f64>,
            /// In whatever currency.
            pub(super) min_cost: Option<f64>,
            /// `final` (the default) takes one entry for each request, `all` its failed attempts, too.
            pub(super) attempts: Option<Attempts>,
            $($(#[$attribute])* pub(super) $field: $kind,)*
        }

        impl $name {
            pub(super) fn filter(&self) -> Result<LogFilter, AdminError> {
                use LogField as Field;
                if self.body.as_ref().is_some_and(|body| !body.is_empty()) && self.from.is_none() {
                    return Err(invalid("from", "must be given with `body`, which is searched for in all that was recorded since"));
                }
                let fields = vec![
                    choice("model", Field::Model, &self.model, false)?,
                    choice("not_model", Field::Model, &self.not_model, true)?,
                    choice("provider", Field::Provider, &self.provider, false)?,
                    choice("not_provider", Field::Provider, &self.not_provider, true)?,
                    words(Field::ProviderType, &self.provider_type, ProviderType::as_str, false),
                    words(Field::ProviderType, &self.not_provider_type, ProviderType::as_str, true),
                    choice("provider_model", Field::ProviderModel, &self.provider_model, false)?,
                    choice("not_provider_model", Field::ProviderModel, &self.not_provider_model, true)?,
                    choice("association", Field::Association, &self.association, false)?,
                    choice("not_association", Field::Association, &self.not_association, true)?,
                    choice("key", Field::Key, &self.key, false)?,
                    choice("not_key", Field::Key, &self.not_key, true)?,
                    words(Field::Outcome, &self.outcome, Outcome::as_str, false),
                    words(Field::Outcome, &self.not_outcome, Outcome::as_str, true),
                    words(Field::Dialect, &self.dialect, Dialect::as_str, false),
                    words(Field::Dialect, &self.not_dialect, Dialect::as_str, true),
                    words(Field::Operation, &self.operation, Operation::as_str, false),
                    words(Field::Operation, &self.not_operation, Operation::as_str, true),
                    choice("finish_reason", Field::FinishReason, &self.finish_reason, false)?,
                    choice("not_finish_reason", Field::FinishReason, &self.not_finish_reason, true)?,
                    words(Field::Origin, &self.origin, Origin::as_str, false),
                    words(Field::Origin, &self.not_origin, Origin::as_str, true),
                ];
                Ok(LogFilter {
                    fields,
                    status: ranges("status", &self.status)?,
                    not_status: ranges("not_status", &self.not_status)?,
                    user_agent: text("user_agent", &self.user_agent)?,
                    error: text("error", &self.error)?,
                    text: text("q", &self.q)?,
                    body: text("body", &self.body)?,
                    session_id: session(&self.session)?,
                    trace_id: trace(&self.trace)?,
                    from: self.from,
                    to: self.to,
                    stream: self.stream,
                    cache_hit: self.cache.map(|cache| cache == Cache::Hit),
                    has_bodies: self.has_bodies,
                    attempts_min: self.attempts_min,
                    min_total_us: micros("min_total_ms", self.min_total_ms)?,
                    max_total_us: micros("max_total_ms", self.max_total_ms)?,
                    min_first_token_us: micros("min_first_token_ms", self.min_first_token_ms)?,
                    min_cost: self.min_cost,
                    all_attempts: self.attempts == Some(Attempts::All),
                })
            }
        }
    };
}

log_params!(LogParams {
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
    /// At most 200, of an export at most 100,000; 50 by default, of an export all.
    limit: Option<usize>,
});

log_params!(FacetParams {
    /// Several may be given.
    field: Vec<LogField>,
});

log_params!(ActivityParams {
    /// The `cursor` of the answer before; without it the newest are told.
    after: Option<String>,
    /// Of requests on their way, and of those that have ended; at most 200, 100 by default.
    limit: Option<usize>,
});

log_params!(HistogramParams {
    /// At most how many: from 1 to 400; 60 by default. They get a round length.
    buckets: Option<u32>,
});

/// An empty value is none: a form sends its empty fields, too.
fn choice(name: &'static str, field: LogField, values: &[String], leaves_out: bool) -> Result<FieldChoice, AdminError> {
    let values: Vec<_> = values.iter().filter(|value| !value.is_empty()).collect();
    if values.len() > MAX_VALUES || values.iter().any(|value| value.chars().count() > MAX_TEXT) {
        return Err(invalid(name, format!("must be at most {MAX_VALUES} values of at most {MAX_TEXT} characters")));
    }
    let values = values.into_iter().map(|value| none::stored(value, field == LogField::Model)).collect();
    Ok(FieldChoice { field, values, leaves_out })
}

fn words<T: Copy>(field: LogField, values: &[T], word: fn(T) -> &'static str, leaves_out: bool) -> FieldChoice {
    FieldChoice { field, values: values.iter().map(|value| Some(word(*value).to_owned())).collect(), leaves_out }
}

fn ranges(name: &'static str, texts: &[String]) -> Result<Vec<StatusRange>, AdminError> {
    let texts = texts.iter().filter(|text| !text.is_empty()).take(MAX_VALUES);
    let parse = |text: &String| {
        StatusRange::parse(text)
            .ok_or_else(|| invalid(name, "must be a status such as `404`, or a class such as `5xx`"))
    };
    texts.map(parse).collect()
}

fn text(name: &'static str, text: &Option<String>) -> Result<Option<String>, AdminError> {
    let text = text.clone().filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > MAX_TEXT) {
        return Err(invalid(name, format!("must be at most {MAX_TEXT} characters")));
    }
    Ok(text)
}

fn session(id: &Option<String>) -> Result<Option<String>, AdminError> {
    text("session", id)
}

fn trace(id: &Option<String>) -> Result<Option<TraceId>, AdminError> {
    let parse = |text: String| {
        TraceId::parse(&text).ok_or_else(|| invalid("trace", "must be a trace id of 32 hexadecimal digits"))
    };
    text("trace", id)?.map(parse).transpose()
}

/// Past all that may be measured, but far from the end of the numbers.
const MAX_MS: f64 = 1e12;

fn micros(name: &'static str, millis: Option<f64>) -> Result<Option<i64>, AdminError> {
    let Some(millis) = millis else { return Ok(None) };
    if !(0.0..=MAX_MS).contains(&millis) {
        return Err(invalid(name, "must be a number of milliseconds, 0 or more"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
    Ok(Some((millis * 1e3).round() as i64))
}
