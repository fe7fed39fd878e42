//! A filled database of an earlier version, on SQLite and on a libSQL server: its upgrade keeps every row. Wrangler's is
//! tried in `tests/deploy`.

#[path = "support/libsql.rs"]
mod libsql;

use llmio_conformance::sqld::Sqld;
use llmio_core::config::error_samples;
use llmio_core::platform::{Database, Rows, Statement, Value};
use llmio_core::storage::{migrate, pending};
use llmio_core::testing::ManualClock;
use llmio_native::LocalDatabase;

/// The steps of the earlier version, and the checksums that it noted.
const STEPS: [(&str, &str, &str); 3] = [
    (
        "0001_config",
        include_str!("../migrations/0001_config.sql"),
        "f0e209144a1a9c57a9c45352e7d8ac2856ebd027ce4721ad3a7917f993e7cac9",
    ),
    (
        "0002_records",
        include_str!("../migrations/0002_records.sql"),
        "da0912498f2c0a12280dc67433ae65a738b65dde290c74599f67a7a75d6de871",
    ),
    (
        "0003_rests",
        include_str!("../migrations/0003_rests.sql"),
        "9cf6c909d9d25a557fb50ad7dc903aac0718e44c4d0c2b0167a987ac84231a77",
    ),
];
const FILLED: &str = include_str!("../../tests/fixtures/upgrade/0003.sql");

const SAMPLES: &str = "SELECT error_matcher FROM providers ORDER BY id";

const TABLES: [&str; 14] = [
    "config_version",
    "providers",
    "models",
    "associations",
    "association_rests",
    "keys",
    "settings",
    "logs",
    "log_bodies",
    "rollup_dimensions",
    "rollups",
    "rollup_latencies",
    "record_writers",
    "cleanups",
];

async fn query(database: &dyn Database, sql: impl Into<String>) -> Result<Rows, String> {
    database.query(Statement::new(sql.into(), vec![])).await.map_err(|error| error.to_string())
}

/// Makes what the earlier version left.
async fn fill(database: &dyn Database) {
    let book = "CREATE TABLE schema_migrations (name TEXT PRIMARY KEY NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER \
                NOT NULL) STRICT;";
    database.script(book.to_owned()).await.unwrap();
    for (name, sql, checksum) in STEPS {
        let note = format!("INSERT INTO schema_migrations VALUES ('{name}', '{checksum}', 1);");
        database.script(format!("{sql}\n{note}")).await.unwrap();
    }
    database.script(FILLED.to_owned()).await.unwrap();
}

async fn upgrades(database: &dyn Database) {
    fill(database).await;
    let mut before = Vec::new();
    for table in TABLES {
        let rows = query(database, format!("SELECT * FROM {table} LIMIT 1")).await.unwrap();
        assert!(!rows.rows.is_empty(), "{table} is not filled");
        let same = |column: &&String| !["time_out", "error_matcher"].contains(&column.as_str());
        let columns = rows.columns.iter().filter(same).cloned().collect::<Vec<_>>().join(", ");
        let select = format!("SELECT {columns} FROM {table} ORDER BY 1, 2");
        before.push((query(database, select.clone()).await.unwrap(), select));
    }
    let new_words = [
        "INSERT INTO providers (id, name, type, base_url, error_matcher) VALUES ('p9', 'z', 'later', 'https://z', '')",
        "INSERT INTO models (id, name, position, strategy, max_retry, breaker, time_out, created_at) \
         VALUES ('m9', 'z', 9, 'later', 0, 1, 1.0, 0)",
    ];
    for sql in new_words {
        let refused = query(database, sql).await.unwrap_err();
        assert!(refused.contains("CHECK"), "{refused}");
    }

    let samples_before = query(database, SAMPLES).await.unwrap();
    let steps = pending(database).await.unwrap();
    assert_eq!(migrate(database, &ManualClock::default()).await.unwrap().names, steps);
    assert_eq!(pending(database).await.unwrap(), Vec::<&str>::new());

    let samples_after = query(database, SAMPLES).await.unwrap();
    for (before, select) in before {
        assert_eq!(query(database, select).await.unwrap(), before);
    }
    // Each line is the sample that it was.
    let samples_of =
        |rows: &Rows, index: usize| rows.iter().nth(index).unwrap().text("error_matcher").unwrap().to_owned();
    for (index, expected) in [
        "",
        "no credit",
        "über quota",
        "it's \"empty\"",
        "busy\\; later\na\\b\n忙\\；\\\\\\\\\\；\\\n\\;\\\\\\\\\\\\\\;\\",
    ]
    .into_iter()
    .enumerate()
    {
        let (before, after) = (samples_of(&samples_before, index), samples_of(&samples_after, index));
        assert_eq!(after, expected);
        assert_eq!(error_samples(&after), before.lines().collect::<Vec<_>>());
    }
    let time_outs = query(database, "SELECT id, time_out FROM models ORDER BY id").await.unwrap();
    let time_out = |id: &str, seconds: Option<f64>| vec![id.into(), seconds.into()];
    let expected = [
        // 60, and nothing of its own for the head or the first token: nobody has set it.
        time_out("m1", None),
        time_out("m2", None),
        time_out("m3", Some(60.0)),
        time_out("m4", Some(60.0)),
        time_out("m5", Some(59.5)),
        time_out("m6", Some(600.0)),
    ];
    assert_eq!(time_outs.rows, expected);
    for sql in new_words {
        query(database, sql).await.unwrap();
    }
    // A version that knows no priority goes on writing associations.
    query(
        database,
        "INSERT INTO associations (id, model_id, provider_id, position, provider_model, weight, tool_call, \
         structured_output, image, with_header, extra_body, enabled) VALUES ('a9', 'm9', 'p9', 0, '*', 1, 1, 1, 1, 0, '{}', 1)",
    )
    .await
    .unwrap();
    let affinities = query(database, "SELECT DISTINCT affinity FROM models").await.unwrap();
    assert_eq!(affinities.rows, [[1.into()]]);
    let origins = query(database, "SELECT DISTINCT origin, request_truncated, price_input FROM logs").await.unwrap();
    assert_eq!(origins.rows, [["client".into(), 0.into(), Value::Null]]);
    // A version that knows no notes and switches made this one.
    let switches = "SELECT DISTINCT p.note, p.enabled, p.console_url, m.note, m.enabled, a.note FROM providers p, models m, \
                    associations a";
    let expected = vec!["".into(), 1.into(), Value::Null, "".into(), 1.into(), "".into()];
    assert_eq!(query(database, switches).await.unwrap().rows, [expected]);
    // Nor these how anybody is chosen.
    let planning = "SELECT DISTINCT p.also, m.prefer_same_dialect, m.strict, a.relay_only, a.context_window, k.strict, a.stream \
                    FROM providers p, models m, associations a, keys k";
    let expected = vec![Value::Null, 1.into(), 0.into(), 0.into(), Value::Null, 0.into(), "auto".into()];
    assert_eq!(query(database, planning).await.unwrap().rows, [expected]);
    let priorities = query(database, "SELECT DISTINCT priority FROM associations").await.unwrap();
    assert_eq!(priorities.rows, [[0.into()]]);
    // What is still refused.
    for (sql, expected) in [
        ("UPDATE providers SET name = 'a' WHERE id = 'p9'", "UNIQUE"),
        ("UPDATE providers SET type = NULL WHERE id = 'p9'", "NOT NULL"),
        ("UPDATE models SET strategy = NULL WHERE id = 'm9'", "NOT NULL"),
        ("UPDATE models SET affinity = 2 WHERE id = 'm9'", "CHECK"),
        ("UPDATE models SET prefer_same_dialect = 2 WHERE id = 'm9'", "CHECK"),
        ("UPDATE models SET strict = 2 WHERE id = 'm9'", "CHECK"),
        ("UPDATE keys SET strict = 2", "CHECK"),
        ("UPDATE associations SET relay_only = 2 WHERE id = 'a1'", "CHECK"),
        ("UPDATE associations SET stream = 'sometimes' WHERE id = 'a1'", "CHECK"),
        ("UPDATE associations SET context_window = 0 WHERE id = 'a1'", "CHECK"),
        ("UPDATE models SET enabled = 2 WHERE id = 'm9'", "CHECK"),
        ("UPDATE providers SET enabled = 2 WHERE id = 'p9'", "CHECK"),
        ("UPDATE models SET time_out = 0.0 WHERE id = 'm9'", "CHECK"),
        ("UPDATE associations SET priority = 1001 WHERE id = 'a1'", "CHECK"),
        ("UPDATE associations SET provider_id = 'gone' WHERE id = 'a1'", "FOREIGN KEY"),
        ("INSERT INTO rests VALUES ('gone', '', 1, 0, 0)", "FOREIGN KEY"),
    ] {
        let refused = query(database, sql).await.unwrap_err();
        assert!(refused.contains(expected), "{sql}: {refused}");
    }
    query(database, "INSERT INTO rests VALUES ('a1', '', 1, 0, 0), ('a1', 'b-1', 0, 2, 0), ('a3', '', 1, 0, 3)")
        .await
        .unwrap();
    query(database, "DELETE FROM providers WHERE id = 'p1'").await.unwrap();
    query(database, "DELETE FROM models WHERE id = 'm6'").await.unwrap();
    for (sql, expected) in [
        ("SELECT group_concat(id) FROM associations", "a2,a3,a9"),
        ("SELECT group_concat(association_id) FROM rests", "a3"),
    ] {
        assert_eq!(query(database, sql).await.unwrap().rows, [[expected.into()]], "{sql}");
    }
}

#[tokio::test]
async fn a_local_database() {
    upgrades(&LocalDatabase::open_in_memory().unwrap()).await;
}

#[tokio::test]
async fn a_libsql_server() {
    let sqld = Sqld::start().await;
    upgrades(&libsql::open(&sqld.url())).await;
}
