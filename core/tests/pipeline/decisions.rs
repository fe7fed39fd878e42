//! How a request's provider was chosen, as its log entry tells it.

use serde_json::{Value, json};

use crate::bed::Bed;
use crate::support::{failure, reply};
use crate::wires::{CHAT, WIRES};

/// Each candidate as `provider share excluded attempt`.
fn shown(decision: &Value) -> Vec<String> {
    let candidates = decision["candidates"].as_array().unwrap().iter();
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    candidates
        .map(|it| {
            let fields = [&it["provider"], &it["share"], &it["excluded"], &it["chosen_at_attempt"]];
            fields.map(word).join(" ")
        })
        .collect()
}

fn answer() -> llmio_core::testing::Reply {
    reply(200, "content-type: application/json", CHAT.whole)
}

#[tokio::test]
async fn of_what_did_not_succeed_at_once() {
    let bed = Bed::new(&CHAT, &["a", "b", "c"], json!({"strategy": "lottery", "affinity": false})).await;
    bed.script([answer()]);
    assert_eq!(bed.answer(&CHAT, false).status, 200);
    assert_eq!(bed.last().await["decision"], Value::Null, "a plain success");

    // Ids sort by the millisecond.
    bed.advance(0.01);
    bed.script([failure(500, ""), answer()]);
    assert_eq!(bed.answer(&CHAT, false).status, 200);
    let last = bed.last().await;
    let decision = &last["decision"];
    assert_eq!((&decision["strategy"], &decision["decided_by"]), (&json!("lottery"), &json!("strategy")));
    let asked = bed.asked().split_off(1);
    let shown = shown(decision);
    for (attempt, provider) in asked.iter().enumerate() {
        assert!(shown[attempt].starts_with(provider) && shown[attempt].ends_with(&format!("null {}", attempt + 1)));
    }
    let shares: f64 = decision["candidates"].as_array().unwrap().iter().map(|it| it["share"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-3, "{decision}");
    let first = last["attempts"][0]["id"].as_str().unwrap();
    let of_first = bed.api(&format!("GET /api/logs/{first}"), Value::Null).await;
    assert_eq!(of_first["decision"], *decision, "one for all attempts");
    let offsets: Vec<_> = last["attempts"].as_array().unwrap().iter().map(|it| &it["started_offset_ms"]).collect();
    assert_eq!(offsets, [&json!(0.0), &json!(0.0)]);
}

#[tokio::test]
async fn of_all_where_that_is_set() {
    let mut config = crate::bed::config(&CHAT, &["a", "b"], json!({}));
    config["settings"] = json!({"record_decisions": "all"});
    let bed = Bed::of(config).await;
    bed.script([answer()]);
    assert_eq!(bed.answer(&CHAT, false).status, 200);
    assert_eq!(shown(&bed.last().await["decision"]), ["a 1.0 null 1", "b 0.0 null null"]);
}

#[tokio::test]
async fn why_others_could_not_be_chosen() {
    let chat = |name: &str| json!({"name": name, "type": "openai", "base_url": format!("https://{name}.example/v1"), "api_key": "k"});
    let bed = Bed::of(json!({
        "providers": [chat("a"), chat("b"), chat("c"), chat("blind")],
        "models": [{"name": "m", "strategy": "rotor", "breaker": true, "max_retry": 1, "associations": [
            {"provider": "a", "model": "*", "weight": 9},
            {"provider": "b", "model": "*", "weight": 5},
            {"provider": "c", "model": "*", "priority": -1},
            {"provider": "blind", "model": "*", "tool_call": false},
        ]}],
        "keys": [{"name": "client", "key": "sk-client-0123456789"}],
    }))
    .await;
    let mut body = CHAT.request(false).1;
    body["tools"] = json!([{"type": "function", "function": {"name": "f"}}]);
    let path = CHAT.request(false).0;
    bed.script([failure(429, "retry-after: 60"), failure(500, "")]);
    bed.send(path, body.clone()).answer();
    let first = ["a 1.0 null 1", "b 0.0 null 2", "c 0.0 tier null"];
    let unfit = ["blind 0.0 capability:tool_call null"];
    assert_eq!(sorted(shown(&bed.last().await["decision"])), sorted([&first[..], &unfit].concat()));

    bed.advance(0.01);
    bed.script([failure(500, ""), failure(500, "")]);
    bed.send(path, body).answer();
    let second = ["a 0.0 resting:rate_limit null", "b 1.0 null 1", "c 0.0 tier 2"];
    assert_eq!(sorted(shown(&bed.last().await["decision"])), sorted([&second[..], &unfit].concat()));
}

fn sorted(mut lines: Vec<impl AsRef<str>>) -> Vec<String> {
    lines.sort_by(|a, b| a.as_ref().cmp(b.as_ref()));
    lines.iter().map(|line| line.as_ref().to_owned()).collect()
}

#[tokio::test]
async fn what_the_provider_called_the_model() {
    for wire in &WIRES {
        let bed = Bed::single(wire).await;
        let field = if wire.kind == "gemini" { "modelVersion" } else { "model" };
        let named =
            |text: &str, behind: &str| text.replacen(behind, &format!("{behind}\"{field}\":\"model-2026-11-27\","), 1);
        let behind = match wire.kind {
            "anthropic" => "\"message\":{",
            "openai-res" => "\"response\":{",
            _ => "data: {",
        };
        let answers = [
            (false, "application/json", named(wire.whole, "{")),
            (true, "text/event-stream", named(&wire.stream(), behind)),
        ];
        for (stream, kind, answer) in answers {
            bed.advance(0.01);
            bed.script([reply(200, &format!("content-type: {kind}"), answer)]);
            assert_eq!(bed.answer(wire, stream).status, 200);
            assert_eq!(bed.last().await["answered_model"], "model-2026-11-27", "{} {stream}", wire.kind);
        }
    }
}
