//! Clients of one dialect before providers of another.

use llmio_core::dialect::Dialect;
use llmio_core::testing::check_stream;
use serde_json::{Value, json};

use crate::bed::{Bed, PROVIDER_KEY, config_of};
use crate::support::{Feed, failure, reply, stream};
use crate::wires::{CHAT, Fault, GEMINI, MESSAGES, RESPONSES, Wire};

/// The client's side and the provider's.
const PAIRS: [(&Wire, Dialect, &Wire, Dialect); 12] = [
    (&MESSAGES, Dialect::Anthropic, &CHAT, Dialect::OpenAiChat),
    (&MESSAGES, Dialect::Anthropic, &RESPONSES, Dialect::OpenAiResponses),
    (&CHAT, Dialect::OpenAiChat, &MESSAGES, Dialect::Anthropic),
    (&CHAT, Dialect::OpenAiChat, &RESPONSES, Dialect::OpenAiResponses),
    (&RESPONSES, Dialect::OpenAiResponses, &MESSAGES, Dialect::Anthropic),
    (&RESPONSES, Dialect::OpenAiResponses, &CHAT, Dialect::OpenAiChat),
    (&GEMINI, Dialect::Gemini, &CHAT, Dialect::OpenAiChat),
    (&GEMINI, Dialect::Gemini, &MESSAGES, Dialect::Anthropic),
    (&CHAT, Dialect::OpenAiChat, &GEMINI, Dialect::Gemini),
    (&MESSAGES, Dialect::Anthropic, &GEMINI, Dialect::Gemini),
    (&GEMINI, Dialect::Gemini, &RESPONSES, Dialect::OpenAiResponses),
    (&RESPONSES, Dialect::OpenAiResponses, &GEMINI, Dialect::Gemini),
];

/// Providers of these wires behind one model.
pub(crate) async fn bed(providers: &[&Wire], model: Value) -> Bed {
    Bed::of(config_of(providers, model)).await
}

/// The path and the body of what was sent.
pub(crate) fn sent(bed: &Bed, index: usize) -> (String, Value) {
    let sent = &bed.http.sent()[index];
    (sent.uri.path().to_owned(), serde_json::from_slice(&sent.body).unwrap())
}

/// The text in an answer or in the events of a stream.
fn said(client: &Wire, text: &str) -> String {
    let payloads: Vec<Value> = match serde_json::from_str(text) {
        Ok(whole) => vec![whole],
        Err(_) => text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect(),
    };
    let part = |payload: &Value| match client.kind {
        "anthropic" => {
            let whole = payload["content"][0]["text"].as_str();
            whole.or(payload["delta"]["text"].as_str()).unwrap_or_default().to_owned()
        }
        "openai-res" => {
            let whole = payload["output"][0]["content"][0]["text"].as_str();
            whole.or(payload["delta"].as_str()).unwrap_or_default().to_owned()
        }
        "gemini" => payload["candidates"][0]["content"]["parts"][0]["text"].as_str().unwrap_or_default().to_owned(),
        _ => {
            let choice = &payload["choices"][0];
            let whole = choice["message"]["content"].as_str();
            whole.or(choice["delta"]["content"].as_str()).unwrap_or_default().to_owned()
        }
    };
    payloads.iter().map(part).collect()
}

#[tokio::test]
async fn a_request_and_its_answer_cross() {
    for (client, _, provider, to) in PAIRS {
        let bed = bed(&[provider], json!({})).await;
        bed.script([reply(200, "x-request-id: r1", provider.whole)]);
        let mut answer = bed.answer(client, false);
        assert_eq!(answer.status, 200);
        assert_eq!(said(client, answer.text()), "hello");
        assert_eq!(
            (answer.header("content-type"), answer.header("x-request-id")),
            (Some("application/json"), Some("r1"))
        );
        assert!(answer.header("x-llmio-translation").unwrap().starts_with(&format!("to={to}")));
        let (path, body) = sent(&bed, 0);
        let expected = provider.request(false).0.replace("/openai/v1", "/v1").replace("/anthropic", "");
        assert_eq!(path, expected.replace("/gemini/v1beta", "/v1"));
        assert_eq!(body["model"] == "m", to != Dialect::Gemini, "{body}");
        assert!(body.to_string().contains("\"hi\""), "{body}");
        assert_eq!(bed.rows().await, [format!("1 {} 200 success.", provider.kind)]);
    }
}

#[tokio::test]
async fn a_stream_crosses_event_by_event() {
    for (client, from, provider, to) in PAIRS {
        let bed = bed(&[provider], json!({})).await;
        let (feed, answer) = Feed::events();
        bed.script([answer]);
        feed.send(provider.preamble);
        feed.send(provider.output);
        let mut answer = bed.answer(client, true);
        assert_eq!(said(client, &answer.read()), "hel", "{from}: what has come is shown at once");
        bed.advance(20.0);
        assert_eq!(answer.read(), client.filler, "a silence is filled in the client's dialect");
        feed.send(provider.end);
        feed.end();
        // A blank line is what fills Gemini's.
        let filler = if from == Dialect::Gemini { "\n\n\n" } else { client.filler };
        let (text, rest) = (answer.text(), if from == Dialect::Gemini { "\n\n" } else { "" });
        check_stream(from, &text.replace(filler, rest));
        assert_eq!(answer.header("content-type"), Some("text/event-stream"));
        assert!(answer.header("x-llmio-translation").unwrap().starts_with(&format!("to={to}")));
        let (path, body) = sent(&bed, 0);
        assert!(path.ends_with(":streamGenerateContent") || body["stream"] == true, "{path} {body}");
        assert_eq!(bed.rows().await, [format!("1 {} 200 success.", provider.kind)]);
    }
}

#[tokio::test]
async fn whoever_speaks_the_clients_dialect_is_asked_first_within_a_tier() {
    for (client, _, other, _) in PAIRS {
        for strategy in ["lottery", "rotor", "round_robin", "least_latency"] {
            let bed = bed(&[other, client], json!({"strategy": strategy, "affinity": false})).await;
            bed.script([reply(200, "", client.whole), failure(403, ""), reply(200, "", other.whole)]);
            assert_eq!(bed.answer(client, false).text(), client.whole, "relayed");
            assert_eq!(said(client, bed.answer(client, false).text()), "hello");
            assert_eq!(bed.asked(), [client.kind, client.kind, other.kind], "{strategy}");
        }
        let mut config = config_of(&[other, client], json!({}));
        config["models"][0]["associations"][0]["priority"] = json!(5);
        let bed = Bed::of(config).await;
        bed.script([reply(200, "", other.whole)]);
        bed.answer(client, false).text();
        assert_eq!(bed.asked(), [other.kind], "a tier stands above it");
    }
}

#[tokio::test]
async fn what_cannot_be_told_is_refused_by_name_unless_somebody_else_takes_it() {
    let mut body = CHAT.request(false).1;
    body["n"] = json!(2);
    let alone = bed(&[&MESSAGES], json!({})).await;
    let mut answer = alone.send(CHAT.request(false).0, body.clone()).answer();
    assert_eq!(answer.status, 400);
    let error = answer.json()["error"].clone();
    assert_eq!((&error["param"], &error["code"]), (&json!("n"), &json!("untranslatable")), "{error}");
    assert_eq!(alone.count(), 0, "nobody is asked");
    let last = alone.last().await;
    assert_eq!(last["translation"][0]["kind"], "refused", "{last}");
    // In a lower tier there is one who takes it.
    let mut config = config_of(&[&MESSAGES, &CHAT], json!({"max_retry": 0}));
    config["models"][0]["associations"][0]["priority"] = json!(5);
    let both = Bed::of(config).await;
    both.script([reply(200, "", CHAT.whole)]);
    assert_eq!(both.send(CHAT.request(false).0, body).answer().text(), CHAT.whole);
    assert_eq!(both.asked(), ["openai"]);
}

#[tokio::test]
async fn errors_come_in_the_clients_form_with_the_providers_words() {
    for (client, _, provider, _) in PAIRS {
        for (status, expected) in [(400, 400), (404, 404), (413, 413), (422, 400), (429, 429), (529, 503), (500, 500)] {
            let bed = bed(&[provider], json!({"max_retry": 0})).await;
            bed.script([failure(status, "retry-after: 7")]);
            let mut answer = bed.answer(client, false);
            assert_eq!(answer.status, expected, "{status}");
            assert_eq!(answer.retry_after(), Some(7), "{status}");
            let body = answer.json();
            assert_eq!(body["error"]["message"], format!("the provider's words for {status}"));
            assert_eq!(body["type"] == "error", client.kind == "anthropic", "{body}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_breaks_ends_with_the_clients_error_event() {
    for (client, from, provider, _) in PAIRS {
        let said = format!("we failed with {PROVIDER_KEY}");
        for (rest, words) in [
            (provider.error_event(Fault::Server, &said), "we failed with ****"),
            (String::new(), "without completing its answer"),
        ] {
            let bed = bed(&[provider], json!({})).await;
            bed.script([stream([provider.preamble, provider.output, &rest].concat())]);
            let mut answer = bed.answer(client, true);
            let text = answer.text().to_owned();
            check_stream(from, &text);
            let last = text.trim_end().rsplit("data: ").next().unwrap().lines().next().unwrap();
            let error: Value = serde_json::from_str(last).unwrap();
            let error = if client.kind == "openai-res" { &error["response"]["error"] } else { &error["error"] };
            assert!(error["message"].as_str().unwrap().contains(words), "{last}");
            assert_eq!(bed.rows().await, [format!("1 {} 200 provider_error.", provider.kind)]);
        }
    }
}

#[tokio::test]
async fn failures_before_the_output_stay_unseen() {
    for (client, from, provider, _) in PAIRS {
        let bed = bed(&[provider], json!({"max_retry": 3})).await;
        let mut config = config_of(&[provider], json!({"max_retry": 3}));
        config["providers"].as_array_mut().unwrap().push(json!({"name": "b", "type": provider.kind,
            "base_url": "https://b.example/v1", "api_key": PROVIDER_KEY}));
        config["models"][0]["associations"]
            .as_array_mut()
            .unwrap()
            .push(json!({"provider": "b", "model": "*", "weight": 1}));
        bed.api("PUT /api/config", config).await;
        bed.script([stream([provider.preamble, &provider.error_event(Fault::Overloaded, "busy")].concat())]);
        bed.script([stream(provider.stream())]);
        check_stream(from, bed.answer(client, true).text());
        assert_eq!(bed.asked(), [provider.kind, "b"]);
    }
}

#[tokio::test]
async fn the_log_tells_what_was_lost() {
    let bed = bed(&[&CHAT], json!({})).await;
    let (path, mut body) = MESSAGES.request(false);
    body["top_k"] = json!(4);
    bed.script([reply(200, "", CHAT.whole)]);
    bed.send(path, body).answer().text();
    let last = bed.last().await;
    assert_eq!(last["translation"][0]["path"], "top_k", "{last}");
    assert_eq!((&last["dialect"], &last["provider_type"]), (&json!("anthropic"), &json!("openai")));
}

/// Of a stream that is known only when its headers are gone.
#[tokio::test]
async fn the_log_tells_what_a_stream_lost() {
    let bed = bed(&[&MESSAGES], json!({})).await;
    let paused = MESSAGES.stream().replace("end_turn", "pause_turn");
    bed.script([stream(paused)]);
    bed.answer(&CHAT, true).text();
    let last = bed.last().await;
    assert_eq!(last["translation"][0]["path"], "stop_reason", "{last}");
}

/// Gemini without `alt=sse` is one array, whoever answers.
#[tokio::test]
async fn a_stream_may_be_an_array() {
    let path = GEMINI.request(true).0.replace("?alt=sse", "");
    for (events, is_whole) in [(MESSAGES.stream(), true), ([MESSAGES.preamble, MESSAGES.output].concat(), false)] {
        let bed = bed(&[&MESSAGES], json!({})).await;
        bed.script([stream(events)]);
        let mut answer = bed.send(&path, GEMINI.request(true).1).answer();
        assert_eq!(answer.header("content-type"), Some("application/json"));
        check_stream(Dialect::Gemini, answer.text());
        assert_eq!(answer.json().as_array().unwrap().last().unwrap()["error"].is_null(), is_whole);
        assert_eq!(sent(&bed, 0).1["stream"], true);
    }
}

/// What says that the model has failed is no answer for anyone.
#[tokio::test]
async fn a_model_that_has_failed_has_not_answered() {
    let malformed = GEMINI.whole.replace("STOP", "MALFORMED_FUNCTION_CALL");
    for client in [&CHAT, &MESSAGES] {
        let bed = bed(&[&GEMINI], json!({"max_retry": 0})).await;
        bed.script([
            reply(200, "", malformed.clone()),
            stream(GEMINI.stream().replace("STOP", "MALFORMED_FUNCTION_CALL")),
        ]);
        let mut answer = bed.answer(client, false);
        assert_eq!(answer.status, 502);
        assert!(answer.text().contains("the model has failed: MALFORMED_FUNCTION_CALL"), "{}", answer.text());
        let mut answer = bed.answer(client, true);
        let text = answer.text();
        assert!(text.contains("the model has failed: MALFORMED_FUNCTION_CALL"), "{text}");
        assert!(!text.contains("[DONE]") && !text.contains("message_stop"), "{text}");
    }
}

/// Another answers in its place, or the client learns that it failed.
#[tokio::test]
async fn a_response_that_failed_is_no_end_of_an_answer() {
    let failed = json!({"type": "response.failed", "sequence_number": 1, "response": {"id": "resp_1", "status": "failed",
        "error": {"code": "server_is_overloaded", "message": "busy"}}});
    let stream_of = || stream(format!("{}event: response.failed\ndata: {failed}\n\n", RESPONSES.preamble));
    let mut config = config_of(&[&RESPONSES, &MESSAGES], json!({"max_retry": 1}));
    config["models"][0]["associations"][0]["priority"] = json!(5);
    let both = Bed::of(config).await;
    both.script([stream_of(), stream(MESSAGES.stream())]);
    let mut answer = both.answer(&CHAT, true);
    assert_eq!(said(&CHAT, answer.text()), "hel");
    assert_eq!(both.asked(), ["openai-res", "anthropic"]);
    let alone = bed(&[&RESPONSES], json!({"max_retry": 0})).await;
    alone.script([stream_of()]);
    let mut answer = alone.answer(&CHAT, true);
    let text = answer.text().to_owned();
    assert!(text.contains("busy") && !text.contains("\"finish_reason\":\"stop\""), "{} {text}", answer.status);
    let whole = json!({"id": "resp_1", "object": "response", "status": "failed", "output": [], "model": "m",
        "error": {"code": "server_error", "message": "busy"}});
    let whole_alone = bed(&[&RESPONSES], json!({"max_retry": 0})).await;
    whole_alone.script([reply(200, "", whole.to_string())]);
    let mut answer = whole_alone.answer(&CHAT, false);
    assert!(answer.status >= 500, "{}", answer.status);
    assert!(answer.json()["error"]["message"].as_str().unwrap().contains("busy"));
}
