//! A migrated database, one that fails on demand, and entries to record.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use llmio_core::config::ProviderType;
use llmio_core::dialect::{Dialect, Usage};
use llmio_core::platform::{
    BoxFuture, Clock, Database, DatabaseError, DatabaseErrorKind, Entropy, Platform, Rows, Statement, Timestamp, Value,
};
use llmio_core::record::{LogEntry, Operation, Origin, Outcome, Recorder, TraceId};
use llmio_core::storage::migrate;
use llmio_core::testing::{FixedEntropy, ManualClock, ScriptedHttp};
use llmio_native::LocalDatabase;
use tokio::sync::Semaphore;

pub(crate) struct Home {
    pub(crate) database: Arc<FaultyDatabase>,
    pub(crate) clock: ManualClock,
    pub(crate) platform: Platform,
}

impl Home {
    pub(crate) async fn new() -> Self {
        Self::on(Arc::new(LocalDatabase::open_in_memory().unwrap())).await
    }

    /// A home on an empty database.
    pub(crate) async fn on(real: Arc<dyn Database>) -> Self {
        let clock = ManualClock::default();
        migrate(&*real, &clock).await.unwrap();
        let few_statements = real.prefers_few_statements();
        let database = Arc::new(FaultyDatabase {
            real,
            faults: Mutex::default(),
            batches: Mutex::default(),
            answers: Mutex::default(),
            refused: Mutex::new(|_| false),
            way: Mutex::new(Duration::ZERO),
            clock: clock.clone(),
            held: Semaphore::new(0),
            few_statements: AtomicBool::new(few_statements),
        });
        let platform = Platform {
            http: Arc::new(ScriptedHttp::new([])),
            database: database.clone(),
            clock: Arc::new(clock.clone()),
            entropy: Arc::new(FixedEntropy::new(7)),
        };
        Self { database, clock, platform }
    }

    pub(crate) async fn record(&self, entries: impl IntoIterator<Item = LogEntry>) {
        let recorder = Recorder::new(&self.platform);
        for (index, entry) in entries.into_iter().enumerate() {
            recorder.submit(entry);
            if index % 5_000 == 4_999 {
                recorder.flush().await;
            }
        }
        recorder.flush().await;
        assert_eq!((recorder.status().queued, recorder.status().dropped), (0, 0));
    }

    /// The rows of a SELECT, as they are.
    pub(crate) async fn rows(&self, sql: &'static str) -> Vec<Vec<Value>> {
        self.database.real.query(Statement::new(sql, vec![])).await.unwrap().rows
    }

    /// The first column of the first row of a SELECT.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        match self.rows(sql).await[0][0] {
            Value::Integer(count) => count,
            ref other => panic!("{sql} gave {other:?}"),
        }
    }

    /// Runs `work` while time moves on.
    pub(crate) async fn with_time_passing<T>(&self, work: impl Future<Output = T>) -> T {
        let passing = async {
            loop {
                self.clock.advance(Duration::from_millis(10));
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            output = work => output,
            () = passing => unreachable!(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Nothing is written.
    Refuse(DatabaseErrorKind),
    /// All is written, but the answer is an error.
    LoseAnswer,
    /// All is written, and the answer waits until [`FaultyDatabase::release`].
    HoldAnswer,
    /// Nothing is written before [`FaultyDatabase::release`].
    HoldWrite,
}

/// A database whose next writes fail as told.
#[derive(Debug)]
pub(crate) struct FaultyDatabase {
    real: Arc<dyn Database>,
    faults: Mutex<VecDeque<Fault>>,
    /// How many statements each batch had.
    pub(crate) batches: Mutex<Vec<usize>>,
    /// How many bytes of blobs each query answered.
    pub(crate) answers: Mutex<Vec<usize>>,
    /// Batches that are refused for what they hold, whatever else is told.
    refused: Mutex<fn(&[Statement]) -> bool>,
    held: Semaphore,
    /// What each question takes, however little there is to do.
    pub(crate) way: Mutex<Duration>,
    clock: ManualClock,
    /// What the database says of itself, unless a test says otherwise.
    pub(crate) few_statements: AtomicBool,
}

impl FaultyDatabase {
    pub(crate) fn fail(&self, faults: &[Fault]) {
        self.faults.lock().unwrap().extend(faults);
    }

    pub(crate) fn refuse(&self, refused: fn(&[Statement]) -> bool) {
        *self.refused.lock().unwrap() = refused;
    }

    pub(crate) fn release(&self) {
        self.held.add_permits(1);
    }

    fn travel(&self) {
        self.clock.advance(*self.way.lock().unwrap());
    }

    fn next_fault(&self) -> Option<Fault> {
        self.faults.lock().unwrap().pop_front()
    }

    async fn wait(&self) {
        self.held.acquire().await.unwrap().forget();
    }

    async fn write<T>(&self, write: BoxFuture<'_, Result<T, DatabaseError>>) -> Result<T, DatabaseError> {
        match self.next_fault() {
            None => write.await,
            Some(Fault::Refuse(kind)) => Err(DatabaseError::new(kind, "refused by the test")),
            Some(Fault::LoseAnswer) => {
                write.await?;
                Err(DatabaseError::new(DatabaseErrorKind::Network, "the answer was lost by the test"))
            }
            Some(Fault::HoldAnswer) => {
                let result = write.await;
                self.wait().await;
                result
            }
            Some(Fault::HoldWrite) => {
                self.wait().await;
                write.await
            }
        }
    }
}

impl Database for FaultyDatabase {
    fn name(&self) -> &'static str {
        self.real.name()
    }

    fn query(&self, statement: Statement) -> BoxFuture<'_, Result<Rows, DatabaseError>> {
        self.travel();
        let query = self.real.query(statement.clone());
        if statement.sql.starts_with("DELETE") {
            return Box::pin(self.write(query));
        }
        Box::pin(async {
            let rows = query.await?;
            let size = |value: &Value| if let Value::Blob(bytes) = value { bytes.len() } else { 0 };
            self.answers.lock().unwrap().push(rows.rows.iter().flatten().map(size).sum());
            Ok(rows)
        })
    }

    fn batch(&self, statements: Vec<Statement>) -> BoxFuture<'_, Result<Vec<Rows>, DatabaseError>> {
        self.travel();
        self.batches.lock().unwrap().push(statements.len());
        if self.refused.lock().unwrap()(&statements) {
            return Box::pin(async { Err(DatabaseError::new(DatabaseErrorKind::Other, "too much for the test")) });
        }
        Box::pin(self.write(self.real.batch(statements)))
    }

    fn script(&self, sql: String) -> BoxFuture<'_, Result<(), DatabaseError>> {
        self.real.script(sql)
    }

    fn prefers_few_statements(&self) -> bool {
        self.few_statements.load(Ordering::Relaxed)
    }
}

/// Entries that differ in everything, the same in every run.
pub(crate) struct Entries {
    entropy: FixedEntropy,
    /// When the next request arrives.
    pub(crate) now: Timestamp,
    pub(crate) step: Duration,
}

impl Entries {
    pub(crate) fn new(clock: &ManualClock) -> Self {
        Self { entropy: FixedEntropy::new(42), now: clock.now(), step: Duration::from_millis(700) }
    }

    pub(crate) fn below(&self, bound: u64) -> u64 {
        self.entropy.next_u64() % bound
    }

    pub(crate) fn pick<T: Copy>(&self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// All attempts of one request.
    pub(crate) fn request(&mut self) -> Vec<LogEntry> {
        self.now = self.now.plus(self.step);
        let trace_id = TraceId::new(self.now, &self.entropy);
        let attempts = 1 + u32::from(self.below(4) == 0);
        let head = LogEntry {
            trace_id: trace_id.to_string(),
            created_at: self.now,
            dialect: self.pick(&Dialect::ALL),
            operation: self.pick(&[Operation::Generate, Operation::Generate, Operation::CountTokens]),
            stream: self.below(2) == 0,
            model: self.pick(&["gpt-5", "claude-sonnet-5", "gemini-3-pro"]).to_owned(),
            key_id: self.pick(&[None, Some("k1"), Some("k2")]).map(str::to_owned),
            user_agent: self
                .pick(&[None, Some("OpenAI/Python 2.1"), Some("claude-cli/2.0 (100%_real)")])
                .map(str::to_owned),
            session_id: self.pick(&[None, Some("s1"), Some("s2")]).map(str::to_owned),
            origin: self.pick(&[Origin::Client, Origin::Client, Origin::Client, Origin::Console]),
            request_bytes: self.below(5_000),
            ..entry(trace_id, 1)
        };
        (1..=attempts).map(|attempt| self.attempt(&head, trace_id, attempt, attempt == attempts)).collect()
    }

    fn attempt(&self, head: &LogEntry, trace_id: TraceId, attempt: u32, is_final: bool) -> LogEntry {
        let outcome = match (is_final, self.below(3)) {
            (true, 0) => self.pick(&Outcome::ALL),
            (true, _) => Outcome::Success,
            (false, _) => self.pick(&[Outcome::ProviderError, Outcome::RateLimited, Outcome::Timeout]),
        };
        let succeeded = outcome == Outcome::Success;
        let provider = self.pick(&["main", "spare"]);
        // From a millisecond to minutes, as evenly over the scale as real latencies are not.
        let total_us = 1_000 + ((self.below(1_000) as f64 / 1_000.0 * 12.0).exp() * 1_000.0) as i64;
        LogEntry {
            id: trace_id.entry_id(attempt),
            attempt,
            is_final,
            provider: (outcome != Outcome::GatewayError).then(|| provider.to_owned()),
            provider_model: Some(format!("{}-v1", head.model)),
            association_id: Some(format!("{provider}/{}", head.model)),
            key_name: head.key_id.as_ref().map(|id| format!("name of {id}")),
            status: if succeeded { 200 } else { self.pick(&[400, 429, 499, 500, 529]) },
            outcome,
            error: (!succeeded).then(|| format!("Quota {}% used_up", self.below(100))),
            first_token_us: succeeded.then_some(total_us / 3),
            total_us,
            response_bytes: self.below(50_000),
            usage: if succeeded {
                Usage {
                    input: Some(self.below(3_000)),
                    cache_read: Some(self.below(90_000)),
                    cache_write_5m: Some(self.below(100)),
                    cache_write_1h: None,
                    output: Some(self.below(2_000)),
                    reasoning: Some(self.below(500)),
                }
            } else {
                Usage::default()
            },
            // Sums of these are exact.
            cost: succeeded.then(|| self.below(1_000) as f64 / 1_024.0),
            currency: succeeded.then(|| self.pick(&["USD", "CNY"]).to_owned()),
            ..head.clone()
        }
    }

    pub(crate) fn requests(&mut self, count: usize) -> Vec<LogEntry> {
        (0..count).flat_map(|_| self.request()).collect()
    }
}

/// A plain success.
pub(crate) fn entry(trace_id: TraceId, attempt: u32) -> LogEntry {
    LogEntry {
        id: trace_id.entry_id(attempt),
        trace_id: trace_id.to_string(),
        created_at: trace_id.arrived_at(),
        attempt,
        is_final: true,
        dialect: Dialect::OpenAiChat,
        operation: Operation::Generate,
        stream: false,
        model: "gpt-5".to_owned(),
        provider: Some("main".to_owned()),
        provider_model: Some("gpt-5".to_owned()),
        association_id: Some("a1".to_owned()),
        key_id: None,
        key_name: None,
        status: 200,
        outcome: Outcome::Success,
        error: None,
        remote_addr: Some("127.0.0.1".to_owned()),
        user_agent: None,
        session_id: None,
        finish_reason: Some("stop".to_owned()),
        proxy_us: Some(900),
        first_token_us: None,
        total_us: 250_000,
        request_bytes: 100,
        response_bytes: 1_000,
        usage: Usage::default(),
        cost: None,
        currency: None,
        bodies: None,
        origin: Origin::Client,
        replay_of: None,
        provider_type: Some(ProviderType::OpenAi),
        answered_model: None,
        started_offset_us: Some(700),
        prices: None,
        request_truncated: false,
        response_truncated: false,
        decision: None,
        translation: Vec::new(),
    }
}
