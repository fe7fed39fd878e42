use core::fmt::Write as _;

use crate::measure::{Rounds, machine};
use crate::translation;

/// The targets' places in every round.
const PASS_THROUGH: usize = 0;
const GATEWAY: usize = 1;

/// Of the compressed upload; a free plan allows three times that.
const MAX_BYTES: u64 = 1520 << 10;

#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) wasm_bytes: u64,
    pub(crate) total_bytes: u64,
    /// From the start of workerd to the first answer, in milliseconds: the pass-through's and the gateway's.
    pub(crate) start_ms: [f64; 2],
    /// Of the first relayed request after that, which reads the configuration, in milliseconds.
    pub(crate) first_request_ms: f64,
    pub(crate) scenarios: Vec<Rounds>,
    pub(crate) translation: translation::Report,
    pub(crate) rounds: usize,
    pub(crate) workerd: String,
}

impl Report {
    /// What is over its budget, in words.
    pub(crate) fn excesses(&self) -> Vec<String> {
        let excess = |scenario: &Rounds| scenario.excess(GATEWAY, PASS_THROUGH, "the pass-through's");
        let mut excesses: Vec<String> = self.scenarios.iter().filter_map(excess).collect();
        excesses.extend(self.translation.excesses());
        if self.total_bytes > MAX_BYTES {
            excesses.push(format!("the upload has {} compressed bytes, not {MAX_BYTES}", self.total_bytes));
        }
        excesses
    }

    pub(crate) fn to_markdown(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "| request | CPU µs: pass-through | llmio | ratio | requests/s: pass-through | llmio | p50 ms: pass-through | llmio |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|"
        );
        for scenario in &self.scenarios {
            let _ = writeln!(
                text,
                "| {} | {:.0} | {:.0} | **{:.2}** | {:.0} | {:.0} | {:.2} | {:.2} |",
                scenario.name,
                scenario.of(PASS_THROUGH, |it| it.cpu_us),
                scenario.of(GATEWAY, |it| it.cpu_us),
                scenario.cpu_ratio(GATEWAY, PASS_THROUGH),
                scenario.of(PASS_THROUGH, |it| it.requests_per_second),
                scenario.of(GATEWAY, |it| it.requests_per_second),
                scenario.of(PASS_THROUGH, |it| it.p50_us) / 1000.0,
                scenario.of(GATEWAY, |it| it.p50_us) / 1000.0,
            );
        }
        let kib = |bytes: u64| bytes as f64 / 1024.0;
        let _ = writeln!(
            text,
            "\n| | |\n|---|---:|\n\
             | WebAssembly module, gzip | {:.0} KiB |\n\
             | everything that is uploaded, gzip | {:.0} KiB |\n\
             | workerd's start to its first answer: pass-through | {:.0} ms |\n\
             | the same with llmio, which is compiled and instantiated in it | {:.0} ms |\n\
             | first relayed request, which reads the configuration | {:.0} ms |",
            kib(self.wasm_bytes),
            kib(self.total_bytes),
            self.start_ms[PASS_THROUGH],
            self.start_ms[GATEWAY],
            self.first_request_ms,
        );
        let _ = writeln!(
            text,
            "\nMeasured on {}, {}; provider, load and database share them, over loopback. {} rounds, \
             each with new processes, in slices of a tenth, each target in turn; medians, ratios taken within a slice. CPU is user and system time of the workerd process, by 16 \
             connections at once (32 where events are paced); latencies are of one request at a time.",
            machine(),
            self.workerd,
            self.rounds,
        );
        let _ = writeln!(text, "\n{}", self.translation.to_markdown());
        text
    }
}
