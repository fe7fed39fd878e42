//! The log: found, shown, walked, saved and deleted.

use llmio_core::config::Prices;
use llmio_core::record::{CostParts, Operation, Origin, Outcome};
use serde_json::{Value, json};

use super::{Wanted, all_ids, call, forty_days, get, raw, rfc3339};
use crate::support::{Entries, Home};

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
