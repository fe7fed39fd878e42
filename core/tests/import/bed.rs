//! A database of ours beside one of the original, and what both must add up to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use llmio_core::config::Sealer;
use llmio_core::import::{History, Names, Original, Tables, Taken, take_configuration};
use llmio_core::platform::{Clock, Database, Platform, Statement, Value};
use llmio_core::storage::imports::{self, Import};
use llmio_core::storage::{ConfigStore, migrate};
use llmio_core::testing::{FixedEntropy, ManualClock, ScriptedHttp};
use llmio_native::{LocalDatabase, TokioClock, open_original};
use llmio_original::{Spec, make, numbers};
use tempfile::TempDir;

pub(crate) struct Bed {
    pub(crate) folder: TempDir,
    pub(crate) database: Arc<LocalDatabase>,
    pub(crate) store: ConfigStore,
    pub(crate) clock: ManualClock,
}

impl Bed {
    pub(crate) async fn new() -> Self {
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

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("llmio.db")
    }

    pub(crate) async fn make(&self, spec: &Spec) -> Original {
        make(&self.path(), spec).await.unwrap();
        open_original(&self.path()).await.unwrap()
    }

    pub(crate) async fn take(&self, original: &Original) -> (Taken, Tables) {
        let tables = Tables::read(original).await.unwrap();
        (take_configuration(&self.store, &tables, "there").await.unwrap(), tables)
    }

    pub(crate) async fn history(&self, original: &Original, tables: &Tables) -> History {
        let import = imports::find(&*self.database, original.identity()).await.unwrap().unwrap();
        let names = Names::new(tables, &self.store.load().await.unwrap());
        History::new(original.clone(), names, self.database.clone(), Arc::new(self.clock.clone()), import)
    }

    pub(crate) async fn import(&self) -> Import {
        let rows = self.database.query(Statement::new("SELECT id FROM imports", vec![])).await.unwrap();
        let id = rows.first().unwrap().text("id").unwrap().to_owned();
        imports::find(&*self.database, &id).await.unwrap().unwrap()
    }

    pub(crate) async fn rows(&self, sql: &'static str) -> Vec<Vec<Value>> {
        self.database.query(Statement::new(sql, vec![])).await.unwrap().rows
    }

    pub(crate) async fn numbers(&self, sql: &'static str) -> Vec<f64> {
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
    pub(crate) async fn compare(&self, path: &Path) {
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
pub(crate) const HERE: &str = "SELECT count(*), sum(is_final), sum(outcome = 'success'), \
    sum(coalesce(input_tokens, 0) + coalesce(cache_read_tokens, 0) - iif(input_tokens = 10 AND cache_read_tokens = 90, 10, 0)), \
    sum(output_tokens), sum(cache_read_tokens), sum(response_bytes), sum(iif(currency = 'USD', cost, 0)), \
    sum(iif(currency = 'CNY', cost, 0)), count(DISTINCT session_id), sum(total_us), sum(has_bodies) FROM logs";

/// Step by step, until all of it is here.
pub(crate) async fn bring(history: &mut History) {
    while history.step().await.unwrap() {}
    assert!(history.progress().is_done);
}
