//! What reports answer, on whatever level the sums are, is what the log holds.

use std::time::Duration;

use llmio_core::platform::{Clock, Database, Timestamp};
use llmio_core::record::fold;
use llmio_core::storage::metrics::{Axis, Interval, MetricsQuery, metrics};

use super::{AXES, DAY, HOUR, check, floor, fold_all, four_days, intervals, query, random_query};
use crate::support::{Entries, Home};

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
        assert!(home.count("SELECT count(*) FROM rollup_margins").await > 0);
        // The log goes, the sums stay; and all of it is folded in the end.
        home.database.script("DELETE FROM logs".to_owned()).await.unwrap();
        home.clock.advance(DAY * 9);
        fold_all(&home).await;
        for table in ["rollups", "rollup_hours", "rollup_margins"] {
            let sql: &'static str = Box::leak(format!("SELECT count(*) FROM {table}").into_boxed_str());
            assert_eq!(home.count(sql).await, 0, "{table}");
        }
        for _ in 0..40 {
            check(&home, &recorded, &random_query(&generator, &recorded, false)).await;
        }
    }
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
