use std::time::Duration;

use llmio_core::config::{Prices, ProviderType};
use llmio_core::dialect::Dialect;
use llmio_core::platform::{Clock, Database, Timestamp, Value};
use llmio_core::record::{Bodies, LogEntry, Origin, Outcome, TraceId, Translated, TranslatedKind};
use llmio_core::storage::log_details;
use llmio_core::storage::log_filter::{FieldChoice, LogField, LogFilter, StatusRange};
use llmio_core::storage::log_query;
use llmio_core::storage::log_scan::PATIENCE;
use llmio_core::storage::newest::newest;

use crate::explaining::Explaining;
use crate::support::{Entries, Home, entry};

/// Ids, newest first.
async fn all_pages(database: &dyn Database, filter: &LogFilter, limit: usize) -> Vec<String> {
    let mut ids = vec![];
    let mut cursor = None;
    loop {
        let page = log_query::page(database, filter, cursor.as_deref(), limit).await.unwrap();
        assert!(page.entries.len() <= limit);
        ids.extend(page.entries.into_iter().map(|stored| stored.entry.id));
        cursor = page.next;
        if cursor.is_none() {
            return ids;
        }
    }
}

fn newest_first<'a>(entries: impl Iterator<Item = &'a LogEntry>) -> Vec<String> {
    let mut ids: Vec<_> = entries.map(|entry| entry.id.clone()).collect();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids
}

#[tokio::test]
async fn twenty_thousand_entries_page_without_gap_or_repeat_while_more_arrive() {
    let home = Home::new().await;
    let mut entries = Entries::new(&home.clock);
    let before = entries.requests(16_000);
    assert!(before.len() >= 20_000 - 500, "{}", before.len());
    home.record(before.clone()).await;

    let filter = LogFilter { all_attempts: true, ..LogFilter::default() };
    let mut found = vec![];
    let mut cursor = None;
    loop {
        let page = log_query::page(&*home.database, &filter, cursor.as_deref(), 200).await.unwrap();
        found.extend(page.entries.into_iter().map(|stored| stored.entry.id));
        home.record(entries.requests(3)).await;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert!(found == newest_first(before.iter()), "pages differ from what was there when they began");
}

type Wanted = fn(&LogEntry) -> bool;

fn field(field: LogField, value: &str) -> FieldChoice {
    FieldChoice { field, values: vec![Some(value.to_owned())], leaves_out: false }
}

#[tokio::test]
async fn each_filter_finds_what_it_describes() {
    let home = Home::new().await;
    let mut generator = Entries::new(&home.clock);
    let mut entries = generator.requests(400);
    let middle = generator.now.plus(Duration::from_micros(1_500));
    generator.now = middle;
    entries.extend(generator.requests(400));
    home.record(entries.clone()).await;

    let trace = TraceId::parse(&entries[500].trace_id).unwrap();
    let all = LogFilter { all_attempts: true, ..LogFilter::default() };
    let text = |text: &str| Some(text.to_owned());
    let status = |text| StatusRange::parse(text).into_iter().collect::<Vec<_>>();
    let rows: Vec<(LogFilter, Wanted)> = vec![
        (all.clone(), |_| true),
        (LogFilter::default(), |e| e.is_final),
        (LogFilter { fields: vec![field(LogField::Model, "gpt-5")], ..all.clone() }, |e| e.model == "gpt-5"),
        (LogFilter { fields: vec![field(LogField::Model, "gpt-%")], ..all.clone() }, |_| false),
        (LogFilter { fields: vec![field(LogField::Provider, "spare")], ..all.clone() }, |e| {
            e.provider.as_deref() == Some("spare")
        }),
        (LogFilter { fields: vec![field(LogField::ProviderModel, "gpt-5-v1")], ..all.clone() }, |e| e.model == "gpt-5"),
        (LogFilter { status: status("429"), ..all.clone() }, |e| e.status == 429),
        (LogFilter { status: status("5xx"), ..all.clone() }, |e| e.status >= 500),
        (LogFilter { status: status("2xx"), ..all.clone() }, |e| e.status == 200),
        (LogFilter { fields: vec![field(LogField::Outcome, "timeout")], ..LogFilter::default() }, |e| {
            e.is_final && e.outcome == Outcome::Timeout
        }),
        (LogFilter { fields: vec![field(LogField::Outcome, "success")], ..all.clone() }, |e| {
            e.outcome == Outcome::Success
        }),
        (LogFilter { fields: vec![field(LogField::Dialect, "gemini")], ..all.clone() }, |e| {
            e.dialect == Dialect::Gemini
        }),
        (LogFilter { fields: vec![field(LogField::Key, "k2")], ..all.clone() }, |e| e.key_id.as_deref() == Some("k2")),
        (LogFilter { session_id: text("s1"), ..all.clone() }, |e| e.session_id.as_deref() == Some("s1")),
        (LogFilter { stream: Some(true), ..all.clone() }, |e| e.stream),
        (LogFilter { stream: Some(false), ..LogFilter::default() }, |e| !e.stream && e.is_final),
        (LogFilter { user_agent: text("CLAUDE-cli"), ..all.clone() }, |e| {
            e.user_agent.as_ref().is_some_and(|agent| agent.starts_with("claude"))
        }),
        (LogFilter { user_agent: text("100%_real"), ..all.clone() }, |e| {
            e.user_agent.as_ref().is_some_and(|agent| agent.contains("100%_real"))
        }),
        (LogFilter { user_agent: text("100_"), ..all.clone() }, |_| false),
        (LogFilter { error: text("quota 7"), ..all.clone() }, |e| {
            e.error.as_ref().is_some_and(|error| error.starts_with("Quota 7"))
        }),
        (LogFilter { error: text("'; DROP TABLE logs; --"), ..all.clone() }, |_| false),
        (
            LogFilter {
                fields: vec![field(LogField::Model, "gpt-5"), field(LogField::Key, "k1")],
                status: status("4xx"),
                ..LogFilter::default()
            },
            |e| e.is_final && e.model == "gpt-5" && e.status / 100 == 4 && e.key_id.as_deref() == Some("k1"),
        ),
    ];
    for (filter, wanted) in rows {
        let expected = newest_first(entries.iter().filter(|entry| wanted(entry)));
        assert_eq!(all_pages(&*home.database, &filter, 50).await, expected, "{filter:?}");
    }

    let times: Vec<Timestamp> = entries.iter().map(|entry| entry.created_at).collect();
    let micro = Duration::from_micros(1);
    for (from, to) in [
        (None, Some(middle)),
        (Some(middle), None),
        (Some(times[200]), Some(times[600])),
        (Some(times[200].plus(micro)), Some(times[600].plus(micro))),
        (Some(times[600]), Some(times[200])),
    ] {
        let filter = LogFilter { from, to, ..all.clone() };
        let inside = |time| from.is_none_or(|from| time >= from) && to.is_none_or(|to| time < to);
        let expected = newest_first(entries.iter().filter(|entry| inside(entry.created_at)));
        assert_eq!(all_pages(&*home.database, &filter, 50).await, expected, "{filter:?}");
    }

    let of_trace = LogFilter { trace_id: Some(trace), ..all };
    let expected = newest_first(entries.iter().filter(|entry| entry.trace_id == trace.to_string()));
    assert_eq!(all_pages(&*home.database, &of_trace, 50).await, expected);
    let attempts = log_query::attempts(&*home.database, trace).await.unwrap();
    assert!(attempts.iter().map(|stored| &stored.entry.id).eq(expected.iter().rev()));
}

#[tokio::test]
async fn an_entry_comes_back_as_it_was_recorded() {
    let home = Home::new().await;
    let mut entries = Entries::new(&home.clock).requests(50);
    let bodies = Bodies { request: "{\"quote\": \"'\u{1f980}\"}".to_owned(), response: String::new() };
    entries[0] = LogEntry {
        bodies: Some(bodies.clone()),
        origin: Origin::Replay,
        replay_of: Some("an id".to_owned()),
        provider_type: Some(ProviderType::Gemini),
        answered_model: Some("gpt-5-2025-08-07".to_owned()),
        started_offset_us: Some(12),
        cost: Some(0.5),
        currency: Some("CNY".to_owned()),
        prices: Some(Prices {
            input: 1.25,
            output: 10.0,
            cache_read: 0.125,
            cache_write: 0.0,
            cache_write_1h: Some(3.0),
            currency: "CNY".to_owned(),
        }),
        response_truncated: true,
        decision: Some("packed".to_owned()),
        translation: vec![Translated {
            path: "tools.0".to_owned(),
            kind: TranslatedKind::Dropped,
            from: Some("web_search".to_owned()),
            to: None,
            note: None,
        }],
        ..entries[0].clone()
    };
    home.record(entries.clone()).await;
    let all = LogFilter { all_attempts: true, ..LogFilter::default() };
    let page = log_query::page(&*home.database, &all, None, 200);
    let listed = page.await.unwrap().entries.into_iter().find(|it| it.entry.id == entries[0].id).unwrap().entry;
    let in_list = LogEntry { bodies: None, decision: None, translation: vec![], ..entries[0].clone() };
    assert_eq!(format!("{listed:?}"), format!("{in_list:?}"), "a list leaves out what is large");
    for entry in &entries {
        let stored = log_query::entry(&*home.database, &entry.id).await.unwrap().unwrap();
        assert_eq!(stored.has_bodies, entry.bodies.is_some());
        let without_bodies = LogEntry { bodies: None, ..entry.clone() };
        assert_eq!(format!("{:?}", stored.entry), format!("{without_bodies:?}"));
    }
    let stored = log_details::bodies(&*home.database, &entries[0].id).await.unwrap().unwrap();
    assert_eq!((stored.request, stored.response), (bodies.request, bodies.response));
    assert!(log_details::bodies(&*home.database, &entries[1].id).await.unwrap().is_none());
    assert!(log_query::entry(&*home.database, "unknown").await.unwrap().is_none());
}

#[tokio::test]
async fn recent_attempts_are_those_recorded_last() {
    let home = Home::new().await;
    let entries = Entries::new(&home.clock).requests(300);
    home.record(entries.clone()).await;
    let mine = entries.iter().filter(|entry| entry.association_id.as_deref() == Some("main/gpt-5"));
    let expected: Vec<_> = mine.rev().take(30).map(|entry| entry.id.clone()).collect();
    assert_eq!(expected.len(), 30);
    let found = log_query::recent(&*home.database, "main/gpt-5", 30).await.unwrap();
    assert_eq!(found.into_iter().map(|stored| stored.entry.id).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn pages_are_read_in_the_order_of_an_index() {
    let home = Home::new().await;
    home.record(Entries::new(&home.clock).requests(500)).await;
    let explaining = Explaining::only(home.database.clone());
    let text = |text: &str| Some(text.to_owned());
    let all = LogFilter::default;
    let trace = TraceId::new(home.clock.now(), &llmio_core::testing::FixedEntropy::default());
    let primary = "sqlite_autoindex_logs_1";
    let rows = [
        (all(), primary),
        (LogFilter { fields: vec![field(LogField::Provider, "main")], ..all() }, primary),
        (LogFilter { from: Some(home.clock.now()), ..all() }, primary),
        (LogFilter { trace_id: Some(trace), ..all() }, primary),
        (LogFilter { fields: vec![field(LogField::Model, "gpt-5")], ..all() }, "logs_by_model"),
        (LogFilter { session_id: text("s1"), ..all() }, "logs_by_session"),
        (LogFilter { status: StatusRange::parse("5xx").into_iter().collect(), ..all() }, "logs_of_failures"),
        (LogFilter { fields: vec![field(LogField::Outcome, "timeout")], ..all() }, "logs_of_failures"),
        (LogFilter { error: text("quota"), ..all() }, "logs_of_failures"),
    ];
    for (filter, index) in rows {
        log_query::page(&explaining, &filter, Some("019"), 50).await.unwrap();
        let plans = explaining.plans();
        assert!(matches!(&plans[..], [only] if only.contains(index)), "{filter:?}: {plans:?}");
    }
    log_query::recent(&explaining, "a1", 30).await.unwrap();
    let plans = explaining.plans();
    assert!(matches!(&plans[..], [only] if only.contains("logs_by_association")), "{plans:?}");
}

#[tokio::test]
async fn an_entry_sent_twice_is_one() {
    let home = Home::new().await;
    let trace = TraceId::new(home.clock.now(), &llmio_core::testing::FixedEntropy::default());
    home.record([entry(trace, 1), entry(trace, 1), entry(trace, 2)]).await;
    assert_eq!(home.rows("SELECT attempt FROM logs ORDER BY id").await, [[Value::Integer(1)], [Value::Integer(2)]]);
}

/// A remote database: what a question takes is mostly the way.
#[tokio::test]
async fn a_scan_gets_far_where_the_way_is_long() {
    let home = Home::new().await;
    let entries = Entries::new(&home.clock).requests(14_000);
    home.record(entries.clone()).await;
    *home.database.way.lock().unwrap() = Duration::from_millis(35);
    let filter =
        LogFilter { text: Some("nowhere".to_owned()), from: Some(entries[0].created_at), ..LogFilter::default() };
    let found = log_query::search(&*home.database, &home.clock, &filter, None, 50, PATIENCE).await.unwrap();
    let scanned_to = found.scanned_to.unwrap();
    let seen = entries.iter().filter(|entry| entry.created_at >= scanned_to).count();
    assert!(found.entries.is_empty() && seen >= 14_000, "{seen} entries");
}

#[tokio::test]
async fn what_is_new_says_what_it_may_have_left_out() {
    let home = Home::new().await;
    let mut entries = Entries::new(&home.clock).requests(5_000);
    entries[0].model = "rare".to_owned();
    home.record(entries.clone()).await;
    let filter = LogFilter { fields: vec![field(LogField::Model, "rare")], all_attempts: true, ..LogFilter::default() };
    let written = entries.len() as i64;
    for (position, skipped) in [(0, true), (written - 5_001, true), (written - 5_000, false), (written, false)] {
        let found = newest(&*home.database, &filter, Some(position), 10).await.unwrap();
        assert_eq!((found.entries.len(), found.skipped), (0, skipped), "after {position} of {written}");
    }
}
