//! What is told of many requests at once.

use std::time::{SystemTime, UNIX_EPOCH};

use http::Method;
use llmio_conformance::client::Call;
use llmio_conformance::config::{Config, association_with};
use llmio_conformance::dialect::{self, Form, KEY};
use llmio_conformance::{Home, Setup, TOKEN};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

/// Two models, of which one costs; three requests to the one, two to the other, and one to a model that there is not.
async fn bed() -> (Home, Upstream) {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let prices = json!({"input": 2.0, "output": 10.0, "currency": "EUR"});
    let config = Config::new()
        .upstream("chat", Dialect::Chat, &upstream)
        .upstream("claude", Dialect::Anthropic, &upstream)
        .model("m-chat", [association_with("chat", "ok", &json!({"prices": prices}))])
        .model("m-claude", [association_with("claude", "ok", &json!({}))]);
    let home = Home::start(Setup::new(config)).await;
    let asked = [
        (Dialect::Chat, "m-chat"),
        (Dialect::Chat, "m-chat"),
        (Dialect::Chat, "m-chat"),
        (Dialect::Anthropic, "m-claude"),
        (Dialect::Anthropic, "m-claude"),
        (Dialect::Chat, "no-such-model"),
    ];
    for (dialect, model) in asked {
        let answer = dialect::call(&home, dialect, model, Form::Whole).send().await;
        assert_eq!(home.trace(&answer.trace()).await.len(), 1);
    }
    (home, upstream)
}

async fn get(home: &Home, path: &str) -> Value {
    let answer = home.admin(Method::GET, path, None).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

fn counts(list: &Value, name: &str) -> Vec<(String, u64)> {
    let item =
        |item: &Value| (item[name].as_str().unwrap_or_default().to_owned(), item["requests"].as_u64().unwrap_or(0));
    list.as_array().expect("a list").iter().map(item).collect()
}

#[tokio::test]
async fn metrics_by_group_interval_and_filter() {
    let (home, _upstream) = bed().await;
    for interval in ["5m", "hour", "day"] {
        let rows: [(&str, &[(&str, u64)]); 7] = [
            ("group_by=none", &[("", 6)]),
            ("group_by=model", &[("m-chat", 3), ("m-claude", 2), ("", 1)]),
            ("group_by=model&limit=1", &[("m-chat", 3), ("", 3)]),
            ("group_by=provider&model=m-chat&model=m-claude", &[("chat", 3), ("claude", 2)]),
            ("group_by=dialect&not_model=m-chat", &[("anthropic", 2), ("openai_chat", 1)]),
            ("group_by=model&then_by=provider_model&key=none", &[]),
            ("group_by=model&origin=console", &[]),
        ];
        for (query, expected) in rows {
            let report = get(&home, &format!("/metrics?interval={interval}&{query}")).await;
            let expected: Vec<_> = expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
            assert_eq!(counts(&report["groups"], "group"), expected, "{interval} {query}: {report}");
            let points: u64 = counts(&report["points"], "group").iter().map(|(_, count)| count).sum();
            assert_eq!(points, expected.iter().map(|(_, count)| count).sum::<u64>(), "{interval} {query}");
        }
    }
    let report = get(&home, "/metrics?group_by=association&then_by=key").await;
    let first = &report["groups"][0];
    assert_eq!((&first["name"], &first["then_name"]), (&json!("chat / ok"), &json!("suite")), "{report}");
    assert!(first["costs"]["EUR"].as_f64().is_some_and(|cost| cost > 0.0), "{report}");
    assert_eq!(first["unpriced"], json!({"requests": 0, "tokens": 0}));
    assert_eq!(report["groups"][1]["unpriced"]["requests"], 2, "{report}");
    assert!(first["total_ms"]["p95"].is_f64(), "{report}");
}

/// The offset of a time zone where it is about noon: its day does not end while a test runs.
fn noon_offset() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let minute = i64::try_from(now / 60 % (24 * 60)).expect("minutes of a day");
    (12 * 60 - minute) / 15 * 15
}

#[tokio::test]
async fn usage_of_a_whole_list() {
    let (home, _upstream) = bed().await;
    let zone = format!("tz_offset_minutes={}", noon_offset());
    let rows: [(&str, &[(&str, u64)]); 3] = [
        ("model", &[("m-chat", 3), ("m-claude", 2), ("", 1)]),
        ("provider", &[("chat", 3), ("claude", 2), ("", 1)]),
        ("association", &[("chat / ok", 3), ("claude / ok", 2), ("", 1)]),
    ];
    for (by, expected) in rows {
        let report = get(&home, &format!("/usage?by={by}&{zone}")).await;
        for (item, (name, requests)) in report["data"].as_array().expect("a list").iter().zip(expected) {
            assert_eq!(item["name"], *name, "{report}");
            for period in ["all", "period", "today"] {
                assert_eq!(item[period]["requests"], *requests, "{by} {name} {period}");
            }
            assert_eq!(item["spark"][0]["requests"], *requests);
            assert!(item["last_used_at"].is_string());
        }
    }
    let keys = get(&home, "/usage?by=key").await;
    assert_eq!(counts(&json!([keys["data"][0]["all"]]), "name")[0].1, 6, "{keys}");
    assert_eq!(keys["data"][0]["name"], "suite");
    let summary = get(&home, &format!("/metrics/summary?{zone}")).await;
    assert_eq!((&summary["today"]["requests"], &summary["last_30_days"]["requests"]), (&json!(6), &json!(6)));
}

#[tokio::test]
async fn the_log_by_filters_pages_facets_and_time() {
    let (home, _upstream) = bed().await;
    let rows = [
        ("", 6),
        ("?attempts=all", 6),
        ("?model=m-chat&model=m-claude", 5),
        ("?not_model=m-chat&provider_type=anthropic", 2),
        ("?key=none", 0),
        ("?not_key=none&outcome=success", 5),
        ("?status=4xx&not_status=429", 1),
        ("?q=NO-SUCH", 1),
        ("?q=not%20there", 0),
        ("?origin=client&operation=generate&min_total_ms=0&max_total_ms=600000", 6),
        // Every answer of the scripted provider reads some of its tokens from a cache.
        ("?cache=hit", 5),
        ("?cache=miss", 1),
        ("?origin=console", 0),
        ("?attempts_min=2", 0),
        ("?has_bodies=true", 0),
        ("?body=hello&from=2026-01-01T00:00:00Z", 0),
        ("?min_cost=0.0000001", 3),
        ("?provider=none", 1),
    ];
    for (query, expected) in rows {
        let page = get(&home, &format!("/logs{query}")).await;
        assert_eq!(page["data"].as_array().map(Vec::len), Some(expected), "{query}: {page}");
        assert_eq!((&page["next_cursor"], &page["scanned_to"]), (&Value::Null, &Value::Null), "{query}");
        let histogram = get(&home, &format!("/logs/histogram{query}")).await;
        assert_eq!(histogram["total"], json!({"count": expected, "capped": false}), "{query}: {histogram}");
    }
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = get(&home, &format!("/logs?not_status=500&limit=2{cursor}")).await;
        ids.extend(page["data"].as_array().into_iter().flatten().map(|entry| entry["id"].to_string()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert!(ids.len() == 6 && ids.is_sorted_by(|a, b| a > b), "{ids:?}");

    let facets = get(&home, "/logs/facets?field=provider&field=user_agent&field=status&field=key").await;
    let counts = |field: &str| {
        let facet = |facet: &Value| (facet["value"].clone(), facet["count"].clone());
        facets["fields"][field].as_array().expect("a list").iter().map(facet).collect::<Vec<_>>()
    };
    assert_eq!(
        counts("provider"),
        [(json!("chat"), json!(3)), (json!("claude"), json!(2)), (Value::Null, json!(1))],
        "{facets}"
    );
    assert_eq!(counts("status"), [(json!("200"), json!(5)), (json!("404"), json!(1))]);
    assert_eq!((facets["fields"]["key"][0]["name"].clone(), counts("key").len()), (json!("suite"), 1));
    assert_eq!(facets["approximate"], false);
    let histogram = get(&home, "/logs/histogram?status=4xx&buckets=10").await;
    let bucket = &histogram["buckets"][0];
    assert_eq!((&bucket["error"], &bucket["success"], &bucket["cancelled"]), (&json!(1), &json!(0), &json!(0)));
}

#[tokio::test]
async fn the_log_as_a_table_and_as_lines() {
    let (home, _upstream) = bed().await;
    let ask = async |query: &str, accept: &str| {
        let call = Call::get(&home.url(&format!("/api/logs{query}")));
        call.header("authorization", &format!("Bearer {TOKEN}")).header("accept", accept).send().await
    };
    let table = ask("?model=m-chat", "text/csv").await;
    assert_eq!((table.status, table.text().lines().count()), (200, 4), "{}", table.text());
    assert!(table.text().starts_with("id,trace_id,created_at,"), "{}", table.text());
    assert!(table.header("x-llmio-truncated").is_none());
    let lines = ask("?limit=4", "application/x-ndjson").await;
    let models: Vec<Value> =
        lines.text().lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["model"].clone()).collect();
    assert_eq!(models, ["no-such-model", "m-claude", "m-claude", "m-chat"]);
    assert_eq!(lines.header("x-llmio-truncated"), Some("true"));
}

#[tokio::test]
async fn tables_for_spreadsheets() {
    let (home, _upstream) = bed().await;
    let url = home.url("/api/metrics?group_by=model");
    let call = Call::get(&url).header("authorization", &format!("Bearer {TOKEN}")).header("accept", "text/csv");
    let answer = call.send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().starts_with("start,group,then,other,requests,"), "{}", answer.text());
    assert!(answer.text().lines().count() > 3, "{}", answer.text());
}

#[tokio::test]
async fn nothing_of_it_for_clients_and_nothing_senseless() {
    let (home, _upstream) = bed().await;
    for path in [
        "/api/metrics",
        "/api/metrics/summary",
        "/api/usage?by=key",
        "/api/logs",
        "/api/logs/facets?field=model",
        "/api/logs/histogram",
    ] {
        for credential in [None, Some(KEY)] {
            let mut call = Call::get(&home.url(path));
            if let Some(key) = credential {
                call = call.header("authorization", &format!("Bearer {key}"));
            }
            assert_eq!(call.send().await.status, 401, "{path} {credential:?}");
        }
    }
    let rows = [
        ("/usage", "by"),
        ("/usage?by=key&days=0", "days"),
        ("/metrics?limit=0", "limit"),
        ("/metrics?then_by=key", "then_by"),
        ("/metrics?interval=5m&from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z", "from"),
        ("/metrics?dialect=morse", "dialect"),
        ("/logs?body=x", "from"),
        ("/logs?not_status=abc", "not_status"),
        ("/logs?provider_type=telex", "provider_type"),
        ("/logs/facets", "field"),
        ("/logs/histogram?buckets=0", "buckets"),
    ];
    for (path, field) in rows {
        let answer = home.admin(Method::GET, path, None).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["field"]),
            (422, &json!(field)),
            "{path}: {}",
            answer.text()
        );
    }
}
