//! Fills a log through the product's own recorder, and folds as it goes.

use std::sync::Arc;
use std::time::Duration;

use llmio_core::dialect::{Dialect, Usage};
use llmio_core::platform::{Clock as _, Database, Entropy as _, Platform, Statement, Timestamp};
use llmio_core::record::{LogEntry, Operation, Origin, Outcome, Recorder, TraceId, fold};
use llmio_core::testing::{FixedEntropy, ManualClock, ScriptedHttp};
use llmio_native::LocalDatabase;

use crate::Error;

pub(super) const DAYS: u64 = 90;
/// Together with the dialects some 1,800 combinations of key and association.
const MODELS: u64 = 30;
const KEYS: u64 = 60;
const PROVIDERS: u64 = 10;
/// Entries between two flushes.
const FLUSH: u64 = 5_000;

/// `requests` of them, evenly over [`DAYS`].
pub(super) async fn fill(database: &Arc<LocalDatabase>, clock: &ManualClock, requests: u64) -> Result<(), Error> {
    let platform = Platform {
        http: Arc::new(ScriptedHttp::new([])),
        database: database.clone(),
        clock: Arc::new(clock.clone()),
        entropy: Arc::new(FixedEntropy::new(1)),
    };
    let recorder = Recorder::new(&platform);
    let entropy = FixedEntropy::new(2);
    let step = Duration::from_micros(DAYS * 86_400_000_000 / requests.max(1));
    for number in 0..requests {
        clock.advance(step);
        for entry in request(clock.now(), &entropy) {
            recorder.submit(entry);
        }
        if number % FLUSH == FLUSH - 1 || number == requests - 1 {
            recorder.flush().await;
            while fold::step(&**database, clock.now()).await? {}
        }
        if number % (requests / 20).max(1) == 0 {
            eprintln!("{} % of the log", number * 100 / requests);
        }
    }
    let status = recorder.status();
    if status.queued > 0 || status.dropped > 0 {
        return Err(format!("the log was not written: {status:?}").into());
    }
    Ok(())
}

/// When the newest request arrived.
pub(super) async fn newest(database: &LocalDatabase) -> Result<Timestamp, Error> {
    let rows = database.query(Statement::new("SELECT max(created_at) AS at FROM logs", vec![])).await?;
    Ok(Timestamp::from_micros(rows.first().ok_or("no answer")?.integer("at")?))
}

/// All attempts of one request: one in eight has a failed one before the last, one in twelve fails.
pub(crate) fn request(now: Timestamp, entropy: &FixedEntropy) -> Vec<LogEntry> {
    let trace = TraceId::new(now, entropy);
    // Small numbers are more frequent, as names are.
    let skewed = |count: u64| (entropy.next_u64() % count).min(entropy.next_u64() % count);
    let (model, key) = (skewed(MODELS), skewed(KEYS));
    let attempts = if entropy.next_u64().is_multiple_of(8) { 2 } else { 1 };
    let fails = entropy.next_u64().is_multiple_of(12);
    (1..=attempts)
        .map(|attempt| {
            let is_final = attempt == attempts;
            let outcome = match (is_final, fails) {
                (true, false) => Outcome::Success,
                (true, true) => Outcome::ClientError,
                (false, _) => Outcome::RateLimited,
            };
            let succeeded = outcome == Outcome::Success;
            let provider = (model + u64::from(attempt)) % PROVIDERS;
            let total_us = 200_000 + i64::try_from(entropy.next_u64() % 40_000_000).unwrap_or(0);
            LogEntry {
                attempt,
                is_final,
                dialect: Dialect::ALL[usize::try_from(model % 4).unwrap_or(0)],
                operation: Operation::Generate,
                stream: model.is_multiple_of(2),
                model: format!("model-{model}"),
                provider: Some(format!("provider-{provider}")),
                provider_model: Some(format!("vendor/model-{model}")),
                association_id: Some(format!("019ac0e0-0000-7000-8000-{model:06}{provider:06}")),
                key_id: Some(format!("019ac0e1-0000-7000-8000-{key:012}")),
                key_name: Some(format!("team {key}")),
                status: if succeeded { 200 } else { 429 },
                outcome,
                error: (!succeeded).then(|| "Rate limit reached for requests per minute".to_owned()),
                remote_addr: Some("10.0.0.7".to_owned()),
                user_agent: Some(format!("OpenAI/Python 2.{}", key % 20)),
                session_id: (!entropy.next_u64().is_multiple_of(3))
                    .then(|| format!("session-{}", entropy.next_u64() % 100_000)),
                finish_reason: succeeded.then(|| "stop".to_owned()),
                proxy_us: Some(total_us / 10),
                first_token_us: succeeded.then_some(total_us / 8),
                total_us,
                request_bytes: entropy.next_u64() % 100_000,
                response_bytes: entropy.next_u64() % 20_000,
                usage: Usage {
                    input: Some(entropy.next_u64() % 3_000),
                    cache_read: Some(entropy.next_u64() % 30_000),
                    cache_write_5m: None,
                    cache_write_1h: None,
                    output: Some(entropy.next_u64() % 1_500),
                    reasoning: None,
                },
                cost: succeeded.then(|| 0.000_01 * f64::from(u32::try_from(entropy.next_u64() % 3_000).unwrap_or(0))),
                currency: succeeded.then(|| "USD".to_owned()),
                origin: Origin::Client,
                id: trace.entry_id(attempt),
                trace_id: trace.to_string(),
                created_at: now,
                replay_of: None,
                provider_type: None,
                answered_model: None,
                started_offset_us: Some(300),
                prices: None,
                bodies: None,
                request_truncated: false,
                response_truncated: false,
                decision: None,
                translation: Vec::new(),
            }
        })
        .collect()
}
