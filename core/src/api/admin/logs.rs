//! The request log.

use http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;

use super::log_view::{LogPageView, LogView, RecentView};
use super::{Admin, AdminCall, AdminError, AdminRoute, List, Reply};
use crate::dialect::Dialect;
use crate::platform::Timestamp;
use crate::record::{Outcome, TraceId};
use crate::storage::log_query::{self, LogFilter, StatusRange};

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 200;
/// The length of an association's strip.
const RECENT: usize = 30;

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(Method::GET, "/api/logs", "listLogs", "A page of the request log, newest first", |a, c| {
            Box::pin(list(a, c))
        })
        .query::<LogParams>()
        .answers::<LogPageView>(200),
        AdminRoute::new(
            Method::GET,
            "/api/associations/{id}/recent",
            "listRecentAttempts",
            "The newest attempts of an association, newest first",
            |a, c| Box::pin(recent(a, c)),
        )
        .answers::<List<RecentView>>(200),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LogParams {
    /// As the client asked for it.
    model: Option<String>,
    provider: Option<String>,
    provider_model: Option<String>,
    /// A status such as `404`, or a class such as `5xx`.
    status: Option<String>,
    outcome: Option<Outcome>,
    dialect: Option<Dialect>,
    /// A part of it, in any case.
    user_agent: Option<String>,
    /// The id of a key.
    key: Option<String>,
    /// The id of a session.
    session: Option<String>,
    /// The id of a trace.
    trace: Option<String>,
    /// Requests that arrived then or later.
    from: Option<Timestamp>,
    /// Requests that arrived earlier.
    to: Option<Timestamp>,
    /// A part of the error's text, in any case.
    error: Option<String>,
    stream: Option<bool>,
    /// `final` (the default) shows one entry for each request, `all` its failed attempts, too.
    attempts: Option<Attempts>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
    /// At most 200; 50 by default.
    limit: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "LogAttempts")]
enum Attempts {
    Final,
    All,
}

impl LogParams {
    fn filter(&self) -> Result<LogFilter, AdminError> {
        let status = self.status.as_deref().map(|text| {
            StatusRange::parse(text)
                .ok_or_else(|| invalid("status", "must be a status such as `404`, or a class such as `5xx`"))
        });
        let trace_id = self.trace.as_deref().map(|text| {
            TraceId::parse(text).ok_or_else(|| invalid("trace", "must be a trace id of 32 hexadecimal digits"))
        });
        Ok(LogFilter {
            model: given(&self.model),
            provider: given(&self.provider),
            provider_model: given(&self.provider_model),
            status: status.transpose()?,
            outcome: self.outcome,
            dialect: self.dialect,
            user_agent: given(&self.user_agent),
            key_id: given(&self.key),
            session_id: given(&self.session),
            trace_id: trace_id.transpose()?,
            from: self.from,
            to: self.to,
            error: given(&self.error),
            stream: self.stream,
            all_attempts: self.attempts == Some(Attempts::All),
        })
    }
}

async fn list(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let params: LogParams = call.query()?;
    let limit = params.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(invalid("limit", format!("must be from 1 to {MAX_LIMIT}")));
    }
    let filter = params.filter()?;
    let page = log_query::page(&*admin.platform.database, &filter, params.cursor.as_deref(), limit).await?;
    let data = page.entries.into_iter().map(LogView::from).collect();
    Reply::ok(&LogPageView { data, next_cursor: page.next })
}

async fn recent(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let stored = log_query::recent(&*admin.platform.database, call.parameter("id"), RECENT).await?;
    Reply::list(stored.into_iter().map(RecentView::from).collect())
}

/// An empty filter is none: a form sends its empty fields, too.
pub(super) fn given(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

pub(super) fn invalid(field: &'static str, message: impl Into<String>) -> AdminError {
    AdminError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", format!("{field} {}", message.into())).field(field)
}
