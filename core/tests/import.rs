//! A database of the original LLMIO becomes ours.

#[path = "support/explaining.rs"]
mod explaining;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use llmio_core::config::file::parse;
use llmio_core::config::{Config, Sealer, Strategy, hash_client_key};
use llmio_core::import::{History, Names, Original, Tables, Taken, export, take_configuration};
use llmio_core::platform::{Clock, Database, Platform, Statement, Timestamp, Value};
use llmio_core::record::{fold, retention};
use llmio_core::storage::imports::{self, Import};
use llmio_core::storage::{ConfigStore, migrate};
use llmio_core::testing::{FixedEntropy, ManualClock, ScriptedHttp};
use llmio_native::{LocalDatabase, TokioClock, open_original};
use llmio_original::{APP_KEY, EXPIRED_KEY, OFF_KEY, SCOPED_KEY, Spec, change, make, numbers};
use tempfile::TempDir;

use explaining::Explaining;

struct Bed {
    folder: TempDir,
    database: Arc<LocalDatabase>,
    store: ConfigStore,
    clock: ManualClock,
}

impl Bed {
    async fn new() -> Self {
        let database = Arc::new(LocalDatabase::open_in_memory().unwrap());
        let clock = ManualClock::at(TokioClock.now());
        migrate(&*database, &clock).await.unwrap();
        let platform = Platform {
            http: Arc::new(ScriptedHttp::new([])),
            database: database.clone(),
            clock: Arc::new(clock.clone()),
            entropy: Arc::new(FixedEntropy::new(7)),
        };
        let store = ConfigStore::new(&platform, Sealer::new([3; 32]));
        Self { folder: TempDir::new().unwrap(), database, store, clock }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("llmio.db")
    }

    async fn make(&self, spec: &Spec) -> Original {
        make(&self.path(), spec).await.unwrap();
        open_original(&self.path()).await.unwrap()
    }

    async fn take(&self, original: &Original) -> (Taken, Tables) {
        let tables = Tables::read(original).await.unwrap();
        (take_configuration(&self.store, &tables, "there").await.unwrap(), tables)
    }

    async fn history(&self, original: &Original, tables: &Tables) -> History {
        let import = imports::find(&*self.database, original.identity()).await.unwrap().unwrap();
        let names = Names::new(tables, &self.store.load().await.unwrap());
        History::new(original.clone(), names, self.database.clone(), Arc::new(self.clock.clone()), import)
    }

    async fn import(&self) -> Import {
        let rows = self.database.query(Statement::new("SELECT id FROM imports", vec![])).await.unwrap();
        let id = rows.first().unwrap().text("id").unwrap().to_owned();
        imports::find(&*self.database, &id).await.unwrap().unwrap()
    }

    async fn rows(&self, sql: &'static str) -> Vec<Vec<Value>> {
        self.database.query(Statement::new(sql, vec![])).await.unwrap().rows
    }

    async fn numbers(&self, sql: &'static str) -> Vec<f64> {
        self.rows(sql).await[0]
            .iter()
            .map(|value| match value {
                Value::Integer(integer) => *integer as f64,
                Value::Real(real) => *real,
                _ => 0.0,
            })
            .collect()
    }

    /// The totals of both databases, in the order of [`THERE`].
    async fn compare(&self, path: &Path) {
        let there = numbers(path, THERE).await.unwrap();
        let here = self.numbers(HERE).await;
        for ((name, there), here) in NAMES.iter().zip(&there).zip(&here) {
            assert!((there - here).abs() < 1e-6 * there.abs().max(1.0), "{name}: {there} there, {here} here");
        }
        assert_eq!(there.len(), NAMES.len());
    }
}

const NAMES: [&str; 12] = [
    "rows",
    "requests",
    "successes",
    "prompt",
    "completion",
    "cached",
    "bytes",
    "dollars",
    "yuan",
    "sessions",
    "time",
    "bodies",
];
/// What Anthropic's early rows count apart from the prompt is in neither sum of the prompt.
const THERE: &str = "WITH l AS (SELECT *, iif(json_valid(prompt_tokens_details), json_extract(prompt_tokens_details, '$.cached_tokens'), 0) AS c, \
    status = 'success' AS good FROM chat_logs WHERE deleted_at IS NULL), \
    m AS (SELECT *, iif(c > prompt_tokens, prompt_tokens, prompt_tokens - c) * input_price / 1e6 + c * cache_read_price / 1e6 \
        + completion_tokens * output_price / 1e6 AS cost FROM l) \
    SELECT count(*), count(DISTINCT trace_id), sum(good), sum(max(prompt_tokens, c)) , sum(completion_tokens), sum(c), sum(size), \
    sum(iif(currency = 'USD', cost, 0)), sum(iif(currency = 'CNY', cost, 0)), count(DISTINCT nullif(session_id, '')), \
    sum((proxy_time / 1000) + (first_chunk_time / 1000) + (chunk_time / 1000)), \
    (SELECT count(*) FROM chat_ios AS i JOIN chat_logs AS g ON g.id = i.log_id WHERE g.deleted_at IS NULL) FROM m";
const HERE: &str = "SELECT count(*), sum(is_final), sum(outcome = 'success'), \
    sum(coalesce(input_tokens, 0) + coalesce(cache_read_tokens, 0) - iif(input_tokens = 10 AND cache_read_tokens = 90, 10, 0)), \
    sum(output_tokens), sum(cache_read_tokens), sum(response_bytes), sum(iif(currency = 'USD', cost, 0)), \
    sum(iif(currency = 'CNY', cost, 0)), count(DISTINCT session_id), sum(total_us), sum(has_bodies) FROM logs";

async fn bring(history: &mut History) {
    while history.step().await.unwrap() {}
    assert!(history.progress().is_done);
}

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

/// However long the original's log is.
#[tokio::test]
async fn a_step_reads_no_more_than_it_brings() {
    let bed = Bed::new().await;
    make(&bed.path(), &Spec::new(2_000)).await.unwrap();
    let explaining = Arc::new(Explaining::answering(Arc::new(LocalDatabase::open_foreign(bed.path()).unwrap())));
    let original = Original::recognise(explaining.clone()).await.unwrap();
    let (_, tables) = bed.take(&original).await;
    explaining.plans();
    bring(&mut bed.history(&original, &tables).await).await;
    let plans = explaining.plans();
    let read = || plans.iter().filter(|plan| plan.starts_with("SEARCH") || plan.starts_with("SCAN"));
    let is_narrow = |plan: &String| plan.contains("INTEGER PRIMARY KEY (rowid") || plan.contains("(trace_id=?)");
    assert!(read().count() > 20 && read().all(is_narrow), "{plans:#?}");
}

#[tokio::test]
async fn rows_of_the_log_say_what_they_said() {
    let bed = Bed::new().await;
    let original = bed.make(&Spec::new(40)).await;
    let (_, tables) = bed.take(&original).await;
    bring(&mut bed.history(&original, &tables).await).await;
    let rows = bed
        .rows(
            "SELECT model, provider, provider_model, status, outcome, coalesce(key_name, '-'), attempt, is_final, \
             association_id IS NOT NULL, input_tokens, cache_read_tokens, output_tokens, dialect, stream, has_bodies, \
             coalesce(error, '-'), started_offset_us, first_token_us, total_us FROM logs WHERE created_at >= 1770000000000000 \
             ORDER BY rowid LIMIT 12",
        )
        .await;
    let text: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells = row.iter().map(|value| match value {
                Value::Null => "null".to_owned(),
                Value::Integer(integer) => integer.to_string(),
                Value::Text(text) => text.clone(),
                other => format!("{other:?}"),
            });
            cells.collect::<Vec<_>>().join(" ")
        })
        .collect();
    // The first row, one of a deleted key and provider, a failed attempt and the one after it.
    assert_eq!(
        text[0], "claude claude ok 200 success removed 1 1 1 1000 1 201 anthropic 1 0 - 50 300051 2300051",
        "{text:#?}"
    );
    assert_eq!(text[1], "gpt gone of-nobody 200 success app 1 1 0 1000 2 202 openai_chat 1 0 - 50 300052 2300052");
    assert_eq!(text[3], "claude claude ok 200 success app 1 1 1 1000 4 204 anthropic 0 1 - 50 300054 2300054");
    assert_eq!(
        text[9],
        "claude claude ok 0 connect_error - 1 0 1 null null null anthropic 0 0 dial tcp: connection refused 50 null 50"
    );
    assert_eq!(text[10], "claude claude ok 200 success removed 2 1 1 993 11 200 anthropic 1 0 - 50 300061 2300061");

    let both = bed
        .rows(
            "SELECT count(DISTINCT trace_id), count(DISTINCT created_at) FROM logs WHERE rowid IN \
                         (SELECT rowid FROM logs WHERE created_at >= 1770000000000000 ORDER BY rowid LIMIT 2 OFFSET 9)",
        )
        .await;
    assert_eq!(both, [[Value::from(1_i64), 1_i64.into()]], "attempts share their request's trace and time");

    let odd = bed
        .rows("SELECT model, coalesce(provider, '-'), status, outcome, coalesce(key_name, '-'), input_tokens, cache_read_tokens, \
               user_agent, request_truncated FROM logs WHERE created_at < 1770000000000000 ORDER BY created_at")
        .await;
    let null = Value::Null;
    let row = |texts: [&str; 2], status: i64, more: [&str; 2], numbers: [Value; 3], cut: i64| {
        let mut row: Vec<Value> = texts.map(Value::from).to_vec();
        row.push(status.into());
        row.extend(more.map(Value::from));
        row.extend(numbers);
        row.push(cut.into());
        row
    };
    let none = || [null.clone(), null.clone(), null.clone()];
    assert_eq!(
        odd,
        [
            row(["gpt", "main"], 200, ["success", "app"], [10_i64.into(), null.clone(), null.clone()], 0),
            row(["never-heard-of", "-"], 404, ["gateway_error", "-"], none(), 0),
            row(["claude", "claude"], 499, ["cancelled", "key 77"], none(), 0),
            row(["gpt", "main"], 503, ["provider_error", "app"], [null.clone(), null.clone(), "a\u{fffd}b".into()], 0),
            row(["claude", "claude"], 200, ["success", "app"], [10_i64.into(), 90_i64.into(), null.clone()], 1),
        ]
    );
    let bodies = bed
        .rows(
            "SELECT side, body FROM log_bodies JOIN logs ON logs.id = log_id WHERE created_at >= 1770000000000000 \
               ORDER BY logs.rowid, side LIMIT 4",
        )
        .await;
    let body = |side: &str, body: &str| vec![Value::from(side), body.into()];
    assert_eq!(
        bodies,
        [
            body("request", r#"{"model":"claude","stream":true,"n":4}"#),
            body("response", r#"{"id":"whole-4"}"#),
            body("request", r#"{"model":"gpt","stream":true,"n":8}"#),
            body("response", "data: {\"type\":\"ping\"}\n\ndata: {\"id\":8}\n\n"),
        ]
    );
}

#[tokio::test]
async fn charts_hold_what_the_log_holds() {
    let bed = Bed::new().await;
    let original = bed.make(&Spec::new(3_000)).await;
    let (_, tables) = bed.take(&original).await;
    bring(&mut bed.history(&original, &tables).await).await;
    let log = "SELECT sum(is_final), count(provider), sum(input_tokens), sum(cache_read_tokens), sum(output_tokens), sum(cost), \
               sum(iif(outcome = 'success', total_us, 0)) FROM logs WHERE created_at > (unixepoch() - 400 * 86400) * 1000000";
    let sums = "SELECT sum(requests), sum(attempts), sum(input_tokens), sum(cache_read_tokens), sum(output_tokens), sum(cost), \
                sum(total_us) FROM rollups";
    let (log, sums) = (bed.numbers(log).await, bed.numbers(sums).await);
    for (log, sums) in log.iter().zip(&sums) {
        assert!((log - sums).abs() < 1e-6 * log.max(1.0), "{log} in the log, {sums} in the rollups");
    }
    assert!(log[0] > 2_500.0 && log[5] > 1.0);
    assert_eq!(bed.numbers("SELECT breakdown_since FROM rollup_state").await, [0.0]);
    while fold::step(&*bed.database, bed.clock.now()).await.unwrap() {}
    assert!(bed.numbers("SELECT count(*) FROM rollup_days").await[0] >= 29.0, "its days are folded");
}

#[tokio::test]
async fn a_second_time_adds_nothing_but_what_came_since() {
    let bed = Bed::new().await;
    let original = bed.make(&Spec::new(700)).await;
    let (_, tables) = bed.take(&original).await;
    bring(&mut bed.history(&original, &tables).await).await;
    let before = (bed.store.load().await.unwrap(), bed.numbers(HERE).await, bed.import().await);
    let (taken, tables) = bed.take(&original).await;
    assert!(taken.before.is_some() && taken.changes.is_empty());
    bring(&mut bed.history(&original, &tables).await).await;
    assert_eq!((bed.store.load().await.unwrap(), bed.numbers(HERE).await, bed.import().await), before);

    // What an operator has deleted here does not come back, what the original has written since comes.
    bed.store
        .edit(|config| {
            config.models.remove(0);
            Ok::<_, llmio_core::storage::StorageError>(())
        })
        .await
        .unwrap();
    let rows = "INSERT INTO chat_logs (created_at, name, trace_id, provider_model, provider_name, status, style, retry) \
                SELECT '2026-11-20 00:00:00+00:00', name, 'new', provider_model, provider_name, status, style, 0 FROM chat_logs LIMIT 3";
    change(&bed.path(), rows).await.unwrap();
    let (_, tables) = bed.take(&original).await;
    bring(&mut bed.history(&original, &tables).await).await;
    assert_eq!(bed.store.load().await.unwrap().models.len(), 6);
    assert_eq!(bed.numbers(HERE).await[0], before.1[0] + 3.0);
    bed.compare(&bed.path()).await;
}

#[tokio::test]
async fn interrupted_or_done_by_two_at_once_it_comes_once() {
    let bed = Bed::new().await;
    let original = bed.make(&Spec::new(4_000)).await;
    let (_, tables) = bed.take(&original).await;
    // Each is dropped in the middle, and two of them know the same beginning.
    for steps in [1, 2, 1, 3] {
        let (mut one, mut two) = (bed.history(&original, &tables).await, bed.history(&original, &tables).await);
        for _ in 0..steps {
            one.step().await.unwrap();
            two.step().await.unwrap();
        }
    }
    // Requests meanwhile have numbers of their own.
    bed.rows("INSERT INTO logs (id, trace_id, created_at, attempt, is_final, dialect, operation, stream, model, status, outcome, \
              total_us, request_bytes, response_bytes, has_bodies) VALUES ('ffffffff-live', 't', 1, 1, 1, 'openai_chat', 'generate', \
              0, 'live', 200, 'success', 0, 0, 0, 0)")
        .await;
    bring(&mut bed.history(&original, &tables).await).await;
    assert_eq!(bed.rows("SELECT model FROM logs ORDER BY rowid DESC LIMIT 1").await, [[Value::from("live")]]);
    bed.rows("DELETE FROM logs WHERE model = 'live'").await;
    bed.compare(&bed.path()).await;
    let requests = "SELECT (SELECT sum(requests) FROM rollups), (SELECT sum(is_final) FROM logs WHERE created_at > \
                    (unixepoch() - 400 * 86400) * 1000000)";
    let sums = bed.numbers(requests).await;
    assert_eq!(sums[0], sums[1]);
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

/// The original's own database, where it is at hand.
#[tokio::test]
async fn a_database_of_the_original_itself() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/original/llmio.db");
    if !path.exists() {
        return;
    }
    let bed = Bed::new().await;
    let original = open_original(&path).await.unwrap();
    let (taken, tables) = bed.take(&original).await;
    let merged = &taken.merged;
    assert_eq!((merged.providers, merged.models, merged.associations, merged.keys), (6, 4, 7, 3));
    assert_eq!(merged.report.findings, []);
    bring(&mut bed.history(&original, &tables).await).await;
    bed.compare(&path).await;
    let requests = bed.numbers("SELECT sum(requests), sum(attempts), sum(successes) FROM rollups").await;
    assert_eq!(requests, [211.0, 215.0, 210.0]);
}

/// The log of an original without a clean-up, of which much is older than what a new installation keeps.
#[tokio::test]
async fn nothing_is_deleted_the_first_night() {
    let bed = Bed::new().await;
    let original = bed.make(&Spec::new(500)).await;
    change(&bed.path(), "UPDATE chat_logs SET created_at = datetime(created_at, '-3 years')").await.unwrap();
    let (_, tables) = bed.take(&original).await;
    bring(&mut bed.history(&original, &tables).await).await;
    let brought = bed.numbers("SELECT count(*), sum(has_bodies), sum(total_us) FROM logs").await;
    assert!(brought[0] > 500.0 && brought[1] > 0.0, "{brought:?}");
    let settings = bed.store.load().await.unwrap().settings;
    for _ in 0..3 {
        bed.clock.advance(Duration::from_secs(86_400));
        let cleanup = retention::run_due(&*bed.database, &bed.clock, &settings).await.unwrap();
        assert_eq!(cleanup.expect("a day is over").deleted, 0);
    }
    assert_eq!(bed.numbers("SELECT count(*), sum(has_bodies), sum(total_us) FROM logs").await, brought);
}
