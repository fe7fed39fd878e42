//! LLMIO on a server: one binary with everything in it.

mod chores;
mod cli;
mod commands;
mod console;
mod failure;
mod handler;
mod http;
mod logging;
mod output;
mod progress;
mod secret;
mod serve;
mod signals;

use std::process::ExitCode;

use clap::Parser;
use llmio_native::Home;

use cli::{Cli, Command, ImportCommand};
use failure::Failure;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::init();
    take_small_pages();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| Failure::new(format!("the asynchronous runtime cannot be started: {cause}")))
        .and_then(|runtime| runtime.block_on(run(cli)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::error(&failure);
            ExitCode::FAILURE
        }
    }
}

/// Of huge pages (2 MiB), which the allocator asks for, all is in memory as soon as a byte is used: an idle server takes twice as
/// much with them, an open stream a third more, and nothing gets quicker.
fn take_small_pages() {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_thp_disable(true) {
        tracing::debug!(%error, "huge pages cannot be left out");
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    let open = || Home::open(&cli.home.settings()).map_err(Failure::from);
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(&cli.home, &cli.serve).await,
        Command::Apply { file, dry_run } => commands::config_file::apply(&open()?, &file, dry_run).await,
        Command::Export { json } => commands::config_file::export(&open()?, json).await,
        Command::Check { file, live } => commands::config_file::check(&file, live).await,
        Command::Migrate { dry_run } => commands::migrate::run(&open()?, dry_run).await,
        Command::Key(command) => commands::key::run(&open()?, command).await,
        Command::Import(ImportCommand::Llmio { path, dry_run, export }) => {
            commands::import::run(&cli.home.settings(), &path, dry_run, export.as_deref()).await
        }
        Command::Health => commands::health::run(&cli.serve).await,
    }
}
