//! One entry of the request log, with all that belongs to it.

use bytes::Bytes;
use futures_util::future::try_join;
use http::header::{ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::log_view::{BodiesView, CostPartsView, LogView};
use super::{Admin, AdminCall, AdminError, AdminRoute, Reply};
use crate::config::Prices;
use crate::record::{CostParts, Decision, TraceId, Translated};
use crate::storage::log_details::{self, Side};
use crate::storage::log_query;

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(
            Method::GET,
            "/api/logs/{id}",
            "getLog",
            "One entry of the log with all attempts of its request and its bodies",
            |a, c| Box::pin(get(a, c)),
        )
        .query::<DetailParams>()
        .answers::<LogDetailView>(200),
        AdminRoute::new(
            Method::GET,
            "/api/logs/{id}/body/{side}",
            "getLogBody",
            "One recorded body as it passed, `request` or `response`; a `Range` of bytes is answered with 206",
            |a, c| Box::pin(body(a, c)),
        )
        .answers_as(&["application/json", "text/plain"]),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DetailParams {
    /// `false` leaves the bodies out, which may be 2 MiB; true by default.
    bodies: Option<bool>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LogDetail")]
struct LogDetailView {
    #[serde(flatten)]
    log: LogView,
    /// All attempts of the request, first to last, this one included.
    attempts: Vec<LogView>,
    /// The association's at that time, per million tokens; null where it had none.
    prices: Option<Prices>,
    /// Their sum is `cost`, and null when that is.
    cost_parts: Option<CostPartsView>,
    /// Whether the recorded body is only its beginning.
    request_truncated: bool,
    response_truncated: bool,
    /// The request before this one in its session; null without a session, or for its first request.
    previous_id: Option<String>,
    /// The request behind this one in its session.
    next_id: Option<String>,
    /// How the request's providers were chosen; null where that was not recorded (`record_decisions`).
    decision: Option<Decision>,
    /// What the provider's dialect could not say as the client said it; at most 50.
    translation: Vec<Translated>,
    /// Of this attempt.
    bodies: Option<BodiesView>,
}

async fn get(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let DetailParams { bodies } = call.query()?;
    let id = call.parameter("id");
    let database = &*admin.platform.database;
    let stored = log_query::entry(database, id).await?.ok_or_else(|| AdminError::not_found("log", id))?;
    let attempts = async {
        match TraceId::parse(&stored.entry.trace_id) {
            Some(trace_id) => log_query::attempts(database, trace_id).await,
            None => Ok(vec![stored.clone()]),
        }
    };
    let (attempts, neighbours) = try_join(attempts, log_details::neighbours(database, &stored.entry)).await?;
    let bodies = match bodies.unwrap_or(true) && stored.has_bodies {
        true => log_details::bodies(database, id).await?,
        false => None,
    };
    let entry = &stored.entry;
    let priced = entry.prices.as_ref().filter(|_| entry.cost.is_some());
    Reply::ok(&LogDetailView {
        prices: entry.prices.clone(),
        cost_parts: priced.and_then(|prices| CostParts::of(prices, &entry.usage)).map(Into::into),
        request_truncated: entry.request_truncated,
        response_truncated: entry.response_truncated,
        previous_id: neighbours.previous,
        next_id: neighbours.next,
        decision: attempts.iter().find_map(|attempt| Decision::unpack(attempt.entry.decision.as_deref()?)),
        translation: entry.translation.clone(),
        log: stored.into(),
        attempts: attempts.into_iter().map(LogView::from).collect(),
        bodies: bodies.map(Into::into),
    })
}

async fn body(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let (id, side) = (call.parameter("id"), call.parameter("side"));
    let side = Side::parse(side).ok_or_else(|| AdminError::not_found("side of a body", side))?;
    let stored = log_details::body(&*admin.platform.database, id, side).await?;
    let text = stored.ok_or_else(|| AdminError::not_found("recorded body of the log entry", id))?;
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
    let (kind, ending) = if is_json { ("application/json", "json") } else { ("text/plain; charset=utf-8", "txt") };
    let file = format!("attachment; filename=\"{}-{}.{ending}\"", safe(id), side.as_str());
    let whole = Bytes::from(text);
    let length = whole.len();
    let reply = match range(&call.headers, length) {
        Ranged::Whole => Reply::with_body(StatusCode::OK, kind, whole),
        Ranged::Part(first, last) => {
            let part = whole.slice(first..last.saturating_add(1));
            let reply = Reply::with_body(StatusCode::PARTIAL_CONTENT, kind, part);
            reply.header(CONTENT_RANGE, header(&format!("bytes {first}-{last}/{length}")))
        }
        Ranged::Nothing => {
            let message = format!("the body has {length} bytes, and none in the asked range");
            let error = AdminError::new(StatusCode::RANGE_NOT_SATISFIABLE, "range_not_satisfiable", message);
            return Ok(Reply::from(&error).header(CONTENT_RANGE, header(&format!("bytes */{length}"))));
        }
    };
    let reply = reply.header(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let reply = reply.header(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(reply.header(CONTENT_DISPOSITION, header(&file)))
}

/// What a `Range` header asks of a body.
#[derive(Debug, PartialEq, Eq)]
enum Ranged {
    /// It asks for nothing, for several parts, or in no way that is known: RFC 9110 has it ignored then.
    Whole,
    /// From the one to the other byte, both included.
    Part(usize, usize),
    Nothing,
}

fn range(headers: &HeaderMap, length: usize) -> Ranged {
    let asked = headers.get(RANGE).and_then(|range| range.to_str().ok()?.trim().strip_prefix("bytes="));
    let Some((first, last)) = asked.and_then(|range| range.split_once('-')) else { return Ranged::Whole };
    let (first, last) = (first.trim(), last.trim());
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<usize>().ok())?;
    let end = length.saturating_sub(1);
    match (first.is_empty(), number(first), last.is_empty(), number(last)) {
        (true, _, _, Some(0)) => Ranged::Nothing,
        (true, _, _, Some(_)) | (_, Some(_), true, _) if length == 0 => Ranged::Nothing,
        (true, _, _, Some(last)) => Ranged::Part(length.saturating_sub(last), end),
        (_, Some(first), _, Some(last)) if last < first => Ranged::Whole,
        (_, Some(first), true, _) | (_, Some(first), _, Some(_)) if first >= length => Ranged::Nothing,
        (_, Some(first), true, _) => Ranged::Part(first, end),
        (_, Some(first), _, Some(last)) => Ranged::Part(first, last.min(end)),
        _ => Ranged::Whole,
    }
}

/// What may stand between quotes in a header.
fn safe(id: &str) -> String {
    id.chars().filter(|it| it.is_ascii_alphanumeric() || *it == '-').take(64).collect()
}

fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        use Ranged::{Nothing, Part, Whole};
        for (asked, length, expected) in [
            ("bytes=0-4", 10, Part(0, 4)),
            ("bytes=5-", 10, Part(5, 9)),
            ("bytes=-3", 10, Part(7, 9)),
            ("bytes=-30", 10, Part(0, 9)),
            ("bytes=9-99", 10, Part(9, 9)),
            ("bytes=10-", 10, Nothing),
            ("bytes=10-12", 10, Nothing),
            ("bytes=-0", 10, Nothing),
            ("bytes=0-", 0, Nothing),
            ("bytes=-1", 0, Nothing),
            ("bytes=5-4", 10, Whole),
            ("bytes=0-1,3-4", 10, Whole),
            ("bytes=-", 10, Whole),
            ("bytes=+1-2", 10, Whole),
            ("bytes=a-b", 10, Whole),
            ("bytes=99999999999999999999999-", 10, Whole),
            ("lines=0-4", 10, Whole),
            ("", 10, Whole),
        ] {
            let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_str(asked).unwrap())]);
            assert_eq!(range(&headers, length), expected, "{asked} of {length}");
        }
    }
}
