use core::fmt::Write as _;
use core::time::Duration;
use std::io::Write as _;
use std::path::Path;

use crate::Error;
use crate::load::Load;
use crate::scenario::{CONNECTIONS, Scenario};
use crate::target::{Gateway, Provider, Target};

/// What one target did in one round.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// Per request, in microseconds; 0 for the provider itself.
    cpu_us: f64,
    requests_per_second: f64,
    /// Of requests one after the other, in microseconds.
    p50_us: f64,
    p99_us: f64,
}

impl Measured {
    pub(crate) async fn take(target: &dyn Target, scenario: &Scenario) -> Result<Self, Error> {
        let mut load = Load {
            address: target.address(scenario.paced),
            body: scenario.body(target.model(scenario.paced)),
            connections: 1,
            requests: scenario.sequential,
        };
        let alone = load.run().await.map_err(|error| format!("{}, {}: {error}", target.name(), scenario.name))?;
        load.connections = CONNECTIONS;
        load.requests = scenario.requests;
        let cpu = || target.process().map_or(Ok(Duration::ZERO), |process| process.cpu_time());
        let before = cpu()?;
        let together = load.run().await.map_err(|error| format!("{}, {}: {error}", target.name(), scenario.name))?;
        let used = cpu()?.saturating_sub(before);
        Ok(Self {
            cpu_us: micros(used) / scenario.requests as f64,
            requests_per_second: scenario.requests as f64 / together.elapsed.as_secs_f64(),
            p50_us: micros(alone.percentile(50)),
            p99_us: micros(alone.percentile(99)),
        })
    }
}

/// From the start of the process to its first `GET /readyz` with a 200, in milliseconds.
#[derive(Debug)]
pub(crate) struct Startup {
    /// Creates the database and stores the configuration.
    first_ms: f64,
    again_ms: f64,
}

impl Startup {
    pub(crate) async fn measure(
        binary: &Path,
        directory: &Path,
        burst: &Provider,
        paced: &Provider,
    ) -> Result<Self, Error> {
        let mut times = Vec::new();
        for _ in 0..6 {
            let (gateway, time) = Gateway::start(binary, directory, burst, paced).await?;
            times.push(micros(time) / 1000.0);
            gateway.stop().await?;
        }
        let first_ms = times.remove(0);
        Ok(Self { first_ms, again_ms: median(times) })
    }
}

#[derive(Debug)]
pub(crate) struct Report {
    startup: Startup,
    nginx: String,
    idle: Vec<u64>,
    loaded: Vec<u64>,
    scenarios: Vec<(String, Vec<Vec<Measured>>)>,
}

impl Report {
    pub(crate) fn new(startup: Startup, nginx: &Path) -> Self {
        let version = std::process::Command::new(nginx).arg("-v").output().map(|output| output.stderr);
        let version = String::from_utf8(version.unwrap_or_default()).unwrap_or_default();
        let nginx = version.rsplit(": ").next().unwrap_or_default().trim().to_owned();
        Self { startup, nginx, idle: Vec::new(), loaded: Vec::new(), scenarios: Vec::new() }
    }

    pub(crate) fn memory_idle(&mut self, targets: &[&dyn Target]) -> Result<(), Error> {
        self.idle = memory(targets)?;
        Ok(())
    }

    pub(crate) fn memory_loaded(&mut self, targets: &[&dyn Target]) -> Result<(), Error> {
        self.loaded = memory(targets)?;
        Ok(())
    }

    /// `rounds` hold one measurement for each target: the provider, nginx, the gateway.
    pub(crate) fn add(&mut self, scenario: &Scenario, rounds: Vec<Vec<Measured>>) {
        self.scenarios.push((scenario.name.to_owned(), rounds));
    }

    pub(crate) fn to_markdown(&self, rounds: usize) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "| request | CPU µs: nginx | llmio | ratio | requests/s: direct | nginx | llmio | added p50 ms: nginx | llmio | added p99 ms: nginx | llmio |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
        );
        for (name, rounds) in &self.scenarios {
            let of = |index: usize, value: &dyn Fn(&Measured) -> f64| {
                median(rounds.iter().map(|row| value(&row[index])).collect())
            };
            let ratio = median(rounds.iter().map(|row| row[2].cpu_us / row[1].cpu_us.max(1.0)).collect());
            let added = |index: usize, value: &dyn Fn(&Measured) -> f64| {
                median(rounds.iter().map(|row| (value(&row[index]) - value(&row[0])) / 1000.0).collect())
            };
            let _ = writeln!(
                text,
                "| {name} | {:.0} | {:.0} | **{ratio:.2}** | {:.0} | {:.0} | {:.0} | {:.2} | {:.2} | {:.2} | {:.2} |",
                of(1, &|it| it.cpu_us),
                of(2, &|it| it.cpu_us),
                of(0, &|it| it.requests_per_second),
                of(1, &|it| it.requests_per_second),
                of(2, &|it| it.requests_per_second),
                added(1, &|it| it.p50_us),
                added(2, &|it| it.p50_us),
                added(1, &|it| it.p99_us),
                added(2, &|it| it.p99_us),
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
            mib(&self.idle, 0),
            mib(&self.idle, 1),
            mib(&self.loaded, 0),
            mib(&self.loaded, 1),
            self.startup.first_ms,
            self.startup.again_ms,
        );
        let _ = writeln!(text, "\n{}", self.conditions(rounds));
        text
    }

    fn conditions(&self, rounds: usize) -> String {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let cpu = read("/proc/cpuinfo");
        let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
        let kernel = read("/proc/sys/kernel/osrelease");
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        format!(
            "Measured on {cores} cores of {}, Linux {}, {}; provider, load and proxies share them, over loopback. {rounds} rounds, \
             each target in turn; medians, ratios taken within a round. CPU is user and system time of all processes of a \
             proxy, by {CONNECTIONS} connections at once; latencies are of one request at a time, less those of asking the \
             provider directly. nginx neither logs nor buffers; llmio checks the key, balances between two associations, \
             meters, prices and logs every request.",
            cpu.trim_start_matches(['\t', ' ', ':']),
            kernel.trim(),
            self.nginx,
        )
    }
}

fn memory(targets: &[&dyn Target]) -> Result<Vec<u64>, Error> {
    targets.iter().filter_map(|target| target.process()).map(|process| process.memory()).collect()
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

pub(crate) fn print(text: &str) -> Result<(), Error> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

const BEGIN: &str = "<!-- bench: begin -->";
const END: &str = "<!-- bench: end -->";

/// Replaces what stands between the marks; the rest of the file is its authors'.
pub(crate) fn write_between_marks(path: &Path, text: &str) -> Result<(), Error> {
    let file = std::fs::read_to_string(path)?;
    let (head, rest) = file.split_once(BEGIN).ok_or("the file has no begin mark")?;
    let (_, tail) = rest.split_once(END).ok_or("the file has no end mark")?;
    Ok(std::fs::write(path, format!("{head}{BEGIN}\n{text}{END}{tail}"))?)
}
