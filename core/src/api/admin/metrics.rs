//! Requests, tokens, costs and latencies over time, from the rollups.

use core::time::Duration;
use std::collections::BTreeSet;
use std::collections::btree_map::Entry;

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::csv::Csv;
use super::logs::invalid;
use super::metrics_view::TotalsView;
use super::period::{DAY, Days};
use super::{Admin, AdminCall, AdminError, AdminRoute, Reply, none};
use crate::dialect::Dialect;
use crate::platform::Timestamp;
use crate::record::fold::{FINE_RETENTION_DAYS, OTHER};
use crate::record::{Origin, Sums};
use crate::storage::metrics::{Axis, Choice, Detail, Group, Interval, Metrics, MetricsQuery, metrics as read_metrics};
use crate::storage::metrics_top::top_metrics;

const MAX_MINUTES_RANGE: Duration = DAY;
const MAX_HOURS_RANGE: Duration = Duration::from_secs(31 * 86_400);
/// All that rollups are kept of, from a midnight.
const MAX_DAYS_RANGE: Duration = Duration::from_secs(401 * 86_400);
const DEFAULT_GROUPS: usize = 20;
const MAX_GROUPS: usize = 200;
/// Of groups over intervals; a megabyte for each thousand or so.
const MAX_POINTS: usize = 20_000;

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(Method::GET, "/api/metrics", "getMetrics", "Metrics over time and by group", |a, c| {
            Box::pin(over_time(a, c))
        })
        .query::<MetricsParams>()
        .answers::<MetricsReport>(200)
        .or_csv(),
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

/// A filter may be given several times and takes what fits any; `none` is what has none, but for models. `not_` before its name
/// leaves out.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MetricsParams {
    /// Inclusive, to the hour (with `5m`: to five minutes). A day before `to` by default.
    from: Option<Timestamp>,
    /// Exclusive, to the hour (with `5m`: to five minutes). Now by default.
    to: Option<Timestamp>,
    /// `5m` (for at most a day, and as far back as 3 days), `hour` (the default, for at most 31 days) or `day` (for at most
    /// 401).
    interval: Option<IntervalParam>,
    /// How many minutes local time is ahead of UTC, where days begin; 0 by default.
    tz_offset_minutes: Option<i32>,
    group_by: Option<GroupParam>,
    /// Divides the groups further.
    then_by: Option<GroupParam>,
    /// How many groups to tell apart, those with most requests; the rest is one `other`. At most 200; 20 by default.
    limit: Option<usize>,
    #[serde(default)]
    model: Vec<String>,
    #[serde(default)]
    not_model: Vec<String>,
    #[serde(default)]
    provider: Vec<String>,
    #[serde(default)]
    not_provider: Vec<String>,
    #[serde(default)]
    provider_model: Vec<String>,
    #[serde(default)]
    not_provider_model: Vec<String>,
    /// The id of an association.
    #[serde(default)]
    association: Vec<String>,
    #[serde(default)]
    not_association: Vec<String>,
    /// The id of a key.
    #[serde(default)]
    key: Vec<String>,
    #[serde(default)]
    not_key: Vec<String>,
    #[serde(default)]
    dialect: Vec<Dialect>,
    #[serde(default)]
    not_dialect: Vec<Dialect>,
    /// `client` by default, if nothing is left out: what the console asks by itself does not count.
    #[serde(default)]
    origin: Vec<OriginParam>,
    #[serde(default)]
    not_origin: Vec<Origin>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MetricsInterval")]
enum IntervalParam {
    #[serde(rename = "5m")]
    FiveMinutes,
    Hour,
    Day,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MetricsGroupBy")]
enum GroupParam {
    None,
    Model,
    Provider,
    ProviderModel,
    Association,
    Key,
    Dialect,
    Origin,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MetricsOrigin")]
pub(super) enum OriginParam {
    Client,
    Console,
    Test,
    Replay,
    All,
}

#[derive(Serialize, JsonSchema)]
struct MetricsReport {
    from: Timestamp,
    to: Timestamp,
    interval: IntervalParam,
    group_by: GroupParam,
    then_by: GroupParam,
    /// Each group over the whole time, most requests first, `other` last. One without name where nothing is grouped.
    groups: Vec<MetricsGroup>,
    /// By start, then in the order of the groups. Intervals in which a group had no requests are left out.
    points: Vec<MetricsPoint>,
    /// Where associations or origins are asked for: what arrived before is counted, but as of no association and of
    /// clients.
    breakdown_since: Option<Timestamp>,
}

#[derive(Serialize, JsonSchema)]
struct MetricsGroup {
    /// The model, provider, provider's model, association's or key's id, dialect or origin; empty for what has none.
    group: String,
    /// For people: the name of the key, the provider and model of the association, else the same.
    name: String,
    /// As `group`, of `then_by`; null without it.
    then: Option<String>,
    then_name: Option<String>,
    /// Whether it is what `limit` leaves; then without `group`.
    other: bool,
    #[serde(flatten)]
    totals: TotalsView,
}

#[derive(Serialize, JsonSchema)]
struct MetricsPoint {
    start: Timestamp,
    group: String,
    then: Option<String>,
    other: bool,
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
    /// To the minute (of what older versions recorded, to the hour); null when it never was.
    last_used_at: Option<Timestamp>,
    #[serde(flatten)]
    summary: MetricsSummary,
    /// As far back as rollups are kept, 400 days.
    all: TotalsView,
}

impl MetricsParams {
    fn filter(&self) -> Vec<Choice> {
        let dialects = |dialects: &[Dialect]| dialects.iter().map(|dialect| dialect.as_str().to_owned()).collect();
        let mut filter = vec![
            choice(Axis::Model, &self.model, false),
            choice(Axis::Model, &self.not_model, true),
            choice(Axis::Provider, &self.provider, false),
            choice(Axis::Provider, &self.not_provider, true),
            choice(Axis::ProviderModel, &self.provider_model, false),
            choice(Axis::ProviderModel, &self.not_provider_model, true),
            choice(Axis::Association, &self.association, false),
            choice(Axis::Association, &self.not_association, true),
            choice(Axis::Key, &self.key, false),
            choice(Axis::Key, &self.not_key, true),
            Choice { axis: Axis::Dialect, values: dialects(&self.dialect), leaves_out: false },
            Choice { axis: Axis::Dialect, values: dialects(&self.not_dialect), leaves_out: true },
        ];
        filter.extend(origins(&self.origin, &self.not_origin));
        filter
    }

    fn group_by(&self) -> Result<Vec<Axis>, AdminError> {
        let (first, second) = (self.group_by.and_then(GroupParam::axis), self.then_by.and_then(GroupParam::axis));
        match (first, second) {
            (None, Some(_)) => Err(invalid("then_by", "needs `group_by`")),
            (Some(first), Some(second)) if first == second => Err(invalid("then_by", "must differ from `group_by`")),
            (first, second) => Ok(first.into_iter().chain(second).collect()),
        }
    }
}

/// An empty value is none: a form sends its empty fields, too.
fn choice(axis: Axis, values: &[String], leaves_out: bool) -> Choice {
    let value = |value: &String| none::stored(value, axis == Axis::Model).unwrap_or_default();
    Choice { axis, values: values.iter().filter(|value| !value.is_empty()).map(value).collect(), leaves_out }
}

pub(super) fn origins(given: &[OriginParam], left_out: &[Origin]) -> Vec<Choice> {
    let of = |origin: &OriginParam| match origin {
        OriginParam::Client => Some(Origin::Client),
        OriginParam::Console => Some(Origin::Console),
        OriginParam::Test => Some(Origin::Test),
        OriginParam::Replay => Some(Origin::Replay),
        OriginParam::All => None,
    };
    let wanted: Option<Vec<_>> = match (given, left_out) {
        ([], []) => Some(vec![Origin::Client]),
        ([], _) => None,
        (given, _) => given.iter().map(of).collect(),
    };
    let choice = |origins: &[Origin], leaves_out| {
        let values = origins.iter().map(|origin| origin.as_str().to_owned()).collect();
        Choice { axis: Axis::Origin, values, leaves_out }
    };
    vec![choice(&wanted.unwrap_or_default(), false), choice(left_out, true)]
}

impl GroupParam {
    const fn axis(self) -> Option<Axis> {
        Some(match self {
            Self::None => return None,
            Self::Model => Axis::Model,
            Self::Provider => Axis::Provider,
            Self::ProviderModel => Axis::ProviderModel,
            Self::Association => Axis::Association,
            Self::Key => Axis::Key,
            Self::Dialect => Axis::Dialect,
            Self::Origin => Axis::Origin,
        })
    }
}

async fn over_time(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let params: MetricsParams = call.query()?;
    let days = Days::of(params.tz_offset_minutes)?;
    let now = admin.platform.clock.now();
    let to = params.to.unwrap_or(now);
    let from = params.from.unwrap_or_else(|| to.minus(DAY));
    if from >= to {
        return Err(invalid("from", "must be before `to`"));
    }
    let interval = params.interval.unwrap_or(IntervalParam::Hour);
    let (points_by, longest, seconds) = match interval {
        IntervalParam::FiveMinutes => (Interval::FiveMinutes, MAX_MINUTES_RANGE, 300),
        IntervalParam::Hour => (Interval::Hour, MAX_HOURS_RANGE, 3_600),
        IntervalParam::Day => (days.interval(), MAX_DAYS_RANGE, DAY.as_secs()),
    };
    if to.since(from) > longest {
        let days = longest.as_secs() / DAY.as_secs();
        return Err(invalid("from", format!("must be at most {days} days before `to` with this `interval`")));
    }
    if interval == IntervalParam::FiveMinutes && now.as_secs() - from.as_secs() > FINE_RETENTION_DAYS * 86_400 {
        return Err(invalid("from", format!("must be at most {FINE_RETENTION_DAYS} days ago with this `interval`")));
    }
    let limit = params.limit.unwrap_or(DEFAULT_GROUPS);
    if !(1..=MAX_GROUPS).contains(&limit) {
        return Err(invalid("limit", format!("must be from 1 to {MAX_GROUPS}")));
    }
    let group_by = params.group_by()?;
    let intervals = usize::try_from(to.since(from).as_secs() / seconds + 1).unwrap_or(usize::MAX);
    let most = if group_by.is_empty() { 1 } else { limit + 1 };
    if intervals.saturating_mul(most) > MAX_POINTS {
        return Err(invalid(
            "limit",
            format!("is too many for {intervals} intervals: ask for fewer groups, a shorter time or longer intervals"),
        ));
    }
    let wants_breakdown = [Axis::Association, Axis::Origin].iter().any(|axis| group_by.contains(axis))
        || !params.association.is_empty()
        || !params.not_association.is_empty()
        || !params.origin.is_empty()
        || !params.not_origin.is_empty();
    let query = MetricsQuery { from, to, interval: points_by, group_by, filter: params.filter(), detail: Detail::All };
    let found = top_metrics(&*admin.platform.database, &query, limit).await?;
    let breakdown_since = Some(found.breakdown_since).filter(|since| wants_breakdown && from < *since);
    let (groups, points) = top(found, limit);
    let report = MetricsReport {
        from,
        to,
        interval,
        group_by: params.group_by.unwrap_or(GroupParam::None),
        then_by: params.then_by.unwrap_or(GroupParam::None),
        groups,
        points,
        breakdown_since,
    };
    if call.wants_csv() { Ok(report.to_csv().into_reply()) } else { Reply::ok(&report) }
}

/// The groups with most requests, and what is left as one.
fn top(found: Metrics, limit: usize) -> (Vec<MetricsGroup>, Vec<MetricsPoint>) {
    let totals = found.totals();
    let mut order: Vec<usize> = (0..found.groups.len()).collect();
    let rank = |index: &usize| totals.get(*index).map(Sums::rank);
    order.sort_by(|a, b| rank(b).cmp(&rank(a)).then_with(|| values(&found, *a).cmp(values(&found, *b))));
    // Where each group's sums go: to a place of its own, or to that behind the last.
    order.retain(|index| !values(&found, *index).iter().any(|value| value == OTHER));
    order.truncate(limit);
    let mut places = vec![order.len(); found.groups.len()];
    for (place, index) in order.iter().enumerate() {
        if let Some(slot) = places.get_mut(*index) {
            *slot = place;
        }
    }
    let place = |index: usize| places.get(index).copied().unwrap_or(order.len());
    let mut groups = std::collections::BTreeMap::<usize, Sums>::new();
    for (index, sums) in totals.iter().enumerate() {
        *groups.entry(place(index)).or_default() += sums;
    }
    let mut points = std::collections::BTreeMap::<(Timestamp, usize), Sums>::new();
    for ((start, index), sums) in found.points {
        match points.entry((start, place(index))) {
            Entry::Vacant(point) => {
                point.insert(sums);
            }
            Entry::Occupied(mut point) => *point.get_mut() += &sums,
        }
    }
    let group = |place: usize| order.get(place).and_then(|index| found.groups.get(*index));
    let named = |place: usize, sums: &Sums| MetricsGroup::new(group(place), TotalsView::from(sums));
    let point = |start: Timestamp, place: usize, sums: &Sums| {
        let MetricsGroup { group, then, other, totals, .. } = named(place, sums);
        MetricsPoint { start, group, then, other, totals }
    };
    (
        groups.iter().map(|(place, sums)| named(*place, sums)).collect(),
        points.iter().map(|((start, place), sums)| point(*start, *place, sums)).collect(),
    )
}

fn values(found: &Metrics, index: usize) -> &[String] {
    found.groups.get(index).map_or(&[], |group| group.values.as_slice())
}

impl MetricsGroup {
    /// `None` is what is left.
    fn new(group: Option<&Group>, totals: TotalsView) -> Self {
        let value = |place: usize| group.and_then(|group| group.values.get(place)).cloned();
        let name = |place: usize| {
            let name = group.and_then(|group| group.names.get(place)).filter(|name| !name.is_empty()).cloned();
            name.or_else(|| value(place))
        };
        Self {
            group: value(0).unwrap_or_default(),
            name: name(0).unwrap_or_default(),
            then: value(1),
            then_name: name(1),
            other: group.is_none(),
            totals,
        }
    }
}

impl MetricsReport {
    /// Its points, a row each.
    fn to_csv(&self) -> Csv {
        let currencies: BTreeSet<_> = self.points.iter().flat_map(|point| point.totals.costs.keys()).collect();
        let currencies: Vec<String> = currencies.into_iter().cloned().collect();
        let mut csv = Csv::default();
        let head = ["start", "group", "then", "other"].into_iter().chain(TotalsView::COLUMNS).map(str::to_owned);
        csv.row(head.chain(currencies.iter().map(|currency| format!("cost_{currency}"))));
        for MetricsPoint { start, group, then, other, totals } in &self.points {
            let head = [start.to_rfc3339(), group.clone(), then.clone().unwrap_or_default(), other.to_string()];
            csv.row(head.into_iter().chain(totals.cells(&currencies)));
        }
        csv
    }
}

async fn summary(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let params: SummaryParams = call.query()?;
    let days = Days::of(params.tz_offset_minutes)?;
    let now = admin.platform.clock.now();
    let query = MetricsQuery {
        from: days.midnight(now).minus(DAY * 29),
        to: now.plus(DAY),
        interval: days.interval(),
        group_by: vec![],
        filter: origins(&[], &[]),
        detail: Detail::All,
    };
    Reply::ok(&MetricsSummary::of(&read_metrics(&*admin.platform.database, &query).await?, days, now))
}

async fn key_usage(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let params: SummaryParams = call.query()?;
    let days = Days::of(params.tz_offset_minutes)?;
    let now = admin.platform.clock.now();
    let key = Choice { axis: Axis::Key, values: vec![call.parameter("id").to_owned()], leaves_out: false };
    let query = MetricsQuery {
        from: Timestamp::default(),
        to: now.plus(DAY),
        interval: days.since(days.midnight(now).minus(DAY * 29)),
        group_by: vec![],
        filter: vec![key],
        detail: Detail::All,
    };
    let found = read_metrics(&*admin.platform.database, &query).await?;
    let all = found.totals().pop().unwrap_or_default();
    Reply::ok(&KeyUsage {
        last_used_at: last_used_at(&all),
        summary: MetricsSummary::of(&found, days, now),
        all: TotalsView::from(&all),
    })
}

/// To the minute; `None` without any request.
pub(super) fn last_used_at(sums: &Sums) -> Option<Timestamp> {
    let minute = i64::try_from(sums.last_minute).ok().filter(|minute| *minute > 0)?;
    Some(Timestamp::from_secs(minute.saturating_mul(60)))
}

impl MetricsSummary {
    /// Of what was found by days.
    fn of(found: &Metrics, days: Days, now: Timestamp) -> Self {
        let since = |days_ago: u32| {
            let from = days.midnight(now).minus(DAY * days_ago);
            let mut sums = Sums::default();
            found.points.iter().filter(|((start, _), _)| *start >= from).for_each(|(_, point)| sums += point);
            TotalsView::from(&sums)
        };
        Self { today: since(0), last_7_days: since(6), last_30_days: since(29) }
    }
}
