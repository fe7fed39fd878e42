use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use tokio::process::Command;

use crate::Error;
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
            processes.push(start(binary, pace.micros()).await?);
        }
        Ok(Self { processes })
    }

    pub(crate) fn port(&self, pace: Pace) -> u16 {
        self.processes[pace as usize].1
    }

    /// Their names and ports.
    pub(crate) fn named(&self) -> Vec<(&'static str, u16)> {
        Pace::ALL.iter().map(|pace| (pace.name(), self.port(*pace))).collect()
    }

    pub(crate) fn base(&self, pace: Pace) -> String {
        format!("http://127.0.0.1:{}", self.port(pace))
    }
}

async fn start(binary: &Path, event_delay_us: u64) -> Result<(Process, u16), Error> {
    let port = llmio_upstream::ports::free()?;
    let mut command = Command::new(binary);
    command.args(["--bench", "--port", &port.to_string(), "--event-delay-us", &event_delay_us.to_string()]);
    let process = Process::start(command, Path::new("/dev/null"))?;
    listening(port).await?;
    Ok((process, port))
}

pub(crate) fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
