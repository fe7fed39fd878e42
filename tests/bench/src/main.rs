//! Measures the gateway against nginx as a bare reverse proxy, in front of the same scripted provider, in one run.
//!
//! Every round asks the provider directly, then through nginx, then through the gateway, with the same requests; the
//! ratios are taken within a round, and the table shows their medians. What disturbs the machine disturbs all three.

mod load;
mod process;
mod report;
mod scenario;
mod target;

use std::path::PathBuf;

use clap::Parser;

use report::{Measured, Report, Startup};
use scenario::{SCENARIOS, Scenario};
use target::{Direct, Gateway, Nginx, Provider, Target};

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// Measures CPU time per request, throughput, added latency, memory and start of the gateway, beside nginx.
#[derive(Debug, Parser)]
struct Arguments {
    /// The gateway's release binary.
    #[arg(long, default_value = "target/release/llmio")]
    gateway: PathBuf,
    /// The scripted provider's release binary.
    #[arg(long, default_value = "target/release/llmio-upstream")]
    provider: PathBuf,
    #[arg(long, default_value = "nginx")]
    nginx: PathBuf,
    /// How often everything is measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Multiplies the number of requests of every measurement.
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Only scenarios whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Writes the tables between the marks of this file.
    #[arg(long)]
    write: Option<PathBuf>,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Error> {
    let mut arguments = Arguments::parse();
    // Each program runs in a directory of its own.
    for path in [&mut arguments.gateway, &mut arguments.provider] {
        *path = std::fs::canonicalize(&*path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let scenarios: Vec<&Scenario> = SCENARIOS.iter().filter(|it| it.name.contains(&arguments.only)).collect();
    let directory = tempfile::tempdir()?;
    let burst = Provider::start(&arguments.provider, 0).await?;
    let paced = Provider::start(&arguments.provider, scenario::PACE_US).await?;
    let nginx = Nginx::start(&arguments.nginx, directory.path(), &burst, &paced).await?;
    let startup = Startup::measure(&arguments.gateway, directory.path(), &burst, &paced).await?;
    let (gateway, _) = Gateway::start(&arguments.gateway, directory.path(), &burst, &paced).await?;
    let direct = Direct::new(&burst, &paced);
    let targets: [&dyn Target; 3] = [&direct, &nginx, &gateway];

    let mut report = Report::new(startup, &arguments.nginx);
    report.memory_idle(&targets)?;
    for scenario in scenarios {
        // What is slow only once (connections, caches) is no part of a comparison.
        for target in targets {
            Measured::take(target, &scenario.scaled(0.1)).await?;
        }
        let mut rounds = Vec::new();
        for round in 0..arguments.rounds {
            let mut row = Vec::new();
            // Whoever comes first may find a quieter machine; so everyone does.
            for turn in 0..targets.len() {
                let index = (round + turn) % targets.len();
                row.push((index, Measured::take(targets[index], &scenario.scaled(arguments.scale)).await?));
            }
            row.sort_by_key(|(index, _)| *index);
            rounds.push(row.into_iter().map(|(_, measured)| measured).collect());
        }
        report.add(scenario, rounds);
    }
    report.memory_loaded(&targets)?;
    let text = report.to_markdown(arguments.rounds);
    report::print(&text)?;
    if let Some(path) = &arguments.write {
        report::write_between_marks(path, &text)?;
    }
    Ok(())
}
