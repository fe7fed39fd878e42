use core::fmt::Write as _;
use core::time::Duration;
use std::path::Path;
use std::time::Instant;

use tokio::process::Command;

use crate::Error;
use crate::process::Process;
use crate::provider::local;

/// A Worker as workerd reads it, in a directory of its own.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    /// Paths within the directory; the first is the main module.
    pub(crate) modules: Vec<String>,
    pub(crate) compatibility_date: String,
    pub(crate) compatibility_flags: Vec<String>,
}

/// One place where a [`Worker`] listens, and its settings there.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) port: u16,
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// The platform's runtime as a plain process: nothing of wrangler or Miniflare is in it, so its CPU time is the Worker's
/// and the runtime's.
#[derive(Debug)]
pub(crate) struct Workerd {
    process: Process,
}

impl Workerd {
    /// Returns when each service has answered `GET path`, and how long that took from the start of the process.
    pub(crate) async fn start(
        binary: &Path,
        directory: &Path,
        worker: &Worker,
        services: &[Service],
        path: &str,
    ) -> Result<(Self, Duration), Error> {
        let file = directory.join("config.capnp");
        std::fs::write(&file, configuration(worker, services))?;
        let log = directory.join("workerd.log");
        let mut command = Command::new(binary);
        command.arg("serve").arg(&file).current_dir(directory);
        let started = Instant::now();
        let mut process = Process::start(command, &log)?;
        for service in services {
            while !answers(service.port, path).await {
                if started.elapsed() > Duration::from_secs(20) {
                    process.kill().await?;
                    return Err(format!("workerd: {}", std::fs::read_to_string(&log).unwrap_or_default()).into());
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        Ok((Self { process }, started.elapsed()))
    }

    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        self.process.kill().await
    }
}

/// Whether there is any answer at all.
async fn answers(port: u16, path: &str) -> bool {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let ask = async {
        let mut stream = tokio::net::TcpStream::connect(local(port)).await?;
        stream
            .write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").as_bytes())
            .await?;
        stream.read_exact(&mut [0; 12]).await
    };
    ask.await.is_ok()
}

/// The text form of workerd's configuration: <https://github.com/cloudflare/workerd/blob/main/src/workerd/server/workerd.capnp>.
fn configuration(worker: &Worker, services: &[Service]) -> String {
    let mut modules = String::new();
    for name in &worker.modules {
        let kind = if name.ends_with(".wasm") { "wasm" } else { "esModule" };
        let _ = write!(modules, "(name = {name:?}, {kind} = embed {name:?}), ");
    }
    let flags: Vec<String> = worker.compatibility_flags.iter().map(|flag| format!("{flag:?}")).collect();
    let (mut list, mut sockets, mut workers) = (String::new(), String::new(), String::new());
    for (index, service) in services.iter().enumerate() {
        let mut bindings = String::new();
        for (name, value) in &service.environment {
            let _ = write!(bindings, "(name = {name:?}, text = {value:?}), ");
        }
        let _ = write!(list, "(name = \"worker{index}\", worker = .worker{index}), ");
        let _ = write!(
            sockets,
            "(name = \"http{index}\", address = \"127.0.0.1:{}\", http = (), service = \"worker{index}\"), ",
            service.port
        );
        let _ = writeln!(
            workers,
            "const worker{index} :Workerd.Worker = (modules = [{modules}], compatibilityDate = {:?}, \
             compatibilityFlags = [{}], bindings = [{bindings}]);",
            worker.compatibility_date,
            flags.join(", "),
        );
    }
    format!(
        "using Workerd = import \"/workerd/workerd.capnp\";\n\
         const config :Workerd.Config = (\n\
           services = [{list}(name = \"internet\", network = (allow = [\"public\", \"private\"]))],\n\
           sockets = [{sockets}]);\n\
         {workers}"
    )
}
