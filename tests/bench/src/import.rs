//! How long it takes to take over a database of the original LLMIO.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use llmio_core::config::Secret;
use llmio_native::{Histories, Home, HomeSettings};
use llmio_original::{Spec, make};

use crate::Error;
use crate::measure::{machine, publish};

/// Measures the import of a database of the original LLMIO.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Rows in its log.
    #[arg(long, default_value_t = 500_000)]
    entries: u32,
    /// Writes the table between the marks of this file.
    #[arg(long)]
    write: Option<PathBuf>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Error> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("llmio.db");
    make(&path, &Spec::new(arguments.entries)).await?;
    let there = std::fs::metadata(&path)?.len();
    forget_peak()?;
    let before = peak_mib()?;
    let settings = HomeSettings {
        database_url: format!("file:{}", path.display()),
        database_token: None,
        secret_key: Some(Secret::new("a secret key of the benchmark")),
    };
    let began = Instant::now();
    let taken = Home::take_over(&settings).await?.ok_or("it was not taken over")?;
    let home = Home::open(&settings)?;
    let serves = began.elapsed();
    let began = Instant::now();
    Histories::new(&home, Duration::ZERO).bring(|_, _| {}).await?;
    let history = began.elapsed();
    let peak = peak_mib()?;
    drop(home);
    let here = std::fs::metadata(&path)?.len();
    #[expect(clippy::cast_precision_loss, reason = "shown with few digits")]
    let (rate, there, here) =
        (taken.totals.entries as f64 / history.as_secs_f64(), there as f64 / 1e6, here as f64 / 1e6);
    let text = format!(
        "| | |\n|---|---:|\n| rows of the log | {} |\n| recorded bodies | {} |\n| the original's file, ours | {there:.0} MB, {here:.0} MB |\n\
         | until it can serve | {} ms |\n| the whole history | {:.1} s |\n| rows per second | {rate:.0} |\n\
         | memory of the process, before and at most | {before:.0} MiB, {peak:.0} MiB |\n\n{}\n",
        taken.totals.entries,
        taken.totals.bodies,
        serves.as_millis(),
        history.as_secs_f64(),
        machine()
    );
    publish(&text, arguments.write.as_deref(), "import")
}

/// Lets the peak of this process's memory begin anew.
fn forget_peak() -> Result<(), Error> {
    Ok(std::fs::write("/proc/self/clear_refs", "5")?)
}

fn peak_mib() -> Result<f64, Error> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kib / 1024.0)
}
