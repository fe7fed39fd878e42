//! What is asked of providers on an operator's behalf: tests of every kind, whole or by events, and drafts.

use http::Method;
use llmio_conformance::client::Call;
use llmio_conformance::config::{Config, association};
use llmio_conformance::{Home, Setup, TOKEN};
use llmio_upstream::script::{Script, When};
use llmio_upstream::{Behaviour, Dialect, Upstream};
use serde_json::{Value, json};

async fn bed(dialect: Dialect) -> (Home, Upstream) {
    let upstream = Upstream::with_key("sk-upstream-secret").await.expect("a provider");
    let associations = ["ok", "agent", "fault:500"].map(|name| association("p", name));
    let config = Config::new().upstream("p", dialect, &upstream).model("m", associations);
    (Home::start(Setup::new(config)).await, upstream)
}

async fn associations(home: &Home) -> Vec<String> {
    let list = home.admin(Method::GET, "/associations", None).await.json();
    let ids = list["data"].as_array().into_iter().flatten().map(|it| it["id"].as_str().expect("an id").to_owned());
    ids.collect()
}

fn insisting(behaviour: Behaviour) -> Behaviour {
    Behaviour { insists: true, ..behaviour }
}

/// A model that does as an agent's test asks.
fn play_agent(upstream: &Upstream) {
    let steps = vec![
        insisting(Behaviour::tool("get_city", &json!({}))),
        insisting(Behaviour::tool("get_weather", &json!({"city": "Paris"}))),
        Behaviour { text: "It is sunny in Paris.".to_owned(), ..Behaviour::default() },
    ];
    let when = When { model: Some("agent".to_owned()), ..When::default() };
    upstream.script(Script { when, steps, repeat_last: false });
}

#[tokio::test]
async fn an_agents_two_steps_in_every_dialect() {
    for dialect in Dialect::ALL {
        let (home, upstream) = bed(dialect).await;
        let path = format!("/associations/{}/test", associations(&home).await[1]);
        play_agent(&upstream);
        let report = home.admin(Method::POST, &path, Some(&json!({"kind": "agent", "transcript": true}))).await;
        assert_eq!((report.status, &report.json()["ok"]), (200, &json!(true)), "{dialect:?}: {}", report.text());
        assert!(!report.text().contains(upstream.key()), "{}", report.text());
        let report = report.json();
        let verdicts = report["verdicts"].as_array().cloned().unwrap_or_default();
        let checks: Vec<_> = verdicts.iter().map(|it| it["check"].as_str().unwrap_or_default()).collect();
        assert_eq!(checks, ["two_calls", "in_order", "steps", "answered"], "{report}");
        assert_eq!(report["exchanges"].as_array().map(Vec::len), Some(3), "{report}");
        // Each exchange is in the log, and says what it was.
        let traces = report["trace_ids"].as_array().cloned().unwrap_or_default();
        for trace in &traces {
            let rows = home.trace(trace.as_str().unwrap_or_default()).await;
            assert_eq!((rows.len(), &rows[0]["origin"]), (1, &json!("test")), "{rows:?}");
        }
        assert_eq!(traces.len(), 3);
    }
}

#[tokio::test]
async fn events_come_one_by_one() {
    let (home, upstream) = bed(Dialect::Chat).await;
    let id = associations(&home).await[1].clone();
    for (accept, prefix) in [("text/event-stream", "data: "), ("application/x-ndjson", "")] {
        play_agent(&upstream);
        let call = Call::post(&home.url(&format!("/api/associations/{id}/test")));
        let call = call.header("authorization", &format!("Bearer {TOKEN}")).header("accept", accept);
        let answer = call.json(&json!({"kind": "agent"})).send().await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(accept)), "{}", answer.text());
        let lines = answer.text();
        let events: Vec<Value> = lines
            .lines()
            .filter_map(|line| line.strip_prefix(prefix).filter(|line| !line.is_empty()))
            .map(|line| serde_json::from_str(line).expect("an event"))
            .collect();
        let types: Vec<_> = events.iter().map(|it| it["type"].as_str().unwrap_or_default()).collect();
        assert_eq!(types, ["question", "call", "result", "call", "result", "answer", "report"]);
        assert_eq!(events.last().map(|it| &it["report"]["ok"]), Some(&json!(true)), "{lines}");
    }
    // The first event is there while the provider has not answered yet.
    let when = When { model: Some("agent".to_owned()), ..When::default() };
    let slow = Behaviour { head_delay_ms: 1500, ..Behaviour::default() };
    upstream.script(Script { when, steps: vec![slow], repeat_last: false });
    let call = Call::post(&home.url(&format!("/api/associations/{id}/test")));
    let call = call.header("authorization", &format!("Bearer {TOKEN}")).header("accept", "text/event-stream");
    let mut open = call.json(&json!({"kind": "agent"})).open().await;
    let first = String::from_utf8_lossy(&open.until("\"question\"").await).into_owned();
    assert!(!first.contains("\"report\""), "{first}");
    open.until("\"report\"").await;
}

#[tokio::test]
async fn every_association_of_a_model() {
    let (home, _upstream) = bed(Dialect::Anthropic).await;
    let ids = associations(&home).await;
    let off = home.admin(Method::PATCH, &format!("/associations/{}", ids[1]), Some(&json!({"enabled": false}))).await;
    let model = off.json()["model_id"].as_str().expect("the model's id").to_owned();
    let tested = home.admin(Method::POST, &format!("/models/{model}/test"), Some(&json!({"kind": "plain"}))).await;
    assert_eq!(tested.status, 200, "{}", tested.text());
    let rows = tested.json()["data"].as_array().cloned().unwrap_or_default();
    let seen: Vec<_> = rows.iter().map(|it| (it["association_id"].clone(), it["report"]["ok"].clone())).collect();
    assert_eq!(seen, [(json!(ids[0]), json!(true)), (json!(ids[2]), json!(false))], "{}", tested.text());
    let unknown = home.admin(Method::POST, "/models/none/test", Some(&json!({}))).await;
    assert_eq!(unknown.status, 404, "{}", unknown.text());
}

#[tokio::test]
async fn other_kinds() {
    for dialect in Dialect::ALL {
        let (home, upstream) = bed(dialect).await;
        let path = format!("/associations/{}/test", associations(&home).await[0]);
        let counts = matches!(dialect, Dialect::Anthropic | Dialect::Gemini);
        // Kind of the test, what the model says, whether it is ok.
        let rows = [
            ("structured_output", r#"{"city": "Paris", "country": "France"}"#, true),
            ("structured_output", "Paris", false),
            ("image", "Red", true),
            ("image", "I see nothing", false),
            ("count_tokens", "", counts),
        ];
        for (kind, text, ok) in rows {
            let when = When { model: Some("ok".to_owned()), ..When::default() };
            let steps = vec![Behaviour { text: text.to_owned(), ..Behaviour::default() }];
            if kind != "count_tokens" {
                upstream.script(Script { when, steps, repeat_last: false });
            }
            let report = home.admin(Method::POST, &path, Some(&json!({"kind": kind}))).await;
            assert_eq!(
                (report.status, &report.json()["ok"]),
                (200, &json!(ok)),
                "{dialect:?} {kind}: {}",
                report.text()
            );
        }
    }
}

#[tokio::test]
async fn a_draft_is_tried_before_it_is_saved() {
    let (home, upstream) = bed(Dialect::Chat).await;
    let id = home.admin(Method::GET, "/providers", None).await.json()["data"][0]["id"].clone();
    let fields = json!({"name": "new", "type": "openai", "base_url": upstream.base_url(Dialect::Chat)});
    // Without a key the provider refuses, with the saved one it does not.
    for (draft, status) in
        [(json!({"provider": fields}), json!(401)), (json!({"provider": fields, "id": id}), json!(200))]
    {
        let listed = home.admin(Method::POST, "/probe/models", Some(&draft)).await;
        assert_eq!((listed.status, &listed.json()["reach"]["status"]), (200, &status), "{}", listed.text());
        assert!(!listed.text().contains(upstream.key()), "{}", listed.text());
        let named = listed.json()["models"].as_array().is_some_and(|models| models.iter().any(|it| it["name"] == "ok"));
        assert_eq!(named, status == 200, "{}", listed.text());
    }
    let mut unreachable = fields.clone();
    unreachable["base_url"] = json!("http://127.0.0.1:9/v1");
    let listed = home.admin(Method::POST, "/probe/models", Some(&json!({"provider": unreachable}))).await;
    assert_eq!((listed.status, &listed.json()["reach"]["status"]), (200, &Value::Null), "{}", listed.text());
    assert!(listed.json()["reach"]["error"].is_string(), "{}", listed.text());

    let test = json!({"provider": fields, "id": id, "provider_model": "ok", "kind": "stream"});
    let report = home.admin(Method::POST, "/probe/test", Some(&test)).await;
    assert_eq!((report.status, &report.json()["ok"]), (200, &json!(true)), "{}", report.text());
    let wrong = json!({"provider": {"name": "new", "type": "openai", "base_url": "ftp://x"}, "provider_model": "ok"});
    let refused = home.admin(Method::POST, "/probe/test", Some(&wrong)).await;
    assert_eq!((refused.status, &refused.json()["error"]["field"]), (422, &json!("provider.base_url")));
    let providers = home.admin(Method::GET, "/providers", None).await.json();
    assert_eq!(providers["data"].as_array().map(Vec::len), Some(1), "nothing was saved");
}
