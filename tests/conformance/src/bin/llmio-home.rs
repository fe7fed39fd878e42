//! Runs the home that `LLMIO_CONFORMANCE_HOME` names, for tests that are not written in Rust.
//!
//! usage: llmio-home [--config FILE] [--set NAME=VALUE]...
//!
//! The first line on standard output is `listening on http://…`. It ends, and the home and its data with it, when its
//! standard input closes or on SIGTERM; killed, it would leave the home behind. The administrator's token is
//! `admin-token-of-the-suite`.

use std::io::Write as _;
use std::process::ExitCode;

use llmio_conformance::{Home, Setup};
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "usage: llmio-home [--config FILE] [--set NAME=VALUE]...";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when standard error is gone.
            let _ = writeln!(std::io::stderr(), "llmio-home: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let home = Home::start(setup()?).await;
    let mut output = std::io::stdout();
    writeln!(output, "listening on {}", home.base())?;
    output.flush()?;
    let mut input = tokio::io::stdin();
    let mut rest = [0; 256];
    let closed = async { while input.read(&mut rest).await.is_ok_and(|read| read > 0) {} };
    tokio::select! {
        () = closed => {}
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    drop(home);
    // A read of standard input cannot be cancelled and would keep the runtime from ending.
    std::process::exit(0)
}

fn setup() -> Result<Setup, Box<dyn std::error::Error>> {
    let mut setup = Setup::new(Value::Null);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or(USAGE)?;
        match argument.as_str() {
            "--config" => {
                let text = std::fs::read_to_string(&value).map_err(|error| format!("{value}: {error}"))?;
                setup.config = serde_json::from_str(&text).map_err(|error| format!("{value}: {error}"))?;
            }
            "--set" => {
                let (name, value) = value.split_once('=').ok_or(USAGE)?;
                setup = setup.env(name, value);
            }
            _ => return Err(USAGE.into()),
        }
    }
    Ok(setup)
}
