//! The admin API of records: requests in, JSON out.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use llmio_core::api::admin::{
    About, Admin, AdminError, Happening, InFlightFilter, Instance, Overview, PlanAnswer, PlanQuestion, handle,
};
use llmio_core::balance::AssociationHealth;
use llmio_core::config::file::Environment;
use llmio_core::config::{Config, Prices, Sealer};
use llmio_core::platform::{BoxFuture, Clock, DatabaseError, Timestamp};
use llmio_core::record::{Bodies, CostParts, LogEntry, Operation, Origin, Outcome};
use llmio_core::storage::ConfigStore;
use serde_json::{Value, json};

use crate::support::{Entries, Home};

const DAY: Duration = Duration::from_secs(86_400);

#[derive(Debug)]
struct Nobody;

impl Instance for Nobody {
    fn record(&self, _: Vec<LogEntry>) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn about(&self) -> About {
        About::default()
    }

    fn overview(&self) -> Overview {
        unreachable!("nothing runs here")
    }

    fn happening(&self, _: &InFlightFilter) -> Happening {
        Happening::default()
    }

    fn plan(&self, _: &PlanQuestion) -> Result<PlanAnswer, AdminError> {
        unreachable!("nothing runs here")
    }

    fn config_changed(&self, _: &Config) {
        unreachable!("records change no configuration")
    }

    fn health(&self, _: &str) -> AssociationHealth {
        unreachable!("records have no health")
    }

    fn reset<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), DatabaseError>> {
        unreachable!("records lift no rests")
    }
}

async fn call(home: &Home, call: &str) -> (u16, Value) {
    let (method, path) = call.split_once(' ').unwrap();
    let (status, _, text) = raw(home, method, path, None).await;
    (status, serde_json::from_str(&text).unwrap())
}

async fn raw(home: &Home, method: &str, path: &str, accept: Option<&str>) -> (u16, http::HeaderMap, String) {
    let admin = Admin {
        store: ConfigStore::new(&home.platform, Sealer::new([1; 32])),
        platform: home.platform.clone(),
        instance: Arc::new(Nobody),
        environment: Environment::default(),
    };
    let request = Request::builder().method(method).uri(path);
    let request = accept.into_iter().fold(request, |request, accept| request.header("accept", accept));
    let (parts, body) = handle(&admin, request.body(Bytes::new()).unwrap()).await.into_parts();
    let text = body.read(usize::MAX, 0).await.unwrap();
    (parts.status.as_u16(), parts.headers, String::from_utf8(text.to_vec()).unwrap())
}

/// What reports count that are not asked for more.
fn of_clients(entries: &[LogEntry]) -> Vec<LogEntry> {
    entries.iter().filter(|entry| entry.origin == Origin::Client).cloned().collect()
}

async fn get(home: &Home, path: &str) -> Value {
    let (status, json) = call(home, &format!("GET {path}")).await;
    assert_eq!(status, 200, "{path}: {json}");
    json
}

/// Forty days of requests up to now.
async fn forty_days() -> (Home, Vec<LogEntry>) {
    let home = Home::new().await;
    let mut generator = Entries::new(&home.clock);
    generator.step = Duration::from_secs(3_456);
    let mut entries = generator.requests(1_000);
    entries[0].bodies = Some(Bodies { request: "{\"a\":1}".to_owned(), response: "data: [DONE]\n\n".to_owned() });
    home.clock.advance(generator.now.since(home.clock.now()) + Duration::from_secs(60));
    home.record(entries.clone()).await;
    (home, entries)
}

fn rfc3339(time: Timestamp) -> String {
    time.to_rfc3339()
}

type Wanted = fn(&LogEntry) -> bool;

#[tokio::test]
async fn logs_are_found_by_each_parameter() {
    let (home, entries) = forty_days().await;
    let trace = &entries[100].trace_id;
    let middle = entries[entries.len() / 2].created_at;
    let rows: Vec<(String, Wanted)> = vec![
        (String::new(), |e| e.is_final),
        ("attempts=final".into(), |e| e.is_final),
        ("attempts=all".into(), |_| true),
        ("attempts=all&model=gpt-5&provider=spare".into(), |e| {
            e.model == "gpt-5" && e.provider.as_deref() == Some("spare")
        }),
        ("model=gpt-5&provider=&error=".into(), |e| e.is_final && e.model == "gpt-5"),
        ("provider_model=gpt-5-v1".into(), |e| e.is_final && e.model == "gpt-5"),
        ("status=5xx&attempts=all".into(), |e| e.status >= 500),
        ("status=429".into(), |e| e.is_final && e.status == 429),
        ("outcome=rate_limited&attempts=all".into(), |e| e.outcome == Outcome::RateLimited),
        ("dialect=openai_responses".into(), |e| e.is_final && e.dialect.as_str() == "openai_responses"),
        ("user_agent=claude-CLI%2F2.0".into(), |e| {
            e.is_final && e.user_agent.as_ref().is_some_and(|agent| agent.starts_with("claude-cli"))
        }),
        ("key=k1&session=s2".into(), |e| {
            e.is_final && e.key_id.as_deref() == Some("k1") && e.session_id.as_deref() == Some("s2")
        }),
        ("stream=true&error=QUOTA".into(), |e| e.is_final && e.stream && e.error.is_some()),
        ("model=gpt-5&model=gemini-3-pro&not_outcome=success".into(), |e| {
            e.is_final && e.model != "claude-sonnet-5" && e.outcome != Outcome::Success
        }),
        ("not_model=gpt-5&attempts=all".into(), |e| e.model != "gpt-5"),
        ("key=none".into(), |e| e.is_final && e.key_id.is_none()),
        ("key=none&key=k1&not_provider=main".into(), |e| {
            e.is_final && e.key_id.as_deref() != Some("k2") && e.provider.as_deref() != Some("main")
        }),
        ("not_key=none".into(), |e| e.is_final && e.key_id.is_some()),
        ("association=main/gpt-5&attempts=all".into(), |e| e.association_id.as_deref() == Some("main/gpt-5")),
        ("status=4xx&status=500&not_status=429".into(), |e| e.is_final && [400, 499, 500].contains(&e.status)),
        ("operation=count_tokens".into(), |e| e.is_final && e.operation == Operation::CountTokens),
        ("origin=console&finish_reason=stop".into(), |e| {
            e.is_final && e.origin == Origin::Console && e.finish_reason.as_deref() == Some("stop")
        }),
        ("q=QUOTA 7".replace(' ', "%20"), |e| {
            e.is_final && e.error.as_ref().is_some_and(|error| error.starts_with("Quota 7"))
        }),
        ("q=claude-sonnet".into(), |e| e.is_final && e.model == "claude-sonnet-5"),
        ("min_total_ms=100&max_total_ms=5000".into(), |e| e.is_final && (100_000..=5_000_000).contains(&e.total_us)),
        ("min_first_token_ms=50.5".into(), |e| e.is_final && e.first_token_us.is_some_and(|micros| micros >= 50_500)),
        ("min_cost=0.5".into(), |e| e.is_final && e.cost.is_some_and(|cost| cost >= 0.5)),
        ("cache=hit".into(), |e| e.is_final && e.usage.cache_read.unwrap_or(0) > 0),
        ("cache=miss".into(), |e| e.is_final && e.usage.cache_read.unwrap_or(0) == 0),
        ("has_bodies=true&attempts=all".into(), |e| e.bodies.is_some()),
        ("attempts_min=2".into(), |e| e.is_final && e.attempt >= 2),
        ("body=%22A%22&from=2025-01-01T00:00:00Z&attempts=all".into(), |e| e.bodies.is_some()),
        ("body=elsewhere&from=2025-01-01T00:00:00Z&attempts=all".into(), |_| false),
    ];
    for (query, wanted) in rows {
        let mut expected: Vec<_> = entries.iter().filter(|entry| wanted(entry)).map(|entry| entry.id.clone()).collect();
        expected.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(all_ids(&home, &query).await, expected, "{query}");
    }
    let of_trace = all_ids(&home, &format!("attempts=all&trace={trace}")).await;
    assert_eq!(of_trace.len(), entries.iter().filter(|entry| entry.trace_id == *trace).count());
    let both = [format!("attempts=all&to={}", rfc3339(middle)), format!("attempts=all&from={}", rfc3339(middle))];
    let counts = [all_ids(&home, &both[0]).await.len(), all_ids(&home, &both[1]).await.len()];
    let before = entries.iter().filter(|entry| entry.created_at < middle).count();
    assert_eq!(counts, [before, entries.len() - before]);
}

async fn all_ids(home: &Home, query: &str) -> Vec<String> {
    let mut ids = vec![];
    let mut cursor = String::new();
    loop {
        let page = get(home, &format!("/api/logs?limit=170&{query}{cursor}")).await;
        let data = page["data"].as_array().unwrap();
        ids.extend(data.iter().map(|log| log["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            None => return ids,
            Some(next) => cursor = format!("&cursor={next}"),
        }
    }
}

#[tokio::test]
async fn a_log_shows_its_units_its_attempts_and_its_bodies() {
    let (home, entries) = forty_days().await;
    let first = &entries[0];
    let detail = get(&home, &format!("/api/logs/{}", first.id)).await;
    let expected = [
        ("trace_id", json!(first.trace_id)),
        ("created_at", json!(rfc3339(first.created_at))),
        ("dialect", json!(first.dialect.as_str())),
        ("operation", json!(first.operation.as_str())),
        ("outcome", json!(first.outcome.as_str())),
        ("total_ms", json!(first.total_us as f64 / 1_000.0)),
        ("proxy_ms", json!(0.9)),
        ("has_bodies", json!(true)),
        ("bodies", json!({"request": "{\"a\":1}", "response": "data: [DONE]\n\n"})),
    ];
    for (field, value) in expected {
        assert_eq!(detail[field], value, "{field}");
    }
    let fast = entries[1..].iter().find(|entry| entry.stream && entry.usage.output.is_some()).unwrap();
    let shown = get(&home, &format!("/api/logs/{}", fast.id)).await;
    let tokens = fast.usage.output.unwrap() + fast.usage.reasoning.unwrap();
    let micros = fast.total_us - fast.first_token_us.unwrap();
    assert_eq!(shown["tokens_per_second"], json!(tokens as f64 * 1e6 / micros as f64));
    assert_eq!(shown["usage"]["cache_read_tokens"], json!(fast.usage.cache_read));
    assert_eq!(shown["bodies"], Value::Null);

    let retried = entries.iter().find(|entry| entry.attempt == 2).unwrap();
    let shown = get(&home, &format!("/api/logs/{}", retried.id)).await;
    let attempts: Vec<_> = shown["attempts"].as_array().unwrap().iter().map(|log| &log["attempt"]).collect();
    assert_eq!(attempts, [&json!(1), &json!(2)]);
    assert_eq!(call(&home, "GET /api/logs/unknown").await.0, 404);

    let without = get(&home, &format!("/api/logs/{}?bodies=false", first.id)).await;
    assert_eq!((&without["bodies"], &without["has_bodies"]), (&Value::Null, &json!(true)));
    assert_eq!(without["translation"], json!([]));
    assert_eq!(call(&home, &format!("GET /api/logs/{}?bodies=maybe", first.id)).await.0, 422);
}

#[tokio::test]
async fn a_session_is_walked_request_by_request() {
    let (home, entries) = forty_days().await;
    let of_session: Vec<_> =
        entries.iter().filter(|it| it.is_final && it.session_id.as_deref() == Some("s1")).collect();
    for index in [0, 1, 17, of_session.len() - 1] {
        let shown = get(&home, &format!("/api/logs/{}?bodies=false", of_session[index].id)).await;
        let id = |index: Option<usize>| json!(index.and_then(|index| of_session.get(index)).map(|entry| &entry.id));
        assert_eq!(shown["previous_id"], id(index.checked_sub(1)), "{index}");
        assert_eq!(shown["next_id"], id(Some(index + 1)), "{index}");
    }
    let failed = entries.iter().find(|it| !it.is_final && it.session_id.as_deref() == Some("s1")).unwrap();
    let shown = get(&home, &format!("/api/logs/{}", failed.id)).await;
    let behind = of_session.iter().find(|it| it.created_at > failed.created_at).unwrap();
    assert_eq!(shown["next_id"], json!(behind.id), "a request's own attempts are not its neighbours");
    let alone = entries.iter().find(|it| it.session_id.is_none()).unwrap();
    let shown = get(&home, &format!("/api/logs/{}", alone.id)).await;
    assert_eq!((&shown["previous_id"], &shown["next_id"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn parts_of_a_cost_are_its_sum() {
    let home = Home::new().await;
    let mut entries = Entries::new(&home.clock).requests(100);
    for (index, entry) in entries.iter_mut().enumerate() {
        let prices = Prices {
            input: 0.1 * index as f64,
            output: 3.0,
            cache_read: 0.037_5,
            cache_write: 1.0,
            cache_write_1h: (index % 2 == 0).then_some(2.0),
            currency: "USD".to_owned(),
        };
        entry.cost = CostParts::of(&prices, &entry.usage).map(|parts| parts.sum());
        entry.currency = entry.cost.map(|_| "USD".to_owned());
        entry.prices = (index % 5 > 0).then_some(prices);
    }
    home.record(entries.clone()).await;
    for entry in &entries {
        let shown = get(&home, &format!("/api/logs/{}", entry.id)).await;
        let parts = &shown["cost_parts"];
        assert_eq!(parts.is_null(), entry.cost.is_none() || entry.prices.is_none(), "{shown}");
        assert_eq!(shown["prices"].is_null(), entry.prices.is_none(), "{shown}");
        if !parts.is_null() {
            let sum: f64 =
                ["input", "cache_read", "cache_write", "output"].iter().map(|it| parts[it].as_f64().unwrap()).sum();
            assert_eq!(json!(sum), shown["cost"], "{shown}");
        }
    }
}

#[tokio::test]
async fn an_associations_strip_is_its_newest_attempts() {
    let (home, entries) = forty_days().await;
    let strip = get(&home, "/api/associations/main%2Fgpt-5/recent").await;
    let mine = entries.iter().rev().filter(|entry| entry.association_id.as_deref() == Some("main/gpt-5")).take(30);
    let expected: Vec<_> = mine
        .map(|entry| {
            json!({
                "id": entry.id, "created_at": rfc3339(entry.created_at), "status": entry.status,
                "outcome": entry.outcome.as_str(), "error": entry.error,
                "first_token_ms": entry.first_token_us.map(|micros| micros as f64 / 1_000.0),
                "total_ms": entry.total_us as f64 / 1_000.0,
            })
        })
        .collect();
    assert_eq!(strip["data"], json!(expected));
    assert_eq!(get(&home, "/api/associations/unknown/recent").await["data"], json!([]));
}

#[tokio::test]
async fn metrics_are_the_sums_of_the_entries() {
    let (home, all) = forty_days().await;
    let from = rfc3339(all[0].created_at);
    let report = get(&home, &format!("/api/metrics?from={from}&interval=day&group_by=model")).await;
    let entries = of_clients(&all);
    let groups = report["groups"].as_array().unwrap();
    let sum = |path: &str| groups.iter().map(|group| group.pointer(path).unwrap().as_u64().unwrap()).sum::<u64>();
    let count = |wanted: Wanted| entries.iter().filter(|entry| wanted(entry)).count() as u64;
    assert_eq!(groups.len(), 3);
    assert_eq!(sum("/requests"), count(|e| e.is_final));
    assert_eq!(sum("/successes"), count(|e| e.is_final && e.outcome == Outcome::Success));
    let is_error: Wanted = |e| e.is_final && !matches!(e.outcome, Outcome::Success | Outcome::Cancelled);
    assert_eq!(sum("/errors"), count(is_error));
    assert_eq!(sum("/outcomes/timeout"), count(|e| e.is_final && e.outcome == Outcome::Timeout));
    assert_eq!(sum("/usage/output_tokens"), entries.iter().filter_map(|entry| entry.usage.output).sum::<u64>());
    assert!(groups.windows(2).all(|pair| pair[0]["requests"].as_u64() >= pair[1]["requests"].as_u64()));

    let points = report["points"].as_array().unwrap();
    for group in groups {
        let mine = points.iter().filter(|point| point["group"] == group["group"]);
        let requests: u64 = mine.map(|point| point["requests"].as_u64().unwrap()).sum();
        assert_eq!(json!(requests), group["requests"]);
        assert_eq!(group["name"], group["group"]);
        let generations = entries.iter().filter(|entry| {
            let is_generation = entry.is_final && entry.operation == Operation::Generate;
            is_generation && entry.outcome == Outcome::Success && json!(entry.model) == group["group"]
        });
        let totals: Vec<_> = generations.map(|entry| entry.total_us as f64 / 1_000.0).collect();
        let mean = totals.iter().sum::<f64>() / totals.len() as f64;
        assert!((group["total_ms"]["mean"].as_f64().unwrap() - mean).abs() < 0.01);
        let [p50, p90, p99] = ["p50", "p90", "p99"].map(|name| group["total_ms"][name].as_f64().unwrap());
        let p95 = group["total_ms"]["p95"].as_f64().unwrap();
        assert!(p50 <= p90 && p90 <= p95 && p95 <= p99);
    }

    let keys = get(&home, &format!("/api/metrics?from={from}&interval=day&group_by=key&model=gpt-5")).await;
    let names: Vec<_> =
        keys["groups"].as_array().unwrap().iter().map(|group| (&group["group"], &group["name"])).collect();
    assert!(
        names.contains(&(&json!("k1"), &json!("name of k1"))) && names.contains(&(&json!(""), &json!(""))),
        "{names:?}"
    );

    // What the console asked counts where it is asked for.
    type IsWanted = fn(Origin) -> bool;
    let rows: [(&str, IsWanted); 5] = [
        ("origin=all", |_| true),
        ("origin=console", |origin| origin == Origin::Console),
        ("not_origin=client", |origin| origin != Origin::Client),
        ("not_origin=console", |origin| origin != Origin::Console),
        ("origin=all&not_origin=console", |origin| origin != Origin::Console),
    ];
    for (query, is_wanted) in rows {
        let report = get(&home, &format!("/api/metrics?from={from}&interval=day&{query}")).await;
        let finals = all.iter().filter(|entry| entry.is_final && is_wanted(entry.origin)).count();
        assert!(finals > 0, "{query}");
        let groups = report["groups"].as_array().unwrap();
        assert_eq!(groups.iter().map(|group| &group["requests"]).collect::<Vec<_>>(), [&json!(finals)], "{query}");
    }

    let last_day = get(&home, "/api/metrics").await;
    let day_ago = home.clock.now().minus(DAY).as_secs() / 3_600 * 3_600;
    let recent = entries.iter().filter(|entry| entry.is_final && entry.created_at.as_secs() >= day_ago).count();
    assert_eq!(last_day["groups"][0]["requests"], json!(recent));
    assert_eq!((&last_day["interval"], &last_day["group_by"]), (&json!("hour"), &json!("none")));
}

#[tokio::test]
async fn the_summary_and_a_keys_usage_count_local_days() {
    let (home, all) = forty_days().await;
    let clients = of_clients(&all);
    let now = home.clock.now().as_secs();
    let since = |offset: i64, days: i64| (now + offset).div_euclid(86_400) * 86_400 - offset - (days - 1) * 86_400;
    for offset in [0, 480, -300] {
        let mine = |key: Option<&str>, from: i64| {
            let wanted = |entry: &&LogEntry| {
                entry.is_final
                    && entry.created_at.as_secs() >= from
                    && (key.is_none() || entry.key_id.as_deref() == key)
            };
            json!(if key.is_some() { &all } else { &clients }.iter().filter(wanted).count())
        };
        let summary = get(&home, &format!("/api/metrics/summary?tz_offset_minutes={offset}")).await;
        let usage = get(&home, &format!("/api/keys/k1/usage?tz_offset_minutes={offset}")).await;
        for (period, days) in [("today", 1), ("last_7_days", 7), ("last_30_days", 30)] {
            let from = since(offset * 60, days);
            assert_eq!(summary[period]["requests"], mine(None, from), "{period} {offset}");
            assert_eq!(usage[period]["requests"], mine(Some("k1"), from), "{period} {offset}");
        }
        assert_eq!(usage["all"]["requests"], mine(Some("k1"), 0));
        let last = all.iter().rfind(|entry| entry.key_id.as_deref() == Some("k1")).unwrap().created_at;
        let minute = Timestamp::from_secs(last.as_secs() / 60 * 60);
        assert_eq!(usage["last_used_at"], json!(rfc3339(minute)));
    }
    let unused = get(&home, "/api/keys/unknown/usage").await;
    assert_eq!((&unused["last_used_at"], &unused["all"]["requests"]), (&Value::Null, &json!(0)));
    assert_eq!(unused["all"]["total_ms"], Value::Null);
}

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

#[tokio::test]
async fn the_log_goes_out_as_a_table_and_as_lines() {
    let (home, entries) = forty_days().await;
    let finals = entries.iter().filter(|entry| entry.is_final).count();
    let (status, headers, text) = raw(&home, "GET", "/api/logs", Some("text/csv")).await;
    assert_eq!((status, headers.get("x-llmio-truncated")), (200, None));
    assert_eq!(text.lines().count(), finals + 1);
    assert!(text.starts_with("id,trace_id,created_at,"), "{}", &text[..200]);
    let (status, headers, text) =
        raw(&home, "GET", "/api/logs?attempts=all&limit=700", Some("application/x-ndjson")).await;
    assert_eq!((status, headers["x-llmio-truncated"].to_str().unwrap()), (200, "true"));
    let ids: Vec<_> = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone()).collect();
    let first = get(&home, "/api/logs?attempts=all&limit=200").await;
    assert_eq!(ids.len(), 700);
    assert!(ids.iter().zip(first["data"].as_array().unwrap()).all(|(id, entry)| *id == entry["id"]));
    let (status, _, _) = raw(&home, "GET", "/api/logs?limit=100001", Some("text/csv")).await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn usage_is_told_for_a_whole_list_at_once() {
    let (home, all) = forty_days().await;
    let entries = of_clients(&all);
    type IdOf = fn(&LogEntry) -> Option<String>;
    let of: [(&str, IdOf); 4] = [
        ("key", |entry| entry.key_id.clone()),
        ("provider", |entry| entry.provider.clone()),
        ("model", |entry| Some(entry.model.clone())),
        ("association", |entry| entry.association_id.clone()),
    ];
    for (by, id_of) in of {
        let report = get(&home, &format!("/api/usage?by={by}&days=7&tz_offset_minutes=480")).await;
        let data = report["data"].as_array().unwrap();
        let ids: std::collections::BTreeSet<_> = entries.iter().map(|e| id_of(e).unwrap_or_default()).collect();
        assert_eq!(data.len(), ids.len(), "{by}");
        assert!(data.windows(2).all(|pair| pair[0]["all"]["requests"].as_u64() >= pair[1]["all"]["requests"].as_u64()));
        for item in data {
            let mine: Vec<_> = entries.iter().filter(|e| json!(id_of(e).unwrap_or_default()) == item["id"]).collect();
            let finals =
                |from: i64| json!(mine.iter().filter(|e| e.is_final && e.created_at.as_secs() >= from).count());
            let midnight = (home.clock.now().as_secs() + 28_800) / 86_400 * 86_400 - 28_800;
            assert_eq!(item["all"]["requests"], finals(0), "{by} {}", item["id"]);
            assert_eq!(item["period"]["requests"], finals(midnight - 6 * 86_400));
            assert_eq!(item["today"]["requests"], finals(midnight));
            let sparks = item["spark"].as_array().unwrap();
            let sum: u64 = sparks.iter().map(|day| day["requests"].as_u64().unwrap()).sum();
            assert_eq!(json!(sum), item["period"]["requests"]);
            assert!(sparks.len() <= 7);
            let last = mine.iter().map(|e| e.created_at.as_secs()).max().unwrap() / 60 * 60;
            assert_eq!(item["last_used_at"], json!(rfc3339(Timestamp::from_secs(last))));
        }
        assert_eq!(report["breakdown_since"].is_string(), by == "association");
    }
    let keys = get(&home, "/api/usage?by=key").await;
    let named = |id: &str| keys["data"].as_array().unwrap().iter().find(|key| key["id"] == id).unwrap()["name"].clone();
    assert_eq!((named("k1"), named("")), (json!("name of k1"), json!("")));
    let routes = get(&home, "/api/usage?by=association").await;
    assert!(routes["data"][0]["name"].as_str().unwrap().contains(" / "), "{}", routes["data"][0]["name"]);
}

#[tokio::test]
async fn groups_beyond_the_limit_are_one_and_divide_further() {
    let (home, all) = forty_days().await;
    let from = rfc3339(all[0].created_at);
    let ask = |query: &str| format!("/api/metrics?from={from}&interval=day&{query}");
    let whole = get(&home, &ask("group_by=none")).await;
    let rows =
        ["group_by=key&limit=1", "group_by=model&then_by=provider&limit=3", "group_by=association&then_by=key&limit=2"];
    for query in rows {
        let report = get(&home, &ask(query)).await;
        let groups = report["groups"].as_array().unwrap();
        let limit: usize = query.rsplit('=').next().unwrap().parse().unwrap();
        assert_eq!(groups.len(), limit + 1, "{query}");
        let others: Vec<_> = groups.iter().map(|group| group["other"] == true).collect();
        assert!(others[limit] && !others[..limit].contains(&true), "{query}: {others:?}");
        let sum =
            |list: &Value| list.as_array().unwrap().iter().map(|item| item["requests"].as_u64().unwrap()).sum::<u64>();
        assert_eq!((sum(&report["groups"]), sum(&report["points"])), (sum(&whole["groups"]), sum(&whole["groups"])));
        assert_eq!(groups[0]["then"].is_string(), query.contains("then_by"), "{query}");
        assert_eq!(groups[limit]["then"], Value::Null);
    }
    // Filters may be repeated and turned round.
    let count = |wanted: Wanted| json!(of_clients(&all).iter().filter(|e| e.is_final && wanted(e)).count());
    let rows: [(&str, Wanted); 5] = [
        ("model=gpt-5&model=gemini-3-pro", |e| e.model != "claude-sonnet-5"),
        ("not_model=gpt-5&not_model=gemini-3-pro", |e| e.model == "claude-sonnet-5"),
        ("key=none", |e| e.key_id.is_none()),
        ("not_key=none&provider=main", |e| e.key_id.is_some() && e.provider.as_deref() == Some("main")),
        ("association=main/gpt-5&dialect=gemini&key=k1", |e| {
            e.association_id.as_deref() == Some("main/gpt-5")
                && e.dialect.as_str() == "gemini"
                && e.key_id.as_deref() == Some("k1")
        }),
    ];
    for (query, wanted) in rows {
        assert_eq!(get(&home, &ask(query)).await["groups"][0]["requests"], count(wanted), "{query}");
    }
    let report = get(&home, &ask("group_by=association")).await;
    assert!(report["breakdown_since"].is_string(), "the entries are older than the database");
    assert_eq!(get(&home, &ask("group_by=model")).await["breakdown_since"], Value::Null);
}

#[tokio::test]
async fn five_minutes_are_told_for_three_days_and_tables_as_csv() {
    let (home, all) = forty_days().await;
    let to = home.clock.now();
    let query = format!("from={}&to={}", rfc3339(to.minus(Duration::from_secs(21_600))), rfc3339(to));
    let report = get(&home, &format!("/api/metrics?interval=5m&{query}")).await;
    let start = (to.as_secs() - 21_600) / 300 * 300;
    let wanted: Vec<_> =
        of_clients(&all).into_iter().filter(|e| e.is_final && e.created_at.as_secs() >= start).collect();
    assert!(!wanted.is_empty());
    let points = report["points"].as_array().unwrap();
    for entry in &wanted {
        let start = Timestamp::from_secs(entry.created_at.as_secs() / 300 * 300);
        assert!(points.iter().any(|point| point["start"] == json!(rfc3339(start))), "{points:?}");
    }

    let path = "/api/metrics?group_by=model&interval=day";
    let (status, headers, text) = raw(&home, "GET", path, Some("text/csv")).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "text/csv; charset=utf-8; header=present"));
    let points = get(&home, path).await["points"].as_array().unwrap().len();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), points + 1);
    assert!(lines[0].starts_with("start,group,then,other,requests,"), "{}", lines[0]);
    let widths: Vec<_> = lines.iter().map(|line| line.split(',').count()).collect();
    assert!(widths.iter().all(|width| *width == widths[0]));
}

#[tokio::test]
async fn logs_are_deleted_on_demand_and_the_history_tells() {
    let (home, entries) = forty_days().await;
    let trial = call(&home, "DELETE /api/logs?keep_newest=100&dry_run=true").await;
    assert_eq!(trial, (200, json!({"dry_run": true, "would_delete": entries.len() - 100, "capped": false})));
    let storage = get(&home, "/api/storage").await;
    assert_eq!(
        (&storage["entries"], &storage["oldest"]),
        (&json!(entries.len()), &json!(rfc3339(entries[0].created_at)))
    );
    assert_eq!(storage["bodies_bytes"], json!("{\"a\":1}".len() + "data: [DONE]\n\n".len()));
    assert!(storage["database_bytes"].as_u64().is_some_and(|bytes| bytes > 100_000), "{storage}");
    let deleting = home.with_time_passing(call(&home, "DELETE /api/logs?keep_newest=100"));
    let (status, cleanup) = deleting.await;
    assert_eq!((status, &cleanup["deleted"]), (200, &json!(entries.len() - 100)));
    assert_eq!(all_ids(&home, "attempts=all").await.len(), 100);
    let (status, second) = home.with_time_passing(call(&home, "DELETE /api/logs?older_than_days=0")).await;
    assert_eq!((status, &second["deleted"]), (200, &json!(100)));
    let history = get(&home, "/api/cleanups").await;
    assert_eq!(history["data"], json!([second, cleanup]));
    assert_eq!(history["next_cursor"], Value::Null);
    let before = get(&home, &format!("/api/cleanups?cursor={}", second["id"])).await;
    assert_eq!(before["data"], json!([cleanup]));
    for _ in 0..101 {
        home.with_time_passing(call(&home, "DELETE /api/logs?keep_newest=0")).await;
    }
    let page = get(&home, "/api/cleanups").await;
    let rest = get(&home, &format!("/api/cleanups?cursor={}", page["next_cursor"])).await;
    assert_eq!((page["data"].as_array().unwrap().len(), rest["data"].as_array().unwrap().len()), (100, 3));
    assert_eq!(
        (&cleanup["kind"], &cleanup["criterion"], &cleanup["value"]),
        (&json!("manual"), &json!("keep_newest"), &json!(100))
    );
    assert!(cleanup["duration_ms"].is_f64() && cleanup["error"].is_null());
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_by_name() {
    let home = Home::new().await;
    let rows = [
        ("GET /api/logs?status=6xx", "status"),
        ("GET /api/logs?outcome=fine", "outcome"),
        ("GET /api/logs?dialect=morse", "dialect"),
        ("GET /api/logs?trace=abc", "trace"),
        ("GET /api/logs?from=yesterday", "from"),
        ("GET /api/logs?stream=maybe", "stream"),
        ("GET /api/logs?attempts=none", "attempts"),
        ("GET /api/logs?limit=0", "limit"),
        ("GET /api/logs?limit=201", "limit"),
        ("GET /api/logs?colour=red", "colour"),
        ("GET /api/logs?body=x", "from"),
        ("GET /api/logs?min_total_ms=-1", "min_total_ms"),
        ("GET /api/logs?max_total_ms=NaN", "max_total_ms"),
        ("GET /api/logs?not_status=abc", "not_status"),
        ("GET /api/logs?cache=cold", "cache"),
        ("GET /api/logs?provider_type=telex", "provider_type"),
        ("GET /api/logs/facets", "field"),
        ("GET /api/logs/facets?field=colour", "field"),
        ("GET /api/logs/histogram?buckets=0", "buckets"),
        ("GET /api/logs/histogram?buckets=401", "buckets"),
        ("GET /api/logs/histogram?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
        ("GET /api/logs/histogram?from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
        ("DELETE /api/logs", "older_than_days"),
        ("DELETE /api/logs?older_than_days=1&keep_newest=1", "older_than_days"),
        ("DELETE /api/logs?keep_newest=-1", "keep_newest"),
        ("GET /api/metrics?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
        ("GET /api/metrics?from=2025-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
        ("GET /api/metrics?from=2020-01-01T00:00:00Z&interval=day", "from"),
        ("GET /api/metrics?interval=minute", "interval"),
        ("GET /api/metrics?interval=5m&from=2025-12-01T00:00:00Z&to=2025-12-01T01:00:00Z", "from"),
        ("GET /api/metrics?then_by=model", "then_by"),
        ("GET /api/metrics?group_by=model&then_by=model", "then_by"),
        ("GET /api/metrics?group_by=colour", "group_by"),
        ("GET /api/metrics?limit=0", "limit"),
        ("GET /api/metrics?limit=201", "limit"),
        ("GET /api/metrics?group_by=key&limit=200&from=2025-12-05T00:00:00Z&to=2026-01-01T00:00:00Z", "limit"),
        ("GET /api/metrics?origin=mars", "origin"),
        ("GET /api/usage", "by"),
        ("GET /api/usage?by=colour", "by"),
        ("GET /api/usage?by=key&days=91", "days"),
        ("GET /api/metrics?tz_offset_minutes=841", "tz_offset_minutes"),
        ("GET /api/metrics/summary?tz_offset_minutes=-2147483648", "tz_offset_minutes"),
    ];
    for (request, field) in rows {
        let (status, json) = call(&home, request).await;
        let error = &json["error"];
        assert_eq!(
            (status, &error["code"], &error["field"]),
            (422, &json!("invalid"), &json!(field)),
            "{request}: {json}"
        );
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

/// An isolate has 128 MB for everything.
#[tokio::test]
async fn an_export_is_cut_before_it_fills_a_worker() {
    let home = Home::new().await;
    let mut entries = Entries::new(&home.clock).requests(4_000);
    entries.iter_mut().for_each(|entry| entry.error = Some("x".repeat(4_000)));
    home.record(entries).await;
    for accept in ["application/x-ndjson", "text/csv"] {
        let (status, headers, text) = raw(&home, "GET", "/api/logs?attempts=all", Some(accept)).await;
        assert_eq!((status, &headers["x-llmio-truncated"]), (200, &http::HeaderValue::from_static("true")), "{accept}");
        assert!(text.len() < 20 << 20 && text.ends_with('\n'), "{accept}: {} bytes", text.len());
    }
}
