//! Measures the gateway beside something that only passes on, in front of the same scripted provider, in one run.
//!
//! Every round asks all targets, with the same requests; the ratios are taken within a round, and the tables show their
//! medians. What disturbs the machine disturbs all of them.

mod console;
mod gateway;
mod import;
mod load;
mod log;
mod measure;
mod process;
mod provider;
mod scenario;
mod server;
mod translation;
mod worker;

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

/// That of the server, which goes without huge pages, too: parts of it are measured in this process.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// Measures the gateway in front of a scripted provider.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    home: Home,
}

#[derive(Debug, Subcommand)]
enum Home {
    Server(server::Arguments),
    Translation(translation::Arguments),
    Worker(worker::Arguments),
    Console(console::Arguments),
    Import(import::Arguments),
    Log(log::Arguments),
}

/// What every measurement needs to know.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The scripted provider's release binary.
    #[arg(long, default_value = "target/release/llmio-upstream")]
    pub(crate) provider: PathBuf,
    /// How often everything is measured.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// Multiplies the number of requests of every measurement.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) scale: f64,
    /// Only scenarios whose name contains this.
    #[arg(long, default_value = "")]
    pub(crate) only: String,
    /// Writes the tables between the marks of this file.
    #[arg(long)]
    pub(crate) write: Option<PathBuf>,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Error> {
    nix::sys::prctl::set_thp_disable(true)?;
    match Arguments::parse().home {
        Home::Server(arguments) => server::run(arguments).await,
        Home::Translation(arguments) => translation::run(arguments).await,
        Home::Worker(arguments) => worker::run(arguments).await,
        Home::Console(arguments) => console::run(arguments).await,
        Home::Import(arguments) => import::run(arguments).await,
        Home::Log(arguments) => log::run(arguments).await,
    }
}

/// Programs run in directories of their own, so their paths must not depend on this one's.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::fs::canonicalize(path).map_err(|error| format!("{}: {error}", path.display()).into())
}
