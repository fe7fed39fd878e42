use core::fmt::Write as _;
use core::time::Duration;
use std::path::Path;

use tokio::process::Command;

use crate::Error;
use crate::process::Process;

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

/// Starts the platform's runtime as a plain process: nothing of wrangler or Miniflare is in it, so its CPU time is the
/// Worker's and the runtime's. Returns when each service has answered `GET path`, and how long that took.
pub(crate) async fn start(
    binary: &Path,
    directory: &Path,
    worker: &Worker,
    services: &[Service],
    path: &str,
) -> Result<(Process, Duration), Error> {
    let file = directory.join("config.capnp");
    std::fs::write(&file, configuration(worker, services))?;
    let mut command = Command::new(binary);
    command.arg("serve").arg(&file).current_dir(directory);
    let ports: Vec<u16> = services.iter().map(|service| service.port).collect();
    Process::start_ready(command, &directory.join("workerd.log"), &ports, path).await
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
