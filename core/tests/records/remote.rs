use std::sync::Arc;
use std::time::Duration;

use llmio_conformance::sqld::Sqld;
use llmio_core::platform::Clock;
use llmio_core::record::retention::{Criterion, run_now};
use llmio_core::record::{Bodies, Recorder, fold};
use llmio_core::storage::log_filter::{LogFilter, StatusRange};
use llmio_core::storage::log_query::page;
use llmio_core::storage::metrics::{Axis, Detail, Interval, MetricsQuery, metrics};

use crate::libsql::open;
use crate::support::{Entries, Fault, Home};

/// What a home tells of the same entries, recorded while answers get lost.
async fn told(home: &Home) -> Vec<String> {
    let mut generator = Entries::new(&home.clock);
    let mut entries = generator.requests(600);
    entries[3].bodies = Some(Bodies { request: "{\"a\": \"\u{1f980}\"}".to_owned(), response: "b".repeat(700_000) });
    for (index, entry) in entries.iter_mut().enumerate().filter(|(index, _)| index % 3 == 0) {
        entry.bodies.get_or_insert(Bodies {
            request: format!("{index}\0\u{1}\"\\\n\u{2028}{}", "x".repeat(index * 150)),
            response: String::new(),
        });
        entry.error = Some(format!("\"{index}\"\0\t"));
        entry.total_us = (1 << 53) + 1;
    }
    let recorder = Recorder::new(&home.platform);
    home.database.fail(&[Fault::LoseAnswer, Fault::LoseAnswer]);
    entries.iter().cloned().for_each(|entry| recorder.submit(entry));
    for _ in 0..3 {
        recorder.flush().await;
    }
    assert_eq!((recorder.status().queued, recorder.status().degraded), (0, None));

    let mut told = vec![];
    let failures = LogFilter {
        status: StatusRange::parse("5xx").into_iter().collect(),
        all_attempts: true,
        ..LogFilter::default()
    };
    let first = page(&*home.database, &failures, None, 20).await.unwrap();
    let second = page(&*home.database, &failures, first.next.as_deref(), 20).await.unwrap();
    told.push(format!("{first:?} {second:?}"));
    for folded in [false, true] {
        if folded {
            home.clock.advance(Duration::from_secs(2 * 86_400));
            while fold::step(&*home.database, home.clock.now()).await.unwrap() {}
        }
        for interval in [Interval::Whole, Interval::Hour, Interval::Day { offset_minutes: 330 }] {
            let (from, to) = (entries[0].created_at, generator.now);
            let query =
                MetricsQuery { from, to, interval, group_by: vec![Axis::Model], filter: vec![], detail: Detail::All };
            let found = metrics(&*home.database, &query).await.unwrap();
            told.push(format!("{:?} {:?}", found.groups, found.points));
        }
    }
    let keep = Criterion::KeepNewest(50);
    let cleanup = home.with_time_passing(run_now(&*home.database, &home.clock, keep)).await.unwrap();
    told.push(format!("{} {:?}", cleanup.deleted, cleanup.error));
    for sql in [
        "SELECT * FROM logs",
        "SELECT * FROM rollups",
        "SELECT * FROM rollup_sums",
        "SELECT * FROM log_bodies ORDER BY log_id, side",
    ] {
        told.push(format!("{:?}", home.rows(sql).await));
    }
    told
}

#[tokio::test]
async fn a_libsql_server_tells_what_a_local_file_tells() {
    let sqld = Sqld::start().await;
    let remote = told(&Home::on(Arc::new(open(&sqld.url()))).await).await;
    let local = told(&Home::new().await).await;
    for (remote, local) in remote.iter().zip(&local) {
        assert!(remote == local, "{}\n{}", &remote[..remote.len().min(2_000)], &local[..local.len().min(2_000)]);
    }
}
