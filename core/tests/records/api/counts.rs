//! Counts of the log, and searches that come in parts.

use std::sync::Arc;
use std::time::Duration;

use llmio_core::platform::{BoxFuture, Clock, Timestamp};
use llmio_core::record::{LogEntry, Outcome};
use serde_json::{Value, json};

use super::{Wanted, forty_days, get, of_clients, rfc3339};
use crate::support::{Entries, Home};

#[tokio::test]
async fn facets_and_histograms_count_what_the_list_shows() {
    let (home, entries) = forty_days().await;
    let from = entries[0].created_at.as_secs() / 86_400 * 86_400;
    let to = home.clock.now().as_secs() / 86_400 * 86_400 + 86_400;
    let time = |seconds| rfc3339(Timestamp::from_secs(seconds));
    let range = format!("from={}&to={}", time(from), time(to));
    let rows: [(&str, Wanted); 5] = [
        ("", |e| e.is_final),
        ("&model=gpt-5&not_key=none", |e| e.is_final && e.model == "gpt-5" && e.key_id.is_some()),
        ("&attempts=all", |_| true),
        ("&outcome=timeout", |e| e.is_final && e.outcome == Outcome::Timeout),
        ("&q=quota", |e| e.is_final && e.error.is_some()),
    ];
    for (query, wanted) in rows {
        let mine: Vec<_> = entries.iter().filter(|entry| wanted(entry)).collect();
        let path = format!("/api/logs/facets?field=model&field=key&field=user_agent&field=status&{range}{query}");
        let facets = get(&home, &path).await;
        assert_eq!(facets["approximate"], false, "{query}");
        type ValueOf = fn(&LogEntry) -> Option<String>;
        let fields: [(&str, ValueOf); 4] = [
            ("model", |e| Some(e.model.clone())),
            ("key", |e| e.key_id.clone()),
            ("user_agent", |e| e.user_agent.clone()),
            ("status", |e| Some(e.status.to_string())),
        ];
        for (field, value_of) in fields {
            let mut expected = std::collections::BTreeMap::<Option<String>, u64>::new();
            mine.iter().for_each(|entry| *expected.entry(value_of(entry)).or_default() += 1);
            let told: std::collections::BTreeMap<Option<String>, u64> = facets["fields"][field]
                .as_array()
                .unwrap()
                .iter()
                .map(|facet| (facet["value"].as_str().map(str::to_owned), facet["count"].as_u64().unwrap()))
                .collect();
            assert_eq!(told, expected, "{query} {field}");
        }
        let histogram = get(&home, &format!("/api/logs/histogram?{range}{query}")).await;
        assert_eq!(histogram["total"], json!({"count": mine.len(), "capped": false}), "{query}");
        assert_eq!((&histogram["seconds"], &histogram["scanned_to"]), (&json!(86_400), &Value::Null));
        let mut expected = std::collections::BTreeMap::<i64, [u64; 3]>::new();
        for entry in &mine {
            let place = match entry.outcome {
                Outcome::Success => 0,
                Outcome::Cancelled => 2,
                _ => 1,
            };
            expected.entry(entry.created_at.as_secs() / 86_400 * 86_400).or_default()[place] += 1;
        }
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(start, [success, error, cancelled])| {
                json!({"start": time(start), "success": success, "error": error, "cancelled": cancelled})
            })
            .collect();
        assert_eq!(histogram["buckets"], json!(expected), "{query}");
    }
}

/// A model may be called so; what has none cannot be asked for by it.
#[tokio::test]
async fn none_is_a_model_and_no_model_is_no_facet() {
    let home = Home::new().await;
    let mut generator = Entries::new(&home.clock);
    let mut entries = of_clients(&generator.requests(40));
    for (entry, model) in entries.iter_mut().zip(["none", "none", "", "", ""]) {
        (entry.model, entry.is_final) = (model.to_owned(), true);
    }
    home.clock.advance(generator.now.since(home.clock.now()) + Duration::from_secs(60));
    home.record(entries.clone()).await;
    let count = |wanted: Wanted| entries.iter().filter(|entry| entry.is_final && wanted(entry)).count();
    let listed = get(&home, "/api/logs?model=none&limit=200").await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    let keyless = get(&home, "/api/logs?key=none&limit=200").await;
    assert_eq!(keyless["data"].as_array().unwrap().len(), count(|e| e.key_id.is_none()));
    for (query, expected) in [
        ("model=none", 2),
        ("not_model=none", count(|e| e.model != "none")),
        ("key=none", count(|e| e.key_id.is_none())),
    ] {
        let report = get(&home, &format!("/api/metrics?{query}")).await;
        let requests: Vec<_> = report["groups"].as_array().unwrap().iter().map(|group| &group["requests"]).collect();
        assert_eq!(requests, [&json!(expected)], "{query}");
    }
    // From the rollups, and from the log.
    for query in ["", "&q=a"] {
        let facets = get(&home, &format!("/api/logs/facets?field=model&field=key{query}")).await;
        let values =
            |field: &str| facets["fields"][field].as_array().unwrap().iter().map(|it| &it["value"]).collect::<Vec<_>>();
        assert!(values("model").contains(&&json!("none")) && values("key").contains(&&Value::Null), "{facets}");
        assert!(!values("model").iter().any(|value| value.is_null() || *value == ""), "{facets}");
    }
}

/// A clock that moves on with each look, so that a scan soon has no time left.
#[tokio::test]
async fn a_search_that_finds_little_says_how_far_it_came() {
    let mut home = Home::new().await;
    let entries = Entries::new(&home.clock).requests(5_000);
    home.record(entries.clone()).await;
    home.platform.clock = Arc::new(HastyClock(home.clock.clone()));
    let mut found = Vec::new();
    let mut cursor = String::new();
    let mut partial = 0;
    loop {
        let page = get(&home, &format!("/api/logs?attempts=all&q=quota%207&limit=200{cursor}")).await;
        found.extend(page["data"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else {
            assert_eq!(page["scanned_to"], Value::Null);
            break;
        };
        partial += u32::from(page["scanned_to"].is_string());
        cursor = format!("&cursor={next}");
    }
    let mut expected: Vec<_> = entries
        .iter()
        .filter(|e| e.error.as_ref().is_some_and(|e| e.starts_with("Quota 7")))
        .map(|e| e.id.clone())
        .collect();
    expected.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(found, expected);
    assert!(partial > 0, "it came in parts");
}

#[derive(Debug)]
struct HastyClock(llmio_core::testing::ManualClock);

impl Clock for HastyClock {
    fn now(&self) -> Timestamp {
        self.0.advance(Duration::from_millis(40));
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.sleep(duration)
    }
}
