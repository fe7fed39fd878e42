//! The stored configuration on a real database: migrations, edits, what is sealed.

use std::sync::{Arc, Mutex};

use llmio_core::config::{
    Address, Association, ClientKey, Config, Model, Prices, Provider, ProviderType, Sealer, Secret, Settings, Strategy,
    StreamMode, Timeouts, hash_client_key,
};
use llmio_core::platform::{BoxFuture, Database, DatabaseError, Rows, Statement, Timestamp, Value};
use llmio_core::storage::{self, ConfigStore, StorageError, migrate, pending, schema_version};
use llmio_core::testing::{FixedEntropy, ManualClock};
use llmio_native::LocalDatabase;

const CANARY: &str = "canary-4711";

async fn store() -> ConfigStore {
    let database = Arc::new(LocalDatabase::open_in_memory().unwrap());
    let clock = Arc::new(ManualClock::default());
    migrate(&*database, &*clock).await.unwrap();
    ConfigStore { database, sealer: Sealer::new([1; 32]), clock, entropy: Arc::new(FixedEntropy::default()) }
}

fn provider(id: &str, name: &str) -> Provider {
    Provider {
        id: id.into(),
        name: name.into(),
        kind: ProviderType::Anthropic,
        base_url: "https://api.example.com/v1".into(),
        also: vec![Address { kind: ProviderType::OpenAi, base_url: "https://api.example.com/openai/v1".into() }],
        api_key: Secret::new(format!("sk-{CANARY}")),
        version: Some("2023-06-01".into()),
        proxy: Some(Secret::new(format!("socks5://user:{CANARY}@localhost:1080"))),
        error_matcher: vec!["quota exceeded".into(), r"busy; \；later\".into()],
        console_url: Some("https://console.example.com/usage#today".into()),
        note: "two\nlines".into(),
        enabled: false,
    }
}

fn association(id: &str, provider_id: &str) -> Association {
    Association {
        id: id.into(),
        provider_id: provider_id.into(),
        provider_model: "*".into(),
        weight: 10,
        priority: -3,
        tool_call: true,
        structured_output: false,
        image: true,
        relay_only: true,
        context_window: Some(200_000),
        stream: StreamMode::Force,
        with_header: true,
        headers: vec![("x-token".into(), CANARY.into()), ("x-title".into(), "LLMIO".into())],
        extra_body: serde_json::from_str(r#"{"reasoning.effort": "high", "n": 1}"#).unwrap(),
        prices: Some(Prices {
            input: 1.25,
            output: 10.0,
            cache_read: 0.125,
            cache_write: 0.0,
            cache_write_1h: Some(2.5),
            currency: "USD".into(),
        }),
        note: "the cheap one".into(),
        enabled: false,
    }
}

fn model(id: &str, name: &str, associations: Vec<Association>) -> Model {
    Model {
        id: id.into(),
        name: name.into(),
        strategy: Strategy::LeastLatency,
        max_retry: 3,
        timeouts: Timeouts { total: Some(60.0), header: Some(2.5), first_token: None, idle: Some(300.0) },
        breaker: true,
        affinity: false,
        prefer_same_dialect: false,
        strict: true,
        note: "for agents".into(),
        enabled: false,
        created_at: Timestamp::from_secs(5),
        associations,
    }
}

fn fill(config: &mut Config) -> Result<(), StorageError> {
    config.providers = vec![provider("p1", "first"), provider("p2", "second")];
    config.models = vec![
        model("m1", "claude-*", vec![association("a1", "p1"), association("a2", "p2")]),
        model("m2", "alpha", vec![]),
    ];
    config.keys = vec![ClientKey {
        id: "k1".into(),
        name: "team".into(),
        hash: hash_client_key("team-key"),
        prefix: "te".into(),
        suffix: Some("-key".into()),
        note: "of the team".into(),
        enabled: true,
        models: Some(vec!["claude-*".into()]),
        expires_at: Some(Timestamp::from_micros(1_800_000_000_000_001)),
        log_io: true,
        strict: true,
        created_at: Timestamp::from_secs(9),
    }];
    config.settings =
        Settings { log_retention_days: 7, counting_provider: Some("second".into()), ..Settings::default() };
    Ok(())
}

type Change = fn(&mut Config);

#[tokio::test]
async fn migrations_apply_once_and_notice_edits() {
    let database = LocalDatabase::open_in_memory().unwrap();
    let clock = ManualClock::default();
    let steps = pending(&database).await.unwrap();
    assert_eq!(steps.last().copied(), Some(schema_version()));
    assert_eq!(migrate(&database, &clock).await.unwrap().names, steps);
    assert!(pending(&database).await.unwrap().is_empty());
    assert!(migrate(&database, &clock).await.unwrap().names.is_empty());

    for (sql, expected) in [
        ("UPDATE schema_migrations SET checksum = 'x' WHERE name = '0001_config'", "another text of `0001_config`"),
        (
            "UPDATE schema_migrations SET name = '9999_later' WHERE name = '0001_config'",
            "newer version of LLMIO (`9999_later`",
        ),
    ] {
        database.query(Statement::new(sql, vec![])).await.unwrap();
        let error = migrate(&database, &clock).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// Our migrator's book and wrangler's: what a later version noted there stops this one, unless it is compatible.
#[tokio::test]
async fn a_database_that_is_ahead_by_compatible_steps_is_served() {
    let wranglers = "CREATE TABLE d1_migrations (name TEXT UNIQUE); \
                     INSERT INTO d1_migrations SELECT name || '.sql' FROM schema_migrations; \
                     DROP TABLE schema_migrations;";
    for (book, values) in [("schema_migrations", "('9998_x', 'c', 0)"), ("d1_migrations", "('9998_x.sql')")] {
        let database = LocalDatabase::open_in_memory().unwrap();
        migrate(&database, &ManualClock::default()).await.unwrap();
        if book == "d1_migrations" {
            database.script(wranglers.to_owned()).await.unwrap();
        }
        for (name, served) in [("9998_x_compatible", true), ("9999_y_compatible", true), ("9998_z", false)] {
            let row = values.replace("9998_x", name);
            database.script(format!("INSERT INTO {book} VALUES {row}")).await.unwrap();
            match pending(&database).await {
                Ok(steps) => assert!(served && steps.is_empty(), "{book} {name}: {steps:?}"),
                Err(error) => assert!(!served && error.to_string().contains(name), "{book} {name}: {error}"),
            }
        }
    }
}

/// As under a compatible step of a later version.
#[tokio::test]
async fn records_with_words_of_a_later_version_are_left_out_and_stay() {
    let store = store().await;
    let mut expected = store.edit(fill).await.unwrap().after;
    for sql in
        ["UPDATE providers SET type = 'later' WHERE id = 'p1'", "UPDATE models SET strategy = 'later' WHERE id = 'm2'"]
    {
        store.database.query(Statement::new(sql, vec![])).await.unwrap();
    }
    expected.providers.remove(0);
    expected.models.truncate(1);
    expected.models[0].associations.remove(0);
    assert_eq!(store.load().await.unwrap(), expected);

    let change = |config: &mut Config| {
        config.models[0].max_retry = 1;
        config.models[0].associations[0].weight = 2;
        Ok::<_, StorageError>(())
    };
    store.edit(change).await.unwrap();
    for (sql, expected) in [
        ("SELECT count(*) FROM providers WHERE type = 'later'", 1),
        ("SELECT count(*) FROM models WHERE strategy = 'later'", 1),
        ("SELECT count(*) FROM associations", 2),
    ] {
        let rows = store.database.query(Statement::new(sql, vec![])).await.unwrap();
        assert_eq!(rows.rows, [[Value::Integer(expected)]], "{sql}");
    }
}

#[tokio::test]
async fn an_unmigrated_database_says_what_to_do() {
    let database = LocalDatabase::open_in_memory().unwrap();
    let error = storage::load(&database, &Sealer::new([0; 32])).await.unwrap_err().to_string();
    assert!(error.contains("llmio migrate"), "{error}");
}

#[tokio::test]
async fn everything_comes_back_as_written() {
    let store = store().await;
    assert_eq!(store.load().await.unwrap(), Config { version: 1, ..Config::default() });
    let edited = store.edit(fill).await.unwrap();
    assert!(edited.changed());
    assert_eq!(store.load().await.unwrap(), edited.after);
    assert_eq!(edited.after.version, 2);
    assert_eq!(storage::version(&*store.database).await.unwrap(), 2);

    let again = store.edit(fill).await.unwrap();
    assert!(!again.changed());
    assert_eq!(storage::version(&*store.database).await.unwrap(), 2, "nothing to write, nothing counted");
}

#[tokio::test]
async fn each_change_is_written_alone() {
    let store = store().await;
    store.edit(fill).await.unwrap();
    let changes: [Change; 9] = [
        |config| config.providers[0].name = "a-first".into(),
        |config| config.providers[0].proxy = None,
        |config| config.models.swap(0, 1),
        |config| config.models.iter_mut().for_each(|model| model.associations.reverse()),
        |config| config.models.iter_mut().for_each(|model| model.associations.truncate(1)),
        |config| config.keys[0].models = None,
        |config| config.settings.counting_provider = None,
        |config| drop(config.remove_provider("p2")),
        |config| *config = Config { version: config.version, ..Config::default() },
    ];
    for (change, version) in changes.into_iter().zip(3..) {
        let edited = store
            .edit(|config| {
                change(config);
                Ok::<_, StorageError>(())
            })
            .await
            .unwrap();
        let loaded = store.load().await.unwrap();
        assert_eq!(loaded, edited.after);
        assert_eq!(loaded.version, version);
    }
}

/// A database that counts the statements of each batch.
#[derive(Debug)]
struct Counting {
    real: LocalDatabase,
    batches: Mutex<Vec<usize>>,
}

impl Database for Counting {
    fn name(&self) -> &'static str {
        self.real.name()
    }

    fn query(&self, statement: Statement) -> BoxFuture<'_, Result<Rows, DatabaseError>> {
        self.real.query(statement)
    }

    fn batch(&self, statements: Vec<Statement>) -> BoxFuture<'_, Result<Vec<Rows>, DatabaseError>> {
        self.batches.lock().unwrap().push(statements.len());
        self.real.batch(statements)
    }

    fn script(&self, sql: String) -> BoxFuture<'_, Result<(), DatabaseError>> {
        self.real.script(sql)
    }
}

type Edit<'a> = &'a dyn Fn(&mut Config) -> Result<(), StorageError>;

/// D1 allows 50 statements to a request on the free plan.
#[tokio::test]
async fn a_configuration_takes_as_few_statements_whatever_its_size() {
    let mut counts = Vec::new();
    for size in [2, 400] {
        let database = Arc::new(Counting { real: LocalDatabase::open_in_memory().unwrap(), batches: Mutex::default() });
        let store = ConfigStore { database: database.clone(), ..store().await };
        migrate(&*database, &*store.clock).await.unwrap();
        database.batches.lock().unwrap().clear();
        let import = |config: &mut Config| {
            fill(config)?;
            let (key, sample) = (config.keys.remove(0), config.providers.remove(0));
            let provider = |n| Provider { id: format!("p{n}"), name: format!("p{n:03}"), ..sample.clone() };
            let model = |n| model(&format!("m{n}"), &format!("m{n:03}"), vec![association(&format!("a{n}"), "p1")]);
            let key = |n| ClientKey {
                id: format!("k{n:03}"),
                name: format!("k{n:03}"),
                hash: hash_client_key(&format!("key {n}")),
                ..key.clone()
            };
            config.providers = (0..size).map(provider).collect();
            config.providers[0].proxy = None;
            config.models = (0..size).map(model).collect();
            config.keys = (0..size).map(key).collect();
            config.settings.counting_provider = None;
            Ok(())
        };
        // Each takes the name of the next, the last that of the first.
        let rename = |config: &mut Config| {
            let next = |name: &mut String| {
                let number = (name[1..].parse::<usize>().unwrap() + 1) % size;
                name.replace_range(1.., &format!("{number:03}"));
            };
            config.providers.iter_mut().for_each(|provider| next(&mut provider.name));
            config.models.iter_mut().for_each(|model| next(&mut model.name));
            config.keys.iter_mut().for_each(|key| next(&mut key.name));
            config.models.iter_mut().for_each(|model| model.associations[0].weight += 1);
            Ok(())
        };
        let clear = |config: &mut Config| {
            *config = Config { version: config.version, ..Config::default() };
            Ok(())
        };
        let edits: [Edit<'_>; 3] = [&import, &rename, &clear];
        for edit in edits {
            let edited = store.edit(edit).await.unwrap();
            assert!(edited.changed());
            assert_eq!(store.load().await.unwrap(), edited.after);
        }
        counts.push(std::mem::take(&mut *database.batches.lock().unwrap()));
    }
    assert_eq!(counts[0], counts[1]);
    assert!(counts[1].iter().all(|statements| *statements <= 10), "{counts:?}");
}

#[tokio::test]
async fn a_broken_rule_writes_nothing() {
    let store = store().await;
    store.edit(fill).await.unwrap();
    let before = store.load().await.unwrap();
    let rows: [(Change, &str); 6] = [
        (|config| config.providers[1].name = "first".into(), "provider `first`: `name` must be unique"),
        (|config| config.models[1].name = "claude-*".into(), "model `claude-*`: `name` must be unique"),
        (|config| config.providers[0].base_url = "ftp://x".into(), "provider `first`: `base_url` must begin with"),
        (|config| config.models[0].associations[1].weight = 0, "association with `*`: `weight` must be from 1"),
        (|config| config.models[0].associations[1].provider_id = "gone".into(), "`provider_id` names no provider"),
        (|config| config.settings.counting_provider = Some("gone".into()), "`counting_provider` names no provider"),
    ];
    for (change, expected) in rows {
        let error = store
            .edit(|config| {
                change(config);
                Ok::<_, StorageError>(())
            })
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(store.load().await.unwrap(), before);
    }
}

/// Two writers at once: neither loses the other's change.
#[tokio::test]
async fn concurrent_edits_all_take_effect() {
    let store = store().await;
    store.edit(fill).await.unwrap();
    let writers = (0..5).map(|index| {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .edit(|config| {
                    config.models[0].max_retry += 1;
                    config.models.push(model(&format!("n{index}"), &format!("new-{index}"), vec![]));
                    Ok::<_, StorageError>(())
                })
                .await
                .unwrap();
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let config = store.load().await.unwrap();
    assert_eq!((config.models.len(), config.models[0].max_retry, config.version), (7, 8, 7));
}

#[tokio::test]
async fn secrets_are_sealed_and_bound_to_their_place() {
    let store = store().await;
    let edited = store.edit(fill).await.unwrap();
    assert!(!format!("{:?} {store:?}", edited.after).contains(CANARY), "not in Debug either");
    for table in ["providers", "associations", "keys"] {
        let rows = store.database.query(Statement::new(format!("SELECT * FROM {table}"), vec![])).await.unwrap();
        for value in rows.rows.into_iter().flatten() {
            let bytes = match value {
                Value::Text(text) => text.into_bytes(),
                Value::Blob(blob) => blob,
                _ => continue,
            };
            assert!(!bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes()), "{table}");
        }
    }

    let other_key = ConfigStore { sealer: Sealer::new([2; 32]), ..store.clone() };
    let error = other_key.load().await.unwrap_err().to_string();
    assert!(error.contains("LLMIO_SECRET_KEY") && error.contains("providers.api_key"), "{error}");

    let swap = "UPDATE providers SET api_key = (SELECT api_key FROM providers WHERE id = 'p1') WHERE id = 'p2'";
    store.database.query(Statement::new(swap, vec![])).await.unwrap();
    assert!(store.load().await.is_err());
}
