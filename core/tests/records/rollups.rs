use std::collections::BTreeMap;
use std::time::Duration;

use llmio_core::dialect::Dialect;
use llmio_core::platform::{Timestamp, Value};
use llmio_core::record::{LogEntry, Operation, Outcome, latency};
use llmio_core::storage::metrics::{GroupBy, Interval, Metrics, MetricsFilter, MetricsQuery, last_used_hour, metrics};

use crate::support::{Entries, Home};

const DAY: i64 = 86_400;

/// Four days, and what they hold.
async fn four_days() -> (Home, Vec<LogEntry>) {
    let home = Home::new().await;
    let mut generator = Entries::new(&home.clock);
    generator.step = Duration::from_secs(173);
    let entries = generator.requests(2_000);
    home.record(entries.clone()).await;
    (home, entries)
}

fn query(entries: &[LogEntry]) -> MetricsQuery {
    MetricsQuery {
        from: entries[0].created_at,
        to: entries[entries.len() - 1].created_at.plus(Duration::from_secs(1)),
        interval: Interval::Whole,
        group_by: GroupBy::Nothing,
        filter: MetricsFilter::default(),
    }
}

#[tokio::test]
async fn rollups_add_up_to_what_a_scan_of_the_log_gives() {
    let (home, _) = four_days().await;
    let rows = [
        ("requests", "sum(is_final)"),
        ("successes", "sum(is_final AND outcome = 'success')"),
        ("client_errors", "sum(is_final AND outcome = 'client_error')"),
        ("provider_errors", "sum(is_final AND outcome = 'provider_error')"),
        ("rate_limited", "sum(is_final AND outcome = 'rate_limited')"),
        ("timeouts", "sum(is_final AND outcome = 'timeout')"),
        ("connect_errors", "sum(is_final AND outcome = 'connect_error')"),
        ("cancelled", "sum(is_final AND outcome = 'cancelled')"),
        ("gateway_errors", "sum(is_final AND outcome = 'gateway_error')"),
        ("attempts", "sum(provider IS NOT NULL)"),
        (
            "failed_attempts",
            "sum(provider IS NOT NULL AND outcome IN ('provider_error', 'rate_limited', 'timeout', 'connect_error'))",
        ),
        ("input_tokens", "sum(input_tokens)"),
        ("cache_read_tokens", "sum(cache_read_tokens)"),
        ("cache_write_5m_tokens", "sum(cache_write_5m_tokens)"),
        ("cache_write_1h_tokens", "coalesce(sum(cache_write_1h_tokens), 0)"),
        ("output_tokens", "sum(output_tokens)"),
        ("reasoning_tokens", "sum(reasoning_tokens)"),
        ("cost", "sum(cost)"),
        ("request_bytes", "sum(request_bytes)"),
        ("response_bytes", "sum(response_bytes)"),
        ("first_token_us", "sum(first_token_us) FILTER (WHERE is_final AND operation = 'generate')"),
        ("first_token_count", "count(first_token_us) FILTER (WHERE is_final AND operation = 'generate')"),
        ("total_us", "sum(total_us) FILTER (WHERE is_final AND operation = 'generate' AND outcome = 'success')"),
        ("total_count", "count(total_us) FILTER (WHERE is_final AND operation = 'generate' AND outcome = 'success')"),
        (
            "generation_us",
            "sum(total_us - iif(stream, coalesce(first_token_us, 0), 0)) FILTER (WHERE output_tokens IS NOT NULL)",
        ),
        ("generation_tokens", "sum(output_tokens + reasoning_tokens)"),
    ];
    for (column, scan) in rows {
        let rolled: &'static str = Box::leak(format!("SELECT sum({column}) FROM rollups").into_boxed_str());
        let scanned: &'static str = Box::leak(format!("SELECT {scan} FROM logs").into_boxed_str());
        assert_eq!(home.rows(rolled).await, home.rows(scanned).await, "{column}");
    }
    let columns = home.count("SELECT count(*) FROM pragma_table_info('rollups')").await;
    assert_eq!(columns as usize, rows.len() + 3, "every column behind the key is compared");

    let by_currency = "SELECT currency, sum(cost) FROM rollups WHERE currency <> '' GROUP BY currency";
    let scan = "SELECT currency, sum(cost) FROM logs WHERE cost IS NOT NULL GROUP BY currency";
    assert_eq!(home.rows(by_currency).await, home.rows(scan).await);
    let histogram = home.count("SELECT sum(count) FROM rollup_latencies WHERE metric = 'total'").await;
    assert_eq!(histogram, home.count("SELECT sum(total_count) FROM rollups").await);
}

type GroupOf = fn(&LogEntry) -> String;

#[tokio::test]
async fn metrics_agree_with_the_entries_in_each_interval_and_group() {
    let (home, entries) = four_days().await;
    let intervals = [
        (Interval::Whole, 0, i64::MAX),
        (Interval::Hour, 0, 3_600),
        (Interval::Day { offset_minutes: 0 }, 0, DAY),
        (Interval::Day { offset_minutes: 480 }, 8 * 3_600, DAY),
        (Interval::Day { offset_minutes: -300 }, -5 * 3_600, DAY),
    ];
    let groups: [(GroupBy, GroupOf); 5] = [
        (GroupBy::Nothing, |_| String::new()),
        (GroupBy::Model, |entry| entry.model.clone()),
        (GroupBy::Provider, |entry| entry.provider.clone().unwrap_or_default()),
        (GroupBy::Key, |entry| entry.key_id.clone().unwrap_or_default()),
        (GroupBy::Dialect, |entry| entry.dialect.as_str().to_owned()),
    ];
    for (interval, offset, seconds) in intervals {
        for (group_by, group_of) in groups {
            let mut expected = BTreeMap::<_, Vec<&LogEntry>>::new();
            for entry in &entries {
                let start = match seconds {
                    i64::MAX => 0,
                    _ => (entry.created_at.as_secs() + offset).div_euclid(seconds) * seconds - offset,
                };
                expected.entry((Timestamp::from_secs(start), group_of(entry))).or_default().push(entry);
            }
            let found =
                metrics(&*home.database, &MetricsQuery { interval, group_by, ..query(&entries) }).await.unwrap();
            assert_eq!(found.len(), expected.len(), "{interval:?} {group_by:?}");
            for (metrics, (slot, entries)) in found.iter().zip(&expected) {
                assert_eq!((metrics.start, metrics.group.clone()), *slot);
                compare(metrics, entries);
                if group_by == GroupBy::Key && !metrics.group.is_empty() {
                    assert_eq!(metrics.key_name, format!("name of {}", metrics.group));
                }
            }
        }
    }
}

fn compare(metrics: &Metrics, entries: &[&LogEntry]) {
    let requests = entries.iter().filter(|entry| entry.is_final).count() as u64;
    let output: u64 = entries.iter().filter_map(|entry| entry.usage.output).sum();
    assert_eq!((metrics.counts.requests, metrics.counts.output_tokens), (requests, output));
    let mut costs = BTreeMap::<String, f64>::new();
    for entry in entries {
        if let (Some(cost), Some(currency)) = (entry.cost, &entry.currency) {
            *costs.entry(currency.clone()).or_default() += cost;
        }
    }
    assert_eq!(metrics.costs, costs);

    let generations = || entries.iter().filter(|entry| entry.is_final && entry.operation == Operation::Generate);
    let first: Vec<_> = generations().filter_map(|entry| entry.first_token_us).collect();
    let total: Vec<_> = generations().filter(|e| e.outcome == Outcome::Success).map(|entry| entry.total_us).collect();
    for (told, mut real) in [(metrics.first_token, first), (metrics.total, total)] {
        real.sort_unstable();
        assert_eq!(told.is_some(), !real.is_empty());
        let Some(told) = told else { continue };
        for (told_ms, percent) in [(told.p50, 50), (told.p90, 90), (told.p99, 99)] {
            let rank = (real.len() * percent).div_ceil(100);
            let real_ms = real[rank - 1].max(1_000) as f64 / 1_000.0;
            let error = (told_ms / real_ms - 1.0).abs();
            assert!(
                error <= latency::MAX_RELATIVE_ERROR,
                "p{percent} of {} told as {told_ms} ms, is {real_ms} ms",
                real.len()
            );
        }
    }
}

type Wanted = fn(&LogEntry) -> bool;

#[tokio::test]
async fn filters_and_bounds_choose_rollups() {
    let (home, entries) = four_days().await;
    let filter = MetricsFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let rows: Vec<(MetricsFilter, Wanted)> = vec![
        (MetricsFilter { model: text("gpt-5"), ..filter() }, |e| e.model == "gpt-5"),
        (MetricsFilter { provider: text("main"), ..filter() }, |e| e.provider.as_deref() == Some("main")),
        (MetricsFilter { key_id: text("k1"), ..filter() }, |e| e.key_id.as_deref() == Some("k1")),
        (MetricsFilter { dialect: Some(Dialect::Anthropic), ..filter() }, |e| e.dialect == Dialect::Anthropic),
        (MetricsFilter { model: text("gpt-5"), key_id: text("k1"), ..filter() }, |e| {
            e.model == "gpt-5" && e.key_id.as_deref() == Some("k1")
        }),
    ];
    for (filter, wanted) in rows {
        let chosen: Vec<_> = entries.iter().filter(|entry| wanted(entry)).collect();
        let found = metrics(&*home.database, &MetricsQuery { filter, ..query(&entries) }).await.unwrap();
        compare(&found[0], &chosen);
    }

    let hour =
        |hours: i64| Timestamp::from_secs(entries[0].created_at.as_secs().div_euclid(3_600) * 3_600 + hours * 3_600);
    let micro = Duration::from_micros(1);
    // From, to, and the hours that count.
    let rows = [
        (hour(5), hour(7), 5..7),
        (hour(5).plus(micro), hour(7), 5..7),
        (hour(5), hour(7).plus(micro), 5..8),
        (hour(5), hour(7).minus(micro), 5..7),
    ];
    for (from, to, hours) in rows {
        let inside = hour(hours.start)..hour(hours.end);
        let chosen: Vec<_> = entries.iter().filter(|entry| inside.contains(&entry.created_at)).collect();
        let found = metrics(&*home.database, &MetricsQuery { from, to, ..query(&entries) }).await.unwrap();
        compare(&found[0], &chosen);
    }
    assert!(metrics(&*home.database, &MetricsQuery { to: hour(0), ..query(&entries) }).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_key_knows_when_it_was_last_used() {
    let (home, entries) = four_days().await;
    let last = entries.iter().rfind(|entry| entry.key_id.as_deref() == Some("k2")).unwrap().created_at;
    let hour = last_used_hour(&*home.database, "k2").await.unwrap().unwrap();
    assert!(hour <= last && last.since(hour) < Duration::from_secs(3_600));
    assert_eq!(last_used_hour(&*home.database, "unknown").await.unwrap(), None);
}

#[tokio::test]
async fn names_that_no_model_has_are_counted_as_one() {
    let home = Home::new().await;
    let mut generator = Entries::new(&home.clock);
    let unknown = (0..20).map(|index| LogEntry {
        model: format!("made-up-{index}"),
        provider: None,
        provider_model: None,
        status: 404,
        outcome: Outcome::GatewayError,
        key_id: None,
        dialect: Dialect::OpenAiChat,
        ..generator.request().remove(0)
    });
    home.record(unknown.collect::<Vec<_>>()).await;
    assert_eq!(home.rows("SELECT model FROM rollup_dimensions").await, [[Value::Text(String::new())]]);
}
