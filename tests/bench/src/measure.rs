use core::time::Duration;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use crate::Error;
use llmio_upstream::Dialect;

use crate::load::percentile;
use crate::process::Process;
use crate::scenario::{Pace, Scenario};

/// Something that answers the benchmark's requests.
pub(crate) trait Target: Sync {
    fn name(&self) -> &'static str;

    /// Where to ask for answers of that pace.
    fn address(&self, pace: Pace) -> SocketAddr;

    /// The model to ask for there.
    fn model(&self, pace: Pace) -> &'static str {
        pace.name()
    }

    /// What to ask it in.
    fn client(&self) -> Dialect {
        Dialect::Chat
    }

    /// What it costs; `None` for the provider itself.
    fn process(&self) -> Option<&Process>;
}

/// What one target did in one round.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// Per request, in microseconds; 0 for the provider itself.
    pub(crate) cpu_us: f64,
    pub(crate) requests_per_second: f64,
    /// Of requests one after the other, in microseconds.
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    /// The same until an answer's first bytes.
    pub(crate) first_p99_us: f64,
}

impl Measured {
    async fn take(target: &dyn Target, scenario: &Scenario) -> Result<Self, Error> {
        let mut load = scenario.load(target);
        let alone = load.run().await.map_err(|error| format!("{}, {}: {error}", target.name(), scenario.name))?;
        load.connections = scenario.connections;
        load.requests = scenario.requests;
        let cpu = || target.process().map_or(Ok(Duration::ZERO), |process| process.cpu_time());
        let before = cpu()?;
        let together = load.run().await.map_err(|error| format!("{}, {}: {error}", target.name(), scenario.name))?;
        let used = cpu()?.saturating_sub(before);
        Ok(Self {
            cpu_us: micros(used) / scenario.requests as f64,
            requests_per_second: scenario.requests as f64 / together.elapsed.as_secs_f64(),
            p50_us: micros(percentile(&alone.latencies, 50)),
            p99_us: micros(percentile(&alone.latencies, 99)),
            first_p99_us: micros(percentile(&alone.firsts, 99)),
        })
    }
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    /// Of a scenario's number of requests.
    pub(crate) scale: f64,
    /// The part of a round that goes before the first, unmeasured.
    pub(crate) warm_up: f64,
}

/// One scenario: for each round one measurement of each target, in the targets' order.
#[derive(Debug)]
pub(crate) struct Rounds {
    pub(crate) name: &'static str,
    pub(crate) budget: f64,
    rounds: Vec<Vec<Measured>>,
}

impl Rounds {
    pub(crate) const fn new(scenario: &Scenario) -> Self {
        Self { name: scenario.name, budget: scenario.budget, rounds: Vec::new() }
    }

    /// Adds `effort.rounds` of them, after a warm-up of the targets.
    pub(crate) async fn take(
        &mut self,
        scenario: &Scenario,
        targets: &[&dyn Target],
        effort: Effort,
    ) -> Result<(), Error> {
        // What is slow only at first (connections, caches, compilers) is no part of a comparison.
        for target in targets {
            Measured::take(*target, &scenario.scaled(effort.scale * effort.warm_up)).await?;
        }
        let scaled = scenario.scaled(effort.scale);
        for _ in 0..effort.rounds {
            let mut row = Vec::new();
            // Whoever comes first may find a quieter machine; so everyone does.
            for turn in 0..targets.len() {
                let index = (self.rounds.len() + turn) % targets.len();
                row.push((index, Measured::take(targets[index], &scaled).await?));
            }
            row.sort_by_key(|(index, _)| *index);
            self.rounds.push(row.into_iter().map(|(_, measured)| measured).collect());
        }
        Ok(())
    }

    /// The median of a target's values.
    pub(crate) fn of(&self, index: usize, value: impl Fn(&Measured) -> f64) -> f64 {
        self.within(|row| value(&row[index]))
    }

    /// The median of something that is computed from one round.
    pub(crate) fn within(&self, value: impl Fn(&[Measured]) -> f64) -> f64 {
        median(self.rounds.iter().map(|row| value(row)).collect())
    }

    /// The median of the ratios of two targets' CPU times, each taken within a round.
    pub(crate) fn cpu_ratio(&self, of: usize, to: usize) -> f64 {
        self.within(|row| row[of].cpu_us / row[to].cpu_us.max(1.0))
    }

    /// In words, when the ratio of CPU times is over the budget.
    pub(crate) fn excess(&self, of: usize, to: usize, whose: &str) -> Option<String> {
        let (ratio, budget) = (self.cpu_ratio(of, to), self.budget);
        (ratio > budget).then(|| format!("{}: {ratio:.2} times {whose} CPU time, not {budget}", self.name))
    }
}

/// The machine, for the line below a table.
pub(crate) fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let kernel = read("/proc/sys/kernel/osrelease");
    // A build's own suffix says nothing about the kernel.
    let kernel = kernel.split('-').next().unwrap_or_default().trim();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} cores of {}, Linux {kernel}", cpu.trim_start_matches(['\t', ' ', ':']))
}

pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Prints the tables, and writes them between the section's marks of a file, whose rest is its authors'.
pub(crate) fn publish(text: &str, file: Option<&Path>, section: &str) -> Result<(), Error> {
    std::io::stdout().write_all(text.as_bytes())?;
    let Some(path) = file else { return Ok(()) };
    let [begin, end] = ["begin", "end"].map(|what| format!("<!-- bench {section}: {what} -->"));
    let old = std::fs::read_to_string(path)?;
    let (head, rest) = old.split_once(&begin).ok_or_else(|| format!("{} has no {begin}", path.display()))?;
    let (_, tail) = rest.split_once(&end).ok_or_else(|| format!("{} has no {end}", path.display()))?;
    Ok(std::fs::write(path, format!("{head}{begin}\n{text}{end}{tail}"))?)
}
