//! Configuration files applied to a real database.

use std::sync::Arc;

use llmio_core::config::file::{Absent, Applied, ApplyError, apply, export, parse, plan};
use llmio_core::config::{Action, Sealer, hash_client_key};
use llmio_core::storage::{ConfigStore, migrate};
use llmio_core::testing::{FixedEntropy, ManualClock};
use llmio_native::LocalDatabase;

const EXAMPLE: &str = include_str!("../../docs/llmio.example.yaml");

fn env(name: &str) -> Result<String, Absent> {
    match name {
        "OPENAI_API_KEY" | "MAIN_API_KEY" => Ok("sk-canary-openai-0123456789".into()),
        "TEAM_A_API_KEY" => Ok("sk-llmio-canary-team".into()),
        _ => Err(Absent::NotSet),
    }
}

async fn store() -> ConfigStore {
    let database = Arc::new(LocalDatabase::open_in_memory().unwrap());
    let clock = Arc::new(ManualClock::default());
    migrate(&*database, &*clock).await.unwrap();
    ConfigStore { database, sealer: Sealer::new([1; 32]), clock, entropy: Arc::new(FixedEntropy::default()) }
}

async fn applied(store: &ConfigStore, text: &str) -> Result<Applied, ApplyError> {
    let file = parse(text, &env)?;
    let planned = plan(store, &file).await?;
    let mut applied = apply(store, &file).await?;
    // What is only planned has no id yet.
    for change in applied.changes.iter_mut().filter(|change| change.action == Action::Create) {
        assert!(!std::mem::take(&mut change.id).is_empty());
    }
    assert_eq!(planned.changes, applied.changes);
    Ok(applied)
}

fn shown(applied: &Applied) -> Vec<String> {
    applied.changes.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn applying_twice_changes_nothing_and_neither_does_the_export() {
    let store = store().await;
    let first = applied(&store, EXAMPLE).await.unwrap();
    assert_eq!(
        shown(&first),
        ["create provider main", "create model gpt-5", "create association gpt-5: main/gpt-5", "create key team-a"]
    );
    assert_eq!(first.version, 2);
    let before = store.load().await.unwrap();
    let exported = export(&before);
    assert!(!exported.to_yaml().contains("canary"));
    for text in [EXAMPLE.to_owned(), exported.to_yaml(), exported.to_json().to_string(), String::new()] {
        let again = applied(&store, &text).await.unwrap();
        assert_eq!(again, Applied { changes: vec![], version: 2 });
        assert_eq!(store.load().await.unwrap(), before);
    }
}

/// Each file on top of the one before it.
#[tokio::test]
async fn a_section_is_the_whole_truth_about_its_subject() {
    let store = store().await;
    applied(&store, EXAMPLE).await.unwrap();
    let rows: [(&str, &[&str]); 11] = [
        (
            "providers: [{name: main, type: openai, error_matcher: 'no credit'}, {name: spare, type: anthropic}]",
            &["create provider spare", "update provider main: also, error_matcher, console_url"],
        ),
        (
            "models:
               - {name: first}
               - {name: gpt-5, associations: [
                   {provider: spare, model: '*', weight: 3},
                   {provider: main, model: gpt-5, weight: 5, headers: {X-Token: canary-1, a: b}}]}",
            &[
                "create model first",
                "update model gpt-5: order",
                "create association gpt-5: spare/*",
                "update association gpt-5: main/gpt-5: headers, weight, context_window, prices, order",
            ],
        ),
        (
            "models:
               - {name: gpt-5, associations: [
                   {provider: spare, model: '*', weight: 3},
                   {provider: main, model: gpt-5, weight: 5, headers: {A: b, x-token: canary-1}}]}
               - {name: first}",
            &["update model gpt-5: order", "update model first: order"],
        ),
        ("settings: {counting_provider: spare}", &["update settings: counting_provider"]),
        ("settings: {}", &["update settings: counting_provider"]),
        ("keys: [{name: team-a, log_io: true}]", &["update key team-a: models, log_io"]),
        ("keys: [{name: team-a, log_io: true, key: another-key}]", &["update key team-a: key"]),
        ("keys: [{name: team-b, key: another-key}]", &["delete key team-a", "create key team-b"]),
        (
            "providers: [{name: main, type: openai, api_key: ''}]",
            &[
                "delete provider spare",
                "update provider main: api_key, error_matcher",
                "delete association gpt-5: spare/*",
                "update association gpt-5: main/gpt-5: order",
            ],
        ),
        (
            "keys: []\nmodels: []",
            &["delete model gpt-5", "delete model first", "delete association gpt-5: main/gpt-5", "delete key team-b"],
        ),
        ("providers: []", &["delete provider main"]),
    ];
    for (text, expected) in rows {
        let mut found = shown(&applied(&store, text).await.unwrap());
        let mut expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{text}");
        assert_eq!(applied(&store, text).await.unwrap().changes, [], "again: {text}");
    }
}

#[tokio::test]
async fn a_refused_file_changes_nothing() {
    let store = store().await;
    applied(&store, EXAMPLE).await.unwrap();
    let before = store.load().await.unwrap();
    for (text, expected) in [
        ("providers: []\nkeys: [{name: new}]", "no key `new` is stored: give one"),
        ("models: [{name: m, associations: [{provider: nowhere, model: x}]}]", "there is no `nowhere`"),
        (
            "providers: [{name: main, type: openai, also: []}]\nsettings: {counting_provider: main}",
            "must be of type `anthropic`",
        ),
        ("keys: [{name: a, key: same-key}, {name: b, key: same-key}]", "must be unique"),
    ] {
        let error = applied(&store, text).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(store.load().await.unwrap(), before);
    }
}

/// An export needs no variables where it came from, and its placeholders are good for nothing else.
#[tokio::test]
async fn placeholders_keep_what_is_stored_in_their_own_place() {
    let store = store().await;
    let text = "
providers:
  - {name: p, type: openai, api_key: canary-key-1, proxy: 'http://u:canary@localhost:1'}
  - {name: q, type: openai, api_key: canary-key-2}
models: [{name: m, associations: [{provider: p, model: x, headers: {X-Token: canary-token, x-a: b}}]}]
";
    applied(&store, text).await.unwrap();
    let before = store.load().await.unwrap();
    assert_eq!(applied(&store, &export(&before).to_yaml()).await.unwrap().changes, []);
    let edited = export(&before).to_yaml().replace("weight: 1", "weight: 2");
    assert_eq!(shown(&applied(&store, &edited).await.unwrap()), ["update association m: p/x: weight"]);
    assert_eq!(store.load().await.unwrap().providers, before.providers);

    for (text, expected) in [
        ("providers: [{name: '${P_API_KEY}', type: openai}]", "P_API_KEY, which is not set"),
        ("providers: [{name: q, type: openai, api_key: '${P_API_KEY}'}]", "P_API_KEY, which is not set"),
        ("providers: [{name: p, type: openai, api_key: '${P_PROXY}'}]", "P_PROXY, which is not set"),
        ("providers: [{name: p, type: openai, api_key: 'x${P_API_KEY}'}]", "P_API_KEY, which is not set"),
        ("providers: [{name: p, type: openai, error_matcher: '${P_API_KEY}'}]", "P_API_KEY, which is not set"),
        (
            "models: [{name: m, associations: [{provider: p, model: x, headers: {x-a: '${P_M_X_TOKEN}'}}]}]",
            "P_M_X_TOKEN, which is not set",
        ),
        (
            "models: [{name: m, associations: [{provider: q, model: x, headers: {x-token: '${P_M_X_TOKEN}'}}]}]",
            "P_M_X_TOKEN, which is not set",
        ),
    ] {
        let error = applied(&store, text).await.unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains("canary"), "{text}: {error}");
    }
}

#[tokio::test]
async fn a_key_without_text_keeps_its_hash() {
    let store = store().await;
    applied(&store, EXAMPLE).await.unwrap();
    applied(&store, "keys: [{name: team-a}]").await.unwrap();
    assert_eq!(store.load().await.unwrap().keys[0].hash, hash_client_key("sk-llmio-canary-team"));
}
