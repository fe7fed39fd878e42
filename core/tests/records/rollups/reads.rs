//! What a report reads, and what a request writes.

use llmio_core::platform::{Database, Statement};
use llmio_core::record::{LogEntry, Outcome};
use llmio_core::storage::metrics::{Axis, Choice, Interval, MetricsQuery};

use super::{DAY, ONE_AXIS, check, fold_all, four_days, intervals, query, two_full_hours};
use crate::support::{Entries, Home};

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
        vec![grow("rollup_sums", 1_200 << 10)],
        vec![grow("rollup_sums", 1), grow("rollup_hours", 280 << 10), unfold_days],
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
    let margins = "SELECT count(*) FROM rollup_margins";
    assert_eq!(quiet.count(margins).await, 0, "a few sums are read as they are");
}

/// What several things are told apart by is read as far as it is asked for.
#[tokio::test]
async fn a_report_reads_the_parts_that_its_filter_takes() {
    let (home, entries) = four_days().await;
    home.clock.advance(DAY * 5);
    fold_all(&home).await;
    let takes = |axis, value: &str| Choice { axis, values: vec![value.to_owned()], leaves_out: false };
    let (gpt_5, main) = (takes(Axis::Model, "gpt-5"), takes(Axis::Provider, "main"));
    // What it is by, what it takes, and the rows that may be read.
    let rows = [
        (Axis::Key, vec![gpt_5.clone()], "axis = 'key_model' AND part = 'gpt-5'"),
        (Axis::Key, vec![main.clone()], "axis = 'key_provider' AND part = 'main'"),
        (Axis::Key, vec![takes(Axis::Dialect, "gemini")], "axis = 'key_dialect' AND part = 'gemini'"),
        (
            Axis::Key,
            vec![takes(Axis::Association, "main/gpt-5")],
            "axis = 'of_association' AND part = 'main/gpt-5' OR axis = 'route' AND hours = 24",
        ),
        (
            Axis::Key,
            vec![takes(Axis::ProviderModel, "gpt-5-v1")],
            "axis = 'of_association' AND part IN ('main/gpt-5', 'spare/gpt-5') OR axis = 'route' AND hours = 24",
        ),
        (
            Axis::Key,
            vec![gpt_5.clone(), main.clone()],
            "axis = 'of_association' AND part LIKE '%/gpt-5' OR axis = 'route' AND hours = 24",
        ),
        (Axis::Model, vec![takes(Axis::Key, "k1")], "axis = 'of_key' AND part = 'k1'"),
        (Axis::Dialect, vec![takes(Axis::Key, "k1"), gpt_5, main], "axis = 'of_key' AND part = 'k1'"),
    ];
    for (axis, filter, may_read) in rows {
        let sql = format!("SELECT sum(length(sums)) FROM rollup_sums WHERE {may_read}");
        let most = home.count(Box::leak(sql.into_boxed_str())).await;
        for interval in [Interval::Whole, Interval::Hour, Interval::Day { offset_minutes: 480 }] {
            home.database.answers.lock().unwrap().clear();
            let asked = MetricsQuery { interval, group_by: vec![axis], filter: filter.clone(), ..query(&entries) };
            check(&home, &entries, &asked).await;
            let read: usize = home.database.answers.lock().unwrap().iter().sum();
            assert!(read > 0 && read as i64 <= most, "{read} of {most} bytes, {may_read}");
        }
    }
}

/// No third of a day is an hour.
#[tokio::test]
async fn a_report_by_the_hour_reads_hours() {
    let (home, entries) = four_days().await;
    home.clock.advance(DAY * 5);
    fold_all(&home).await;
    let grow = "UPDATE rollup_sums SET sums = unhex(hex(sums) || hex(zeroblob(1000000))) WHERE hours <> 1";
    home.database.batch(vec![Statement::new(grow, vec![])]).await.unwrap();
    home.database.answers.lock().unwrap().clear();
    check(&home, &entries, &MetricsQuery { interval: Interval::Hour, ..query(&entries) }).await;
    let read: usize = home.database.answers.lock().unwrap().iter().sum();
    assert!(read < 1_000_000, "{read} bytes");
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
    for table in ["rollup_latencies", "rollup_hours", "rollup_margins", "rollup_days", "rollup_sums"] {
        let sql: &'static str = Box::leak(format!("SELECT count(*) FROM {table}").into_boxed_str());
        assert_eq!(home.count(sql).await, 0, "{table}");
    }
    assert_eq!(*home.database.batches.lock().unwrap(), [4], "log, dimension, rollup, writer");
}
