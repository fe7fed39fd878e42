//! What it costs the gateway to translate, beside what it costs it to relay the same client's requests.

mod report;

use std::net::SocketAddr;
use std::path::PathBuf;

use llmio_upstream::Dialect;

use crate::gateway::configuration;
use crate::load::Load;
use crate::measure::{Effort, Rounds, Target, publish};
use crate::process::Process;
use crate::provider::Speakers;
use crate::scenario::{LARGE, Pace, Scenario, TRANSLATION};
use crate::server::target::Gateway;
use crate::{Common, Error, absolute};
pub(crate) use report::{Client, Report};

/// CPU time of translated requests, their first byte and their memory, beside relayed ones.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The gateway's release binary.
    #[arg(long, default_value = "target/release/llmio")]
    gateway: PathBuf,
    /// Fail when a budget is exceeded.
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    common: Common,
}

/// One dialect's requests to a provider of another, or of the same.
struct Pair<'a> {
    gateway: &'a dyn Target,
    client: Dialect,
    provider: Dialect,
}

impl Target for Pair<'_> {
    fn name(&self) -> &'static str {
        self.provider.as_str()
    }

    fn address(&self, pace: Pace) -> SocketAddr {
        self.gateway.address(pace)
    }

    fn model(&self, _: Pace) -> &'static str {
        self.provider.as_str()
    }

    fn client(&self) -> Dialect {
        self.client
    }

    fn process(&self) -> Option<&Process> {
        self.gateway.process()
    }
}

pub(crate) async fn run(Arguments { gateway, check, common }: Arguments) -> Result<(), Error> {
    let binary = absolute(&gateway)?;
    let directory = tempfile::tempdir()?;
    let speakers = Speakers::start(&absolute(&common.provider)?).await?;
    let configuration = configuration(speakers.named());
    let (gateway, _) = Gateway::start(&binary, directory.path(), &configuration, false).await?;
    let effort = Effort { rounds: common.rounds, scale: common.scale, warm_up: 0.1 };
    let mut clients = measure(&gateway, &TRANSLATION, &common.only, effort).await?;
    gateway.stop().await?;
    for client in &mut clients {
        for provider in Dialect::ALL {
            let (gateway, _) = Gateway::start(&binary, directory.path(), &configuration, false).await?;
            let pair = Pair { gateway: &gateway, client: client.dialect, provider };
            client.memory.push(large(&gateway, &pair).await?);
            gateway.stop().await?;
        }
    }
    let report = Report { clients, rounds: common.rounds };
    publish(&report.to_markdown(), common.write.as_deref(), "translation")?;
    let excesses = report.excesses();
    if check && !excesses.is_empty() {
        return Err(excesses.join("; ").into());
    }
    Ok(())
}

/// What each dialect's requests cost `gateway`, whose models have the names of the dialects, of those scenarios whose name contains
/// `only`.
pub(crate) async fn measure(
    gateway: &dyn Target,
    scenarios: &[Scenario],
    only: &str,
    effort: Effort,
) -> Result<Vec<Client>, Error> {
    let mut clients = Vec::new();
    for client in Dialect::ALL {
        let pairs = Dialect::ALL.map(|provider| Pair { gateway, client, provider });
        let targets = pairs.each_ref().map(|pair| pair as &dyn Target);
        let mut measured = Vec::new();
        for scenario in scenarios.iter().filter(|it| it.name.contains(only)) {
            let mut rounds = Rounds::new(scenario);
            rounds.take(scenario, &targets, effort).await?;
            measured.push(rounds);
        }
        clients.push(Client { dialect: client, scenarios: measured, memory: Vec::new() });
    }
    Ok(clients)
}

/// How many times its size one large request takes at most, beyond what the idle process has.
async fn large(gateway: &Gateway, pair: &Pair<'_>) -> Result<f64, Error> {
    let idle = gateway.memory()?;
    let load = Load { requests: 1, ..LARGE.load(pair) };
    load.run().await?;
    Ok(gateway.peak_memory()?.saturating_sub(idle) as f64 / load.body.len() as f64)
}
