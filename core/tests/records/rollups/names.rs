//! Names in rollups: those that clients choose, and those that change.

use std::collections::BTreeMap;
use std::time::Duration;

use llmio_core::platform::Value;
use llmio_core::record::{LogEntry, Origin, Outcome, fold};
use llmio_core::storage::metrics::{Axis, MetricsQuery, metrics};

use super::{DAY, HOUR, fold_all, query};
use crate::support::{Entries, Home};

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
