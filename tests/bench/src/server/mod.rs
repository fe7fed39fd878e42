//! The server beside nginx as a bare reverse proxy.

mod report;
mod target;

use std::path::PathBuf;

use crate::measure::{Effort, Rounds, Target, publish};
use crate::provider::Providers;
use crate::scenario::SERVER;
use crate::{Common, Error, absolute};
use report::{Report, Startup, memory};
use target::{Direct, Gateway, Nginx};

/// CPU time per request, throughput, added latency, memory and start of the server, beside nginx.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The gateway's release binary.
    #[arg(long, default_value = "target/release/llmio")]
    gateway: PathBuf,
    #[arg(long, default_value = "nginx")]
    nginx: PathBuf,
    #[command(flatten)]
    common: Common,
}

pub(crate) async fn run(Arguments { gateway, nginx, common }: Arguments) -> Result<(), Error> {
    let binary = absolute(&gateway)?;
    let directory = tempfile::tempdir()?;
    let providers = Providers::start(&absolute(&common.provider)?).await?;
    let proxy = Nginx::start(&nginx, directory.path(), &providers).await?;
    let startup = Startup::measure(&binary, directory.path(), &providers).await?;
    let (gateway, _) = Gateway::start(&binary, directory.path(), &providers).await?;
    let direct = Direct::new(&providers);
    let targets: [&dyn Target; 3] = [&direct, &proxy, &gateway];

    let memory_idle = memory(&targets)?;
    let effort = Effort { rounds: common.rounds, scale: common.scale, warm_up: 0.1 };
    let mut scenarios = Vec::new();
    for scenario in SERVER.iter().filter(|it| it.name.contains(&common.only)) {
        let mut rounds = Rounds::new(scenario);
        rounds.take(scenario, &targets, effort).await?;
        scenarios.push(rounds);
    }
    let memory_loaded = memory(&targets)?;
    let report = Report { startup, memory_idle, memory_loaded, scenarios, rounds: common.rounds };
    publish(&report.to_markdown(&nginx), common.write.as_deref(), "server")
}
