use core::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::open::{self, Held};
use super::target::Gateway;
use crate::Error;
use crate::measure::{Measured, Rounds, Target, machine, median, micros};

/// From the start of the process to its first `GET /readyz` with a 200, in milliseconds.
#[derive(Debug)]
pub(crate) struct Startup {
    /// Creates the database and stores the configuration.
    first_ms: f64,
    again_ms: f64,
}

impl Startup {
    pub(crate) async fn measure(binary: &Path, directory: &Path, configuration: &Value) -> Result<Self, Error> {
        let mut times = Vec::new();
        for _ in 0..6 {
            let (gateway, time) = Gateway::start(binary, directory, configuration, false).await?;
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
const SINGLE: usize = 3;

/// Resident memory with so many streams open, and per stream beyond that of the idle process.
const MAX_OPEN_BYTES: f64 = (160 << 20) as f64;
const MAX_STREAM_BYTES: f64 = (36 << 10) as f64;

#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) startup: Startup,
    /// Of nginx and of the gateway, in bytes.
    pub(crate) memory_idle: Vec<u64>,
    pub(crate) memory_loaded: Vec<u64>,
    pub(crate) scenarios: Vec<Rounds>,
    pub(crate) open: Vec<open::Measured>,
    pub(crate) rounds: usize,
}

impl Report {
    /// What is over its budget, in words.
    pub(crate) fn excesses(&self) -> Vec<String> {
        let mut excesses: Vec<String> =
            self.scenarios.iter().filter_map(|it| it.excess(GATEWAY, NGINX, "nginx's")).collect();
        for open::Measured { crowd, held } in &self.open {
            let Held { bytes, memory, .. } = held[GATEWAY];
            if bytes > MAX_STREAM_BYTES || memory > MAX_OPEN_BYTES {
                excesses.push(format!("{} open streams: {} each, {}", crowd.streams, kib(bytes), mib(memory)));
            }
        }
        excesses
    }

    fn open_to_markdown(&self) -> String {
        let mut text = "\n| open streams | memory each: nginx | llmio | all of llmio's | CPU µs an event: nginx | llmio | one thread | \
             added p50 ms: nginx | llmio | added p99 ms: nginx | llmio |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
            .to_owned();
        for open::Measured { crowd, held } in &self.open {
            let added = |index: usize, value: fn(&Held) -> f64| (value(&held[index]) - value(&held[DIRECT])) / 1000.0;
            let _ = writeln!(
                text,
                "| {}, an event of each every {} ms | {} | **{}** | {} | {:.1} | {:.1} | {:.1} | {:.2} | {:.2} | {:.2} | {:.2} |",
                crowd.streams,
                crowd.every.as_millis(),
                kib(held[NGINX].bytes),
                kib(held[GATEWAY].bytes),
                mib(held[GATEWAY].memory),
                held[NGINX].cpu_us,
                held[GATEWAY].cpu_us,
                held[SINGLE].cpu_us,
                added(NGINX, |it| it.p50_us),
                added(GATEWAY, |it| it.p50_us),
                added(NGINX, |it| it.p99_us),
                added(GATEWAY, |it| it.p99_us),
            );
        }
        text
    }

    pub(crate) fn to_markdown(&self, nginx: &Path) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "| request | CPU µs: nginx | llmio | ratio | one thread | all to one | requests/s: direct | nginx | llmio | added p50 ms: nginx | llmio | added p99 ms: nginx | llmio |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
        );
        for scenario in &self.scenarios {
            let added = |index: usize, value: fn(&Measured) -> f64| {
                scenario.within(|row| (value(&row[index]) - value(&row[DIRECT])) / 1000.0)
            };
            let _ = writeln!(
                text,
                "| {} | {:.0} | {:.0} | **{:.2}** | {:.0} | {:.2} | {:.0} | {:.0} | {:.0} | {:.2} | {:.2} | {:.2} | {:.2} |",
                scenario.name,
                scenario.of(NGINX, |it| it.cpu_us),
                scenario.of(GATEWAY, |it| it.cpu_us),
                scenario.cpu_ratio(GATEWAY, NGINX),
                scenario.of(SINGLE, |it| it.cpu_us),
                scenario.cpu_ratio(GATEWAY, SINGLE),
                scenario.of(DIRECT, |it| it.requests_per_second),
                scenario.of(NGINX, |it| it.requests_per_second),
                scenario.of(GATEWAY, |it| it.requests_per_second),
                added(NGINX, |it| it.p50_us),
                added(GATEWAY, |it| it.p50_us),
                added(NGINX, |it| it.p99_us),
                added(GATEWAY, |it| it.p99_us),
            );
        }
        if !self.open.is_empty() {
            text.push_str(&self.open_to_markdown());
        }
        let of = |list: &[u64], index: usize| mib(list.get(index).copied().unwrap_or_default() as f64);
        let _ = writeln!(
            text,
            "\n| | nginx | llmio |\n|---|---:|---:|\n\
             | resident memory, idle | {} | {} |\n\
             | resident memory, after all requests of the first table | {} | {} |\n\
             | ready after the first start (makes the database) | | {:.0} ms |\n\
             | ready after any other start | | {:.0} ms |",
            of(&self.memory_idle, 0),
            of(&self.memory_idle, 1),
            of(&self.memory_loaded, 0),
            of(&self.memory_loaded, 1),
            self.startup.first_ms,
            self.startup.again_ms,
        );
        let _ = writeln!(
            text,
            "\nMeasured on {}, {}; provider, load and proxies share them, over loopback. {} rounds, each target in turn; \
             medians, ratios taken within a round. CPU is user and system time of all processes of a proxy, by 16 \
             connections at once, 64 where chunks are paced; latencies are of one request at a time, less those of asking the \
             provider directly, of open streams from the provider's write to the client's read. nginx has one worker, and \
             neither logs nor buffers; llmio has a serving thread for each core, or one, checks the key, balances between two associations, meters, prices and logs \
             every request.",
            machine(),
            version(nginx),
            self.rounds,
        );
        text
    }
}

fn kib(bytes: f64) -> String {
    format!("{:.1} KiB", bytes / f64::from(1 << 10))
}

fn mib(bytes: f64) -> String {
    format!("{:.1} MiB", bytes / f64::from(1 << 20))
}

pub(crate) fn memory(targets: &[&dyn Target]) -> Result<Vec<u64>, Error> {
    targets.iter().filter_map(|target| target.process()).map(|process| process.memory()).collect()
}

fn version(nginx: &Path) -> String {
    let version = std::process::Command::new(nginx).arg("-v").output().map(|output| output.stderr);
    let version = String::from_utf8(version.unwrap_or_default()).unwrap_or_default();
    version.rsplit(": ").next().unwrap_or_default().trim().to_owned()
}
