//! The function in an emulation of AWS Lambda: function URLs in front, the runtime API behind.
//!
//! What it does as Lambda does, each with the source of the fact where it is documented
//! (<https://docs.aws.amazon.com/lambda/latest/dg/>):
//!
//! - A process (execution environment) has one invocation at a time. More processes are started as concurrency asks for
//!   them, and used again, the last used one first. (lambda-concurrency)
//! - A process is frozen from the moment it asks for its next invocation until there is one: SIGSTOP and SIGCONT.
//!   (lambda-runtime-environment)
//! - An invocation has a deadline, at which the process is killed. (lambda-runtime-environment)
//! - A request arrives as one JSON document of at most 6 MiB, with its body as Base64 unless it is text; answers stream
//!   by chunked POST with their head as JSON before eight zero bytes. (urls-invocation, runtimes-custom)
//! - The end of an execution environment is not announced: without extensions there is no SIGTERM.
//!   (lambda-runtime-environment)
//!
//! What it does otherwise: where Lambda would throttle with 429 it lets requests wait. And it closes the function's POST
//! when the client leaves. Lambda does not: "streamed responses are not interrupted or stopped when the invoking client
//! connection is broken" (configuration-response-streaming). `EMULATOR_CLIENT_LEAVES=unnoticed` among a home's settings
//! makes it do as Lambda.

mod api;
mod environment;
mod event;
mod front;
mod pool;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::Setup;
use crate::client::Call;
use crate::process;
use pool::Pool;

/// The emulated service with its processes. Dropped, they are killed.
#[derive(Debug)]
pub(super) struct LambdaService {
    port: u16,
    pool: Arc<Pool>,
    front: JoinHandle<()>,
    log: PathBuf,
}

impl LambdaService {
    pub(super) async fn start(setup: &Setup, directory: &Path) -> Self {
        let log = directory.join("lambda.log");
        let pool = Arc::new(Pool::new(setup, directory, &log));
        let (port, front) = front::start(Arc::clone(&pool)).await;
        let service = Self { port, pool, front, log };
        service.until_ready().await;
        service
    }

    pub(super) fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All execution environments end at once.
    pub(super) async fn kill(&self) {
        self.front.abort();
        self.pool.kill().await;
    }

    /// As when a function is updated: running invocations may end, and nothing is said to the others.
    pub(super) async fn terminate(&self) {
        self.front.abort();
        let rest = tokio::time::timeout(process::PATIENCE, self.pool.rest()).await;
        assert!(rest.is_ok(), "invocations do not end:\n{}", process::last_words(&self.log));
        self.pool.kill().await;
    }

    /// Gives every execution environment a request, so that each does what it left undone.
    pub(super) async fn wake(&self) {
        let (parts, ()) = http::Request::get("/readyz").body(()).expect("a request").into_parts();
        self.pool.wake(&event::function_url(&parts, IpAddr::from([127, 0, 0, 1]), &[])).await;
    }

    async fn until_ready(&self) {
        let answer = Call::get(&format!("{}/readyz", self.base())).send().await;
        let words = || process::last_words(&self.log);
        // A function that lacks something answers, and says what.
        assert_ne!(answer.status, 502, "the function does not start: {:?}\n{}", answer.headers, words());
    }
}

impl Drop for LambdaService {
    fn drop(&mut self) {
        self.front.abort();
        self.pool.end();
        process::tell_when_panicking("the gateway", &self.log);
    }
}
