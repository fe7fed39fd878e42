//! A provider that speaks several dialects: one account, an address for each.

use serde_json::{Value, json};

use crate::bed::{Bed, PROVIDER_KEY, config};
use crate::support::{failure, reply};
use crate::wires::{CHAT, GEMINI, MESSAGES, RESPONSES};

/// One that speaks Chat, and Messages at another address.
async fn bed() -> Bed {
    let mut config = config(&CHAT, &["a"], json!({}));
    config["providers"][0]["also"] = json!([{"type": "anthropic", "base_url": "https://also.example/anthropic/v1/"}]);
    Bed::of(config).await
}

#[tokio::test]
async fn each_client_is_answered_where_its_dialect_is_spoken() {
    let bed = bed().await;
    for (client, provider, host, path) in [
        (&CHAT, &CHAT, "a.example", "/v1/chat/completions"),
        (&MESSAGES, &MESSAGES, "also.example", "/anthropic/v1/messages"),
        (&RESPONSES, &CHAT, "a.example", "/v1/chat/completions"),
        (&GEMINI, &CHAT, "a.example", "/v1/chat/completions"),
    ] {
        let before = bed.count();
        bed.script([reply(200, "", provider.whole)]);
        let mut answer = bed.answer(client, false);
        let is_relayed = client.kind == provider.kind;
        assert_eq!(answer.text() == provider.whole, is_relayed, "{}", answer.text());
        assert_eq!(answer.header("x-llmio-translation").is_none(), is_relayed);
        let sent = &bed.http.sent()[before];
        assert_eq!((sent.uri.host(), sent.uri.path()), (Some(host), path), "{}", client.kind);
        let key = if provider.kind == "anthropic" { "x-api-key" } else { "authorization" };
        assert!(sent.headers[key].to_str().unwrap().ends_with(PROVIDER_KEY), "the same key");
        bed.advance(0.01);
        let last = bed.last().await;
        assert_eq!((&last["provider"], &last["provider_type"]), (&json!("a"), &json!(provider.kind)));
    }
}

#[tokio::test]
async fn it_counts_as_one_that_speaks_the_clients_dialect() {
    let mut config = config(&CHAT, &["a", "b"], json!({}));
    config["providers"][1]["also"] = json!([{"type": "anthropic", "base_url": "https://also.example/v1"}]);
    config["models"][0]["associations"][1]["relay_only"] = json!(true);
    let bed = Bed::of(config).await;
    bed.script([reply(200, "", MESSAGES.whole)]);
    assert_eq!(bed.answer(&MESSAGES, false).text(), MESSAGES.whole);
    assert_eq!(bed.asked(), ["also"], "before whom a request is translated for");
    bed.script([failure(403, "")]);
    assert_ne!(bed.answer(&RESPONSES, false).status, 200);
    assert_eq!(bed.asked(), ["also", "a"], "it only relays");
}

/// What is remembered of its health no longer holds when one of its addresses is another.
#[tokio::test]
async fn a_changed_address_is_asked_at_once() {
    let bed = bed().await;
    bed.script([failure(429, "retry-after: 60"), reply(200, "", MESSAGES.whole)]);
    assert_eq!(bed.answer(&MESSAGES, false).status, 429);
    assert_eq!(bed.answer(&MESSAGES, false).status, 429);
    let id = bed.api("GET /api/providers", Value::Null).await["data"][0]["id"].as_str().unwrap().to_owned();
    let also = json!({"also": [{"type": "anthropic", "base_url": "https://moved.example/v1"}]});
    bed.api(&format!("PATCH /api/providers/{id}"), also).await;
    assert_eq!(bed.answer(&MESSAGES, false).status, 200);
    assert_eq!(bed.asked(), ["also", "moved"]);
}
