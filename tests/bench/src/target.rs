use core::time::Duration;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Instant;

use serde_json::json;
use tokio::process::Command;

use crate::Error;
use crate::load::KEY;
use crate::process::{Process, listening};

/// Something that answers the benchmark's requests.
pub(crate) trait Target: Sync {
    fn name(&self) -> &'static str;

    /// Where to ask for answers of the burst provider, or of the paced one.
    fn address(&self, paced: bool) -> SocketAddr;

    /// The model to ask for there.
    fn model(&self, _paced: bool) -> &'static str {
        "bench"
    }

    /// What it costs; `None` for the provider itself.
    fn process(&self) -> Option<&Process>;
}

/// The scripted provider with precomputed answers.
#[derive(Debug)]
pub(crate) struct Provider {
    _process: Process,
    port: u16,
}

impl Provider {
    pub(crate) async fn start(binary: &Path, event_delay_us: u64) -> Result<Self, Error> {
        let port = llmio_upstream::ports::free()?;
        let mut command = Command::new(binary);
        command.args(["--bench", "--port", &port.to_string(), "--event-delay-us", &event_delay_us.to_string()]);
        let process = Process::start(command, Path::new("/dev/null"))?;
        listening(port).await?;
        Ok(Self { _process: process, port })
    }
}

#[derive(Debug)]
pub(crate) struct Direct {
    burst: u16,
    paced: u16,
}

impl Direct {
    pub(crate) fn new(burst: &Provider, paced: &Provider) -> Self {
        Self { burst: burst.port, paced: paced.port }
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
    pub(crate) async fn start(
        binary: &Path,
        directory: &Path,
        burst: &Provider,
        paced: &Provider,
    ) -> Result<Self, Error> {
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
            server("burst", ports[0], burst.port),
            server("paced", ports[1], paced.port)
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
        burst: &Provider,
        paced: &Provider,
    ) -> Result<(Self, Duration), Error> {
        let port = llmio_upstream::ports::free()?;
        let provider = |name: &str, provider: &Provider| json!({"name": name, "type": "openai", "base_url": format!("http://127.0.0.1:{}/v1", provider.port), "api_key": "sk-upstream"});
        let model = |name: &str, provider: &str| {
            let association = |weight: u32| json!({"provider": provider, "model": "bench", "weight": weight, "prices": {"input": 1, "output": 2}});
            json!({"name": name, "strategy": "lottery", "associations": [association(2), association(1)]})
        };
        let configuration = json!({
            "providers": [provider("burst", burst), provider("paced", paced)],
            "models": [model("bench", "burst"), model("paced", "paced")],
            "keys": [{"name": "bench", "key": KEY}]
        });
        let file = directory.join("gateway.json");
        std::fs::write(&file, configuration.to_string())?;
        let mut command = Command::new(binary);
        command
            .arg("serve")
            .env("TOKEN", "admin-token-of-the-benchmark")
            .env("LLMIO_SERVER_PORT", port.to_string())
            .env("LLMIO_DATABASE_URL", format!("file:{}", directory.join("llmio.db").display()))
            .env("LLMIO_CONFIG", &file)
            .env_remove("RUST_LOG")
            .current_dir(directory);
        let started = Instant::now();
        let mut process = Process::start(command, &directory.join("gateway.log"))?;
        while !is_ready(port).await {
            if started.elapsed() > Duration::from_secs(10) {
                process.kill().await?;
                let log = std::fs::read_to_string(directory.join("gateway.log")).unwrap_or_default();
                return Err(format!("the gateway is not ready:\n{log}").into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok((Self { process, port }, started.elapsed()))
    }

    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        self.process.kill().await
    }
}

async fn is_ready(port: u16) -> bool {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let ask = async {
        let mut stream = tokio::net::TcpStream::connect(local(port)).await?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await?;
        std::io::Result::Ok(head.ends_with(b"200"))
    };
    ask.await.unwrap_or(false)
}

impl Target for Gateway {
    fn name(&self) -> &'static str {
        "llmio"
    }

    fn model(&self, paced: bool) -> &'static str {
        if paced { "paced" } else { "bench" }
    }

    fn address(&self, _paced: bool) -> SocketAddr {
        local(self.port)
    }

    fn process(&self) -> Option<&Process> {
        Some(&self.process)
    }
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
