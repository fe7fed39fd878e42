use core::fmt::Write as _;
use std::path::Path;

use super::target::Gateway;
use crate::Error;
use crate::measure::{Measured, Rounds, Target, machine, median, micros};
use crate::provider::Providers;

/// From the start of the process to its first `GET /readyz` with a 200, in milliseconds.
#[derive(Debug)]
pub(crate) struct Startup {
    /// Creates the database and stores the configuration.
    first_ms: f64,
    again_ms: f64,
}

impl Startup {
    pub(crate) async fn measure(binary: &Path, directory: &Path, providers: &Providers) -> Result<Self, Error> {
        let mut times = Vec::new();
        for _ in 0..6 {
            let (gateway, time) = Gateway::start(binary, directory, providers).await?;
            times.push(micros(time) / 1000.0);
            gateway.stop().await?;
        }
        let first_ms = times.remove(0);
        Ok(Self { first_ms, again_ms: median(times) })
    }
}

/// The targets' places in every round.
const DIRECT: usize = 0;
const NGINX: usize = 1;
const GATEWAY: usize = 2;

#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) startup: Startup,
    /// Of nginx and of the gateway, in bytes.
    pub(crate) memory_idle: Vec<u64>,
    pub(crate) memory_loaded: Vec<u64>,
    pub(crate) scenarios: Vec<Rounds>,
    pub(crate) rounds: usize,
}

impl Report {
    pub(crate) fn to_markdown(&self, nginx: &Path) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "| request | CPU µs: nginx | llmio | ratio | requests/s: direct | nginx | llmio | added p50 ms: nginx | llmio | added p99 ms: nginx | llmio |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
        );
        for scenario in &self.scenarios {
            let added = |index: usize, value: fn(&Measured) -> f64| {
                scenario.within(|row| (value(&row[index]) - value(&row[DIRECT])) / 1000.0)
            };
            let _ = writeln!(
                text,
                "| {} | {:.0} | {:.0} | **{:.2}** | {:.0} | {:.0} | {:.0} | {:.2} | {:.2} | {:.2} | {:.2} |",
                scenario.name,
                scenario.of(NGINX, |it| it.cpu_us),
                scenario.of(GATEWAY, |it| it.cpu_us),
                scenario.cpu_ratio(GATEWAY, NGINX),
                scenario.of(DIRECT, |it| it.requests_per_second),
                scenario.of(NGINX, |it| it.requests_per_second),
                scenario.of(GATEWAY, |it| it.requests_per_second),
                added(NGINX, |it| it.p50_us),
                added(GATEWAY, |it| it.p50_us),
                added(NGINX, |it| it.p99_us),
                added(GATEWAY, |it| it.p99_us),
            );
        }
        let mib = |list: &[u64], index: usize| list.get(index).copied().unwrap_or_default() as f64 / f64::from(1 << 20);
        let _ = writeln!(
            text,
            "\n| | nginx | llmio |\n|---|---:|---:|\n\
             | resident memory, idle | {:.1} MiB | {:.1} MiB |\n\
             | resident memory, after all of the above | {:.1} MiB | {:.1} MiB |\n\
             | ready after the first start (makes the database) | | {:.0} ms |\n\
             | ready after any other start | | {:.0} ms |",
            mib(&self.memory_idle, 0),
            mib(&self.memory_idle, 1),
            mib(&self.memory_loaded, 0),
            mib(&self.memory_loaded, 1),
            self.startup.first_ms,
            self.startup.again_ms,
        );
        let _ = writeln!(
            text,
            "\nMeasured on {}, {}; provider, load and proxies share them, over loopback. {} rounds, each target in turn; \
             medians, ratios taken within a round. CPU is user and system time of all processes of a proxy, by 16 \
             connections at once; latencies are of one request at a time, less those of asking the provider directly. nginx \
             neither logs nor buffers; llmio checks the key, balances between two associations, meters, prices and logs \
             every request.",
            machine(),
            version(nginx),
            self.rounds,
        );
        text
    }
}

pub(crate) fn memory(targets: &[&dyn Target]) -> Result<Vec<u64>, Error> {
    targets.iter().filter_map(|target| target.process()).map(|process| process.memory()).collect()
}

fn version(nginx: &Path) -> String {
    let version = std::process::Command::new(nginx).arg("-v").output().map(|output| output.stderr);
    let version = String::from_utf8(version.unwrap_or_default()).unwrap_or_default();
    version.rsplit(": ").next().unwrap_or_default().trim().to_owned()
}
