//! What happens now.

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use super::log_params::ActivityParams;
use super::log_view::LogView;
use super::logs::invalid;
use super::{Admin, AdminCall, AdminError, AdminRoute, Reply};
use crate::dialect::Dialect;
use crate::platform::Timestamp;
use crate::record::Origin;
use crate::storage::log_filter::LogFilter;
use crate::storage::newest::newest;

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 200;

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(
            Method::GET,
            "/api/activity",
            "getActivity",
            "Requests on their way, and what has ended since `after`",
            |a, c| Box::pin(get(a, c)),
        )
        .query::<ActivityParams>()
        .answers::<ActivityView>(200),
    ]
}

/// What an instance knows of its own requests, the newest first.
#[derive(Debug, Default)]
pub struct Happening {
    pub(in crate::api) in_flight: Vec<InFlightView>,
    pub(in crate::api) rates: RatesView,
    /// Other instances may have more.
    pub(in crate::api) partial: bool,
}

/// Which requests on their way are wanted.
#[derive(Clone, Debug, Default)]
pub struct InFlightFilter {
    pub(in crate::api) filter: LogFilter,
    pub(in crate::api) limit: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Activity")]
struct ActivityView {
    instance: String,
    /// Other instances may have more requests on their way, and counted more for the rates.
    partial: bool,
    /// Newest first.
    in_flight: Vec<InFlightView>,
    /// Entries of the log, of all instances, in the order of their writing, the newest first.
    finished: Vec<LogView>,
    /// More than `limit` have ended since `after`: the oldest of them are left out.
    skipped: bool,
    /// For the next `after`.
    cursor: String,
    rates: RatesView,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InFlight")]
pub(in crate::api) struct InFlightView {
    pub(in crate::api) trace_id: String,
    pub(in crate::api) started_at: Timestamp,
    pub(in crate::api) key_name: Option<String>,
    pub(in crate::api) origin: Origin,
    /// Empty until the request was read.
    pub(in crate::api) model: String,
    pub(in crate::api) dialect: Dialect,
    pub(in crate::api) stream: bool,
    /// From 1; 0 before the first.
    pub(in crate::api) attempt: u32,
    pub(in crate::api) provider: Option<String>,
    pub(in crate::api) provider_model: Option<String>,
    pub(in crate::api) phase: Phase,
    /// From the request's arrival.
    pub(in crate::api) first_token_ms: Option<f64>,
    /// What the client was given so far.
    pub(in crate::api) response_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "InFlightPhase")]
pub(in crate::api) enum Phase {
    /// The request is being read, or nobody is being asked.
    Choosing,
    /// A provider was asked and has not answered.
    Waiting,
    /// The client gets its answer.
    Streaming,
}

/// Of this instance's last minute.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ActivityRates")]
pub(in crate::api) struct RatesView {
    /// Requests per minute.
    pub(in crate::api) rpm: u64,
    /// Tokens of all kinds per minute.
    pub(in crate::api) tpm: u64,
    pub(in crate::api) cost_per_hour: Vec<RateCost>,
    /// Failed requests, of those whose clients stayed; null when there was none.
    pub(in crate::api) error_rate: Option<f64>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::api) struct RateCost {
    pub(in crate::api) currency: String,
    pub(in crate::api) amount: f64,
}

async fn get(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let params: ActivityParams = call.query()?;
    let limit = params.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(invalid("limit", format!("must be from 1 to {MAX_LIMIT}")));
    }
    // An empty parameter is none: a form sends its empty fields, too.
    let position = params.after.as_deref().filter(|cursor| !cursor.is_empty()).map(|cursor| {
        let position = cursor.parse::<i64>().ok().filter(|position| *position >= 0);
        position.ok_or_else(|| invalid("after", "must be the `cursor` of an earlier answer"))
    });
    let filter = params.filter()?;
    if filter.body.is_some() {
        return Err(invalid("body", "cannot be searched for while it happens; `GET /api/logs` does"));
    }
    // First: what ends meanwhile is told twice, and not missed.
    let wanted = InFlightFilter { filter: filter.clone(), limit };
    let Happening { in_flight, rates, partial } = admin.instance.happening(&wanted);
    let finished = newest(&*admin.platform.database, &filter, position.transpose()?, limit).await?;
    Reply::ok(&ActivityView {
        instance: admin.instance.about().instance,
        partial: partial || admin.platform.database.name() != "sqlite",
        in_flight,
        finished: finished.entries.into_iter().map(LogView::from).collect(),
        skipped: finished.skipped,
        cursor: finished.position.to_string(),
        rates,
    })
}
