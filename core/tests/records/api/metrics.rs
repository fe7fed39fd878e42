//! Sums: metrics, the summary and usage.

use std::time::Duration;

use llmio_core::platform::{Clock, Timestamp};
use llmio_core::record::{LogEntry, Operation, Origin, Outcome};
use serde_json::{Value, json};

use super::{DAY, Wanted, forty_days, get, of_clients, raw, rfc3339};

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
