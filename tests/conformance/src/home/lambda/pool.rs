use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Mutex, Semaphore, oneshot, watch};

use super::environment::{Environment, Living, Outcome};
use crate::home::Setup;

/// No more processes are started; requests wait instead.
const CONCURRENCY: usize = 12;
/// The function's timeout, the longest that Lambda allows.
const TIMEOUT: Duration = Duration::from_secs(900);

/// Setting of the emulator: the function's timeout in milliseconds.
const TIMEOUT_SETTING: &str = "EMULATOR_TIMEOUT_MS";
/// Setting of the emulator: `unnoticed` when the function is not to learn that a client left, as in Lambda.
const CLIENT_LEAVES_SETTING: &str = "EMULATOR_CLIENT_LEAVES";

/// How execution environments are made.
#[derive(Clone, Debug)]
pub(super) struct Making {
    pub(super) variables: HashMap<String, String>,
    pub(super) directory: PathBuf,
    pub(super) log: PathBuf,
    pub(super) tells_of_clients_that_leave: bool,
    pub(super) living: Living,
}

/// Execution environments, and who may use them.
#[derive(Debug)]
pub(super) struct Pool {
    making: Making,
    timeout: Duration,
    idle: Mutex<Vec<Environment>>,
    places: Arc<Semaphore>,
    closed: watch::Sender<bool>,
}

/// What became of an invocation as its caller sees it.
pub(super) type Reply = Result<super::api::Answer, Failed>;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failed {
    /// What the function reported in place of an answer.
    Reported(String),
    /// The process ended, or was ended at the deadline.
    Ended(String),
}

impl Pool {
    pub(super) fn new(setup: &Setup, directory: &Path, log: &Path) -> Self {
        let mut variables: HashMap<String, String> = setup.environment.iter().cloned().collect();
        let timeout = variables
            .remove(TIMEOUT_SETTING)
            .map_or(TIMEOUT, |text| Duration::from_millis(text.parse().expect("a number of milliseconds")));
        let tells = variables.remove(CLIENT_LEAVES_SETTING).is_none_or(|text| text != "unnoticed");
        variables.entry("TOKEN".to_owned()).or_insert_with(|| crate::TOKEN.to_owned());
        let making = Making {
            variables,
            directory: directory.to_owned(),
            log: log.to_owned(),
            tells_of_clients_that_leave: tells,
            living: Living::default(),
        };
        Self {
            making,
            timeout,
            idle: Mutex::default(),
            places: Arc::new(Semaphore::new(CONCURRENCY)),
            closed: watch::Sender::new(false),
        }
    }

    /// Invokes the function with an event. It runs on when nobody waits for the answer.
    pub(super) async fn invoke(self: &Arc<Self>, event: Vec<u8>) -> Reply {
        let (caller, answer) = oneshot::channel();
        let pool = Arc::clone(self);
        tokio::spawn(async move { pool.run(event, caller).await });
        answer.await.unwrap_or_else(|_| Err(Failed::Ended("the execution environment ended".to_owned())))
    }

    async fn run(&self, event: Vec<u8>, caller: oneshot::Sender<Reply>) {
        let Ok(_place) = self.places.acquire().await else { return };
        let mut closed = self.closed.subscribe();
        let idle = self.idle.lock().await.pop();
        let running = async {
            let mut environment = match idle {
                Some(environment) => environment,
                None => match Environment::start(&self.making).await {
                    Ok(environment) => environment,
                    Err(problem) => {
                        let _ = caller.send(Err(Failed::Ended(problem)));
                        return;
                    }
                },
            };
            match environment.invoke(event, self.timeout, caller).await {
                Outcome::Frozen => {
                    let api = environment.api();
                    self.idle.lock().await.push(environment);
                    api.release();
                }
                Outcome::Ended => environment.kill().await,
            }
        };
        tokio::select! {
            () = running => {}
            // What is dropped here is killed.
            _ = closed.wait_for(|closed| *closed) => {}
        }
    }

    /// Invokes every frozen environment once, as Lambda may do at any time.
    pub(super) async fn wake(&self, event: &[u8]) {
        let frozen = std::mem::take(&mut *self.idle.lock().await);
        let woken = join_all(frozen.into_iter().map(|mut environment| async move {
            let (caller, _answer) = oneshot::channel();
            let outcome = environment.invoke(event.to_vec(), self.timeout, caller).await;
            environment.api().release();
            (outcome == Outcome::Frozen).then_some(environment)
        }));
        let woken = woken.await;
        self.idle.lock().await.extend(woken.into_iter().flatten());
    }

    /// Resolves when no invocation runs.
    pub(super) async fn rest(&self) {
        let all = u32::try_from(CONCURRENCY).unwrap_or(u32::MAX);
        drop(self.places.acquire_many(all).await);
    }

    /// As [`Pool::kill`], for who cannot wait.
    pub(super) fn end(&self) {
        let _ = self.closed.send(true);
        self.places.close();
        self.making.living.end();
    }

    /// Ends every execution environment, whatever it does, and takes no more invocations.
    pub(super) async fn kill(&self) {
        let _ = self.closed.send(true);
        self.rest().await;
        self.places.close();
        for environment in self.idle.lock().await.drain(..) {
            environment.kill().await;
        }
    }
}
