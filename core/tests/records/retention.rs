use std::sync::{Arc, Mutex};
use std::time::Duration;

use llmio_core::config::Settings;
use llmio_core::platform::{BoxFuture, Clock, Database, DatabaseErrorKind, Statement, Timestamp, Value};
use llmio_core::record::retention::{CleanupKind, Criterion, ROLLUP_RETENTION_DAYS, run_due, run_now};
use llmio_core::record::{Bodies, LogEntry, fold};
use llmio_core::storage::cleanups::history;
use llmio_core::testing::ManualClock;

use crate::support::{Entries, Fault, FaultyDatabase, Home};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Sleeps by moving its time on, and looks at the log meanwhile.
#[derive(Debug)]
struct PausingClock {
    clock: ManualClock,
    database: Arc<FaultyDatabase>,
    seen: Arc<Mutex<Vec<i64>>>,
}

fn pausing(home: &Home) -> PausingClock {
    PausingClock { clock: home.clock.clone(), database: home.database.clone(), seen: Arc::default() }
}

impl Clock for PausingClock {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let Self { clock, database, seen } = self;
        let (clock, database, seen) = (clock.clone(), Arc::clone(database), Arc::clone(seen));
        Box::pin(async move {
            clock.advance(duration);
            let count = database.query(Statement::new("SELECT count(*) AS n FROM logs", vec![])).await.unwrap();
            seen.lock().unwrap().push(count.first().unwrap().integer("n").unwrap());
        })
    }
}

/// Ten days of entries up to now, each with bodies, more than a chunk.
async fn ten_days() -> (Home, Vec<LogEntry>) {
    let home = Home::new().await;
    let mut generator = Entries::new(&home.clock);
    generator.step = Duration::from_secs(600);
    let mut entries = generator.requests(1_440);
    for entry in &mut entries {
        entry.bodies = Some(Bodies { request: "{}".to_owned(), response: "{}".to_owned() });
    }
    home.record(entries.clone()).await;
    home.clock.advance(generator.now.since(home.clock.now()));
    (home, entries)
}

async fn remaining(home: &Home) -> Vec<String> {
    let rows = home.rows("SELECT id FROM logs ORDER BY id").await;
    rows.into_iter()
        .map(|mut row| if let Value::Text(id) = row.remove(0) { id } else { panic!("an id is text") })
        .collect()
}

fn ids<'a>(entries: impl IntoIterator<Item = &'a LogEntry>) -> Vec<String> {
    let mut ids: Vec<_> = entries.into_iter().map(|entry| entry.id.clone()).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn a_clean_up_deletes_exactly_what_its_criterion_says() {
    let rows = [
        Criterion::OlderThanDays(3),
        Criterion::OlderThanDays(30),
        Criterion::OlderThanDays(0),
        Criterion::KeepNewest(100),
        Criterion::KeepNewest(1),
        Criterion::KeepNewest(0),
        Criterion::KeepNewest(100_000),
        Criterion::KeepAll,
    ];
    for criterion in rows {
        let (home, entries) = ten_days().await;
        let kept: Vec<_> = match criterion {
            Criterion::OlderThanDays(days) => {
                let limit = home.clock.now().minus(DAY * days);
                ids(entries.iter().filter(|entry| entry.created_at >= limit))
            }
            Criterion::KeepNewest(count) => {
                let all = ids(&entries);
                all[all.len().saturating_sub(count as usize)..].to_vec()
            }
            Criterion::KeepAll => ids(&entries),
        };
        let rollups = home.rows("SELECT * FROM rollups").await;
        let cleanup = run_now(&*home.database, &pausing(&home), criterion).await.unwrap();
        assert!(remaining(&home).await == kept, "{criterion:?}");
        assert_eq!(cleanup.deleted as usize, entries.len() - kept.len(), "{criterion:?}");
        assert_eq!(home.count("SELECT count(*) FROM log_bodies").await as usize, 2 * kept.len(), "{criterion:?}");
        assert!(home.rows("SELECT * FROM rollups").await == rollups, "rollups stay after {criterion:?}");
        assert_eq!(history(&*home.database, None, 10).await.unwrap(), [cleanup]);
    }
}

#[tokio::test]
async fn others_get_at_the_database_between_chunks() {
    let (home, entries) = ten_days().await;
    let clock = pausing(&home);
    run_now(&*home.database, &clock, Criterion::KeepNewest(0)).await.unwrap();
    let seen = std::mem::take(&mut *clock.seen.lock().unwrap());
    let chunks = 1..=entries.len().div_ceil(500);
    let expected: Vec<_> = chunks.map(|chunk| entries.len().saturating_sub(chunk * 500) as i64).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn the_scheduled_clean_up_runs_once_a_day_over_all_instances() {
    let (home, _) = ten_days().await;
    let settings = Settings { log_retention_days: 3, ..Settings::default() };
    let clock = pausing(&home);
    let due = || run_due(&*home.database, &clock, &settings);
    let hours_to_midnight = 24 - u32::try_from(home.clock.now().as_secs() / 3_600 % 24).unwrap();

    let (a, b, c) = tokio::join!(due(), due(), due());
    let ran: Vec<_> = [a, b, c].into_iter().filter_map(Result::unwrap).collect();
    assert!(matches!(&ran[..], [only] if only.deleted > 0 && only.kind == CleanupKind::Scheduled), "{ran:?}");

    // A manual one does not count.
    run_now(&*home.database, &pausing(&home), Criterion::KeepAll).await.unwrap();
    home.clock.advance(HOUR * (hours_to_midnight - 1));
    assert_eq!(due().await.unwrap(), None, "the same day");
    home.clock.advance(HOUR);
    assert!(due().await.unwrap().is_some(), "the next day");
    let kinds: Vec<_> =
        history(&*home.database, None, 10).await.unwrap().into_iter().map(|cleanup| cleanup.kind).collect();
    assert_eq!(kinds, [CleanupKind::Scheduled, CleanupKind::Manual, CleanupKind::Scheduled]);
}

#[tokio::test]
async fn a_failed_clean_up_is_in_the_history_and_the_next_continues() {
    let (home, _) = ten_days().await;
    home.database.fail(&[Fault::LoseAnswer]);
    let failed = run_now(&*home.database, &pausing(&home), Criterion::KeepNewest(0)).await.unwrap();
    assert!(failed.error.as_ref().is_some_and(|error| error.contains("lost by the test")), "{failed:?}");
    home.database.fail(&[Fault::Refuse(DatabaseErrorKind::Busy)]);
    run_now(&*home.database, &pausing(&home), Criterion::KeepNewest(0)).await.unwrap();
    let done = run_now(&*home.database, &pausing(&home), Criterion::KeepNewest(0)).await.unwrap();
    assert_eq!((done.error.as_deref(), remaining(&home).await.len()), (None, 0));
    let errors: Vec<_> =
        history(&*home.database, None, 2).await.unwrap().into_iter().map(|cleanup| cleanup.error.is_some()).collect();
    assert_eq!(errors, [false, true]);
}

#[tokio::test]
async fn rollups_go_after_their_own_time_with_all_that_belongs_to_them() {
    for is_folded in [false, true] {
        let (home, _) = ten_days().await;
        while is_folded && fold::step(&*home.database, home.clock.now()).await.unwrap() {}
        let settings = Settings { log_retention_days: 0, ..Settings::default() };
        let counts = || async {
            let mut counts = vec![];
            for sql in [
                "SELECT count(*) FROM logs",
                if is_folded {
                    "SELECT count(DISTINCT day) FROM rollup_sums"
                } else {
                    "SELECT count(DISTINCT hour / 3600) FROM rollups"
                },
                "SELECT count(*) FROM rollup_dimensions WHERE id NOT IN (SELECT dimension_id FROM rollups)",
                "SELECT count(*) FROM record_writers",
            ] {
                counts.push(home.count(sql).await);
            }
            counts
        };
        let before = counts().await;
        home.clock.advance(DAY * (ROLLUP_RETENTION_DAYS - 5));
        run_due(&*home.database, &pausing(&home), &settings).await.unwrap();
        let after = counts().await;
        assert_eq!(after[0], before[0], "the log is kept for ever");
        let half = before[1] * 45 / 100..=before[1] * 60 / 100;
        assert!(half.contains(&after[1]), "five of ten days: {before:?} {after:?}");
        assert_eq!(after[2..], [0, 0], "no dimension without rollups, no silent writer");
        home.clock.advance(DAY * 10);
        run_due(&*home.database, &pausing(&home), &settings).await.unwrap();
        assert_eq!(counts().await, [before[0], 0, 0, 0]);
        assert_eq!(home.count("SELECT count(*) FROM rollup_dimensions").await, 0);
        assert_eq!(home.count("SELECT count(*) FROM rollup_days").await, 0);
    }
}

#[tokio::test]
async fn rollups_that_hold_less_than_the_log_are_rebuilt_from_it() {
    let settings = Settings { log_retention_days: 365, ..Settings::default() };
    for damage in [
        "DELETE FROM rollups WHERE hour / 3600 % 2 = 0",
        "UPDATE rollups SET attempts = attempts - 1 WHERE attempts > 0",
        "DELETE FROM rollup_dimensions; DELETE FROM rollups",
        "DELETE FROM logs",
    ] {
        let (home, _) = ten_days().await;
        home.clock.advance(HOUR);
        let two_days_ago = (home.clock.now().as_secs() / 3600 - 48) * 3600;
        let (_, recent) = rollups_around(&home, two_days_ago).await;
        home.database.script(damage.to_owned()).await.unwrap();
        let (old, _) = rollups_around(&home, two_days_ago).await;
        let cleanup = run_due(&*home.database, &pausing(&home), &settings).await.unwrap().expect("one is due");
        assert_eq!(cleanup.error, None, "{damage}");
        assert!(rollups_around(&home, two_days_ago).await == (old, recent), "{damage}");
    }
}

/// Rollups of hours before a second, and of later ones.
async fn rollups_around(home: &Home, second: i64) -> (Vec<Vec<Value>>, Vec<Vec<Value>>) {
    let rows = home
        .rows(
            "SELECT rollups.*, model, provider, provider_model, key_id, key_name, dialect, association_id, origin FROM rollups \
             LEFT JOIN rollup_dimensions ON id = dimension_id ORDER BY hour, dimension_id, currency",
        )
        .await;
    rows.into_iter().partition(|row| matches!(row[0], Value::Integer(hour) if hour < second))
}
