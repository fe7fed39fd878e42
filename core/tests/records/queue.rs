use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use llmio_core::platform::DatabaseErrorKind::{Busy, Constraint, Missing, Network, Other};
use llmio_core::platform::{Clock, Statement, Timestamp, Value};
use llmio_core::record::{Bodies, LogEntry, MAX_QUEUED_BODY_BYTES, MAX_QUEUED_ENTRIES, Recorder, TraceId};
use llmio_core::storage::metrics::{Detail, Interval, MetricsQuery, metrics};
use llmio_core::testing::FixedEntropy;

use crate::support::{Entries, Fault, Home, entry};

async fn assert_written_once(home: &Home, entries: &[LogEntry]) {
    let expected: Vec<_> = entries.iter().map(|entry| vec![Value::Text(entry.id.clone())]).collect();
    assert!(home.rows("SELECT id FROM logs ORDER BY rowid").await == expected, "other rows, or another order");
    let requests = entries.iter().filter(|entry| entry.is_final).count() as i64;
    assert_eq!(home.count("SELECT coalesce(sum(requests), 0) FROM rollups").await, requests);
    let timed = entries.iter().filter(|entry| entry.is_final && entry.first_token_us.is_some());
    let timed = timed.filter(|entry| entry.operation == llmio_core::record::Operation::Generate).count() as i64;
    let query = MetricsQuery {
        from: Timestamp::default(),
        to: home.clock.now().plus(Duration::from_secs(86_400)),
        interval: Interval::Whole,
        group_by: vec![],
        filter: vec![],
        detail: Detail::All,
    };
    let sums = metrics(&*home.database, &query).await.unwrap().totals().pop().unwrap_or_default();
    assert_eq!((sums.counts.requests, sums.first_token.count()), (requests as u64, timed as u64));
}

#[tokio::test]
async fn every_entry_is_written_once_and_in_order_whatever_fails() {
    let rows: [&[Fault]; 6] = [
        &[],
        &[Fault::Refuse(Busy), Fault::Refuse(Network), Fault::Refuse(Missing)],
        &[Fault::LoseAnswer],
        &[Fault::LoseAnswer, Fault::LoseAnswer, Fault::Refuse(Network)],
        &[Fault::Refuse(Busy), Fault::LoseAnswer],
        &[Fault::LoseAnswer, Fault::Refuse(Busy), Fault::LoseAnswer],
    ];
    for faults in rows {
        let home = Home::new().await;
        let recorder = Recorder::new(&home.platform);
        let entries = Entries::new(&home.clock).requests(600);
        home.database.fail(faults);
        let (early, late) = entries.split_at(entries.len() / 2);
        early.iter().cloned().for_each(|entry| recorder.submit(entry));
        for _ in faults {
            recorder.flush().await;
            let status = recorder.status();
            assert_eq!(status.queued, early.len(), "{faults:?}");
            assert!(status.degraded.is_some_and(|error| error.contains("by the test")), "{faults:?}");
        }
        late.iter().cloned().for_each(|entry| recorder.submit(entry));
        recorder.flush().await;
        let status = recorder.status();
        assert_eq!((status.queued, status.dropped, status.degraded), (0, 0, None), "{faults:?}");
        assert_written_once(&home, &entries).await;
    }
}

type Refused = fn(&[Statement]) -> bool;

fn holds_poison(statements: &[Statement]) -> bool {
    statements.iter().flat_map(|statement| &statement.params).any(|value| *value == Value::Text("poison".to_owned()))
}

#[tokio::test]
async fn a_refused_batch_is_written_entry_by_entry_and_loses_what_is_refused_alone() {
    let nothing: Refused = |_| false;
    let large: Refused = |statements| statements.len() > 40;
    let poison: Refused = holds_poison;
    let both: Refused = |statements| statements.len() > 40 || holds_poison(statements);
    // Three for the batch, then two in each flush: for an entry and for its mark.
    let everything = [Fault::Refuse(Other); 11];
    let busy = [Fault::Refuse(Busy); 12];
    let refused = [Fault::Refuse(Constraint), Fault::Refuse(Network), Fault::Refuse(Other), Fault::Refuse(Other)];
    let with = |before: &[Fault], after: &[Fault]| [before, &refused, after].concat();
    // What the database refuses, how it fails besides, which entries are poison, and how many flushes are enough.
    let rows: [(Refused, Vec<Fault>, &[usize], usize); 12] = [
        (nothing, refused.to_vec(), &[], 5),
        (nothing, refused[..3].to_vec(), &[], 4),
        (large, vec![], &[], 4),
        (poison, vec![], &[0], 4),
        (poison, vec![], &[3, 4, 99], 4),
        (both, vec![], &[1, 98], 4),
        (nothing, everything.to_vec(), &[], 8),
        (nothing, busy.to_vec(), &[], 13),
        // The batch was written and only its answer lost.
        (nothing, with(&[Fault::LoseAnswer], &[]), &[], 6),
        // The same with single entries, and with the mark of one that is passed over.
        (nothing, with(&[], &[Fault::LoseAnswer]), &[], 6),
        (poison, vec![Fault::LoseAnswer, Fault::Refuse(Network)], &[0], 6),
        (nothing, with(&[], &[Fault::Refuse(Other), Fault::Refuse(Network)]), &[], 6),
    ];
    for (row, (refuse, faults, poisoned, flushes)) in rows.into_iter().enumerate() {
        let home = Home::new().await;
        let recorder = Recorder::new(&home.platform);
        let mut generator = Entries::new(&home.clock);
        let mut entries = generator.requests(100);
        poisoned.iter().for_each(|index| entries[*index].error = Some("poison".to_owned()));
        home.database.refuse(refuse);
        home.database.fail(&faults);
        entries.iter().cloned().for_each(|entry| recorder.submit(entry));
        for flush in 1..=flushes {
            assert!(recorder.status().queued > 0, "row {row} before flush {flush}");
            recorder.flush().await;
        }
        let status = recorder.status();
        assert_eq!((status.queued, status.dropped, status.degraded), (0, poisoned.len() as u64, None), "row {row}");
        let late = generator.requests(5);
        late.iter().cloned().for_each(|entry| recorder.submit(entry));
        recorder.flush().await;
        entries.retain(|entry| entry.error.as_deref() != Some("poison"));
        entries.extend(late);
        assert_written_once(&home, &entries).await;
    }
}

#[tokio::test]
async fn a_frozen_batch_that_wakes_among_its_entries_counts_nothing_twice() {
    let home = Home::new().await;
    let recorder = Recorder::new(&home.platform);
    let entries = Entries::new(&home.clock).requests(10);
    let refused = Fault::Refuse(Other);
    home.database.fail(&[Fault::HoldWrite, refused, refused, refused, Fault::LoseAnswer]);
    entries.iter().cloned().for_each(|entry| recorder.submit(entry));
    let mut frozen = pin!(recorder.flush());
    assert!(frozen.as_mut().now_or_never().is_none());
    home.clock.advance(Duration::from_secs(31));
    for _ in 0..4 {
        recorder.flush().await;
    }
    assert_eq!(recorder.status().queued, entries.len());
    assert_eq!(home.count("SELECT count(*) FROM logs").await, 1);

    home.database.release();
    frozen.await;
    assert_eq!(recorder.status().queued, 0);
    assert_written_once(&home, &entries).await;
}

#[tokio::test]
async fn a_dropped_flush_leaves_its_batch_to_the_next() {
    for fault in [Fault::HoldWrite, Fault::HoldAnswer] {
        let home = Home::new().await;
        let recorder = Recorder::new(&home.platform);
        let entries = Entries::new(&home.clock).requests(10);
        home.database.fail(&[fault]);
        entries.iter().cloned().for_each(|entry| recorder.submit(entry));
        assert!(recorder.flush().now_or_never().is_none(), "the flush should be held");
        assert_eq!(recorder.status().queued, entries.len());
        recorder.flush().await;
        assert_eq!(recorder.status().queued, 0);
        assert_written_once(&home, &entries).await;
    }
}

#[tokio::test]
async fn flushes_at_the_same_time_share_the_work() {
    for fault in [Fault::HoldWrite, Fault::HoldAnswer] {
        let home = Home::new().await;
        let recorder = Recorder::new(&home.platform);
        let entries = Entries::new(&home.clock).requests(30);
        let (first, rest) = entries.split_at(10);
        home.database.fail(&[fault]);
        first.iter().cloned().for_each(|entry| recorder.submit(entry));
        let mut running = pin!(recorder.flush());
        assert!(running.as_mut().now_or_never().is_none());

        rest.iter().cloned().for_each(|entry| recorder.submit(entry));
        assert!(recorder.flush().now_or_never().is_some(), "a second flush does not wait for the first");
        assert_eq!(recorder.status().queued, entries.len());

        home.database.release();
        running.await;
        assert_eq!(recorder.status().queued, 0, "the first flush writes what the second was asked for, too");
        assert_written_once(&home, &entries).await;
    }
}

#[tokio::test]
async fn what_comes_during_a_flush_waits_for_the_next() {
    let home = Home::new().await;
    let recorder = Recorder::new(&home.platform);
    let entries = Entries::new(&home.clock).requests(30);
    let (first, rest) = entries.split_at(10);
    home.database.fail(&[Fault::HoldWrite]);
    first.iter().cloned().for_each(|entry| recorder.submit(entry));
    let mut running = pin!(recorder.flush());
    assert!(running.as_mut().now_or_never().is_none());
    rest.iter().cloned().for_each(|entry| recorder.submit(entry));
    home.database.release();
    running.await;
    assert_eq!(recorder.status().queued, rest.len());
    recorder.flush().await;
    assert_written_once(&home, &entries).await;
}

#[tokio::test]
async fn a_frozen_flush_is_taken_over_and_does_no_harm_when_it_wakes() {
    for fault in [Fault::HoldWrite, Fault::HoldAnswer] {
        let home = Home::new().await;
        let recorder = Recorder::new(&home.platform);
        let entries = Entries::new(&home.clock).requests(30);
        let (first, rest) = entries.split_at(10);
        home.database.fail(&[fault]);
        first.iter().cloned().for_each(|entry| recorder.submit(entry));
        let mut frozen = pin!(recorder.flush());
        assert!(frozen.as_mut().now_or_never().is_none());

        home.clock.advance(Duration::from_secs(31));
        rest.iter().cloned().for_each(|entry| recorder.submit(entry));
        recorder.flush().await;
        assert_eq!(recorder.status().queued, 0);

        home.database.release();
        frozen.await;
        assert_eq!(recorder.status().queued, 0);
        assert_written_once(&home, &entries).await;
    }
}

/// Four entries a statement: where a statement costs by its work, that is the quickest.
#[tokio::test]
async fn a_batch_is_bounded_and_what_it_adds_to_the_rollups_is_summed_up() {
    let home = Home::new().await;
    let recorder = Recorder::new(&home.platform);
    let random = FixedEntropy::new(7);
    let entries: Vec<_> = (0..2_500).map(|_| entry(TraceId::new(home.clock.now(), &random), 1)).collect();
    entries.iter().cloned().for_each(|entry| recorder.submit(entry));
    recorder.flush().await;
    // Beside the entries a dimension, its sums, and which entries it were.
    let batches = home.database.batches.lock().unwrap().clone();
    assert_eq!(batches, [253, 253, 128]);
    assert_written_once(&home, &entries).await;
}

/// D1 allows 50 statements to a request on the free plan, of which the request needs some itself.
#[tokio::test]
async fn a_batch_is_a_handful_of_statements_where_each_has_its_price() {
    let home = Home::new().await;
    home.database.few_statements.store(true, Ordering::Relaxed);
    let recorder = Recorder::new(&home.platform);
    let mut entries = Entries::new(&home.clock).requests(600);
    // From small ones to the largest, and those that JSON makes larger.
    for (index, entry) in entries.iter_mut().enumerate().filter(|(index, _)| index % 20 == 0) {
        let text = ["x", "\"", "\u{1}"][index / 20 % 3];
        entry.bodies = Some(Bodies { request: text.repeat(index * 1_000), response: text.repeat(index * 300) });
        entry.error = Some("\"".repeat(4_096));
    }
    entries.iter().cloned().for_each(|entry| recorder.submit(entry));
    recorder.flush().await;
    let batches = home.database.batches.lock().unwrap().clone();
    assert!(batches.iter().all(|statements| *statements <= 12), "{batches:?}");
    assert!(batches.len() >= entries.len().div_ceil(250), "{batches:?}");
    assert_written_once(&home, &entries).await;
    let bodies = entries.iter().flat_map(|entry| &entry.bodies);
    let bytes: usize = bodies.map(|bodies| bodies.request.len() + bodies.response.len()).sum();
    assert_eq!(home.count("SELECT sum(length(body)) FROM log_bodies").await, bytes as i64);
    assert_eq!(
        home.count("SELECT count(*) FROM logs WHERE length(error) = 4096").await,
        entries.len().div_ceil(20) as i64
    );
}

#[tokio::test]
async fn a_full_queue_drops_and_counts() {
    let home = Home::new().await;
    let recorder = Recorder::new(&home.platform);
    let mut entries = Entries::new(&home.clock);
    let one = entries.request().remove(0);
    for _ in 0..MAX_QUEUED_ENTRIES + 3 {
        recorder.submit(one.clone());
    }
    assert_eq!((recorder.status().queued, recorder.status().dropped), (MAX_QUEUED_ENTRIES, 3));
}

/// SQLite's own limit stands for the disk's: it has room for what is small, and for nothing else.
#[tokio::test]
async fn a_full_disk_loses_nothing_and_is_told_of() {
    let home = Home::new().await;
    let recorder = Recorder::new(&home.platform);
    let mut entries = Entries::new(&home.clock).requests(300);
    entries[0].bodies = Some(Bodies { request: "x".repeat(100_000), response: String::new() });
    let (early, late) = entries.split_at(100);
    early.iter().cloned().for_each(|entry| recorder.submit(entry));
    // The lowest that it takes is the size that the database has.
    home.rows("PRAGMA max_page_count = 1").await;
    for _ in 0..10 {
        recorder.flush().await;
        let status = recorder.status();
        assert_eq!((status.queued, status.dropped), (early.len(), 0));
        assert!(status.degraded.is_some_and(|error| error.contains("full")));
    }
    late.iter().cloned().for_each(|entry| recorder.submit(entry));
    home.rows("PRAGMA max_page_count = 1000000").await;
    recorder.flush().await;
    assert_eq!((recorder.status().queued, recorder.status().degraded), (0, None));
    assert_written_once(&home, &entries).await;
}

#[tokio::test]
async fn too_many_bodies_are_left_out_but_not_their_entries() {
    let home = Home::new().await;
    let recorder = Recorder::new(&home.platform);
    let mut entries = Entries::new(&home.clock);
    let body = "x".repeat(1 << 20);
    let fitting = MAX_QUEUED_BODY_BYTES / (2 * body.len());
    let mut submit = |count| {
        for _ in 0..count {
            let bodies = Some(Bodies { request: body.clone(), response: body.clone() });
            recorder.submit(LogEntry { bodies, ..entries.request().remove(0) });
        }
    };
    submit(fitting + 2);
    assert_eq!((recorder.status().queued, recorder.status().dropped_bodies), (fitting + 2, 2));
    recorder.flush().await;
    assert_eq!(home.count("SELECT count(*) FROM log_bodies").await, 2 * fitting as i64);
    assert_eq!(home.count("SELECT sum(has_bodies) FROM logs").await, fitting as i64);
    submit(1);
    assert_eq!(recorder.status().dropped_bodies, 2, "there is room again");
}

#[tokio::test]
async fn drain_writes_all_or_tells_how_much_is_left() {
    let refused = Fault::Refuse(Busy);
    let rows: [(&[Fault], usize); 3] =
        [(&[], 0), (&[refused, refused, Fault::LoseAnswer], 0), (&[Fault::HoldWrite], 1)];
    for (faults, left) in rows {
        let home = Home::new().await;
        let recorder = Recorder::new(&home.platform);
        recorder.submit(Entries::new(&home.clock).request().remove(0));
        home.database.fail(faults);
        assert_eq!(home.with_time_passing(recorder.drain(Duration::from_secs(3_600))).await, left, "{faults:?}");
    }
}
