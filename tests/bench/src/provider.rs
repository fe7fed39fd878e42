use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use llmio_upstream::Dialect;
use tokio::process::Command;

use crate::Error;
use crate::gateway::Named;
use crate::process::{Process, listening};
use crate::scenario::Pace;

/// Scripted providers with precomputed answers, one for each pace.
#[derive(Debug)]
pub(crate) struct Providers {
    /// In the order of [`Pace::ALL`], each with its port.
    processes: Vec<(Process, u16)>,
}

impl Providers {
    pub(crate) async fn start(binary: &Path) -> Result<Self, Error> {
        let mut processes = Vec::new();
        for pace in Pace::ALL {
            processes.push(start(binary, Dialect::Chat, pace.micros()).await?);
        }
        Ok(Self { processes })
    }

    pub(crate) fn port(&self, pace: Pace) -> u16 {
        self.processes[pace as usize].1
    }

    pub(crate) fn named(&self) -> Vec<Named> {
        Pace::ALL.iter().map(|pace| (pace.name(), Dialect::Chat, self.port(*pace))).collect()
    }

    pub(crate) fn base(&self, pace: Pace) -> String {
        format!("http://127.0.0.1:{}", self.port(pace))
    }
}

/// Scripted providers of each dialect, by the names that they have in the gateway's configuration.
#[derive(Debug)]
pub(crate) struct Speakers {
    _processes: Vec<Process>,
    named: Vec<Named>,
}

impl Speakers {
    pub(crate) async fn start(binary: &Path) -> Result<Self, Error> {
        let (mut processes, mut named) = (Vec::new(), Vec::new());
        for dialect in Dialect::ALL {
            let (process, port) = start(binary, dialect, 0).await?;
            processes.push(process);
            named.push((dialect.as_str(), dialect, port));
        }
        Ok(Self { _processes: processes, named })
    }

    pub(crate) fn named(&self) -> &[Named] {
        &self.named
    }
}

async fn start(binary: &Path, dialect: Dialect, event_delay_us: u64) -> Result<(Process, u16), Error> {
    let port = llmio_upstream::ports::free()?;
    let mut command = Command::new(binary);
    command.args(["--bench", "--port", &port.to_string(), "--event-delay-us", &event_delay_us.to_string()]);
    command.args(["--dialect", dialect.as_str()]);
    let process = Process::start(command, Path::new("/dev/null"))?;
    listening(port).await?;
    Ok((process, port))
}

pub(crate) fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
