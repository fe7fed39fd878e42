//! What a row of the request log costs the thread that writes it, and what each index adds.

use core::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use llmio_core::dialect::Dialect;
use llmio_core::platform::{Clock as _, Database, Platform, Statement};
use llmio_core::record::{LogEntry, Outcome, Recorder};
use llmio_core::storage::migrate;
use llmio_core::testing::{FixedEntropy, ManualClock, ScriptedHttp};
use llmio_native::LocalDatabase;

use crate::Error;
use crate::console::seed;
use crate::measure::{machine, median, publish};

/// Measures what a row of the log costs.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Requests that are recorded each time.
    #[arg(long, default_value_t = 40_000)]
    requests: u64,
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Writes the table between the marks of this file.
    #[arg(long)]
    write: Option<PathBuf>,
}

const INDEXES: [&str; 4] = ["logs_by_model", "logs_by_association", "logs_by_session", "logs_of_failures"];
/// As many as come between two flushes of a busy server.
const FLUSH: u64 = 1_000;
/// Of how a request's candidates stood.
const DECISION: usize = 160;

/// What is recorded.
#[derive(Clone, Copy)]
enum Traffic {
    /// Requests of the console's log: of 30 models, 60 keys and 10 providers, two thirds in conversations.
    Varied,
    /// Requests of one key for one model, all of them answered by one provider, in no conversation.
    Uniform,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Error> {
    let without = [vec![], vec![0], vec![1], vec![2], vec![3], vec![0, 1, 2, 3]];
    let traffics = [Traffic::Varied, Traffic::Uniform];
    let mut times = [(); 2].map(|()| vec![Vec::new(); without.len()]);
    for _ in 0..arguments.rounds {
        for (traffic, times) in traffics.iter().zip(&mut times) {
            for (times, without) in times.iter_mut().zip(&without) {
                times.push(row_us(arguments.requests, *traffic, without).await?);
            }
        }
    }
    let [varied, uniform] = times.map(|times| times.into_iter().map(median).collect::<Vec<f64>>());
    let mut text = "| a row of the log | varied traffic: µs of the writer's thread | what the index costs | uniform traffic: µs | \
                    what the index costs |\n|---|---:|---:|---:|---:|\n"
        .to_owned();
    for ((varied_us, uniform_us), without) in varied.iter().zip(&uniform).zip(&without) {
        let named = without.iter().filter_map(|index| INDEXES.get(*index)).copied().collect::<Vec<_>>();
        let name = match named.as_slice() {
            [] => "as it is".to_owned(),
            [index] => format!("without `{index}`"),
            _ => "without all four".to_owned(),
        };
        let costs = |all: f64, time: f64| if named.is_empty() { String::new() } else { format!("{:.1}", all - time) };
        let _ = writeln!(
            text,
            "| {name} | {varied_us:.1} | {} | {uniform_us:.1} | {} |",
            costs(varied[0], *varied_us),
            costs(uniform[0], *uniform_us)
        );
    }
    let _ = writeln!(
        text,
        "\n{} requests each time, {} rounds, medians; flushed by the {FLUSH}, with their rollups, decisions recorded, no bodies. {}",
        arguments.requests,
        arguments.rounds,
        machine()
    );
    publish(&text, arguments.write.as_deref(), "log")
}

/// Time on a core of the thread that writes, for each row.
async fn row_us(requests: u64, traffic: Traffic, without: &[usize]) -> Result<f64, Error> {
    let folder = tempfile::tempdir()?;
    let database = Arc::new(LocalDatabase::open(folder.path().join("llmio.db"))?);
    let clock = ManualClock::default();
    migrate(&*database, &clock).await?;
    for index in without.iter().filter_map(|index| INDEXES.get(*index)) {
        database.query(Statement::new(format!("DROP INDEX {index}"), vec![])).await?;
    }
    let platform = Platform {
        http: Arc::new(ScriptedHttp::new([])),
        database: database.clone(),
        clock: Arc::new(clock.clone()),
        entropy: Arc::new(FixedEntropy::new(1)),
    };
    let (recorder, entropy) = (Recorder::new(&platform), FixedEntropy::new(2));
    let (before, mut rows) = (writer_time()?, 0);
    for number in 1..=requests {
        clock.advance(Duration::from_millis(1));
        let entries = seed::request(clock.now(), &entropy);
        for entry in entries.into_iter().filter(|entry| matches!(traffic, Traffic::Varied) || entry.is_final) {
            let entry = match traffic {
                Traffic::Varied => entry,
                Traffic::Uniform => uniform(entry),
            };
            recorder.submit(LogEntry { decision: Some("d".repeat(DECISION)), ..entry });
            rows += 1;
        }
        if number % FLUSH == 0 || number == requests {
            recorder.flush().await;
        }
    }
    let status = recorder.status();
    if status.queued > 0 || status.dropped > 0 {
        return Err(format!("the log was not written: {status:?}").into());
    }
    Ok(writer_time()?.saturating_sub(before).as_secs_f64() * 1e6 / f64::from(rows))
}

fn uniform(entry: LogEntry) -> LogEntry {
    LogEntry {
        attempt: 1,
        dialect: Dialect::OpenAiChat,
        model: "model-0".to_owned(),
        provider: Some("provider-1".to_owned()),
        provider_model: Some("vendor/model-0".to_owned()),
        association_id: Some("019ac0e0-0000-7000-8000-000000000001".to_owned()),
        key_id: Some("019ac0e1-0000-7000-8000-000000000000".to_owned()),
        key_name: Some("team 0".to_owned()),
        status: 200,
        outcome: Outcome::Success,
        error: None,
        session_id: None,
        ..entry
    }
}

/// What the threads that write, of this process, have had of a core.
fn writer_time() -> Result<Duration, Error> {
    let mut nanos = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let thread = thread?.path();
        let read = |name: &Path| std::fs::read_to_string(thread.join(name)).unwrap_or_default();
        if read(Path::new("comm")).trim() == "llmio-db-write" {
            let used = read(Path::new("schedstat"));
            nanos += used.split(' ').next().and_then(|used| used.parse::<u64>().ok()).unwrap_or(0);
        }
    }
    Ok(Duration::from_nanos(nanos))
}
