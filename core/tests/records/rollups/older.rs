//! What older versions left is read, and folded again.

use std::collections::BTreeMap;

use llmio_core::platform::{Clock, Database, Timestamp, Value};
use llmio_core::record::{LogEntry, Sums, fold};
use llmio_core::storage::metrics::{Axis, Choice, Interval, MetricsQuery, metrics};

use super::top::check_top;
use super::{AXES, DAY, ONE_AXIS, check, fold_all, four_days, intervals, query, two_full_hours};
use crate::support::Home;

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

/// Days as older versions left them: in another table, by fewer things, in other pieces. (How the first packed them: `pack_v1`.)
#[tokio::test]
async fn days_of_older_forms_are_read_and_folded_again() {
    // The second has some blocks that the first has not; of those nothing is read.
    for form in [1, 2] {
        let (home, entries) = four_days().await;
        home.clock.advance(DAY * 5);
        fold_all(&home).await;
        let sums = "SELECT day, axis, part, hours, chunk, sums FROM rollup_sums ORDER BY 1, 2, 3, 4, 5";
        let whole = home.rows(sums).await;
        // An association is a provider and a model; each entry has one.
        let older = format!(
            "UPDATE rollup_days SET form = {form};\
             INSERT INTO rollup_blocks SELECT * FROM rollup_sums \
                WHERE hours = 1 AND axis IN ('total', 'key', 'route', 'of_key');\
             INSERT INTO rollup_blocks SELECT day, 'of_' || axis, name, hours, \
                row_number() OVER (PARTITION BY day, axis, name), sums FROM \
                (SELECT *, 'model' AS axis, substr(part, instr(part, '/') + 1) AS name FROM old UNION ALL \
                 SELECT *, 'provider', substr(part, 1, instr(part, '/') - 1) FROM old);\
             INSERT INTO rollup_margins SELECT axis, hours * 60, day, chunk, sums FROM rollup_sums \
                WHERE axis IN ('total', 'key') AND hours > 1;\
             DELETE FROM rollup_sums;"
        );
        let old = "CREATE TEMP VIEW old AS SELECT day, part, hours, sums FROM rollup_sums \
                   WHERE axis = 'of_association' AND hours = 1;";
        home.database.script(format!("{old}{older}")).await.unwrap();
        for folded_again in [false, true] {
            if folded_again {
                fold_together(&home).await;
                assert!(home.rows(sums).await == whole);
                for table in ["rollup_blocks", "rollup_margins"] {
                    let sql: &'static str = Box::leak(format!("SELECT count(*) FROM {table}").into_boxed_str());
                    assert_eq!(home.count(sql).await, 0, "{table}");
                }
            }
            for interval in intervals().into_iter().filter(|interval| *interval != Interval::FiveMinutes) {
                let two = [
                    vec![],
                    vec![Axis::Model, Axis::Key],
                    vec![Axis::Key, Axis::Dialect],
                    vec![Axis::Provider, Axis::Key],
                ];
                for groups in AXES.map(|axis| vec![axis]).into_iter().chain(two) {
                    let asked = MetricsQuery { interval, group_by: groups, ..query(&entries) };
                    check(&home, &entries, &asked).await;
                    let filter = [(Axis::Model, "gpt-5"), (Axis::Key, "k1")].map(|(axis, value)| Choice {
                        axis,
                        values: vec![value.to_owned()],
                        leaves_out: false,
                    });
                    check(&home, &entries, &MetricsQuery { filter: filter.to_vec(), ..asked }).await;
                }
            }
        }
    }
}

/// Days that are not cut where it is midnight, and of which nobody knows what was asked most.
#[tokio::test]
async fn days_of_the_third_form_are_read_and_folded_again() {
    let (home, entries) = four_days().await;
    home.clock.advance(DAY * 5);
    fold_all(&home).await;
    let sums = "SELECT day, axis, part, hours, chunk, sums FROM rollup_sums ORDER BY 1, 2, 3, 4, 5";
    let whole = home.rows(sums).await;
    let older = "UPDATE rollup_days SET form = 3; DELETE FROM rollup_sums WHERE hours = 0 OR axis = 'ranks';";
    home.database.script(older.to_owned()).await.unwrap();
    for folded_again in [false, true] {
        if folded_again {
            fold_together(&home).await;
            assert!(home.rows(sums).await == whole);
        }
        for interval in intervals().into_iter().filter(|interval| *interval != Interval::FiveMinutes) {
            for groups in [vec![], vec![Axis::Key], vec![Axis::Model], vec![Axis::Key, Axis::Model]] {
                let asked = MetricsQuery { interval, group_by: groups, ..query(&entries) };
                check(&home, &entries, &asked).await;
                check_top(&home, &entries, &asked, 2).await;
            }
        }
    }
}

/// As two instances do that share a database, until there is nothing left.
async fn fold_together(home: &Home) {
    let now = home.clock.now();
    loop {
        let (one, other) = tokio::join!(fold::step(&*home.database, now), fold::step(&*home.database, now));
        if !one.unwrap() && !other.unwrap() && !fold::step(&*home.database, now).await.unwrap() {
            return;
        }
    }
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
