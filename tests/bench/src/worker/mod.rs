//! The Worker beside a bare JavaScript Worker that only passes on, both in plain workerd.

mod report;
mod target;
mod upload;
mod workerd;

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::load::Load;
use crate::measure::{Effort, Rounds, Target, median, micros, publish};
use crate::provider::{Providers, Speakers};
use crate::scenario::{Scenario, WORKER, WORKER_TRANSLATION};
use crate::{Common, Error, absolute, translation};
use report::Report;
use target::{Gateway, PassThrough, Sqld};
use upload::Upload;

/// The slices of a round.
const SLICES: usize = 10;

/// CPU time per request, size and start of the Worker, beside a bare pass-through.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[arg(long)]
    workerd: PathBuf,
    #[arg(long)]
    sqld: PathBuf,
    /// The server's binary, which fills the database.
    #[arg(long, default_value = "target/debug/llmio")]
    llmio: PathBuf,
    /// Names the Worker's main module and its settings.
    #[arg(long, default_value = "wrangler.toml")]
    wrangler: PathBuf,
    /// Fail when a budget is exceeded.
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    common: Common,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Error> {
    let common = &arguments.common;
    let workerd = absolute(&arguments.workerd)?;
    let upload = Upload::read(&absolute(&arguments.wrangler)?)?;
    let directory = tempfile::tempdir()?;
    let at = directory.path();
    let providers = Providers::start(&absolute(&common.provider)?).await?;
    let speakers = Speakers::start(&absolute(&common.provider)?).await?;
    let named = [&providers.named(), speakers.named()].concat();
    let database = Sqld::start(&absolute(&arguments.sqld)?, &absolute(&arguments.llmio)?, at, &named).await?;

    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    let chosen: Vec<&Scenario> = WORKER.iter().filter(|it| it.name.contains(&common.only)).collect();
    let mut scenarios: Vec<Rounds> = chosen.iter().map(|scenario| Rounds::new(scenario)).collect();
    // Two processes of the same program differ by some percent in what they cost, so each round has processes of its own.
    // Both are compiled while they run; only what comes after that is steady. They take turns in short slices, so that what
    // slows the machine for a second slows both of them.
    let slice = common.scale / SLICES as f64;
    let effort = Effort { rounds: SLICES, scale: slice, warm_up: 2.0 * SLICES as f64 };
    for _ in 0..common.rounds {
        let (pass_through, time) = PassThrough::start(&workerd, at, &upload.worker, &providers).await?;
        times[0].push(micros(time) / 1000.0);
        let (gateway, time) = Gateway::start(&workerd, at, &upload, &database).await?;
        times[1].push(micros(time) / 1000.0);
        times[2].push(first_request(&gateway, &WORKER[0]).await?);
        for (scenario, rounds) in chosen.iter().zip(&mut scenarios) {
            rounds.take(scenario, &[&pass_through, &gateway], effort).await?;
        }
        pass_through.stop().await?;
        gateway.stop().await?;
    }
    let (gateway, _) = Gateway::start(&workerd, at, &upload, &database).await?;
    let effort = Effort { rounds: common.rounds, scale: common.scale, warm_up: 2.0 };
    let translation = translation::measure(&gateway, &WORKER_TRANSLATION, &common.only, effort).await?;
    gateway.stop().await?;
    let [pass_through, gateway, first_request_ms] = times.map(median);
    let start_ms = [pass_through, gateway];
    let report = Report {
        wasm_bytes: upload.wasm_bytes,
        total_bytes: upload.total_bytes,
        start_ms,
        first_request_ms,
        scenarios,
        translation: translation::Report { clients: translation, rounds: common.rounds },
        rounds: common.rounds,
        workerd: version(&workerd),
    };
    publish(&report.to_markdown(), common.write.as_deref(), "worker")?;
    let excesses = report.excesses();
    if arguments.check && !excesses.is_empty() {
        return Err(excesses.join("; ").into());
    }
    Ok(())
}

async fn first_request(target: &dyn Target, scenario: &Scenario) -> Result<f64, Error> {
    let load = Load { requests: 1, ..scenario.load(target) };
    let started = Instant::now();
    load.run().await?;
    Ok(micros(started.elapsed()) / 1000.0)
}

fn version(workerd: &Path) -> String {
    let output = std::process::Command::new(workerd).arg("--version").output().map(|output| output.stdout);
    String::from_utf8(output.unwrap_or_default()).unwrap_or_default().trim().to_owned()
}
