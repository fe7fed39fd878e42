use core::fmt::Write as _;
use core::time::Duration;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;
use tokio::process::Command;

use crate::Error;
use crate::gateway::{Named, TOKEN};
use crate::measure::Target;
use crate::process::{Process, fresh, listening};
use crate::provider::local;
use crate::scenario::Pace;

#[derive(Debug)]
pub(crate) struct Direct(Vec<u16>);

impl Direct {
    pub(crate) fn new(providers: &[Named]) -> Self {
        Self(providers.iter().map(|(_, _, port)| *port).collect())
    }
}

impl Target for Direct {
    fn name(&self) -> &'static str {
        "direct"
    }

    fn address(&self, pace: Pace) -> SocketAddr {
        local(self.0[pace as usize])
    }

    fn process(&self) -> Option<&Process> {
        None
    }
}

/// nginx that passes everything on and keeps nothing: one worker, no log, no buffering, connections kept. One port for each
/// provider, in their order.
#[derive(Debug)]
pub(crate) struct Nginx {
    process: Process,
    ports: Vec<u16>,
}

impl Nginx {
    pub(crate) async fn start(binary: &Path, directory: &Path, providers: &[Named]) -> Result<Self, Error> {
        let directory = fresh(directory, "nginx")?;
        let mut ports = Vec::new();
        let mut servers = String::new();
        for (name, _, provider) in providers {
            let port = llmio_upstream::ports::free()?;
            ports.push(port);
            let _ = writeln!(
                servers,
                "upstream {name} {{ server 127.0.0.1:{provider}; keepalive 64; }}
                server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://{name}; }} }}"
            );
        }
        let at = directory.display();
        let configuration = format!(
            "daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid {at}/pid; error_log {at}/error.log;
            events {{ worker_connections 16384; }}
            http {{
              access_log off; client_max_body_size 0; keepalive_requests 1000000;
              client_body_temp_path {at}/body; proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/f;
              uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;
              proxy_http_version 1.1; proxy_set_header Connection \"\";
              proxy_buffering off; proxy_request_buffering off;
              {servers}
            }}"
        );
        let file = directory.join("nginx.conf");
        std::fs::write(&file, configuration)?;
        let mut command = Command::new(binary);
        command.arg("-c").arg(&file).arg("-p").arg(&directory).arg("-e").arg(directory.join("error.log"));
        let process = Process::start(command, &directory.join("output.log"))?;
        listening(ports[0]).await?;
        Ok(Self { process, ports })
    }

    /// Where the first provider is to be found.
    pub(crate) fn first(&self) -> SocketAddr {
        local(self.ports[0])
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its workers when it is asked to; killed, it would leave them behind.
        if let Some(id) = self.process.id() {
            let _ = std::process::Command::new("kill").args(["-TERM", &id.to_string()]).status();
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Target for Nginx {
    fn name(&self) -> &'static str {
        "nginx"
    }

    fn address(&self, pace: Pace) -> SocketAddr {
        local(self.ports[pace as usize])
    }

    fn process(&self) -> Option<&Process> {
        Some(&self.process)
    }
}

/// The gateway as it is served: keys checked, two associations balanced, every request logged to its database.
#[derive(Debug)]
pub(crate) struct Gateway {
    process: Process,
    port: u16,
    name: &'static str,
}

impl Gateway {
    /// With a directory of its own below `directory`; with one serving thread, or as many as it takes by itself. Also tells how
    /// long it took to answer its first `GET /readyz`.
    pub(crate) async fn start(
        binary: &Path,
        directory: &Path,
        configuration: &Value,
        is_single: bool,
    ) -> Result<(Self, Duration), Error> {
        let name = if is_single { "llmio, one thread" } else { "llmio" };
        let directory = &directory.join(if is_single { "single" } else { "gateway" });
        std::fs::create_dir_all(directory)?;
        let port = llmio_upstream::ports::free()?;
        let file = directory.join("gateway.json");
        std::fs::write(&file, configuration.to_string())?;
        let mut command = Command::new(binary);
        command
            .arg("serve")
            .env("TOKEN", TOKEN)
            .env("LLMIO_SERVER_PORT", port.to_string())
            .env("LLMIO_DATABASE_URL", format!("file:{}", directory.join("llmio.db").display()))
            .env("LLMIO_CONFIG", &file)
            .env_remove("RUST_LOG")
            .env_remove("LLMIO_THREADS")
            .current_dir(directory);
        if is_single {
            command.env("LLMIO_THREADS", "1");
        }
        let log = directory.join("gateway.log");
        let (process, time) = Process::start_ready(command, &log, &[port], "/readyz").await?;
        Ok((Self { process, port, name }, time))
    }

    pub(crate) fn at(&self) -> SocketAddr {
        local(self.port)
    }

    /// Its resident memory, and the most that it had so far, in bytes.
    pub(crate) fn memory(&self) -> Result<u64, Error> {
        self.process.memory()
    }

    pub(crate) fn peak_memory(&self) -> Result<u64, Error> {
        self.process.peak_memory()
    }

    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        self.process.kill().await
    }
}

impl Target for Gateway {
    fn name(&self) -> &'static str {
        self.name
    }

    fn address(&self, _: Pace) -> SocketAddr {
        self.at()
    }

    fn process(&self) -> Option<&Process> {
        Some(&self.process)
    }
}
