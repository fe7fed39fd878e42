//! How long the console's questions take on a big log, asked of a gateway in this process.

mod ask;
pub(crate) mod seed;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use llmio_core::config::{Sealer, Secret};
use llmio_core::platform::{Database, Platform, Statement};
use llmio_core::record::fold;
use llmio_core::storage::migrate;
use llmio_core::testing::{FixedEntropy, ManualClock, ScriptedHttp};
use llmio_core::{Gateway, GatewayOptions, Limits, Upkeep};
use llmio_native::LocalDatabase;

use crate::Error;
use crate::measure::{machine, publish};
use ask::{Asked, TOKEN};

/// Measures the console's questions on a big log.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Requests in the log, over 90 days.
    #[arg(long, default_value_t = 1_000_000)]
    requests: u64,
    /// Keeps the database in this folder, and asks one that is there already.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// How often each question is asked of a warm database.
    #[arg(long, default_value_t = 30)]
    rounds: usize,
    /// Asks only questions that have this in them.
    #[arg(long, conflicts_with = "write")]
    only: Option<String>,
    /// Writes the table between the marks of this file.
    #[arg(long)]
    write: Option<PathBuf>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Error> {
    let temporary = tempfile::tempdir()?;
    let folder = arguments.folder.as_deref().unwrap_or(temporary.path());
    let file = folder.join("console.db");
    let is_new = !file.exists();
    let database = Arc::new(LocalDatabase::open(&file)?);
    let clock = ManualClock::default();
    migrate(&*database, &clock).await?;
    if is_new {
        seed::fill(&database, &clock, arguments.requests).await?;
    }
    let newest = seed::newest(&database).await?;
    // What an older version made is brought up, as a gateway that runs does in the background.
    while fold::step(&*database, newest).await? {}
    let sizes = Sizes::of(&database).await?;
    drop(database);
    let mut table = Vec::new();
    let is_asked = |path: &String| arguments.only.as_ref().is_none_or(|only| path.contains(only));
    for path in ask::questions(newest).into_iter().filter(is_asked) {
        // Each cold question is the first of a new process's connections, with nothing of the file in the system's memory.
        ask::forget(&file)?;
        let gateway = open(&file, newest).await?;
        let mut asked = Asked::new(path.clone());
        (asked.cold, _) = asked.ask(&gateway).await?;
        for _ in 0..arguments.rounds {
            asked.ask_again(&gateway).await?;
        }
        eprintln!("{}", asked.row());
        table.push(asked);
    }
    publish(&report(&table, &sizes), arguments.write.as_deref(), "console")
}

async fn open(file: &std::path::Path, newest: llmio_core::platform::Timestamp) -> Result<Gateway, Error> {
    let platform = Platform {
        http: Arc::new(ScriptedHttp::new([])),
        database: Arc::new(LocalDatabase::open(file)?),
        clock: Arc::new(ask::Since::new(newest)),
        entropy: Arc::new(FixedEntropy::new(1)),
    };
    let options = GatewayOptions {
        home: "bench",
        admin_token: Some(Secret::new(TOKEN)),
        limits: Limits { body_bytes: 1 << 20, buffered_bytes: 1 << 20 },
        upkeep: Upkeep::ByHome,
        environment: Default::default(),
    };
    Ok(Gateway::open(platform, Sealer::new([1; 32]), options).await?)
}

/// What the database holds.
#[derive(Debug)]
struct Sizes {
    requests: i64,
    entries: i64,
    dimensions: i64,
    bytes: i64,
    folded_bytes: i64,
}

impl Sizes {
    async fn of(database: &LocalDatabase) -> Result<Self, Error> {
        let sql = "SELECT (SELECT sum(is_final) FROM logs) AS requests, (SELECT count(*) FROM logs) AS entries, \
                   (SELECT count(*) FROM rollup_dimensions) AS dimensions, \
                   (SELECT page_count * page_size FROM pragma_page_count, pragma_page_size) AS bytes, \
                   (SELECT coalesce(sum(length(sums)), 0) FROM rollup_sums) \
                   + (SELECT coalesce(sum(length(sums)), 0) FROM rollup_margins) \
                   + (SELECT coalesce(sum(length(sums)), 0) FROM rollup_hours) AS folded";
        let rows = database.query(Statement::new(sql, vec![])).await?;
        let row = rows.first().ok_or("no answer")?;
        Ok(Self {
            requests: row.integer("requests")?,
            entries: row.integer("entries")?,
            dimensions: row.integer("dimensions")?,
            bytes: row.integer("bytes")?,
            folded_bytes: row.integer("folded")?,
        })
    }
}

fn report(table: &[Asked], sizes: &Sizes) -> String {
    let Sizes { requests, entries, dimensions, bytes, folded_bytes } = sizes;
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{requests} requests ({entries} attempts) over {} days, {dimensions} dimensions in the last {} days; {:.2} GB, {} \
         bytes for each request, {:.0} of them folded rollups. {}\n",
        seed::DAYS,
        4,
        *bytes as f64 / 1e9,
        bytes / requests.max(&1),
        *folded_bytes as f64 / *requests.max(&1) as f64,
        machine()
    );
    text.push_str(
        "| question | cold | warm, median | warm, p99 | CPU, median | CPU, p99 | answer |\n|---|---:|---:|---:|---:|---:|---:|\n",
    );
    for asked in table {
        let _ = writeln!(text, "{}", asked.row());
    }
    text
}
