//! The server beside nginx as a bare reverse proxy.

mod open;
mod report;
pub(crate) mod target;

use std::path::PathBuf;

use crate::gateway::configuration;
use crate::measure::{Effort, Rounds, Target, publish};
use crate::provider::Providers;
use crate::scenario::SERVER;
use crate::{Common, Error, absolute};
use report::{Report, Startup, memory};
use target::{Direct, Gateway, Nginx};

/// CPU time per request, throughput, added latency, open streams, memory and start of the server, beside nginx.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The gateway's release binary.
    #[arg(long, default_value = "target/release/llmio")]
    gateway: PathBuf,
    #[arg(long, default_value = "nginx")]
    nginx: PathBuf,
    /// Fail when a budget is exceeded.
    #[arg(long)]
    check: bool,
    /// Leave out the streams that stay open.
    #[arg(long)]
    no_open: bool,
    #[command(flatten)]
    common: Common,
}

pub(crate) async fn run(Arguments { gateway, nginx, check, no_open, common }: Arguments) -> Result<(), Error> {
    let binary = absolute(&gateway)?;
    let directory = tempfile::tempdir()?;
    let at = directory.path();
    let providers = Providers::start(&absolute(&common.provider)?).await?;
    let named = providers.named();
    let configuration = configuration(&named);
    let proxy = Nginx::start(&nginx, at, &named).await?;
    let startup = Startup::measure(&binary, at, &configuration).await?;
    let (gateway, _) = Gateway::start(&binary, at, &configuration, false).await?;
    let (single, _) = Gateway::start(&binary, at, &configuration, true).await?;
    let direct = Direct::new(&named);
    let targets: [&dyn Target; 4] = [&direct, &proxy, &gateway, &single];

    let memory_idle = memory(&targets)?;
    let effort = Effort { rounds: common.rounds, scale: common.scale, warm_up: 0.1 };
    let mut scenarios = Vec::new();
    for scenario in SERVER.iter().filter(|it| it.name.contains(&common.only)) {
        let mut rounds = Rounds::new(scenario);
        rounds.take(scenario, &targets, effort).await?;
        scenarios.push(rounds);
    }
    let memory_loaded = memory(&targets)?;
    gateway.stop().await?;
    single.stop().await?;
    drop(proxy);
    let open = if no_open { Vec::new() } else { open::measure(&binary, &nginx, at, common.rounds.min(3)).await? };
    let report = Report { startup, memory_idle, memory_loaded, scenarios, open, rounds: common.rounds };
    publish(&report.to_markdown(&nginx), common.write.as_deref(), "server")?;
    let excesses = report.excesses();
    if check && !excesses.is_empty() {
        return Err(excesses.join("; ").into());
    }
    Ok(())
}
