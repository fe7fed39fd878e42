//! The request log.

use http::{Method, StatusCode};

use super::log_export::{Form, export};
use super::log_params::LogParams;
use super::log_view::{LogPageView, LogView, RecentView};
use super::{Admin, AdminCall, AdminError, AdminRoute, List, Reply};
use crate::storage::log_query;
use crate::storage::log_scan::PATIENCE;
use crate::storage::recents::RECENT;

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 200;

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(Method::GET, "/api/logs", "listLogs", "A page of the request log, newest first", |a, c| {
            Box::pin(list(a, c))
        })
        .query::<LogParams>()
        .answers::<LogPageView>(200)
        .or_csv()
        .or_lines(),
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

async fn list(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let params: LogParams = call.query()?;
    let filter = params.filter()?;
    if let Some(form) = Form::wanted(&call) {
        return export(admin, &filter, params.cursor, params.limit, form).await;
    }
    let limit = params.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(invalid("limit", format!("must be from 1 to {MAX_LIMIT}")));
    }
    let (database, clock) = (&*admin.platform.database, &*admin.platform.clock);
    let page = log_query::search(database, clock, &filter, params.cursor.as_deref(), limit, PATIENCE).await?;
    let data = page.entries.into_iter().map(LogView::from).collect();
    Reply::ok(&LogPageView { data, next_cursor: page.next, scanned_to: page.scanned_to })
}

async fn recent(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let stored = log_query::recent(&*admin.platform.database, call.parameter("id"), RECENT).await?;
    Reply::list(stored.into_iter().map(RecentView::from).collect())
}

pub(super) fn invalid(field: &'static str, message: impl Into<String>) -> AdminError {
    AdminError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", format!("{field} {}", message.into())).field(field)
}
