//! The log and its sums: all of it, once, whatever comes between.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use llmio_core::import::Original;
use llmio_core::platform::{Clock, Value};
use llmio_core::record::{fold, retention};
use llmio_native::{LocalDatabase, open_original};
use llmio_original::{Spec, change, make};

use crate::bed::{Bed, HERE, bring};
use crate::explaining::Explaining;

/// However long the original's log is.
#[tokio::test]
async fn a_step_reads_no_more_than_it_brings() {
    let bed = Bed::new().await;
    make(&bed.path(), &Spec::new(2_000)).await.unwrap();
    let explaining = Arc::new(Explaining::answering(Arc::new(LocalDatabase::open_foreign(bed.path()).unwrap())));
    let original = Original::recognise(explaining.clone()).await.unwrap();
    let (_, tables) = bed.take(&original).await;
    explaining.plans();
    bring(&mut bed.history(&original, &tables).await).await;
    let plans = explaining.plans();
    let read = || plans.iter().filter(|plan| plan.starts_with("SEARCH") || plan.starts_with("SCAN"));
    let is_narrow = |plan: &String| plan.contains("INTEGER PRIMARY KEY (rowid") || plan.contains("(trace_id=?)");
    assert!(read().count() > 20 && read().all(is_narrow), "{plans:#?}");
}

#[tokio::test]
async fn rows_of_the_log_say_what_they_said() {
    let bed = Bed::new().await;
    let original = bed.make(&Spec::new(40)).await;
    let (_, tables) = bed.take(&original).await;
    bring(&mut bed.history(&original, &tables).await).await;
    let rows = bed
        .rows(
            "SELECT model, provider, provider_model, status, outcome, coalesce(key_name, '-'), attempt, is_final, \
             association_id IS NOT NULL, input_tokens, cache_read_tokens, output_tokens, dialect, stream, has_bodies, \
             coalesce(error, '-'), started_offset_us, first_token_us, total_us FROM logs WHERE created_at >= 1770000000000000 \
             ORDER BY rowid LIMIT 12",
        )
        .await;
    let text: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells = row.iter().map(|value| match value {
                Value::Null => "null".to_owned(),
                Value::Integer(integer) => integer.to_string(),
                Value::Text(text) => text.clone(),
                other => format!("{other:?}"),
            });
            cells.collect::<Vec<_>>().join(" ")
        })
        .collect();
    // The first row, one of a deleted key and provider, a failed attempt and the one after it.
    assert_eq!(
        text[0], "claude claude ok 200 success removed 1 1 1 1000 1 201 anthropic 1 0 - 50 300051 2300051",
        "{text:#?}"
    );
    assert_eq!(text[1], "gpt gone of-nobody 200 success app 1 1 0 1000 2 202 openai_chat 1 0 - 50 300052 2300052");
    assert_eq!(text[3], "claude claude ok 200 success app 1 1 1 1000 4 204 anthropic 0 1 - 50 300054 2300054");
    assert_eq!(
        text[9],
        "claude claude ok 0 connect_error - 1 0 1 null null null anthropic 0 0 dial tcp: connection refused 50 null 50"
    );
    assert_eq!(text[10], "claude claude ok 200 success removed 2 1 1 993 11 200 anthropic 1 0 - 50 300061 2300061");

    let both = bed
        .rows(
            "SELECT count(DISTINCT trace_id), count(DISTINCT created_at) FROM logs WHERE rowid IN \
                         (SELECT rowid FROM logs WHERE created_at >= 1770000000000000 ORDER BY rowid LIMIT 2 OFFSET 9)",
        )
        .await;
    assert_eq!(both, [[Value::from(1_i64), 1_i64.into()]], "attempts share their request's trace and time");

    let odd = bed
        .rows("SELECT model, coalesce(provider, '-'), status, outcome, coalesce(key_name, '-'), input_tokens, cache_read_tokens, \
               user_agent, request_truncated FROM logs WHERE created_at < 1770000000000000 ORDER BY created_at")
        .await;
    let null = Value::Null;
    let row = |texts: [&str; 2], status: i64, more: [&str; 2], numbers: [Value; 3], cut: i64| {
        let mut row: Vec<Value> = texts.map(Value::from).to_vec();
        row.push(status.into());
        row.extend(more.map(Value::from));
        row.extend(numbers);
        row.push(cut.into());
        row
    };
    let none = || [null.clone(), null.clone(), null.clone()];
    assert_eq!(
        odd,
        [
            row(["gpt", "main"], 200, ["success", "app"], [10_i64.into(), null.clone(), null.clone()], 0),
            row(["never-heard-of", "-"], 404, ["gateway_error", "-"], none(), 0),
            row(["claude", "claude"], 499, ["cancelled", "key 77"], none(), 0),
            row(["gpt", "main"], 503, ["provider_error", "app"], [null.clone(), null.clone(), "a\u{fffd}b".into()], 0),
            row(["claude", "claude"], 200, ["success", "app"], [10_i64.into(), 90_i64.into(), null.clone()], 1),
        ]
    );
    let bodies = bed
        .rows(
            "SELECT side, body FROM log_bodies JOIN logs ON logs.id = log_id WHERE created_at >= 1770000000000000 \
               ORDER BY logs.rowid, side LIMIT 4",
        )
        .await;
    let body = |side: &str, body: &str| vec![Value::from(side), body.into()];
    assert_eq!(
        bodies,
        [
            body("request", r#"{"model":"claude","stream":true,"n":4}"#),
            body("response", r#"{"id":"whole-4"}"#),
            body("request", r#"{"model":"gpt","stream":true,"n":8}"#),
            body("response", "data: {\"type\":\"ping\"}\n\ndata: {\"id\":8}\n\n"),
        ]
    );
}

#[tokio::test]
async fn charts_hold_what_the_log_holds() {
    let bed = Bed::new().await;
    let original = bed.make(&Spec::new(3_000)).await;
    let (_, tables) = bed.take(&original).await;
    bring(&mut bed.history(&original, &tables).await).await;
    let log = "SELECT sum(is_final), count(provider), sum(input_tokens), sum(cache_read_tokens), sum(output_tokens), sum(cost), \
               sum(iif(outcome = 'success', total_us, 0)) FROM logs WHERE created_at > (unixepoch() - 400 * 86400) * 1000000";
    let sums = "SELECT sum(requests), sum(attempts), sum(input_tokens), sum(cache_read_tokens), sum(output_tokens), sum(cost), \
                sum(total_us) FROM rollups";
    let (log, sums) = (bed.numbers(log).await, bed.numbers(sums).await);
    for (log, sums) in log.iter().zip(&sums) {
        assert!((log - sums).abs() < 1e-6 * log.max(1.0), "{log} in the log, {sums} in the rollups");
    }
    assert!(log[0] > 2_500.0 && log[5] > 1.0);
    assert_eq!(bed.numbers("SELECT breakdown_since FROM rollup_state").await, [0.0]);
    while fold::step(&*bed.database, bed.clock.now()).await.unwrap() {}
    assert!(bed.numbers("SELECT count(*) FROM rollup_days").await[0] >= 29.0, "its days are folded");
}

#[tokio::test]
async fn a_second_time_adds_nothing_but_what_came_since() {
    let bed = Bed::new().await;
    let original = bed.make(&Spec::new(700)).await;
    let (_, tables) = bed.take(&original).await;
    bring(&mut bed.history(&original, &tables).await).await;
    let before = (bed.store.load().await.unwrap(), bed.numbers(HERE).await, bed.import().await);
    let (taken, tables) = bed.take(&original).await;
    assert!(taken.before.is_some() && taken.changes.is_empty());
    bring(&mut bed.history(&original, &tables).await).await;
    assert_eq!((bed.store.load().await.unwrap(), bed.numbers(HERE).await, bed.import().await), before);

    // What an operator has deleted here does not come back, what the original has written since comes.
    bed.store
        .edit(|config| {
            config.models.remove(0);
            Ok::<_, llmio_core::storage::StorageError>(())
        })
        .await
        .unwrap();
    let rows = "INSERT INTO chat_logs (created_at, name, trace_id, provider_model, provider_name, status, style, retry) \
                SELECT '2026-11-20 00:00:00+00:00', name, 'new', provider_model, provider_name, status, style, 0 FROM chat_logs LIMIT 3";
    change(&bed.path(), rows).await.unwrap();
    let (_, tables) = bed.take(&original).await;
    bring(&mut bed.history(&original, &tables).await).await;
    assert_eq!(bed.store.load().await.unwrap().models.len(), 6);
    assert_eq!(bed.numbers(HERE).await[0], before.1[0] + 3.0);
    bed.compare(&bed.path()).await;
}

#[tokio::test]
async fn interrupted_or_done_by_two_at_once_it_comes_once() {
    let bed = Bed::new().await;
    let original = bed.make(&Spec::new(4_000)).await;
    let (_, tables) = bed.take(&original).await;
    // Each is dropped in the middle, and two of them know the same beginning.
    for steps in [1, 2, 1, 3] {
        let (mut one, mut two) = (bed.history(&original, &tables).await, bed.history(&original, &tables).await);
        for _ in 0..steps {
            one.step().await.unwrap();
            two.step().await.unwrap();
        }
    }
    // Requests meanwhile have numbers of their own.
    bed.rows("INSERT INTO logs (id, trace_id, created_at, attempt, is_final, dialect, operation, stream, model, status, outcome, \
              total_us, request_bytes, response_bytes, has_bodies) VALUES ('ffffffff-live', 't', 1, 1, 1, 'openai_chat', 'generate', \
              0, 'live', 200, 'success', 0, 0, 0, 0)")
        .await;
    bring(&mut bed.history(&original, &tables).await).await;
    assert_eq!(bed.rows("SELECT model FROM logs ORDER BY rowid DESC LIMIT 1").await, [[Value::from("live")]]);
    bed.rows("DELETE FROM logs WHERE model = 'live'").await;
    bed.compare(&bed.path()).await;
    let requests = "SELECT (SELECT sum(requests) FROM rollups), (SELECT sum(is_final) FROM logs WHERE created_at > \
                    (unixepoch() - 400 * 86400) * 1000000)";
    let sums = bed.numbers(requests).await;
    assert_eq!(sums[0], sums[1]);
}

/// The original's own database, where it is at hand.
#[tokio::test]
async fn a_database_of_the_original_itself() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/original/llmio.db");
    if !path.exists() {
        return;
    }
    let bed = Bed::new().await;
    let original = open_original(&path).await.unwrap();
    let (taken, tables) = bed.take(&original).await;
    let merged = &taken.merged;
    assert_eq!((merged.providers, merged.models, merged.associations, merged.keys), (6, 4, 7, 3));
    assert_eq!(merged.report.findings, []);
    bring(&mut bed.history(&original, &tables).await).await;
    bed.compare(&path).await;
    let requests = bed.numbers("SELECT sum(requests), sum(attempts), sum(successes) FROM rollups").await;
    assert_eq!(requests, [211.0, 215.0, 210.0]);
}

/// The log of an original without a clean-up, of which much is older than what a new installation keeps.
#[tokio::test]
async fn nothing_is_deleted_the_first_night() {
    let bed = Bed::new().await;
    let original = bed.make(&Spec::new(500)).await;
    change(&bed.path(), "UPDATE chat_logs SET created_at = datetime(created_at, '-3 years')").await.unwrap();
    let (_, tables) = bed.take(&original).await;
    bring(&mut bed.history(&original, &tables).await).await;
    let brought = bed.numbers("SELECT count(*), sum(has_bodies), sum(total_us) FROM logs").await;
    assert!(brought[0] > 500.0 && brought[1] > 0.0, "{brought:?}");
    let settings = bed.store.load().await.unwrap().settings;
    for _ in 0..3 {
        bed.clock.advance(Duration::from_secs(86_400));
        let cleanup = retention::run_due(&*bed.database, &bed.clock, &settings).await.unwrap();
        assert_eq!(cleanup.expect("a day is over").deleted, 0);
    }
    assert_eq!(bed.numbers("SELECT count(*), sum(has_bodies), sum(total_us) FROM logs").await, brought);
}
