//! Reports of the greatest groups, where all would be too many to read.

use std::collections::{BTreeMap, BTreeSet};

use llmio_core::platform::{Clock, Database, Statement, Timestamp};
use llmio_core::record::{LogEntry, Sums, fold};
use llmio_core::storage::metrics::{Axis, Choice, Interval, MetricsQuery};
use llmio_core::storage::metrics_top::top_metrics;

use super::{DAY, compare_all_but_costs_and_last, expected, fold_all, four_days, intervals, query, random_query};
use crate::support::{Entries, Home};

/// Asks for so many groups, and compares them and what is left with the entries themselves.
pub(super) async fn check_top(home: &Home, entries: &[LogEntry], query: &MetricsQuery, limit: usize) {
    let expected = expected(entries, query);
    let mut ranks = BTreeMap::<&Vec<String>, (usize, usize)>::new();
    for ((_, group), entries) in &expected {
        let rank = ranks.entry(group).or_default();
        rank.0 += entries.iter().filter(|entry| entry.is_final).count();
        rank.1 += entries.iter().filter(|entry| entry.provider.is_some()).count();
    }
    let mut order: Vec<_> = ranks.into_iter().collect();
    order.sort_by_key(|(group, rank)| (std::cmp::Reverse(*rank), *group));
    let greatest: BTreeSet<_> = order.into_iter().take(limit).map(|(group, _)| group.clone()).collect();
    let group_of = |values: &Vec<String>| greatest.get(values).cloned().unwrap_or_default();
    let mut wanted = BTreeMap::<(Timestamp, Vec<String>), Vec<&LogEntry>>::new();
    for ((start, group), entries) in &expected {
        wanted.entry((*start, group_of(group))).or_default().extend(entries);
    }
    let found = top_metrics(&*home.database, query, limit).await.unwrap();
    let mut points = BTreeMap::<(Timestamp, Vec<String>), Sums>::new();
    for ((start, group), sums) in &found.points {
        *points.entry((*start, group_of(&found.groups[*group].values))).or_default() += sums;
    }
    assert!(points.keys().eq(wanted.keys()), "{query:?}: {:?} {:?}", points.keys(), wanted.keys());
    for ((slot, sums), entries) in points.iter().zip(wanted.values()) {
        compare_all_but_costs_and_last(sums, entries, &format!("{slot:?} of {query:?}"));
        let mut costs = BTreeMap::<&str, f64>::new();
        for entry in entries {
            *costs.entry(entry.currency.as_deref().unwrap_or_default()).or_default() += entry.cost.unwrap_or(0.0);
        }
        // What has been taken away may have had a currency that the rest has not.
        let real = costs.into_iter().filter(|(_, cost)| *cost > 0.0);
        let told = sums.costs.iter().filter(|(_, cost)| **cost != 0.0);
        assert!(real.eq(told.map(|(currency, cost)| (currency.as_str(), *cost))), "{slot:?} of {query:?}");
    }
}

#[tokio::test]
async fn the_greatest_groups_and_the_rest_are_those_of_the_entries() {
    let (home, entries) = four_days().await;
    let choice = |axis, value: &str, leaves_out| Choice { axis, values: vec![value.to_owned()], leaves_out };
    let pairs = [
        [Axis::Key, Axis::Model],
        [Axis::Provider, Axis::Key],
        [Axis::Key, Axis::Dialect],
        [Axis::Key, Axis::Association],
        [Axis::ProviderModel, Axis::Key],
        [Axis::Key, Axis::Origin],
    ];
    let filters = [
        vec![],
        vec![choice(Axis::Provider, "main", false)],
        vec![choice(Axis::Model, "gpt-5", true)],
        vec![choice(Axis::Key, "k1", true), choice(Axis::Provider, "spare", true)],
    ];
    // Nothing folded; the first day; all.
    for days in [0, 2, 9] {
        home.clock.advance(DAY * days);
        fold_all(&home).await;
        for interval in intervals() {
            if interval == Interval::FiveMinutes && days > 2 {
                continue;
            }
            for filter in &filters {
                let asked = |group_by: &[Axis]| {
                    let (group_by, filter) = (group_by.to_vec(), filter.clone());
                    MetricsQuery { interval, group_by, filter, ..query(&entries) }
                };
                for pair in &pairs {
                    check_top(&home, &entries, &asked(pair), 3).await;
                }
                check_top(&home, &entries, &asked(&[Axis::Key]), 2).await;
                check_top(&home, &entries, &asked(&[Axis::Model]), 2).await;
                check_top(&home, &entries, &asked(&[]), 2).await;
            }
        }
    }
}

#[tokio::test]
async fn they_are_for_random_traffic() {
    let home = Home::new().await;
    let mut generator = Entries::new(&home.clock);
    let mut recorded = Vec::new();
    for _ in 0..20 {
        generator.step = std::time::Duration::from_secs(1 + generator.below(4_000));
        let batch = generator.requests(1 + generator.below(60) as usize);
        home.clock.advance(generator.now.since(home.clock.now()));
        home.record(batch.clone()).await;
        recorded.extend(batch);
        for _ in 0..generator.below(90) {
            fold::step(&*home.database, generator.now).await.unwrap();
        }
        for _ in 0..8 {
            let asked = random_query(&generator, &recorded, false);
            check_top(&home, &recorded, &asked, 1 + generator.below(5) as usize).await;
        }
    }
}

/// Of whole days only the parts of the greatest groups are read.
#[tokio::test]
async fn a_report_reads_what_is_great() {
    let (home, entries) = four_days().await;
    home.clock.advance(DAY * 9);
    fold_all(&home).await;
    let grow =
        "UPDATE rollup_sums SET sums = unhex(hex(sums) || hex(zeroblob(100000))) WHERE axis <> 'ranks' AND hours <> 1";
    home.database.batch(vec![Statement::new(grow, vec![])]).await.unwrap();
    let all = query(&entries);
    let asked = MetricsQuery {
        from: all.from.minus(DAY),
        to: all.to.plus(DAY),
        group_by: vec![Axis::Provider, Axis::Key],
        ..all
    };
    let days = home.count("SELECT count(*) FROM rollup_days").await as usize;
    let parts = "SELECT count(*) FROM rollup_sums WHERE axis = 'key_provider' AND hours = 8";
    let parts = home.count(parts).await as usize;
    assert!(parts > 2 * days);
    // Of each day one row is of all.
    for (limit, rows) in [(1, days / 2..2 * days + 1), (100, parts + days..parts + days + 1)] {
        let (least, most) = (rows.start * 100_000, rows.end * 100_000);
        home.database.answers.lock().unwrap().clear();
        check_top(&home, &entries, &asked, limit).await;
        let read: usize = home.database.answers.lock().unwrap().iter().sum();
        assert!((least..most).contains(&read), "{read} bytes by {limit}");
    }
}
