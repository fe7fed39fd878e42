use std::collections::HashSet;
use std::fs::File;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::api::{self, Api, Invocation, Slot};
use super::pool::{Failed, Making, Reply};
use crate::process;

/// Lambda gives a process this long to ask for its first invocation.
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// A process of the function, with a runtime API of its own. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct Environment {
    child: Child,
    server: JoinHandle<()>,
    api: Arc<Api>,
    /// The process asks for invocations here.
    asks: mpsc::UnboundedReceiver<Slot>,
    /// Where the next invocation goes.
    slot: Option<Slot>,
    living: Living,
}

/// The processes that may still run, by their ids: a frozen one would outlive a suite that ends before its tasks do.
#[derive(Clone, Debug, Default)]
pub(super) struct Living(Arc<Mutex<HashSet<u32>>>);

impl Living {
    /// Kills all, at once and without waiting.
    pub(super) fn end(&self) {
        self.ids(|ids| ids.drain().for_each(|id| send(id, Signal::KILL)));
    }

    fn ids<T>(&self, change: impl FnOnce(&mut HashSet<u32>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The process asked for its next invocation.
    Frozen,
    /// The process ended, or its time did.
    Ended,
}

impl Environment {
    /// Starts a process and waits until it asks for its first invocation.
    pub(super) async fn start(making: &Making) -> Result<Self, String> {
        let (asked, asks) = mpsc::unbounded_channel();
        let api = Arc::new(Api::new(asked, making.tells_of_clients_that_leave));
        let (address, server) = api::serve(Arc::clone(&api)).await;
        let child = spawn(making, &address);
        let living = making.living.clone();
        living.ids(|ids| ids.extend(child.id()));
        let mut environment = Self { child, server, api, asks, slot: None, living };
        match environment.until_asked(INIT_LIMIT).await {
            Ok(()) => Ok(environment),
            Err(problem) => Err(format!("{problem} before it asked for an invocation")),
        }
    }

    /// Hands an event over and waits until the process asks for the next one.
    pub(super) async fn invoke(
        &mut self,
        event: Vec<u8>,
        timeout: Duration,
        caller: oneshot::Sender<Reply>,
    ) -> Outcome {
        let id = api::new_id();
        self.api.begin(&id, caller);
        let slot = self.slot.take().expect("a frozen environment waits for an invocation");
        self.signal(Signal::CONT);
        let deadline = SystemTime::now() + timeout;
        if slot.send(Invocation { id, event, deadline }).is_err() {
            self.api.fail(Failed::Ended("the process gave its wait for an invocation up".to_owned()));
            return Outcome::Ended;
        }
        match self.until_asked(timeout).await {
            Ok(()) => {
                // An invocation that ends without an answer.
                self.api.fail(Failed::Ended("the function answered nothing".to_owned()));
                Outcome::Frozen
            }
            Err(problem) => {
                self.api.fail(Failed::Ended(problem));
                self.api.release();
                Outcome::Ended
            }
        }
    }

    pub(super) fn api(&self) -> Arc<Api> {
        Arc::clone(&self.api)
    }

    pub(super) async fn kill(mut self) {
        let id = self.child.id();
        self.child.kill().await.expect("the process is killed");
        self.living.ids(|ids| id.map(|id| ids.remove(&id)));
    }

    /// Waits for the process to ask for an invocation, and freezes it then.
    async fn until_asked(&mut self, limit: Duration) -> Result<(), String> {
        let id = self.child.id();
        tokio::select! {
            slot = self.asks.recv() => {
                self.slot = slot;
                self.signal(Signal::STOP);
                Ok(())
            }
            status = self.child.wait() => {
                self.living.ids(|ids| id.map(|id| ids.remove(&id)));
                Err(format!("the process ended: {status:?}"))
            }
            () = tokio::time::sleep(limit) => Err(format!("the process was ended after {limit:?}")),
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(id) = self.child.id() {
            send(id, signal);
        }
    }
}

fn send(id: u32, signal: Signal) {
    if let Some(id) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        // A process that has ended is noticed by those who wait for it.
        let _ = kill_process(id, signal);
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.server.abort();
        // Dropping the child kills it, too; from then on its id may be another's.
        self.signal(Signal::KILL);
        self.living.ids(|ids| self.child.id().map(|id| ids.remove(&id)));
    }
}

fn spawn(making: &Making, api: &str) -> Child {
    let binary = process::binary("LLMIO_LAMBDA_BIN", "bootstrap");
    let open_log = || File::options().create(true).append(true).open(&making.log).expect("a log file");
    let mut command = Command::new(&binary);
    command
        .env("AWS_LAMBDA_RUNTIME_API", api)
        .env("AWS_LAMBDA_FUNCTION_NAME", "llmio")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".to_owned()))
        .envs(&making.variables)
        .current_dir(&making.directory)
        .stdin(Stdio::null())
        .stdout(open_log())
        .stderr(open_log())
        .kill_on_drop(true);
    command.spawn().unwrap_or_else(|error| panic!("cannot run {}: {error}", binary.display()))
}
