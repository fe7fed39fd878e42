//! A database that another version has left. For homes whose database is a libSQL server, where a test can get at it.

use std::sync::Arc;

use http::Method;
use llmio_conformance::client::Call;
use llmio_conformance::sqld::Sqld;
use llmio_conformance::{Home, Kind, Setup};
use serde_json::{Value, json};

/// What the version before the first compatible step made, and what it held.
const BEFORE: [&str; 5] = [
    include_str!("../../../../core/migrations/0001_config.sql"),
    include_str!("../../../../core/migrations/0002_records.sql"),
    include_str!("../../../../core/migrations/0003_rests.sql"),
    "CREATE TABLE schema_migrations (name TEXT PRIMARY KEY NOT NULL, checksum TEXT, applied_at INTEGER NOT NULL) STRICT;
     INSERT INTO schema_migrations VALUES ('0001_config', NULL, 1), ('0002_records', NULL, 1), ('0003_rests', NULL, 1);",
    include_str!("../../../fixtures/upgrade/0003.sql"),
];
/// Nothing in it was sealed by the homes' key.
const OPENED: &str = "UPDATE providers SET api_key = NULL, proxy = NULL; UPDATE associations SET headers = NULL;";
/// A step that this version does not know, and what came with it.
const LATER: &str = "
    ALTER TABLE models ADD COLUMN later TEXT;
    INSERT INTO schema_migrations VALUES ('9999_later_compatible', 'x', 1);
    UPDATE providers SET type = 'later' WHERE id = 'p1';
    UPDATE models SET strategy = 'later' WHERE id = 'm2';
    UPDATE config_version SET version = version + 1;";

#[tokio::test]
async fn an_earlier_one_is_upgraded_and_a_later_compatible_one_is_served() {
    if !Kind::chosen().is_on_libsql() {
        return;
    }
    let sqld = Sqld::start().await;
    for sql in BEFORE.into_iter().chain([OPENED]) {
        run(&sqld, sql).await;
    }
    let home = Home::start_on(Arc::new(sqld), Setup::new(Value::Null)).await;
    let time_outs = [("usual", None), ("idle", None), ("head", Some(60.0)), ("first", Some(60.0))];
    let time_outs = time_outs.into_iter().chain([("claude-*", Some(59.5)), ("long", Some(600.0))]);
    let expected: Vec<Value> = time_outs.map(|(name, seconds)| json!([name, seconds])).collect();
    assert_eq!(listed(&home, "/models", &["name", "time_out"]).await, expected);
    assert_eq!(
        listed(&home, "/providers", &["name"]).await,
        [["a"], ["b"], ["c"], ["d"], ["e"]].map(|name| json!(name))
    );

    run(home.sqld().expect("a libSQL server"), LATER).await;
    let home = home.another().await;
    assert_eq!(listed(&home, "/providers", &["name"]).await, [["b"], ["c"], ["d"], ["e"]].map(|name| json!(name)));
    let models: Vec<Value> = expected.into_iter().filter(|model| model[0] != "idle").collect();
    assert_eq!(listed(&home, "/models", &["name", "time_out"]).await, models);
    let changed = home.admin(Method::PATCH, "/models/m1", Some(&json!({"max_retry": 1}))).await;
    let associations = changed.json()["associations"].as_array().map(Vec::len);
    assert_eq!((changed.status, associations), (200, Some(1)), "{}", changed.text());
}

async fn run(sqld: &Sqld, sql: &str) {
    let body = json!({"requests": [{"type": "sequence", "sql": sql}, {"type": "close"}]});
    let answer = Call::post(&format!("{}/v2/pipeline", sqld.url())).json(&body).send().await;
    assert!(answer.status == 200 && answer.json()["results"][0]["type"] == "ok", "{sql}: {}", answer.text());
}

/// These fields of each item.
async fn listed(home: &Home, path: &str, fields: &[&str]) -> Vec<Value> {
    let answer = home.admin(Method::GET, path, None).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    let list = answer.json();
    let data = list["data"].as_array().expect("a list");
    data.iter().map(|item| fields.iter().map(|field| item[*field].clone()).collect()).collect()
}
