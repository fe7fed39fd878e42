//! What was done with each key, provider, model or association: one answer for a whole list.

use std::collections::BTreeMap;

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::logs::invalid;
use super::metrics::{OriginParam, last_used_at, origins};
use super::metrics_view::TotalsView;
use super::period::{DAY, Days};
use super::{Admin, AdminCall, AdminError, AdminRoute, Reply};
use crate::platform::Timestamp;
use crate::record::Sums;
use crate::record::fold::OTHER;
use crate::storage::metrics::{Axis, Detail, MetricsQuery, metrics};

const DEFAULT_DAYS: u32 = 30;
const MAX_DAYS: u32 = 90;
/// The most used ones.
const MAX_ITEMS: usize = 2_000;

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(
            Method::GET,
            "/api/usage",
            "listUsage",
            "When and how much each key, provider, model or association was used",
            |a, c| Box::pin(usage(a, c)),
        )
        .query::<UsageParams>()
        .answers::<UsageReport>(200),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UsageParams {
    by: By,
    /// The length of `period` and of `spark`, today included: at most 90; 30 by default.
    days: Option<u32>,
    /// How many minutes local time is ahead of UTC, where days begin; 0 by default.
    tz_offset_minutes: Option<i32>,
    /// `client` by default: what the console asks by itself does not count.
    #[serde(default)]
    origin: Vec<OriginParam>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "UsageBy")]
enum By {
    Key,
    Provider,
    Model,
    Association,
}

#[derive(Serialize, JsonSchema)]
struct UsageReport {
    /// Most requests of all time first; 2,000 at most. What was never used is left out.
    data: Vec<UsageView>,
    /// With `by=association`: what arrived before is known of no association.
    breakdown_since: Option<Timestamp>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Usage")]
struct UsageView {
    /// Of the key or association; the name of the provider or model. Empty for requests that have none.
    id: String,
    /// For people: the name of the key as it was last, the provider and model of the association, else the same.
    name: String,
    /// To the minute (of what older versions recorded, to the hour).
    last_used_at: Option<Timestamp>,
    today: TotalsView,
    period: TotalsView,
    /// As far back as rollups are kept, 400 days.
    all: TotalsView,
    /// Days of the period with requests, in order.
    spark: Vec<SparkView>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "UsageDay")]
struct SparkView {
    start: Timestamp,
    requests: u64,
    /// Those that ended in anything but success, those that the client left excepted.
    errors: u64,
}

async fn usage(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let params: UsageParams = call.query()?;
    let days = Days::of(params.tz_offset_minutes)?;
    let count = params.days.unwrap_or(DEFAULT_DAYS);
    if !(1..=MAX_DAYS).contains(&count) {
        return Err(invalid("days", format!("must be from 1 to {MAX_DAYS}")));
    }
    let axis = match params.by {
        By::Key => Axis::Key,
        By::Provider => Axis::Provider,
        By::Model => Axis::Model,
        By::Association => Axis::Association,
    };
    let now = admin.platform.clock.now();
    let today = days.midnight(now);
    let first = today.minus(DAY * (count - 1));
    let query = MetricsQuery {
        from: Timestamp::default(),
        to: now.plus(DAY),
        interval: days.since(first),
        group_by: vec![axis],
        filter: origins(&params.origin, &[]),
        detail: Detail::All,
    };
    let ever = metrics(&*admin.platform.database, &query).await?;

    let mut by_day = BTreeMap::<&str, Vec<(Timestamp, &Sums)>>::new();
    for ((start, group), sums) in ever.points.iter().filter(|((start, _), _)| *start >= first) {
        if let Some(id) = ever.groups.get(*group).and_then(|group| group.values.first()) {
            by_day.entry(id).or_default().push((*start, sums));
        }
    }
    let totals = ever.totals();
    let mut found: Vec<_> = ever.groups.iter().zip(&totals).collect();
    found.retain(|(group, _)| group.values.first().is_some_and(|id| id != OTHER));
    found.sort_by(|(a, x), (b, y)| y.counts.requests.cmp(&x.counts.requests).then_with(|| a.values.cmp(&b.values)));
    found.truncate(MAX_ITEMS);
    let view = |(group, all): (&crate::storage::metrics::Group, &Sums)| {
        let id = group.values.first().cloned().unwrap_or_default();
        let name = group.names.first().filter(|name| !name.is_empty()).unwrap_or(&id).clone();
        let days = by_day.get(id.as_str()).map(Vec::as_slice).unwrap_or_default();
        let since = |from: Timestamp| {
            let mut sums = Sums::default();
            days.iter().filter(|(start, _)| *start >= from).for_each(|(_, day)| sums += day);
            TotalsView::from(&sums)
        };
        let spark = |(start, sums): &(Timestamp, &Sums)| SparkView {
            start: *start,
            requests: sums.counts.requests,
            errors: sums.counts.errors(),
        };
        UsageView {
            name,
            last_used_at: last_used_at(all),
            today: since(today),
            period: since(Timestamp::default()),
            all: TotalsView::from(all),
            spark: days.iter().map(spark).collect(),
            id,
        }
    };
    Reply::ok(&UsageReport {
        data: found.into_iter().map(view).collect(),
        breakdown_since: Some(ever.breakdown_since).filter(|_| axis == Axis::Association),
    })
}
