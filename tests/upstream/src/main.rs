//! Runs scripted providers until it is interrupted.

use core::time::Duration;
use std::io::Write as _;

use clap::Parser;
use llmio_upstream::bench::Answers;
use llmio_upstream::{Dialect, Options, Upstream};

/// A strict scripted provider of OpenAI Chat, OpenAI Responses, Anthropic Messages and Gemini, on loopback ports.
///
/// Base addresses: http://127.0.0.1:PORT/v1, for Gemini http://127.0.0.1:PORT/v1beta. A model's name decides the answer:
/// `tool:NAME`, `fault:NAME`, anything else is text. More by POST /_control/script; what arrived: GET /_control/requests.
#[derive(Debug, Parser)]
struct Arguments {
    /// Each port gets its own provider; 0 takes a free one.
    #[arg(long, default_value = "7171", value_delimiter = ',')]
    port: Vec<u16>,
    /// The only credential that is accepted.
    #[arg(long, default_value = "sk-upstream")]
    key: String,
    /// Keep no journal.
    #[arg(long)]
    no_journal: bool,
    /// Answer precomputed bodies to everything, unchecked.
    #[arg(long)]
    bench: bool,
    /// Of the benchmark's answers.
    #[arg(long, value_enum, default_value = "openai_chat")]
    dialect: Dialect,
    /// Microseconds between two events of the benchmark's stream.
    #[arg(long, default_value_t = 0)]
    event_delay_us: u64,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let event_delay = Duration::from_micros(arguments.event_delay_us);
    let bench = arguments.bench.then(|| Answers::new(arguments.dialect, event_delay));
    let mut running = Vec::new();
    for port in arguments.port {
        let options =
            Options { port, key: arguments.key.clone(), journal: !arguments.no_journal, bench: bench.clone() };
        let upstream = Upstream::start(options).await?;
        writeln!(std::io::stdout(), "listening on http://{}", upstream.address())?;
        running.push(upstream);
    }
    tokio::signal::ctrl_c().await
}
