//! Who is asked first: one test for each line of ARCHITECTURE's order, each step only sorting within the one before.

use llmio_core::testing::Reply;
use serde_json::{Value, json};

use crate::bed::{Bed, config, config_of};
use crate::support::{failure, reply, stream};
use crate::wires::{CHAT, MESSAGES, RESPONSES, WIRES, Wire};

/// With what each association says beside the usual.
fn with(mut config: Value, associations: &[Value]) -> Value {
    for (association, more) in config["models"][0]["associations"].as_array_mut().unwrap().iter_mut().zip(associations)
    {
        association.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    }
    config
}

fn ok(wire: &Wire) -> Reply {
    reply(200, "", wire.whole)
}

/// A chat request of about so many tokens.
fn long(tokens: usize) -> Value {
    let mut body = CHAT.request(false).1;
    body["messages"][0]["content"] = json!("word".repeat(tokens));
    body
}

#[tokio::test]
async fn first_who_is_able_dialects() {
    // The higher tier only relays.
    let both = with(config_of(&[&MESSAGES, &CHAT], json!({})), &[json!({"priority": 5, "relay_only": true})]);
    let bed = Bed::of(both).await;
    bed.script([ok(&CHAT), ok(&MESSAGES)]);
    assert_eq!(bed.answer(&CHAT, false).status, 200);
    assert_eq!(bed.answer(&MESSAGES, false).text(), MESSAGES.whole);
    assert_eq!(bed.asked(), ["openai", "anthropic"]);

    let alone = Bed::of(with(config_of(&[&MESSAGES], json!({})), &[json!({"relay_only": true})])).await;
    for wire in &WIRES {
        let is_native = wire.kind == "anthropic";
        alone.script(is_native.then(|| ok(wire)));
        let mut answer = alone.answer(wire, false);
        assert_eq!((answer.status == 200, answer.status == 404), (is_native, !is_native), "{}", answer.text());
        let lists = ["/openai/v1/models", "/anthropic/v1/models", "/gemini/v1beta/models"];
        for list in lists.iter().filter(|list| list.contains(wire.kind)) {
            let listed = alone.api(&format!("GET {list}"), Value::Null).await.to_string();
            assert_eq!(listed.contains("\"m\"") || listed.contains("models/m"), is_native, "{listed}");
        }
    }
    assert_eq!(alone.count(), 1, "nobody is told what would have to be translated");
}

#[tokio::test]
async fn first_who_is_able_capabilities() {
    let higher = json!({"priority": 5, "image": false});
    let bed = Bed::of(with(config(&CHAT, &["a", "b"], json!({})), &[higher])).await;
    bed.script([ok(&CHAT), ok(&CHAT)]);
    let (path, mut body) = CHAT.request(false);
    bed.send(path, body.clone()).answer().text();
    body["messages"][0]["content"] = json!([{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]);
    bed.send(path, body).answer().text();
    assert_eq!(bed.asked(), ["a", "b"]);
}

#[tokio::test]
async fn first_who_is_able_context_window() {
    let model = json!({"strategy": "lottery"});
    let narrow =
        [json!({"priority": 5, "context_window": 1000}), json!({"context_window": 5000}), json!({"priority": -5})];
    let bed = Bed::of(with(config(&CHAT, &["a", "b", "c"], model), &narrow)).await;
    let path = CHAT.request(false).0;
    for (tokens, expected) in [(900, ["a", "b", "c"]), (1100, ["b", "c", "a"]), (5100, ["c", "a", "b"])] {
        let before = bed.count();
        bed.script([failure(403, ""), failure(403, ""), ok(&CHAT)]);
        assert_eq!(bed.send(path, long(tokens)).answer().status, 200, "an estimate excludes nobody");
        assert_eq!(bed.asked()[before..], expected, "{tokens}");
        bed.advance(0.01);
    }
    let decision = bed.last().await["decision"].clone();
    let excluded = |name: &str| {
        let candidates = decision["candidates"].as_array().unwrap();
        candidates.iter().find(|it| it["provider"] == name).unwrap()["excluded"].clone()
    };
    assert_eq!(["a", "b", "c"].map(excluded), [json!("context_window"), json!("context_window"), Value::Null]);
}

/// What the estimate has not seen coming.
#[tokio::test]
async fn a_refusal_for_length_is_tried_where_there_is_more_room() {
    let refusals = [
        r#"{"error":{"message":"This model's maximum context length is 9 tokens.","code":"context_length_exceeded"}}"#,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 10 tokens > 9 maximum"}}"#,
        r#"{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"The input token count (10) exceeds the maximum number of tokens allowed (9)."}}"#,
    ];
    let window = |tokens: u32| json!({"context_window": tokens});
    let rows: [([Value; 4], &[&str]); 4] = [
        ([window(500), window(400), window(500), json!({})], &["a", "d"]),
        ([window(500), window(400), window(600), json!({})], &["a", "c", "d"]),
        ([json!({}), json!({}), window(600), json!({})], &["a", "c"]),
        ([json!({}), json!({}), json!({}), json!({})], &["a"]),
    ];
    for (windows, expected) in rows {
        for refusal in refusals {
            let bed = Bed::of(with(config(&CHAT, &["a", "b", "c", "d"], json!({})), &windows)).await;
            let (first, others) =
                (reply(400, "", refusal), expected.iter().skip(1).map(|_| reply(400, "", refusals[0])));
            bed.script([first].into_iter().chain(others));
            let mut answer = bed.answer(&CHAT, false);
            assert_eq!((answer.status, answer.text()), (400, refusal), "the first one's words");
            assert_eq!(bed.asked(), expected, "{windows:?}");

            let before = bed.count();
            bed.script([reply(400, "", refusal), ok(&CHAT)]);
            assert_eq!(bed.answer(&CHAT, false).status == 200, expected.len() > 1);
            assert_eq!(bed.asked()[before..].len(), expected.len().min(2), "nobody's health changes");
        }
    }
}

#[tokio::test]
async fn a_stream_that_begins_with_a_refusal_for_length_is_the_clients_where_nobody_has_more_room() {
    let refusal = "event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":1,\"response\":\
                   {\"id\":\"r\",\"object\":\"response\",\"status\":\"failed\",\"error\":{\"code\":\
                   \"context_length_exceeded\",\"message\":\"Your input exceeds the context window of this model.\"}}}\n\n";
    for (windows, expected) in [
        ([json!({"context_window": 500}), json!({})], vec!["a", "b"]),
        ([json!({"context_window": 500}), json!({"context_window": 500})], vec!["a"]),
    ] {
        let bed = Bed::of(with(config(&RESPONSES, &["a", "b"], json!({})), &windows)).await;
        bed.script([stream([RESPONSES.preamble, refusal].concat()), stream(RESPONSES.stream())]);
        let mut answer = bed.answer(&RESPONSES, true);
        assert_eq!(answer.text().contains("context_length_exceeded"), expected.len() == 1, "{}", answer.text());
        assert_eq!((answer.status, bed.asked()), (200, expected.into_iter().map(str::to_owned).collect()));
    }
}

#[tokio::test]
async fn then_the_maker_of_the_requests_state() {
    let bed = Bed::of(with(config_of(&[&CHAT, &MESSAGES], json!({})), &[json!({"priority": 5})])).await;
    let whole = r#"{"id":"msg_1","content":[{"type":"thinking","thinking":"Hm.","signature":"s"},{"type":"text","text":"a"}],"stop_reason":"end_turn"}"#;
    let (path, mut body) = CHAT.request(false);
    bed.script([failure(403, ""), reply(200, "", whole), ok(&MESSAGES)]);
    let message = bed.send(path, body.clone()).answer().json()["choices"][0]["message"].clone();
    body["messages"].as_array_mut().unwrap().extend([message, json!({"role": "user", "content": "and?"})]);
    bed.send(path, body).answer().text();
    assert_eq!(bed.asked(), ["openai", "anthropic", "anthropic"], "above its tier and the client's dialect");
}

#[tokio::test]
async fn then_the_tier() {
    let bed = Bed::of(with(config_of(&[&MESSAGES, &CHAT], json!({})), &[json!({"priority": 5})])).await;
    bed.script([ok(&MESSAGES)]);
    bed.answer(&CHAT, false).text();
    assert_eq!(bed.asked(), ["anthropic"], "above the client's dialect");
}

#[tokio::test]
async fn then_the_clients_dialect_if_the_model_prefers_it() {
    for strategy in ["lottery", "rotor", "round_robin", "least_latency"] {
        for (prefers, expected) in [(true, "openai"), (false, "anthropic")] {
            let model = json!({"strategy": strategy, "prefer_same_dialect": prefers});
            // Of 100,000 requests the other dialect's provider gets all but one.
            let heavy = [json!({"weight": 10_000}), json!({"weight": 1})];
            let bed = Bed::of(with(config_of(&[&MESSAGES, &CHAT], model), &heavy)).await;
            bed.script([ok(if prefers { &CHAT } else { &MESSAGES })]);
            bed.answer(&CHAT, false).text();
            assert_eq!(bed.asked(), [expected], "{strategy}: above affinity and weight");
        }
    }
}

#[tokio::test]
async fn then_affinity_and_last_the_strategy() {
    for (affinity, expected) in [(true, 1), (false, 2)] {
        let model = json!({"strategy": "round_robin", "affinity": affinity, "prefer_same_dialect": false});
        let bed =
            Bed::of(with(config_of(&[&MESSAGES, &CHAT], model), &[json!({"weight": 1}), json!({"weight": 1})])).await;
        let mut asked = Vec::new();
        for _ in 0..4 {
            // Whoever is asked says the same.
            bed.script([failure(500, ""), failure(500, "")]);
            bed.answer(&CHAT, false).text();
            asked.push(bed.asked()[asked.len() * 2].clone());
        }
        asked.sort();
        asked.dedup();
        assert_eq!(asked.len(), expected, "one conversation, and turns without: {asked:?}");
    }
}
