use core::fmt::Write as _;

use llmio_upstream::Dialect;

use crate::measure::{Rounds, machine};

/// Added to the time until an answer's first byte, 99 of 100 times, in milliseconds.
const MAX_FIRST_MS: f64 = 1.0;
/// Of a large request, as a multiple of its size.
const MAX_MEMORY: f64 = 3.0;

/// What one client's requests cost with providers of each dialect, in the order of [`Dialect::ALL`].
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) dialect: Dialect,
    pub(crate) scenarios: Vec<Rounds>,
    /// The most that a large request takes, as a multiple of its size; empty where it is not measured.
    pub(crate) memory: Vec<f64>,
}

#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) clients: Vec<Client>,
    pub(crate) rounds: usize,
}

impl Client {
    /// The providers to whom it is translated.
    fn others(&self) -> impl Iterator<Item = usize> {
        (0..Dialect::ALL.len()).filter(|index| Dialect::ALL[*index] != self.dialect)
    }

    /// The provider to whom it is relayed.
    fn same(&self) -> usize {
        Dialect::ALL.iter().position(|it| *it == self.dialect).unwrap_or_default()
    }

    fn first_ms(&self, rounds: &Rounds, provider: usize) -> f64 {
        rounds.within(|row| (row[provider].first_p99_us - row[self.same()].first_p99_us) / 1000.0)
    }
}

impl Report {
    /// What is over its budget, in words.
    pub(crate) fn excesses(&self) -> Vec<String> {
        let mut excesses = Vec::new();
        for client in &self.clients {
            for provider in client.others() {
                let pair = format!("{} to {}", client.dialect.as_str(), Dialect::ALL[provider].as_str());
                for rounds in &client.scenarios {
                    excesses.extend(
                        rounds.excess(provider, client.same(), "the relay's").map(|excess| format!("{pair}, {excess}")),
                    );
                    let first = client.first_ms(rounds, provider);
                    if first > MAX_FIRST_MS {
                        excesses.push(format!("{pair}, {}: {first:.2} ms later", rounds.name));
                    }
                }
                let memory = client.memory.get(provider).copied().unwrap_or_default();
                if memory > MAX_MEMORY {
                    excesses.push(format!("{pair}: {memory:.1} times the memory of a request"));
                }
            }
        }
        excesses
    }

    pub(crate) fn to_markdown(&self) -> String {
        let mut text = "| client | provider |".to_owned();
        let scenarios = self.clients.first().map(|client| client.scenarios.as_slice()).unwrap_or_default();
        // Writing to a String cannot fail.
        for rounds in scenarios {
            let _ = write!(text, " {}: CPU µs | to the relay | first byte later, p99 ms |", rounds.name);
        }
        let tells_memory = self.clients.iter().any(|client| !client.memory.is_empty());
        if tells_memory {
            text.push_str(" memory of 10 MB |");
        }
        let _ = writeln!(text, "\n|---|---|{}", "---:|".repeat(scenarios.len() * 3 + usize::from(tells_memory)));
        for client in &self.clients {
            for provider in core::iter::once(client.same()).chain(client.others()) {
                let is_relay = provider == client.same();
                let name = if is_relay { "the same" } else { Dialect::ALL[provider].as_str() };
                let _ = write!(text, "| {} | {name} |", client.dialect.as_str());
                for rounds in &client.scenarios {
                    let _ = write!(text, " {:.0} |", rounds.of(provider, |it| it.cpu_us));
                    if is_relay {
                        text.push_str(" | |");
                    } else {
                        let ratio = rounds.cpu_ratio(provider, client.same());
                        let _ = write!(text, " **{ratio:.2}** | {:.2} |", client.first_ms(rounds, provider));
                    }
                }
                if let Some(memory) = client.memory.get(provider) {
                    let _ = write!(text, " {memory:.1} × |");
                }
                text.push('\n');
            }
        }
        let _ = writeln!(
            text,
            "\nMeasured on {}; provider, load and gateway share them, over loopback. {} rounds, each provider in turn; medians, \
             ratios taken within a round. CPU is user and system time of the gateway, by 16 connections at once; the first byte \
             of one request at a time{}.",
            machine(),
            self.rounds,
            if tells_memory {
                "; memory is the most that one request of 10 MB takes beyond the idle process"
            } else {
                ""
            },
        );
        text
    }
}
