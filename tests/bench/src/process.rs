use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::Error;
use crate::provider::local;

/// A started program with its children; killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    pub(crate) fn start(mut command: Command, log: &Path) -> Result<Self, Error> {
        let log = || fs::File::options().create(true).append(true).open(log);
        command.stdin(Stdio::null()).stdout(log()?).stderr(log()?).kill_on_drop(true);
        let name = command.as_std().get_program().to_os_string();
        let child = command.spawn().map_err(|error| format!("cannot run {}: {error}", name.display()))?;
        Ok(Self { child })
    }

    /// Also waits until each port answers `GET path` with 200, and tells how long that took.
    pub(crate) async fn start_ready(
        command: Command,
        log: &Path,
        ports: &[u16],
        path: &str,
    ) -> Result<(Self, Duration), Error> {
        let started = Instant::now();
        let mut process = Self::start(command, log)?;
        for port in ports {
            while !is_ready(*port, path).await {
                if started.elapsed() > Duration::from_secs(20) {
                    process.kill().await?;
                    let said = fs::read_to_string(log).unwrap_or_default();
                    return Err(format!("port {port} does not answer GET {path} with 200:\n{said}").into());
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        Ok((process, started.elapsed()))
    }

    pub(crate) async fn kill(&mut self) -> Result<(), Error> {
        Ok(self.child.kill().await?)
    }

    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Itself and its children.
    fn ids(&self) -> Vec<u32> {
        let Some(id) = self.id() else { return Vec::new() };
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|id| id.parse().ok());
        core::iter::once(id).chain(children).collect()
    }

    /// User and system time that all of them have used.
    pub(crate) fn cpu_time(&self) -> Result<Duration, Error> {
        // By the processes' own clocks: what /proc tells of it is counted in hundredths of a second.
        self.ids().into_iter().try_fold(Duration::ZERO, |sum, id| {
            let clock = clock_getcpuclockid(Pid::from_raw(id.cast_signed()))?;
            Ok(sum + Duration::from(clock.now()?))
        })
    }

    /// Resident memory of all of them, in bytes.
    pub(crate) fn memory(&self) -> Result<u64, Error> {
        self.status("VmRSS:")
    }

    /// The most of it that each of them had so far, in bytes.
    pub(crate) fn peak_memory(&self) -> Result<u64, Error> {
        self.status("VmHWM:")
    }

    /// A line of all their states, in bytes.
    fn status(&self, name: &str) -> Result<u64, Error> {
        let mut kilobytes = 0;
        for id in self.ids() {
            let status = fs::read_to_string(format!("/proc/{id}/status"))?;
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            kilobytes += line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or_default();
        }
        Ok(kilobytes * 1024)
    }
}

async fn is_ready(port: u16, path: &str) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(local(port)).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await?;
        std::io::Result::Ok(head.ends_with(b"200"))
    };
    ask.await.unwrap_or(false)
}

/// Waits until a loopback port accepts connections.
pub(crate) async fn listening(port: u16) -> Result<(), Error> {
    let limit = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        if Instant::now() > limit {
            return Err(format!("nobody listens on port {port}").into());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// An empty directory, also when a target starts again.
pub(crate) fn fresh(parent: &Path, name: &str) -> Result<PathBuf, Error> {
    let directory = parent.join(name);
    if directory.exists() {
        std::fs::remove_dir_all(&directory)?;
    }
    std::fs::create_dir(&directory)?;
    Ok(directory)
}
