//! Counts of the log: the values that its fields have, and its entries over time.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use super::log_params::{FacetParams, HistogramParams};
use super::logs::invalid;
use super::{Admin, AdminCall, AdminError, AdminRoute, Reply};
use crate::platform::{Database, DatabaseError, Timestamp};
use crate::record::fold::{FINE_RETENTION_DAYS, OTHER};
use crate::record::rollup::{DAY_SECS, HOUR_SECS};
use crate::storage::log_counts::{self, Bucket, Histogram};
use crate::storage::log_filter::{LogField, LogFilter};
use crate::storage::metrics::{Axis, Choice, Detail, Interval, MetricsQuery, metrics};

/// Values of a field, the most frequent ones.
const MAX_VALUES: usize = 100;
const DEFAULT_BUCKETS: u32 = 60;
const MAX_BUCKETS: u32 = 400;
/// Without `from`: how far back.
const DEFAULT_DAYS: i64 = 7;
const MAX_DAYS: i64 = 401;

/// Round lengths of buckets, in seconds.
const LENGTHS: [i64; 15] = [
    1,
    5,
    15,
    60,
    300,
    900,
    1_800,
    HOUR_SECS,
    10_800,
    21_600,
    43_200,
    DAY_SECS,
    2 * DAY_SECS,
    7 * DAY_SECS,
    30 * DAY_SECS,
];

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(
            Method::GET,
            "/api/logs/facets",
            "listLogFacets",
            "The values that fields of the log have, with how often",
            |a, c| Box::pin(facets(a, c)),
        )
        .query::<FacetParams>()
        .answers::<FacetsView>(200),
        AdminRoute::new(
            Method::GET,
            "/api/logs/histogram",
            "getLogHistogram",
            "How many entries of the log there are over time",
            |a, c| Box::pin(histogram(a, c)),
        )
        .query::<HistogramParams>()
        .answers::<HistogramView>(200),
    ]
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LogFacets")]
struct FacetsView {
    /// By field, most frequent first, 100 values at most.
    fields: BTreeMap<&'static str, Vec<FacetView>>,
    /// Whether only the newest entries were counted.
    approximate: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LogFacet")]
struct FacetView {
    /// As the filter of that name takes it; null for what has none, which it calls `none`.
    value: Option<String>,
    /// For people: the name of the key, the provider and model of the association, else null.
    name: Option<String>,
    count: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LogHistogram")]
struct HistogramView {
    /// In order; all have the length `seconds`.
    buckets: Vec<BucketView>,
    seconds: i64,
    total: TotalView,
    /// What arrived earlier was not counted, for want of time; null when all was.
    scanned_to: Option<Timestamp>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LogHistogramTotal")]
struct TotalView {
    count: u64,
    /// Whether there may be more.
    capped: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LogHistogramBucket")]
struct BucketView {
    start: Timestamp,
    success: u64,
    /// Neither success nor cancelled.
    error: u64,
    cancelled: u64,
}

/// What the rollups know, too.
const AXES: [(LogField, Axis); 7] = [
    (LogField::Model, Axis::Model),
    (LogField::Provider, Axis::Provider),
    (LogField::ProviderModel, Axis::ProviderModel),
    (LogField::Association, Axis::Association),
    (LogField::Key, Axis::Key),
    (LogField::Dialect, Axis::Dialect),
    (LogField::Origin, Axis::Origin),
];

fn axis(field: LogField) -> Option<Axis> {
    AXES.iter().find(|(known, _)| *known == field).map(|(_, axis)| *axis)
}

/// The filter in terms of rollups, where they know all that it asks for.
fn choices(filter: &LogFilter) -> Option<Vec<Choice>> {
    if !filter.is_only_of(&AXES.map(|(field, _)| field)) {
        return None;
    }
    let choice = |choice: &crate::storage::log_filter::FieldChoice| {
        let values = choice.values.iter().map(|value| value.clone().unwrap_or_default()).collect();
        axis(choice.field).map(|axis| Choice { axis, values, leaves_out: choice.leaves_out })
    };
    Some(filter.fields.iter().filter(|choice| !choice.values.is_empty()).filter_map(choice).collect())
}

async fn facets(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let params: FacetParams = call.query()?;
    let mut fields: Vec<LogField> = Vec::new();
    for field in &params.field {
        if !fields.contains(field) {
            fields.push(*field);
        }
    }
    if fields.is_empty() {
        return Err(invalid("field", "must be given: one or several fields of the log"));
    }
    let filter = params.filter()?;
    let (database, clock) = (&*admin.platform.database, &*admin.platform.clock);
    let choices = choices(&filter);
    let mut scanned = Vec::new();
    let mut summed = Vec::new();
    for field in fields {
        match (axis(field), &choices) {
            (Some(axis), Some(choices)) => summed.push(sums(database, field, axis, choices, &filter, clock.now())),
            _ => scanned.push(field),
        }
    }
    let mut found: BTreeMap<_, _> = try_join_all(summed).await?.into_iter().collect();
    let mut approximate = false;
    if !scanned.is_empty() {
        let mut facets = log_counts::facets(database, clock, &filter, &scanned).await?;
        approximate = facets.approximate;
        for field in scanned {
            let counts = facets.counts.remove(&field).unwrap_or_default();
            let values = counts.into_iter().map(|(value, count)| FacetView { value, name: None, count });
            found.insert(field.as_str(), top(field, values.collect()));
        }
    }
    Reply::ok(&FacetsView { fields: found, approximate })
}

/// A field's values as the rollups have them.
async fn sums(
    database: &dyn Database,
    field: LogField,
    axis: Axis,
    choices: &[Choice],
    filter: &LogFilter,
    now: Timestamp,
) -> Result<(&'static str, Vec<FacetView>), DatabaseError> {
    let query = MetricsQuery {
        from: filter.from.unwrap_or_default(),
        to: filter.to.unwrap_or(now),
        interval: Interval::Whole,
        group_by: vec![axis],
        filter: choices.to_vec(),
        detail: Detail::Requests,
    };
    let report = metrics(database, &query).await?;
    let values = report.groups.iter().zip(report.totals()).filter_map(|(group, sums)| {
        let value = group.values.first().filter(|value| *value != OTHER)?.clone();
        let name = group.names.first().filter(|name| !name.is_empty()).cloned();
        let value = Some(value).filter(|value| !value.is_empty());
        Some(FacetView { value, name, count: sums.counts.requests })
    });
    Ok((field.as_str(), top(field, values.filter(|facet| facet.count > 0).collect())))
}

fn top(field: LogField, mut values: Vec<FacetView>) -> Vec<FacetView> {
    // What asked for none is nothing that a filter could ask for.
    values.retain(|facet| field != LogField::Model || facet.value.as_ref().is_some_and(|model| !model.is_empty()));
    values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    values.truncate(MAX_VALUES);
    values
}

/// Where at most `buckets` buckets begin that hold the seconds from `first` to `last`, and how long they are: at round times if
/// any round length does, else with the first second, or its hour where they are hours or longer.
fn divided(first: i64, last: i64, buckets: i64) -> (i64, i64) {
    let fits = |seconds: &&i64| last.div_euclid(**seconds) - first.div_euclid(**seconds) < buckets;
    if let Some(seconds) = LENGTHS.iter().find(fits) {
        return (first.div_euclid(*seconds) * seconds, *seconds);
    }
    let unit = if last - first >= buckets * HOUR_SECS { HOUR_SECS } else { 1 };
    let start = first.div_euclid(unit) * unit;
    let seconds = (last - start) / buckets + 1;
    (start, (seconds + unit - 1).div_euclid(unit) * unit)
}

async fn histogram(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let params: HistogramParams = call.query()?;
    let buckets = params.buckets.unwrap_or(DEFAULT_BUCKETS);
    if !(1..=MAX_BUCKETS).contains(&buckets) {
        return Err(invalid("buckets", format!("must be from 1 to {MAX_BUCKETS}")));
    }
    let (database, clock) = (&*admin.platform.database, &*admin.platform.clock);
    let mut filter = params.filter()?;
    let to = filter.to.unwrap_or_else(|| clock.now());
    let from = filter.from.unwrap_or_else(|| Timestamp::from_secs(to.as_secs() - DEFAULT_DAYS * DAY_SECS));
    if from >= to {
        return Err(invalid("from", "must be before `to`"));
    }
    let last = to.as_micros().saturating_sub(1).div_euclid(1_000_000);
    let span = last - from.as_secs() + 1;
    if span > MAX_DAYS * DAY_SECS {
        return Err(invalid("from", format!("must be at most {MAX_DAYS} days before `to`")));
    }
    let (start, seconds) = divided(from.as_secs(), last, i64::from(buckets));
    filter.from = Some(from);
    filter.to = Some(to);
    let is_recent = clock.now().as_secs() - from.as_secs() < FINE_RETENTION_DAYS * DAY_SECS && span <= DAY_SECS;
    let interval = match seconds {
        seconds if seconds % DAY_SECS == 0 => Some(Interval::Day { offset_minutes: 0 }),
        seconds if seconds % HOUR_SECS == 0 => Some(Interval::Hour),
        seconds if seconds % 300 == 0 && is_recent => Some(Interval::FiveMinutes),
        _ => None,
    };
    let found = match (interval, choices(&filter)) {
        (Some(interval), Some(choices)) => {
            let query = MetricsQuery { from, to, interval, group_by: vec![], filter: choices, detail: Detail::Sums };
            let mut histogram = Histogram::default();
            for ((begin, _), sums) in metrics(database, &query).await?.points {
                let bucket = start + (begin.as_secs() - start).div_euclid(seconds) * seconds;
                let bucket = histogram.buckets.entry(bucket).or_default();
                bucket.count += sums.counts.requests;
                bucket.successes += sums.counts.successes;
                bucket.cancelled += sums.counts.cancelled;
            }
            histogram.buckets.retain(|_, bucket| bucket.count > 0);
            histogram
        }
        _ => log_counts::histogram(database, clock, &filter, start, seconds).await?,
    };
    let view = |(start, bucket): (&i64, &Bucket)| BucketView {
        start: Timestamp::from_secs(*start),
        success: bucket.successes,
        error: bucket.count.saturating_sub(bucket.successes).saturating_sub(bucket.cancelled),
        cancelled: bucket.cancelled,
    };
    Reply::ok(&HistogramView {
        seconds,
        total: TotalView { count: found.buckets.values().map(|bucket| bucket.count).sum(), capped: found.capped },
        scanned_to: found.scanned_to,
        buckets: found.buckets.iter().map(view).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_never_more_than_asked_for() {
        const QUARTER: i64 = 900;
        let rows = [
            // 10:45 to 11:15; one round bucket of both is that from nine o'clock.
            (43 * QUARTER, 45 * QUARTER - 1, 1, (3 * 10_800, 10_800)),
            (43 * QUARTER, 45 * QUARTER - 1, 2, (43 * QUARTER, QUARTER)),
            (43 * QUARTER, 45 * QUARTER, 2, (42 * QUARTER, 1_800)),
            (0, 59, 60, (0, 1)),
            (0, 60, 60, (0, 5)),
            // Over the end of all round lengths.
            (210 * DAY_SECS - 7, 210 * DAY_SECS + 6, 1, (210 * DAY_SECS - 7, 14)),
            (20 * DAY_SECS + 7, 421 * DAY_SECS, 10, (20 * DAY_SECS, 963 * HOUR_SECS)),
        ];
        for (first, last, buckets, expected) in rows {
            let (start, seconds) = divided(first, last, buckets);
            assert_eq!((start, seconds), expected, "{first} to {last} in {buckets}");
            assert!(start <= first && (last - start) / seconds < buckets, "{first} to {last} in {buckets}");
        }
    }
}
