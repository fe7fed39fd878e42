//! Providers, models, keys and settings, and the word for what could not come.

use llmio_core::config::file::parse;
use llmio_core::config::{Config, Strategy, hash_client_key};
use llmio_core::import::{Tables, Taken, export};
use llmio_core::platform::{Clock, Timestamp, Value};
use llmio_original::{APP_KEY, EXPIRED_KEY, OFF_KEY, SCOPED_KEY, Spec};

use crate::bed::{Bed, bring};

#[tokio::test]
async fn everything_comes_and_what_cannot_is_told_by_name() {
    let bed = Bed::new().await;
    let original = bed.make(&Spec::new(2_000)).await;
    let before = std::fs::read(bed.path()).unwrap();
    let (taken, tables) = bed.take(&original).await;
    let config = bed.store.load().await.unwrap();
    check_providers(&config);
    check_models(&config);
    check_keys(&config);
    assert_eq!(config.settings.log_retention_days, 0, "there was no clean-up");
    let counting = config.settings.counting_provider.as_deref().unwrap();
    assert_eq!(config.provider_named(counting).unwrap().api_key.reveal(), "sk-counting");
    check_report(&taken);
    assert_eq!(taken.merged.keys, config.keys.len());
    let cleanups = bed.rows("SELECT kind, criterion, value, deleted, duration_us FROM cleanups ORDER BY id DESC").await;
    let cleanup = |kind: &str, criterion: &str, numbers: [i64; 3]| {
        [Value::from(kind), criterion.into()].into_iter().chain(numbers.map(Value::from)).collect::<Vec<_>>()
    };
    let expected = [
        cleanup("manual", "keep_newest", [500, 70, 12_000]),
        cleanup("scheduled", "older_than_days", [30, 1_200, 85_000]),
    ];
    assert_eq!(cleanups, expected, "the newest has the highest number");

    bring(&mut bed.history(&original, &tables).await).await;
    bed.compare(&bed.path()).await;
    assert_eq!(std::fs::read(bed.path()).unwrap(), before, "the original is as it was");
    assert!(!bed.folder.path().join("llmio.db-wal").exists());
}

fn check_providers(config: &Config) {
    let provider = |name: &str| config.provider_named(name).unwrap_or_else(|| panic!("no provider {name}"));
    let main = provider("main");
    assert_eq!(main.base_url, "http://127.0.0.1:1/v1");
    assert_eq!((main.api_key.reveal(), main.enabled), ("sk-upstream", true));
    assert_eq!(main.error_matcher, ["quota exceeded", "busy", r"a\", "back later"]);
    assert_eq!(main.console_url.as_deref(), Some("https://console.example/main"));
    assert_eq!(provider("claude").version.as_deref(), Some("2023-06-01"));
    assert_eq!(provider("gemini").base_url, "http://127.0.0.1:1/v1beta");
    assert_eq!(provider("gemini").console_url.as_deref(), Some("https://console.example"));
    assert_eq!(provider("socks").proxy.as_ref().unwrap().reveal(), "socks5://user:secret@127.0.0.1:1080");
    let rows = [
        ("endpoint", "http://127.0.0.1:1/v1", true),
        ("broken", "https://api.openai.com/v1", false),
        ("proxied", "http://127.0.0.1:1/v1", false),
        ("main 2", "http://127.0.0.1:1/v1", true),
        ("provider 8", "http://127.0.0.1:1/v1", true),
        ("queried", "https://api.example/v1", false),
        ("odd", "http://127.0.0.1:1/v1", false),
        ("no address", "https://api.openai.com/v1", false),
        ("credentials", "https://api.example/v1", false),
    ];
    for (name, base_url, enabled) in rows {
        assert_eq!((provider(name).base_url.as_str(), provider(name).enabled), (base_url, enabled), "{name}");
    }
    assert!(provider("proxied").proxy.is_none());
    assert!(provider("credentials").api_key.is_empty());
    assert!(config.provider_named("gone").is_none());
    assert_eq!(config.providers.len(), 14, "thirteen, and one that counts");
}

fn check_models(config: &Config) {
    let names: Vec<_> = config.models.iter().map(|model| (model.name.as_str(), model.enabled)).collect();
    let expected = [
        ("claude", true),
        ("gpt", true),
        ("gpt-2", false),
        ("two-words", false),
        ("wild_", false),
        ("old", true),
        ("odd-strategy", true),
    ];
    assert_eq!(names, expected, "in their order");
    let gpt = &config.models[1];
    assert_eq!(
        (gpt.strategy, gpt.max_retry, gpt.timeouts.total, gpt.breaker),
        (Strategy::Lottery, 3, Some(60.0), true)
    );
    assert_eq!(gpt.note, "everyday\nmodel");
    assert_eq!(gpt.created_at.to_rfc3339(), "2025-03-01T00:00:00.123456Z");
    let claude = &config.models[0];
    assert_eq!((claude.strategy, claude.max_retry, claude.breaker), (Strategy::Rotor, 5, false));
    let old = &config.models[5];
    assert_eq!((old.strategy, old.max_retry, old.timeouts.total, old.breaker), (Strategy::Lottery, 100, None, false));
    assert_eq!(config.models[6].timeouts.total, Some(86_400.0));

    let rows: Vec<_> = gpt.associations.iter().map(|it| (it.provider_model.as_str(), it.weight, it.enabled)).collect();
    let expected = [
        ("ok", 10, true),
        ("ok", 1, false),
        ("broken-headers", 5, false),
        ("broken-body", 5, false),
        ("sets-model", 5, false),
    ];
    assert_eq!(rows, expected);
    let first = &gpt.associations[0];
    assert_eq!((first.tool_call, first.structured_output, first.image, first.with_header), (true, false, true, false));
    assert_eq!(first.headers, [("x-team".to_owned(), "blue".to_owned())]);
    assert_eq!(serde_json::to_string(&first.extra_body).unwrap(), r#"{"service_tier":"flex"}"#);
    let prices = first.prices.as_ref().unwrap();
    assert_eq!((prices.input, prices.cache_read, prices.output, prices.currency.as_str()), (1.25, 0.125, 10.0, "USD"));
    assert_eq!(gpt.associations[1].prices, None, "all zero is none");
    let sets = &gpt.associations[4];
    assert_eq!((sets.headers.len(), sets.extra_body.len(), &sets.prices), (0, 1, &None));
    let rows: Vec<_> =
        claude.associations.iter().map(|it| (it.provider_model.as_str(), it.enabled, it.with_header)).collect();
    assert_eq!(rows, [("switched-off", false, true), ("ok", true, false)]);
    assert_eq!(claude.associations[0].prices.as_ref().unwrap().currency, "CNY");
    let old = &config.models[5].associations[0];
    assert_eq!((old.provider_model.as_str(), old.weight, old.enabled), ("old", 10_000, false));
    assert!(old.tool_call && old.structured_output && old.image && !old.with_header);
}

fn check_keys(config: &Config) {
    let key = |name: &str| config.keys.iter().find(|key| key.name == name).unwrap_or_else(|| panic!("no key {name}"));
    let app = key("app");
    assert_eq!((app.hash, app.enabled, app.log_io, &app.models), (hash_client_key(APP_KEY), true, true, &None));
    assert_eq!(app.note, "Used 211 times before it was imported, last at 2026-01-02T03:04:05.5Z.");
    assert_eq!((app.prefix.as_str(), app.suffix.as_deref()), ("sk-origina", Some("cdef")));
    let scoped = key("scoped");
    assert_eq!(scoped.hash, hash_client_key(SCOPED_KEY));
    assert_eq!(scoped.models, Some(vec!["claude".to_owned(), "gone-model".to_owned()]));
    assert_eq!(scoped.expires_at.map(Timestamp::to_rfc3339).as_deref(), Some("2039-12-31T16:00:00Z"));
    assert!(!scoped.log_io);
    assert_eq!(key("expired").hash, hash_client_key(EXPIRED_KEY));
    assert!(key("expired").enabled && key("expired").expires_at.is_some());
    assert_eq!((key("off").hash, key("off").enabled), (hash_client_key(OFF_KEY), false));
    for (name, enabled, models) in [
        ("app 2", true, None),
        ("short", false, None),
        ("broken scope", false, Some(vec![])),
        ("key 10", false, Some(vec!["two-words".to_owned(), "wild_".to_owned()])),
    ] {
        assert_eq!((key(name).enabled, &key(name).models), (enabled, &models), "{name}");
    }
    assert_eq!(config.keys.len(), 8, "neither the twin nor the removed one");
}

fn check_report(taken: &Taken) {
    let report: Vec<String> = taken.merged.report.findings.iter().map(ToString::to_string).collect();
    let text = report.join("\n");
    for part in [
        "provider `endpoint`: has an address that ends in `/responses`",
        "provider `broken`: has a broken configuration",
        "provider `proxied`: has a proxy that is no address, and lost it; it is switched off",
        "provider `main 2`: is called so because there is another `main`",
        "provider `provider 8`: had an unusable name",
        "provider `provider 8`: has a console address that is no page's",
        "provider `queried`: has an address with a query",
        "provider `odd`: has the unknown type `cohere`",
        "provider `credentials`: has a key that cannot be sent",
        "model `gpt-2`: is called so because there is another `gpt`",
        "model `two-words`: had the unusable name `two words`",
        "model `wild_`: had the unusable name `wild*`",
        "model `old`: has 500 retries, which became 100",
        "model `odd-strategy`: has the unknown strategy `newest`",
        "association of `gpt` with `endpoint/ok`: has the weight 0",
        "association of `gpt` with `gone/of-nobody`: belongs to a provider that is not there; it stays behind",
        "association of `gone-model` with `main/to-nothing`: belongs to a model that is not there",
        "association of `gpt` with `#99/unknown-provider`: belongs to a provider that is not there",
        "association of `gpt` with `main/broken-headers`: has broken headers",
        "association of `gpt` with `main/broken-body`: has a broken `extra_body`",
        "association of `gpt` with `main/ok`: has the header `content-length`",
        "association of `gpt` with `main/sets-model`: has a header `bad name` that cannot be sent",
        "association of `gpt` with `main/sets-model`: has prices that are none",
        "key `scoped`: may use `gone-model`, which is no model",
        "key `app 2`: is called so because there is another `app`",
        "key `twin`: has the same text as `app`; it stays behind",
        "key `short`: has a text that no client can send",
        "key `broken scope`: has a broken list of models",
        "key `key 10`: has an expiry that is no time",
        "counting of tokens: has an account of its own, which became the provider `Token counting`",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    for secret in ["sk-upstream", "sk-counting", "sk-original", "u:p", "user:secret", "two words; "] {
        assert!(!text.contains(secret), "{secret} in\n{text}");
    }
}

#[tokio::test]
async fn an_early_version_and_a_configuration_that_is_there() {
    let bed = Bed::new().await;
    let original = bed.make(&Spec { is_early: true, ..Spec::new(0) }).await;
    let file =
        parse("providers: [{name: main, type: openai, api_key: x}]\nmodels: [{name: gpt, associations: []}]", &|_| {
            Ok(String::new())
        });
    llmio_core::config::file::apply(&bed.store, &file.unwrap()).await.unwrap();
    let (taken, tables) = bed.take(&original).await;
    bring(&mut bed.history(&original, &tables).await).await;
    let config = bed.store.load().await.unwrap();
    let names: Vec<_> = config.providers.iter().map(|provider| provider.name.as_str()).collect();
    assert_eq!(names, ["main", "main 2"]);
    let model = config.models.iter().find(|model| model.name == "gpt-2").unwrap();
    assert_eq!((model.enabled, model.max_retry, model.associations.len()), (false, 10, 1));
    assert_eq!(config.settings.log_retention_days, 0, "what keeps longer");
    assert!(taken.merged.report.findings.iter().any(|finding| finding.to_string().contains("for ever")));
    let rows = bed.rows("SELECT provider, outcome, is_final FROM logs ORDER BY created_at").await;
    let row = |outcome: &str| vec![Value::from("main 2"), outcome.into(), 1_i64.into()];
    assert_eq!(rows, [row("success"), row("provider_error")]);
}

#[tokio::test]
async fn a_file_takes_the_configuration_elsewhere() {
    let bed = Bed::new().await;
    let original = bed.make(&Spec::new(0)).await;
    let tables = Tables::read(&original).await.unwrap();
    let (file, report) = export(&tables, bed.clock.now());
    assert!(
        report.findings.iter().any(|finding| finding.to_string().contains("key `short`: a file takes no such text"))
    );
    let text = file.to_yaml();
    let applied = parse(&text, &|_| Err(llmio_core::config::file::Absent::NotSet)).unwrap();
    llmio_core::config::file::apply(&bed.store, &applied).await.unwrap();
    let stored = bed.store.load().await.unwrap();
    let key = stored.keys.iter().find(|key| key.name == "app").unwrap();
    assert_eq!(key.hash, hash_client_key(APP_KEY));
    assert_eq!(stored.provider_named("main").unwrap().api_key.reveal(), "sk-upstream");
    assert_eq!((stored.providers.len(), stored.models.len(), stored.keys.len()), (14, 7, 7));
    assert_eq!(stored.settings.counting_provider.as_deref(), Some("Token counting"));
    assert_eq!(stored.settings.log_retention_days, 0);
}
