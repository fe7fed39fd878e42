use core::time::Duration;
use std::net::SocketAddr;
use std::path::Path;

use tokio::process::Command;

use crate::Error;
use crate::gateway::{self, TOKEN, configuration};
use crate::measure::Target;
use crate::process::{Process, listening};
use crate::provider::{Providers, local};

#[derive(Debug)]
pub(crate) struct Direct {
    burst: u16,
    paced: u16,
}

impl Direct {
    pub(crate) fn new(providers: &Providers) -> Self {
        Self { burst: providers.port(false), paced: providers.port(true) }
    }
}

impl Target for Direct {
    fn name(&self) -> &'static str {
        "direct"
    }

    fn address(&self, paced: bool) -> SocketAddr {
        local(if paced { self.paced } else { self.burst })
    }

    fn process(&self) -> Option<&Process> {
        None
    }
}

/// nginx that passes everything on and keeps nothing: no log, no buffering, connections kept.
#[derive(Debug)]
pub(crate) struct Nginx {
    process: Process,
    burst: u16,
    paced: u16,
}

impl Nginx {
    pub(crate) async fn start(binary: &Path, directory: &Path, providers: &Providers) -> Result<Self, Error> {
        let directory = directory.join("nginx");
        std::fs::create_dir(&directory)?;
        let ports = [llmio_upstream::ports::free()?, llmio_upstream::ports::free()?];
        let server = |name: &str, port: u16, provider: u16| {
            format!(
                "upstream {name} {{ server 127.0.0.1:{provider}; keepalive 64; }}
                server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://{name}; }} }}\n"
            )
        };
        let at = directory.display();
        let configuration = format!(
            "daemon off; worker_processes auto; pid {at}/pid; error_log {at}/error.log;
            events {{ worker_connections 1024; }}
            http {{
              access_log off; client_max_body_size 0; keepalive_requests 1000000;
              client_body_temp_path {at}/body; proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/f;
              uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;
              proxy_http_version 1.1; proxy_set_header Connection \"\";
              proxy_buffering off; proxy_request_buffering off;
              {}{}
            }}",
            server("burst", ports[0], providers.port(false)),
            server("paced", ports[1], providers.port(true))
        );
        let file = directory.join("nginx.conf");
        std::fs::write(&file, configuration)?;
        let mut command = Command::new(binary);
        command.arg("-c").arg(&file).arg("-p").arg(&directory).arg("-e").arg(directory.join("error.log"));
        let process = Process::start(command, &directory.join("output.log"))?;
        listening(ports[0]).await?;
        Ok(Self { process, burst: ports[0], paced: ports[1] })
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

    fn address(&self, paced: bool) -> SocketAddr {
        local(if paced { self.paced } else { self.burst })
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
}

impl Gateway {
    /// Also tells how long it took to answer its first `GET /readyz`.
    pub(crate) async fn start(
        binary: &Path,
        directory: &Path,
        providers: &Providers,
    ) -> Result<(Self, Duration), Error> {
        let port = llmio_upstream::ports::free()?;
        let file = directory.join("gateway.json");
        std::fs::write(&file, configuration(providers).to_string())?;
        let mut command = Command::new(binary);
        command
            .arg("serve")
            .env("TOKEN", TOKEN)
            .env("LLMIO_SERVER_PORT", port.to_string())
            .env("LLMIO_DATABASE_URL", format!("file:{}", directory.join("llmio.db").display()))
            .env("LLMIO_CONFIG", &file)
            .env_remove("RUST_LOG")
            .current_dir(directory);
        let log = directory.join("gateway.log");
        let (process, time) = Process::start_ready(command, &log, &[port], "/readyz").await?;
        Ok((Self { process, port }, time))
    }

    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        self.process.kill().await
    }
}

impl Target for Gateway {
    fn name(&self) -> &'static str {
        "llmio"
    }

    fn model(&self, paced: bool) -> &'static str {
        gateway::model(paced)
    }

    fn address(&self, _paced: bool) -> SocketAddr {
        local(self.port)
    }

    fn process(&self) -> Option<&Process> {
        Some(&self.process)
    }
}
