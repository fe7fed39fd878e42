//! Counts of tokens: by the model's own providers, by another, by an estimate; and who says so.

use serde_json::{Value, json};

use crate::bed::{Bed, config_of};
use crate::support::{failure, reply};
use crate::wires::{CHAT, GEMINI, MESSAGES, RESPONSES};

const ESTIMATE: Option<&str> = Some("approximated=count_tokens");
const MESSAGES_COUNT: &str = "/anthropic/v1/messages/count_tokens";
const RESPONSES_COUNT: &str = "/openai/v1/responses/input_tokens";
const GEMINI_COUNT: &str = "/gemini/v1beta/models/m:countTokens";

/// What a client that counts sends, with something that concerns an answer alone.
fn asked(path: &str) -> Value {
    match path {
        MESSAGES_COUNT => json!({"model": "m", "system": "Be brief.", "messages": [{"role": "user", "content": "hi"}]}),
        RESPONSES_COUNT => json!({"model": "m", "instructions": "Be brief.", "input": "hi"}),
        _ => {
            json!({"generateContentRequest": {"model": "models/m", "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
            "systemInstruction": {"parts": [{"text": "Be brief."}]}}})
        }
    }
}

fn sent(bed: &Bed, index: usize) -> (String, Value) {
    let sent = &bed.http.sent()[index];
    (sent.uri.path().to_owned(), serde_json::from_slice(&sent.body).unwrap())
}

#[tokio::test]
async fn a_provider_of_the_model_counts_what_is_translated_for_it() {
    let bed = Bed::of(config_of(&[&GEMINI], json!({}))).await;
    bed.script([reply(200, "", r#"{"totalTokens":14}"#)]);
    let mut answer = bed.send(MESSAGES_COUNT, asked(MESSAGES_COUNT)).answer();
    assert_eq!(answer.header("x-llmio-translation"), Some("to=gemini; approximated=count_tokens"));
    assert_eq!(answer.json(), json!({"input_tokens": 14}));
    let (path, body) = sent(&bed, 0);
    let request = &body["generateContentRequest"];
    assert_eq!((path.as_str(), &request["model"]), ("/v1/models/m:countTokens", &json!("models/m")), "{body}");
    assert_eq!(request["contents"][0]["parts"][0]["text"], "hi", "{body}");
    assert!(request["systemInstruction"].to_string().contains("Be brief."), "{body}");
    assert_eq!(bed.rows().await, ["1 gemini 200 success."]);

    let bed = Bed::of(config_of(&[&MESSAGES], json!({}))).await;
    bed.script([reply(200, "", r#"{"input_tokens":14}"#)]);
    let mut answer = bed.send(GEMINI_COUNT, asked(GEMINI_COUNT)).answer();
    assert_eq!(answer.header("x-llmio-translation"), Some("to=anthropic; approximated=count_tokens"));
    assert_eq!(answer.json(), json!({"totalTokens": 14}));
    let (path, body) = sent(&bed, 0);
    assert_eq!(path, "/v1/messages/count_tokens");
    let mut members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["messages", "model", "system"], "nothing that concerns an answer alone");

    let bed = Bed::of(config_of(&[&RESPONSES], json!({}))).await;
    bed.script([reply(200, "", r#"{"object":"response.input_tokens","input_tokens":14}"#)]);
    let mut answer = bed.send(MESSAGES_COUNT, asked(MESSAGES_COUNT)).answer();
    assert_eq!(answer.header("x-llmio-translation"), Some("to=openai_responses; approximated=count_tokens"));
    assert_eq!(answer.json(), json!({"input_tokens": 14}));
    let (path, body) = sent(&bed, 0);
    assert_eq!(path, "/v1/responses/input_tokens");
    let mut members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["input", "instructions", "model"], "nothing that concerns an answer alone");
}

/// Those who count without translation come first, whatever else the model wants; who only relays is not translated for.
#[tokio::test]
async fn who_counts() {
    let number = || reply(200, "", r#"{"totalTokens":1,"input_tokens":1}"#);
    for (wires, more, expected) in [
        (vec![&GEMINI, &MESSAGES], json!({}), vec!["anthropic"]),
        (vec![&GEMINI, &MESSAGES], json!({"prefer_same_dialect": false}), vec!["anthropic"]),
        (vec![&CHAT, &GEMINI], json!({}), vec!["gemini"]),
        (vec![&CHAT], json!({}), vec!["counter"]),
        (vec![&CHAT], json!({"strict": true}), vec!["counter"]),
    ] {
        let mut config = config_of(&wires, more);
        let counter =
            json!({"name": "counter", "type": "gemini", "base_url": "https://counter.example/v1", "api_key": "k"});
        config["providers"].as_array_mut().unwrap().push(counter);
        config["settings"] = json!({"counting_provider": "counter"});
        let bed = Bed::of(config).await;
        bed.script([number()]);
        assert_eq!(bed.send(MESSAGES_COUNT, asked(MESSAGES_COUNT)).answer().status, 200);
        assert_eq!(bed.asked(), expected);
    }
    let mut config = config_of(&[&GEMINI], json!({}));
    config["models"][0]["associations"][0]["relay_only"] = json!(true);
    let bed = Bed::of(config).await;
    let answer = bed.send(MESSAGES_COUNT, asked(MESSAGES_COUNT)).answer();
    assert_eq!((answer.header("x-llmio-translation"), bed.count()), (ESTIMATE, 0));
}

#[tokio::test]
async fn when_nobody_counts_it_is_estimated() {
    for status in [400, 401, 404, 429, 500] {
        // Another provider's failure, a translated count's.
        let mut config = config_of(&[&GEMINI], json!({}));
        let counter =
            json!({"name": "counter", "type": "anthropic", "base_url": "https://counter.example/v1", "api_key": "k"});
        config["providers"].as_array_mut().unwrap().push(counter);
        config["settings"] = json!({"counting_provider": "counter"});
        let bed = Bed::of(config).await;
        bed.script([failure(if status == 400 { 500 } else { status }, ""), failure(status, "")]);
        let mut answer = bed.send(MESSAGES_COUNT, asked(MESSAGES_COUNT)).answer();
        assert_eq!((answer.status, answer.header("x-llmio-translation")), (200, ESTIMATE), "{status}");
        assert!(answer.json()["input_tokens"].as_u64().unwrap() > 2);
        assert_eq!(bed.asked(), ["gemini", "counter"]);
        let rows = bed.rows().await;
        assert_eq!((rows.len(), rows[2].as_str()), (3, "3 nobody 200 success."), "{rows:?}");
    }
}

/// A client of Responses is relayed to its own kind, translated for others, or told an estimate.
#[tokio::test]
async fn clients_of_responses() {
    for (wire, told, header) in [
        (&RESPONSES, r#"{"object":"response.input_tokens","input_tokens":14}"#, None),
        (&GEMINI, r#"{"totalTokens":14}"#, Some("to=gemini; approximated=count_tokens")),
        (&MESSAGES, r#"{"input_tokens":14}"#, Some("to=anthropic; approximated=count_tokens")),
    ] {
        let bed = Bed::of(config_of(&[wire], json!({}))).await;
        bed.script([reply(200, "", told)]);
        let mut answer = bed.send(RESPONSES_COUNT, asked(RESPONSES_COUNT)).answer();
        assert_eq!(answer.header("x-llmio-translation"), header);
        assert_eq!(answer.json(), json!({"object": "response.input_tokens", "input_tokens": 14}));
    }
    let bed = Bed::of(config_of(&[&CHAT], json!({}))).await;
    let mut answer = bed.send(RESPONSES_COUNT, asked(RESPONSES_COUNT)).answer();
    assert_eq!((answer.header("x-llmio-translation"), bed.count()), (ESTIMATE, 0));
    assert!(answer.json()["input_tokens"].is_u64());
}

/// Vendors of Responses seldom count: who has no such endpoint is asked once.
#[tokio::test]
async fn who_cannot_count_is_not_asked_again() {
    for (status, asked_in_all) in [(404, 1), (405, 1), (501, 1), (500, 2), (429, 2)] {
        let bed = Bed::of(config_of(&[&RESPONSES], json!({"max_retry": 0}))).await;
        bed.script([failure(status, ""), failure(status, "")]);
        for _ in 0..2 {
            let answer = bed.send(MESSAGES_COUNT, asked(MESSAGES_COUNT)).answer();
            assert_eq!((answer.status, answer.header("x-llmio-translation")), (200, ESTIMATE), "{status}");
        }
        assert_eq!(bed.count(), asked_in_all, "{status}");
    }
}

/// Who names it sees what it answers, whatever was learned; and nothing is learned of that.
#[tokio::test]
async fn who_is_named_is_asked_to_count() {
    let bed = Bed::of(config_of(&[&RESPONSES], json!({"max_retry": 0}))).await;
    let association = bed.association(RESPONSES.kind).await;
    let pin = [("x-llmio-association", association.as_str())];
    let pinned = |expected: u16| {
        bed.script([failure(404, "")]);
        assert_eq!(bed.operate(MESSAGES_COUNT, &pin, asked(MESSAGES_COUNT)).answer().status, expected);
    };
    pinned(404);
    bed.script([failure(404, "")]);
    assert_eq!(bed.send(MESSAGES_COUNT, asked(MESSAGES_COUNT)).answer().status, 200);
    assert_eq!(bed.count(), 2, "of the first it was not learned");
    assert_eq!(bed.send(MESSAGES_COUNT, asked(MESSAGES_COUNT)).answer().status, 200);
    assert_eq!(bed.count(), 2, "of the second it was");
    pinned(404);
    assert_eq!(bed.count(), 3);
}

/// Who counts in the client's dialect has the last word: but for that it cannot.
#[tokio::test]
async fn the_models_own_provider_has_the_last_word() {
    for (status, expected, header) in [
        (400, 400, None),
        (429, 429, None),
        (500, 500, None),
        (404, 200, ESTIMATE),
        (405, 200, ESTIMATE),
        (501, 200, ESTIMATE),
    ] {
        let bed = Bed::of(config_of(&[&MESSAGES], json!({"max_retry": 0}))).await;
        bed.script([failure(status, "")]);
        let answer = bed.send(MESSAGES_COUNT, asked(MESSAGES_COUNT)).answer();
        assert_eq!((answer.status, answer.header("x-llmio-translation")), (expected, header), "{status}");
    }
}
