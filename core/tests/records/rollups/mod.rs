//! Sums of the rollups, on whatever level they are, are those of the log.

mod names;
mod older;
mod reads;
mod sums;
mod top;

use std::collections::BTreeMap;
use std::time::Duration;

use llmio_core::platform::{Clock, Timestamp};
use llmio_core::record::{LogEntry, Operation, Outcome, Sums, fold, latency};
use llmio_core::storage::metrics::{Axis, Choice, Detail, Interval, MetricsQuery, metrics};

use crate::support::{Entries, Home};

/// The third midnight of these tests, in hours since the Unix epoch.
const SINCE: u32 = 490_944;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

const AXES: [Axis; 7] =
    [Axis::Model, Axis::Provider, Axis::ProviderModel, Axis::Association, Axis::Key, Axis::Dialect, Axis::Origin];

const ONE_AXIS: [Axis; 3] = [Axis::Model, Axis::Provider, Axis::Key];

/// Four days, and what they hold.
async fn four_days() -> (Home, Vec<LogEntry>) {
    let home = Home::new().await;
    let mut generator = Entries::new(&home.clock);
    generator.step = Duration::from_secs(173);
    let entries = generator.requests(2_000);
    home.record(entries.clone()).await;
    (home, entries)
}

/// Two hours with much in them, folded, and the third begun.
async fn two_full_hours() -> (Home, Vec<LogEntry>) {
    let home = Home::new().await;
    let mut generator = Entries::new(&home.clock);
    generator.step = Duration::from_secs(9);
    let entries = generator.requests(900);
    home.record(entries.clone()).await;
    home.clock.advance(HOUR * 2 + Duration::from_secs(900));
    assert_eq!(fold_all(&home).await, 2);
    (home, entries)
}

/// Folds all that can be folded now.
async fn fold_all(home: &Home) -> usize {
    let mut steps = 0;
    while fold::step(&*home.database, home.clock.now()).await.unwrap() {
        steps += 1;
        assert!(steps < 10_000, "it ends");
    }
    steps
}

fn query(entries: &[LogEntry]) -> MetricsQuery {
    MetricsQuery {
        from: entries.iter().map(|entry| entry.created_at).min().unwrap(),
        to: entries.iter().map(|entry| entry.created_at).max().unwrap().plus(Duration::from_secs(1)),
        interval: Interval::Whole,
        group_by: vec![],
        filter: vec![],
        detail: Detail::All,
    }
}

fn intervals() -> [Interval; 9] {
    let day = |offset_minutes| Interval::Day { offset_minutes };
    let since = |hours, offset_minutes| {
        let since = Timestamp::default().plus(HOUR * hours);
        Interval::DaysSince { since, offset_minutes }
    };
    [
        Interval::Whole,
        Interval::FiveMinutes,
        Interval::Hour,
        day(0),
        day(480),
        day(-300),
        day(120),
        day(345),
        since(SINCE + 16, 480),
    ]
}

/// By five minutes only of the last day, and only if these are still told apart.
fn random_query(generator: &Entries, entries: &[LogEntry], five_minutes: bool) -> MetricsQuery {
    let all = query(entries);
    let mut interval = generator.pick(&intervals());
    if interval == Interval::FiveMinutes && !five_minutes {
        interval = Interval::Hour;
    }
    let whole = all.to.since(all.from).as_secs().max(1);
    let span = if interval == Interval::FiveMinutes { whole.min(86_400) } else { whole };
    let from = all.to.minus(Duration::from_secs(span)).plus(Duration::from_secs(generator.below(span)));
    let to = from.plus(Duration::from_secs(1 + generator.below(span)));
    let axis = || generator.pick(&AXES);
    let mut group_by: Vec<_> = (0..generator.below(3)).map(|_| axis()).collect();
    group_by.dedup();
    let filter = (0..generator.below(4)).map(|_| {
        let axis = axis();
        let some = |_| value(&entries[generator.below(entries.len() as u64) as usize], axis);
        Choice { axis, values: (0..generator.below(3)).map(some).collect(), leaves_out: generator.below(3) == 0 }
    });
    MetricsQuery { filter: filter.collect(), group_by, interval, from, to, detail: Detail::All }
}

/// The entries of each interval and group.
fn expected<'a>(
    entries: &'a [LogEntry],
    query: &MetricsQuery,
) -> BTreeMap<(Timestamp, Vec<String>), Vec<&'a LogEntry>> {
    let period = if query.interval == Interval::FiveMinutes { 300 } else { 3_600 };
    let mut expected = BTreeMap::<(Timestamp, Vec<String>), Vec<&LogEntry>>::new();
    for entry in entries {
        let begin = floor(entry.created_at, period);
        let in_time = begin >= floor(query.from, period) && Timestamp::from_secs(begin) < query.to;
        let wanted = query.filter.iter().all(|choice| {
            choice.values.is_empty() || choice.values.contains(&value(entry, choice.axis)) != choice.leaves_out
        });
        if !in_time || !wanted {
            continue;
        }
        let start = match query.interval {
            Interval::Whole => 0,
            Interval::FiveMinutes | Interval::Hour => begin,
            Interval::DaysSince { since, .. } if Timestamp::from_secs(begin) < since => 0,
            Interval::Day { offset_minutes } | Interval::DaysSince { offset_minutes, .. } => {
                let offset = i64::from(offset_minutes) * 60;
                (begin + offset).div_euclid(86_400) * 86_400 - offset
            }
        };
        let group = query.group_by.iter().map(|axis| value(entry, *axis)).collect();
        expected.entry((Timestamp::from_secs(start), group)).or_default().push(entry);
    }
    expected
}

/// Asks, and compares with the entries themselves.
async fn check(home: &Home, entries: &[LogEntry], query: &MetricsQuery) {
    let expected = expected(entries, query);
    let found = metrics(&*home.database, query).await.unwrap();
    let mut points = BTreeMap::new();
    for ((start, group), sums) in &found.points {
        let group = &found.groups[*group];
        if let ([Axis::Key], [key]) = (query.group_by.as_slice(), group.values.as_slice())
            && !key.is_empty()
        {
            assert_eq!(group.names, [format!("name of {key}")]);
        }
        points.insert((*start, group.values.clone()), sums);
    }
    assert!(points.keys().eq(expected.keys()), "{query:?}: {:?} {:?}", points.keys(), expected.keys());
    for ((slot, sums), entries) in points.iter().zip(expected.values()) {
        compare(sums, entries, &format!("{slot:?} of {query:?}"));
    }
}

fn compare(sums: &Sums, entries: &[&LogEntry], what: &str) {
    let last = entries.iter().map(|entry| floor(entry.created_at, 60)).max().unwrap();
    assert_eq!(sums.last_minute as i64 * 60, last, "{what}");
    let mut costs = BTreeMap::<String, f64>::new();
    for entry in entries {
        if let (Some(cost), Some(currency)) = (entry.cost, &entry.currency) {
            *costs.entry(currency.clone()).or_default() += cost;
        }
    }
    assert_eq!(sums.costs, costs, "{what}");
    compare_all_but_costs_and_last(sums, entries, what);
}

fn compare_all_but_costs_and_last(sums: &Sums, entries: &[&LogEntry], what: &str) {
    let requests = entries.iter().filter(|entry| entry.is_final).count() as u64;
    let attempts = entries.iter().filter(|entry| entry.provider.is_some()).count() as u64;
    let output: u64 = entries.iter().filter_map(|entry| entry.usage.output).sum();
    assert_eq!((sums.counts.requests, sums.counts.attempts), (requests, attempts), "{what}");
    assert_eq!(sums.counts.output_tokens, output, "{what}");
    let unpriced = entries.iter().filter(|entry| entry.cost.is_none() || entry.currency.is_none());
    let unpriced: u64 = unpriced.map(|entry| entry.usage.input.unwrap_or(0) + entry.usage.output.unwrap_or(0)).sum();
    assert_eq!(sums.unpriced.tokens, unpriced, "{what}");
    let generations = || entries.iter().filter(|entry| entry.is_final && entry.operation == Operation::Generate);
    let first: Vec<_> = generations().filter_map(|entry| entry.first_token_us).collect();
    let total: Vec<_> = generations().filter(|e| e.outcome == Outcome::Success).map(|entry| entry.total_us).collect();
    for (told, mut real) in [(&sums.first_token, first), (&sums.total, total)] {
        real.sort_unstable();
        let percents = [50, 90, 95, 99];
        let told = told.percentiles_ms(percents.map(|percent| percent as u64));
        assert_eq!(told.is_some(), !real.is_empty(), "{what}");
        for (percent, told_ms) in percents.into_iter().zip(told.into_iter().flatten()) {
            let rank = (real.len() * percent).div_ceil(100);
            let real_ms = real[rank - 1].max(1_000) as f64 / 1_000.0;
            let error = (told_ms / real_ms - 1.0).abs();
            assert!(error <= latency::MAX_RELATIVE_ERROR, "p{percent} told as {told_ms} ms, is {real_ms} ms, {what}");
        }
    }
}

fn value(entry: &LogEntry, axis: Axis) -> String {
    match axis {
        Axis::Model => entry.model.clone(),
        Axis::Provider => entry.provider.clone().unwrap_or_default(),
        Axis::ProviderModel => entry.provider_model.clone().unwrap_or_default(),
        Axis::Association => entry.association_id.clone().unwrap_or_default(),
        Axis::Key => entry.key_id.clone().unwrap_or_default(),
        Axis::Dialect => entry.dialect.as_str().to_owned(),
        Axis::Origin => entry.origin.as_str().to_owned(),
    }
}

fn floor(time: Timestamp, seconds: i64) -> i64 {
    time.as_secs().div_euclid(seconds) * seconds
}
