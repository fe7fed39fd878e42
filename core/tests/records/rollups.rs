//! Sums of the rollups, on whatever level they are, are those of the log.

use std::collections::BTreeMap;
use std::time::Duration;

use llmio_core::config::Settings;
use llmio_core::platform::{Clock, Database, Statement, Timestamp, Value};
use llmio_core::record::retention::run_due;
use llmio_core::record::{LogEntry, Operation, Origin, Outcome, Sums, fold, latency};
use llmio_core::storage::metrics::{Axis, Choice, Interval, MetricsQuery, metrics};

use crate::support::{Entries, Home};

/// The third midnight of these tests, in hours since the Unix epoch.
const SINCE: u32 = 490_944;
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Four days, and what they hold.
async fn four_days() -> (Home, Vec<LogEntry>) {
    let home = Home::new().await;
    let mut generator = Entries::new(&home.clock);
    generator.step = Duration::from_secs(173);
    let entries = generator.requests(2_000);
    home.record(entries.clone()).await;
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
        latencies: true,
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
    assert_eq!(columns as usize, rows.len() + 5, "every column but the key, last_at and latencies is compared");

    let by_currency = "SELECT currency, sum(cost) FROM rollups WHERE currency <> '' GROUP BY currency";
    let scan = "SELECT currency, sum(cost) FROM logs WHERE cost IS NOT NULL GROUP BY currency";
    assert_eq!(home.rows(by_currency).await, home.rows(scan).await);
    assert_eq!(
        home.rows("SELECT max(last_at) FROM rollups").await,
        home.rows("SELECT max(created_at) FROM logs").await
    );
}

const AXES: [Axis; 7] =
    [Axis::Model, Axis::Provider, Axis::ProviderModel, Axis::Association, Axis::Key, Axis::Dialect, Axis::Origin];

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

/// Asks, and compares with the entries themselves.
async fn check(home: &Home, entries: &[LogEntry], query: &MetricsQuery) {
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
    let requests = entries.iter().filter(|entry| entry.is_final).count() as u64;
    let attempts = entries.iter().filter(|entry| entry.provider.is_some()).count() as u64;
    let output: u64 = entries.iter().filter_map(|entry| entry.usage.output).sum();
    assert_eq!((sums.counts.requests, sums.counts.attempts), (requests, attempts), "{what}");
    assert_eq!(sums.counts.output_tokens, output, "{what}");
    let mut costs = BTreeMap::<String, f64>::new();
    let mut unpriced = 0;
    for entry in entries {
        match (entry.cost, &entry.currency) {
            (Some(cost), Some(currency)) => *costs.entry(currency.clone()).or_default() += cost,
            _ => unpriced += entry.usage.input.unwrap_or(0) + entry.usage.output.unwrap_or(0),
        }
    }
    assert_eq!((&sums.costs, sums.unpriced.tokens), (&costs, unpriced), "{what}");
    let last = entries.iter().map(|entry| floor(entry.created_at, 60)).max().unwrap();
    assert_eq!(sums.last_minute as i64 * 60, last, "{what}");

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

fn intervals() -> [Interval; 8] {
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
        day(345),
        since(SINCE + 16, 480),
    ]
}

#[tokio::test]
async fn metrics_agree_with_the_entries_on_each_level() {
    let (home, entries) = four_days().await;
    // Nothing folded; the first day but not its finest rows gone; the last day gone, too.
    for days in [0, 2, 3] {
        home.clock.advance(DAY * days);
        let steps = fold_all(&home).await;
        assert_eq!(steps > 0, days > 0);
        for interval in intervals() {
            for groups in AXES.map(|axis| vec![axis]).into_iter().chain([vec![], vec![Axis::Model, Axis::Key]]) {
                if interval == Interval::FiveMinutes && days > 2 {
                    continue;
                }
                check(&home, &entries, &MetricsQuery { interval, group_by: groups, ..query(&entries) }).await;
            }
        }
    }
    assert!(home.count("SELECT pruned_until FROM rollup_state").await > 0);
    let fine = home.count("SELECT count(*) FROM rollups WHERE hour < (SELECT pruned_until FROM rollup_state)").await;
    assert_eq!(fine, 0, "the finest rows go");
}

/// Traffic of weeks with late entries, clean-ups and repairs, folded now and then and asked at random.
#[tokio::test]
async fn sums_equal_the_log_for_random_traffic() {
    for seed in 0..6 {
        let home = Home::new().await;
        let mut generator = Entries::new(&home.clock);
        for _ in 0..seed {
            generator.request();
        }
        let mut recorded = Vec::new();
        let mut held_back = Vec::new();
        for round in 0..24 {
            // Now and then so many in an hour that it gets margins.
            let (step, count) =
                if round % 4 == 1 { (6, 400) } else { (1 + generator.below(4_000), 1 + generator.below(40) as usize) };
            generator.step = Duration::from_secs(step);
            let mut batch = generator.requests(count);
            home.clock.advance(generator.now.since(home.clock.now()));
            if round % 5 == 2 {
                // Comes days or weeks later.
                held_back.extend(batch.split_off(batch.len() / 2));
            }
            if round % 7 == 6 {
                batch.append(&mut held_back);
            }
            home.record(batch.clone()).await;
            recorded.extend(batch);
            for _ in 0..generator.below(60) {
                fold::step(&*home.database, generator.now).await.unwrap();
            }
            generator.now = generator.now.plus(HOUR * generator.below(30) as u32);
            for _ in 0..6 {
                check(&home, &recorded, &random_query(&generator, &recorded, true)).await;
            }
        }
        assert!(home.count("SELECT count(*) FROM rollup_margins WHERE minutes < 480").await > 0);
        // The log goes, the sums stay; and all of it is folded in the end.
        home.database.script("DELETE FROM logs".to_owned()).await.unwrap();
        home.clock.advance(DAY * 9);
        fold_all(&home).await;
        for table in ["rollups", "rollup_hours", "rollup_margins WHERE minutes < 480"] {
            let sql: &'static str = Box::leak(format!("SELECT count(*) FROM {table}").into_boxed_str());
            assert_eq!(home.count(sql).await, 0, "{table}");
        }
        for _ in 0..40 {
            check(&home, &recorded, &random_query(&generator, &recorded, false)).await;
        }
    }
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
    let filter = (0..generator.below(3)).map(|_| {
        let axis = axis();
        let some = |_| value(&entries[generator.below(entries.len() as u64) as usize], axis);
        Choice { axis, values: (0..generator.below(3)).map(some).collect(), leaves_out: generator.below(3) == 0 }
    });
    MetricsQuery { filter: filter.collect(), group_by, interval, from, to, latencies: true }
}

#[tokio::test]
async fn bounds_are_those_of_hours() {
    let (home, entries) = four_days().await;
    let hour = |hours: i64| Timestamp::from_secs(floor(entries[0].created_at, 3_600) + hours * 3_600);
    let micro = Duration::from_micros(1);
    for folded in [false, true] {
        if folded {
            home.clock.advance(DAY * 9);
            fold_all(&home).await;
        }
        for (from, to) in [
            (hour(5), hour(7)),
            (hour(5).plus(micro), hour(7)),
            (hour(5), hour(7).plus(micro)),
            (hour(5), hour(7).minus(micro)),
        ] {
            check(&home, &entries, &MetricsQuery { from, to, ..query(&entries) }).await;
        }
        let before = MetricsQuery { to: hour(0), ..query(&entries) };
        assert!(metrics(&*home.database, &before).await.unwrap().points.is_empty());
    }
}

/// Rollups as versions before the folding wrote them.
#[tokio::test]
async fn the_history_of_older_versions_is_folded() {
    let (home, entries) = four_days().await;
    let older = "\
        UPDATE rollup_dimensions SET association_id = '';\
        CREATE TABLE h AS SELECT hour / 3600 * 3600 AS hour, dimension_id, currency, latencies FROM rollups;\
        CREATE TABLE fine AS SELECT * FROM rollups;\
        DELETE FROM rollups;";
    home.database.script(older.to_owned()).await.unwrap();
    let rows = home.rows("SELECT name FROM pragma_table_info('rollups') WHERE name NOT IN ('hour', 'last_at', 'latencies', 'dimension_id', 'currency')").await;
    let columns: Vec<_> =
        rows.iter().map(|row| if let Value::Text(name) = &row[0] { name.clone() } else { unreachable!() }).collect();
    let sums = columns.iter().map(|column| format!("sum({column})")).collect::<Vec<_>>().join(", ");
    home.database
        .script(format!(
            "INSERT INTO rollups (hour, dimension_id, currency, {}) \
             SELECT hour / 3600 * 3600 AS start, dimension_id, currency, {sums} FROM fine GROUP BY start, dimension_id, currency",
            columns.join(", ")
        ))
        .await
        .unwrap();
    for (hour, id, _, text) in home.rows("SELECT * FROM h").await.into_iter().map(|mut row| {
        let mut take = || row.remove(0);
        (take(), take(), take(), take())
    }) {
        let (Value::Integer(hour), Value::Integer(id), Value::Text(text)) = (hour, id, text) else { unreachable!() };
        for item in text.split(',').filter(|item| !item.is_empty()) {
            let (bucket, count) = item[1..].split_once('*').unwrap();
            let metric = if item.starts_with('f') { "first_token" } else { "total" };
            home.database
                .script(format!(
                    "INSERT INTO rollup_latencies VALUES ({hour}, {id}, '{metric}', {bucket}, {count}) \
                     ON CONFLICT DO UPDATE SET count = count + excluded.count"
                ))
                .await
                .unwrap();
        }
    }
    let ask = |group_by| MetricsQuery { group_by, interval: Interval::Day { offset_minutes: 480 }, ..query(&entries) };
    let before = metrics(&*home.database, &ask(vec![Axis::Model, Axis::Key])).await.unwrap();
    let total = before.totals().iter().map(|sums| sums.counts.requests).sum::<u64>();
    assert_eq!(total, entries.iter().filter(|entry| entry.is_final).count() as u64);
    home.clock.advance(DAY * 9);
    assert!(fold_all(&home).await > 90, "in small steps");
    assert_eq!(home.count("SELECT count(*) FROM rollups").await, 0);
    assert_eq!(home.count("SELECT count(*) FROM rollup_latencies").await, 0);
    let after = metrics(&*home.database, &ask(vec![Axis::Model, Axis::Key])).await.unwrap();
    let by_values = |found: &llmio_core::storage::metrics::Metrics| -> BTreeMap<(Timestamp, Vec<String>), Sums> {
        let values = |group: usize| found.groups[group].values.clone();
        found.points.iter().map(|((start, group), sums)| ((*start, values(*group)), sums.clone())).collect()
    };
    assert!(by_values(&before) == by_values(&after));
    assert!(after.breakdown_since > Timestamp::default());
}

/// Days as the first version that folded left them: by fewer axes, in other pieces. (How it packed them: `pack_v1`.)
#[tokio::test]
async fn days_of_the_first_form_are_read_and_folded_again() {
    let (home, entries) = four_days().await;
    home.clock.advance(DAY * 5);
    fold_all(&home).await;
    let blocks = "SELECT day, axis, part, hours, chunk, sums FROM rollup_blocks ORDER BY 1, 2, 3, 4, 5";
    let whole = home.rows(blocks).await;
    let first_form = "\
        UPDATE rollup_days SET form = 1;\
        DELETE FROM rollup_blocks WHERE axis IN ('model', 'provider') OR hours = 8;\
        DELETE FROM rollup_blocks WHERE axis LIKE 'of\\_%' ESCAPE '\\' AND hours <> 1;";
    home.database.script(first_form.to_owned()).await.unwrap();
    assert!(home.rows(blocks).await.len() < whole.len());
    for folded_again in [false, true] {
        if folded_again {
            assert_eq!(fold_all(&home).await, 4, "a step for each day");
            assert!(home.rows(blocks).await == whole);
        }
        for interval in intervals().into_iter().filter(|interval| *interval != Interval::FiveMinutes) {
            for groups in AXES.map(|axis| vec![axis]).into_iter().chain([vec![], vec![Axis::Model, Axis::Key]]) {
                check(&home, &entries, &MetricsQuery { interval, group_by: groups, ..query(&entries) }).await;
            }
        }
    }
}

/// Two that fold at once, and one that writes late between what another reads and writes.
#[tokio::test]
async fn folding_together_and_late_writes_lose_nothing() {
    let (home, entries) = four_days().await;
    let (early, late) = entries.split_at(entries.len() / 2);
    let home2 = Home::new().await;
    home2.record(early.to_vec()).await;
    home2.clock.advance(DAY * 5);
    let mut late = late.chunks(40);
    loop {
        let now = home2.clock.now();
        let step = || fold::step(&*home2.database, now);
        let record = async {
            if let Some(chunk) = late.next() {
                home2.record(chunk.to_vec()).await;
            }
        };
        let (a, b, ()) = tokio::join!(step(), step(), record);
        if !a.unwrap() && !b.unwrap() && late.len() == 0 {
            break;
        }
    }
    fold_all(&home2).await;
    drop(home);
    check(&home2, &entries, &MetricsQuery { group_by: vec![Axis::Key], ..query(&entries) }).await;
}

#[tokio::test]
async fn names_that_no_model_has_are_counted_as_one() {
    let home = Home::new().await;
    let mut generator = Entries::new(&home.clock);
    let unknown = (0..20).map(|index| LogEntry {
        model: format!("made-up-{index}"),
        provider: None,
        provider_model: None,
        association_id: None,
        status: 404,
        outcome: Outcome::GatewayError,
        key_id: None,
        origin: Origin::Client,
        dialect: llmio_core::dialect::Dialect::OpenAiChat,
        ..generator.request().remove(0)
    });
    home.record(unknown.collect::<Vec<_>>()).await;
    assert_eq!(home.rows("SELECT model FROM rollup_dimensions").await, [[Value::Text(String::new())]]);
}

/// A pattern lets clients choose names; a day keeps the most used ones.
#[tokio::test]
async fn names_that_clients_choose_are_bounded() {
    let home = Home::new().await;
    let mut generator = Entries::new(&home.clock);
    generator.step = Duration::from_millis(100);
    let mut entries = Vec::new();
    for index in 0..fold::MAX_NAMES + 200 {
        for _ in 0..if index < 10 { 3 } else { 1 } {
            let mut entry = generator.request().pop().unwrap();
            entry.model = format!("claude-{index:05}");
            entry.provider = Some("main".to_owned());
            entry.provider_model = Some(entry.model.clone());
            entries.push(entry);
        }
    }
    home.record(entries.clone()).await;
    home.clock.advance(DAY * 2);
    fold_all(&home).await;
    let found =
        metrics(&*home.database, &MetricsQuery { group_by: vec![Axis::Model], ..query(&entries) }).await.unwrap();
    assert_eq!(found.groups.len(), fold::MAX_NAMES + 1);
    let requests: BTreeMap<_, _> = found
        .groups
        .iter()
        .zip(found.totals())
        .map(|(group, sums)| (group.values[0].clone(), sums.counts.requests))
        .collect();
    let is_final = entries.iter().filter(|entry| entry.is_final).count() as u64;
    assert_eq!(requests.values().sum::<u64>(), is_final);
    assert_eq!((requests["claude-00003"], requests[fold::OTHER]), (3, 200));
}

/// A report over many big days: the answers of a database are whole in memory.
#[tokio::test]
async fn reports_read_what_is_folded_in_pieces() {
    let (home, entries) = four_days().await;
    home.clock.advance(DAY * 5);
    fold_all(&home).await;
    // What is behind the sums of a chunk does not count.
    let grow =
        |table: &str, bytes: usize| format!("UPDATE {table} SET sums = unhex(hex(sums) || hex(zeroblob({bytes})))");
    let unfold_days = "DELETE FROM rollup_days WHERE day >= (SELECT pruned_until FROM rollup_state)".to_owned();
    let levels = [
        vec![grow("rollup_blocks", 1_200 << 10)],
        vec![grow("rollup_blocks", 1), grow("rollup_hours", 280 << 10), unfold_days],
    ];
    let query = MetricsQuery { group_by: vec![Axis::Model, Axis::Key], ..query(&entries) };
    for statements in levels {
        let statements = statements.into_iter().map(|sql| Statement::new(sql, vec![])).collect();
        home.database.batch(statements).await.unwrap();
        home.database.answers.lock().unwrap().clear();
        check(&home, &entries, &query).await;
        let answers = home.database.answers.lock().unwrap().clone();
        let (all, most) = (answers.iter().sum::<usize>(), answers.iter().max().copied().unwrap_or_default());
        assert!(all > 10 << 20, "{all} bytes are read in all");
        assert!(most <= 9 << 20, "{most} bytes in one answer");
    }
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

const ONE_AXIS: [Axis; 3] = [Axis::Model, Axis::Provider, Axis::Key];

/// A report of the open day reads little of each hour, unless it is by a key and something else.
#[tokio::test]
async fn an_hour_that_is_full_has_margins() {
    let (home, entries) = two_full_hours().await;
    let grow = "UPDATE rollup_hours SET sums = unhex(hex(sums) || hex(zeroblob(1000000))) WHERE chunk >= 0";
    home.database.batch(vec![Statement::new(grow, vec![])]).await.unwrap();
    for interval in intervals() {
        for axes in ONE_AXIS.map(|axis| vec![axis]).into_iter().chain([vec![], vec![Axis::Model, Axis::Provider]]) {
            home.database.answers.lock().unwrap().clear();
            check(&home, &entries, &MetricsQuery { interval, group_by: axes, ..query(&entries) }).await;
            let read: usize = home.database.answers.lock().unwrap().iter().sum();
            assert!(read > 0 && read < 1_000_000, "{read} bytes");
        }
        let both = vec![Axis::Model, Axis::Key];
        check(&home, &entries, &MetricsQuery { interval, group_by: both, ..query(&entries) }).await;
    }
    let (quiet, _) = four_days().await;
    quiet.clock.advance(DAY);
    assert!(fold_all(&quiet).await > 0);
    let margins = "SELECT count(*) FROM rollup_margins WHERE minutes < 480";
    assert_eq!(quiet.count(margins).await, 0, "a few sums are read as they are");
}

/// One that knows no margins writes late, and folds the hour again.
#[tokio::test]
async fn margins_that_an_older_version_left_do_not_count() {
    let (home, mut entries) = two_full_hours().await;
    let keep = "CREATE TABLE kept AS SELECT * FROM rollup_margins";
    home.database.script(keep.to_owned()).await.unwrap();
    let late = entries.iter().step_by(3).cloned().map(|entry| LogEntry { id: format!("{}9", entry.id), ..entry });
    let late: Vec<_> = late.collect();
    home.record(late.clone()).await;
    entries.extend(late);
    assert_eq!(fold_all(&home).await, 2);
    let older = "DELETE FROM rollup_margins; INSERT INTO rollup_margins SELECT * FROM kept;\
                 DELETE FROM rollup_hours WHERE chunk < 0";
    home.database.script(older.to_owned()).await.unwrap();
    for folded_again in [false, true] {
        if folded_again {
            assert_eq!(fold_all(&home).await, 2);
        }
        for interval in intervals() {
            for axis in ONE_AXIS {
                check(&home, &entries, &MetricsQuery { interval, group_by: vec![axis], ..query(&entries) }).await;
            }
        }
    }
}

/// Days that a version without margins has folded, or folded again.
#[tokio::test]
async fn margins_of_days_are_made_of_their_blocks() {
    let (home, entries) = four_days().await;
    home.clock.advance(DAY * 5);
    fold_all(&home).await;
    let margins = "SELECT axis, minutes, start, chunk, sums FROM rollup_margins ORDER BY 1, 2, 3, 4";
    let whole = home.rows(margins).await;
    assert_eq!(whole.len(), 4 * 10);
    let older = "UPDATE rollup_margins SET sums = x'';\
                 INSERT OR REPLACE INTO rollup_days (day, form) SELECT day, form FROM rollup_days";
    home.database.script(older.to_owned()).await.unwrap();
    for made in [false, true] {
        if made {
            assert_eq!(fold_all(&home).await, 4, "a step for each day");
            assert!(home.rows(margins).await == whole);
            let grow = "UPDATE rollup_blocks SET sums = unhex(hex(sums) || hex(zeroblob(1000000)))";
            home.database.batch(vec![Statement::new(grow, vec![])]).await.unwrap();
        }
        for interval in [Interval::Whole, Interval::Day { offset_minutes: 480 }] {
            for axis in ONE_AXIS {
                home.database.answers.lock().unwrap().clear();
                check(&home, &entries, &MetricsQuery { interval, group_by: vec![axis], ..query(&entries) }).await;
                let read: usize = home.database.answers.lock().unwrap().iter().sum();
                // What is asked for ends within the last day.
                assert!(!made || read < 2_500_000, "{read} bytes");
            }
        }
    }
    home.clock.advance(DAY * 500);
    home.with_time_passing(run_due(&*home.database, &home.clock, &Settings::default())).await.unwrap();
    assert_eq!(home.count("SELECT count(*) FROM rollup_margins").await, 0);
}

/// No third of a day is an hour.
#[tokio::test]
async fn a_report_by_the_hour_reads_hours() {
    let (home, entries) = four_days().await;
    home.clock.advance(DAY * 5);
    fold_all(&home).await;
    let grow = "UPDATE rollup_blocks SET sums = unhex(hex(sums) || hex(zeroblob(1000000))) WHERE hours <> 1";
    home.database.batch(vec![Statement::new(grow, vec![])]).await.unwrap();
    home.database.answers.lock().unwrap().clear();
    check(&home, &entries, &MetricsQuery { interval: Interval::Hour, ..query(&entries) }).await;
    let read: usize = home.database.answers.lock().unwrap().iter().sum();
    assert!(read < 1_000_000, "{read} bytes");
}

#[tokio::test]
async fn a_key_is_called_as_it_was_last() {
    let home = Home::new().await;
    let mut generator = Entries::new(&home.clock);
    generator.step = Duration::from_secs(173);
    let mut entries = generator.requests(2_000);
    let renamed_at = entries[0].created_at.plus(DAY);
    for entry in entries.iter_mut().filter(|entry| entry.key_id.is_some()) {
        entry.key_name = Some(if entry.created_at < renamed_at { "old" } else { "new" }.to_owned());
    }
    let (before, behind): (Vec<_>, Vec<_>) = entries.iter().cloned().partition(|entry| entry.created_at < renamed_at);
    home.record(before).await;
    home.clock.advance(DAY * 2);
    fold_all(&home).await;
    home.record(behind).await;
    home.clock.advance(DAY * 3);
    fold_all(&home).await;
    for hours in 0..30 {
        // Part of a day at the beginning is read after the whole days behind it.
        let from = entries[0].created_at.plus(HOUR * hours);
        let asked = MetricsQuery { from, group_by: vec![Axis::Key], ..query(&entries) };
        for group in metrics(&*home.database, &asked).await.unwrap().groups {
            let expected = if group.values == [""] { "" } else { "new" };
            assert_eq!(group.names, [expected], "from hour {hours}: {group:?}");
        }
    }
}

/// What a request costs where each written row is paid for (D1): rows of tables and of indices.
#[tokio::test]
async fn a_request_writes_few_rows() {
    let home = Home::new().await;
    let mut generator = Entries::new(&home.clock);
    let mut entry = generator.requests(20).into_iter().find(|entry| entry.outcome == Outcome::Success).unwrap();
    entry.session_id = None;
    home.record([LogEntry { id: format!("{}0", entry.id), ..entry.clone() }]).await;
    let before = home.count("SELECT count(*) FROM rollups").await;
    home.database.batches.lock().unwrap().clear();
    home.record([entry]).await;
    // The log's row with its primary key and two of its indices; the finest rollup's; the writer's. Five minutes, an hour or
    // a day that has rows already gets no more.
    assert_eq!(home.count("SELECT count(*) FROM rollups").await, before);
    for table in ["rollup_latencies", "rollup_hours", "rollup_margins", "rollup_days", "rollup_blocks"] {
        let sql: &'static str = Box::leak(format!("SELECT count(*) FROM {table}").into_boxed_str());
        assert_eq!(home.count(sql).await, 0, "{table}");
    }
    assert_eq!(*home.database.batches.lock().unwrap(), [4], "log, dimension, rollup, writer");
}
