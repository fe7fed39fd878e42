//! What a row of the request log costs the thread that writes it, and what each index adds.

use core::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use llmio_core::platform::{Clock as _, Database, Platform, Statement};
use llmio_core::record::Recorder;
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

pub(crate) async fn run(arguments: Arguments) -> Result<(), Error> {
    let without = [vec![], vec![0], vec![1], vec![2], vec![3], vec![0, 1, 2, 3]];
    let mut times = vec![Vec::new(); without.len()];
    for _ in 0..arguments.rounds {
        for (times, without) in times.iter_mut().zip(&without) {
            times.push(row_us(arguments.requests, without).await?);
        }
    }
    let times: Vec<f64> = times.into_iter().map(median).collect();
    let mut text =
        "| a row of the log | µs of the writer's thread | what the index costs |\n|---|---:|---:|\n".to_owned();
    for (time, without) in times.iter().zip(&without) {
        let named = without.iter().filter_map(|index| INDEXES.get(*index)).copied().collect::<Vec<_>>();
        let name = match named.as_slice() {
            [] => "as it is".to_owned(),
            [index] => format!("without `{index}`"),
            _ => "without all four".to_owned(),
        };
        let costs = if named.is_empty() { String::new() } else { format!("{:.2}", times[0] - time) };
        let _ = writeln!(text, "| {name} | {time:.2} | {costs} |");
    }
    let _ = writeln!(
        text,
        "\n{} requests each time, {} rounds, medians; batches of 250 with their rollups, decisions recorded, no bodies. {}",
        arguments.requests,
        arguments.rounds,
        machine()
    );
    publish(&text, arguments.write.as_deref(), "log")
}

/// Time on a core of the thread that writes, for each row.
async fn row_us(requests: u64, without: &[usize]) -> Result<f64, Error> {
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
        for mut entry in seed::request(clock.now(), &entropy) {
            entry.decision = Some("d".repeat(DECISION));
            recorder.submit(entry);
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
