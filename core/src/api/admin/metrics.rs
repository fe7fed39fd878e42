//! Requests, tokens, costs and latencies over time, from the hourly rollups.

use core::time::Duration;

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::logs::{given, invalid};
use super::metrics_view::TotalsView;
use super::{Admin, AdminCall, AdminError, AdminRoute, Reply};
use crate::dialect::Dialect;
use crate::platform::Timestamp;
use crate::storage::metrics::{
    GroupBy, Interval, Metrics, MetricsFilter, MetricsQuery, last_used_hour, metrics as read_metrics,
};

const DAY: Duration = Duration::from_secs(86_400);
const MAX_HOURS_RANGE: Duration = Duration::from_secs(31 * 86_400);
const MAX_DAYS_RANGE: Duration = Duration::from_secs(400 * 86_400);
/// The world's clocks are at most 14 hours from UTC.
const MAX_OFFSET_MINUTES: i32 = 14 * 60;

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(Method::GET, "/api/metrics", "getMetrics", "Metrics over time and by group", |a, c| {
            Box::pin(over_time(a, c))
        })
        .query::<MetricsParams>()
        .answers::<MetricsReport>(200),
        AdminRoute::new(
            Method::GET,
            "/api/metrics/summary",
            "getMetricsSummary",
            "Metrics of today, the last 7 and the last 30 days",
            |a, c| Box::pin(summary(a, c)),
        )
        .query::<SummaryParams>()
        .answers::<MetricsSummary>(200),
        AdminRoute::new(
            Method::GET,
            "/api/keys/{id}/usage",
            "getKeyUsage",
            "What was done with a key, also when it is deleted",
            |a, c| Box::pin(key_usage(a, c)),
        )
        .query::<SummaryParams>()
        .answers::<KeyUsage>(200),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MetricsParams {
    /// Inclusive, to the hour. A day before `to` by default.
    from: Option<Timestamp>,
    /// Exclusive, to the hour. Now by default.
    to: Option<Timestamp>,
    /// `hour` (the default, for at most 31 days) or `day` (for at most 400).
    interval: Option<IntervalParam>,
    /// How many minutes local time is ahead of UTC, where days begin; 0 by default.
    tz_offset_minutes: Option<i32>,
    group_by: Option<GroupParam>,
    model: Option<String>,
    provider: Option<String>,
    /// The id of a key.
    key: Option<String>,
    dialect: Option<Dialect>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MetricsInterval")]
enum IntervalParam {
    Hour,
    Day,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MetricsGroupBy")]
enum GroupParam {
    None,
    Model,
    Provider,
    Key,
    Dialect,
}

#[derive(Serialize, JsonSchema)]
struct MetricsReport {
    from: Timestamp,
    to: Timestamp,
    interval: IntervalParam,
    group_by: GroupParam,
    /// Each group over the whole time, most requests first. One without name where nothing is grouped.
    groups: Vec<MetricsGroup>,
    /// By start, then group. Intervals in which a group had no requests are left out.
    points: Vec<MetricsPoint>,
}

#[derive(Serialize, JsonSchema)]
struct MetricsGroup {
    /// The model, provider, key id or dialect; empty for what has none.
    group: String,
    /// For people: the name of the key, else the same.
    name: String,
    #[serde(flatten)]
    totals: TotalsView,
}

#[derive(Serialize, JsonSchema)]
struct MetricsPoint {
    start: Timestamp,
    group: String,
    #[serde(flatten)]
    totals: TotalsView,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SummaryParams {
    /// How many minutes local time is ahead of UTC, where days begin; 0 by default.
    tz_offset_minutes: Option<i32>,
}

#[derive(Serialize, JsonSchema)]
struct MetricsSummary {
    today: TotalsView,
    /// Today and the six days before.
    last_7_days: TotalsView,
    last_30_days: TotalsView,
}

#[derive(Serialize, JsonSchema)]
struct KeyUsage {
    /// To the hour; null when it never was.
    last_used_at: Option<Timestamp>,
    #[serde(flatten)]
    summary: MetricsSummary,
    /// As far back as rollups are kept, 400 days.
    all: TotalsView,
}

async fn over_time(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let params: MetricsParams = call.query()?;
    let offset_minutes = offset(params.tz_offset_minutes)?;
    let to = params.to.unwrap_or_else(|| admin.platform.clock.now());
    let from = params.from.unwrap_or_else(|| to.minus(DAY));
    if from >= to {
        return Err(invalid("from", "must be before `to`"));
    }
    let interval = params.interval.unwrap_or(IntervalParam::Hour);
    let (points_by, longest) = match interval {
        IntervalParam::Hour => (Interval::Hour, MAX_HOURS_RANGE),
        IntervalParam::Day => (Interval::Day { offset_minutes }, MAX_DAYS_RANGE),
    };
    if to.since(from) > longest {
        let days = longest.as_secs() / DAY.as_secs();
        return Err(invalid("from", format!("must be at most {days} days before `to` with this `interval`")));
    }
    let group_by = params.group_by.unwrap_or(GroupParam::None);
    let query = MetricsQuery {
        from,
        to,
        interval: Interval::Whole,
        group_by: match group_by {
            GroupParam::None => GroupBy::Nothing,
            GroupParam::Model => GroupBy::Model,
            GroupParam::Provider => GroupBy::Provider,
            GroupParam::Key => GroupBy::Key,
            GroupParam::Dialect => GroupBy::Dialect,
        },
        filter: MetricsFilter {
            model: given(&params.model),
            provider: given(&params.provider),
            key_id: given(&params.key),
            dialect: params.dialect,
        },
    };
    let database = &*admin.platform.database;
    let mut groups = read_metrics(database, &query).await?;
    groups.sort_by_key(|metrics| std::cmp::Reverse(metrics.counts.requests));
    let points = read_metrics(database, &MetricsQuery { interval: points_by, ..query }).await?;
    Reply::ok(&MetricsReport {
        from,
        to,
        interval,
        group_by,
        groups: groups.into_iter().map(MetricsGroup::from).collect(),
        points: points.into_iter().map(MetricsPoint::from).collect(),
    })
}

async fn summary(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let params: SummaryParams = call.query()?;
    Reply::ok(&summarise(admin, &params, &MetricsFilter::default()).await?)
}

async fn key_usage(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let params: SummaryParams = call.query()?;
    let id = call.parameter("id");
    let filter = MetricsFilter { key_id: Some(id.to_owned()), ..MetricsFilter::default() };
    Reply::ok(&KeyUsage {
        last_used_at: last_used_hour(&*admin.platform.database, id).await?,
        summary: summarise(admin, &params, &filter).await?,
        all: totals(admin, Timestamp::default(), &filter).await?,
    })
}

async fn summarise(
    admin: &Admin,
    params: &SummaryParams,
    filter: &MetricsFilter,
) -> Result<MetricsSummary, AdminError> {
    let offset_secs = i64::from(offset(params.tz_offset_minutes)?) * 60;
    let day_secs = i64::try_from(DAY.as_secs()).unwrap_or(i64::MAX);
    let local = admin.platform.clock.now().as_secs().saturating_add(offset_secs);
    let midnight = Timestamp::from_secs(local.div_euclid(day_secs) * day_secs - offset_secs);
    Ok(MetricsSummary {
        today: totals(admin, midnight, filter).await?,
        last_7_days: totals(admin, midnight.minus(DAY * 6), filter).await?,
        last_30_days: totals(admin, midnight.minus(DAY * 29), filter).await?,
    })
}

/// Everything since `from`.
async fn totals(admin: &Admin, from: Timestamp, filter: &MetricsFilter) -> Result<TotalsView, AdminError> {
    let query = MetricsQuery {
        from,
        to: admin.platform.clock.now().plus(DAY),
        interval: Interval::Whole,
        group_by: GroupBy::Nothing,
        filter: filter.clone(),
    };
    let found = read_metrics(&*admin.platform.database, &query).await?;
    Ok(TotalsView::from(found.first().unwrap_or(&Metrics::default())))
}

fn offset(minutes: Option<i32>) -> Result<i32, AdminError> {
    let minutes = minutes.unwrap_or(0);
    if minutes.unsigned_abs() > MAX_OFFSET_MINUTES.unsigned_abs() {
        return Err(invalid(
            "tz_offset_minutes",
            format!("must be from -{MAX_OFFSET_MINUTES} to {MAX_OFFSET_MINUTES}"),
        ));
    }
    Ok(minutes)
}

impl From<Metrics> for MetricsGroup {
    fn from(metrics: Metrics) -> Self {
        let totals = TotalsView::from(&metrics);
        let name = if metrics.key_name.is_empty() { metrics.group.clone() } else { metrics.key_name };
        Self { group: metrics.group, name, totals }
    }
}

impl From<Metrics> for MetricsPoint {
    fn from(metrics: Metrics) -> Self {
        Self { start: metrics.start, totals: TotalsView::from(&metrics), group: metrics.group }
    }
}
