use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use tokio::process::Command;

use crate::Error;
use crate::process::{Process, listening};
use crate::scenario::PACE_US;

/// Two scripted providers with precomputed answers: one streams as fast as it can, one leaves time between events.
#[derive(Debug)]
pub(crate) struct Providers {
    _processes: [Process; 2],
    burst: u16,
    paced: u16,
}

impl Providers {
    pub(crate) async fn start(binary: &Path) -> Result<Self, Error> {
        let (burst_process, burst) = start(binary, 0).await?;
        let (paced_process, paced) = start(binary, PACE_US).await?;
        Ok(Self { _processes: [burst_process, paced_process], burst, paced })
    }

    pub(crate) fn port(&self, paced: bool) -> u16 {
        if paced { self.paced } else { self.burst }
    }

    pub(crate) fn base(&self, paced: bool) -> String {
        format!("http://127.0.0.1:{}", self.port(paced))
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
