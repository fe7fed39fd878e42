use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

use llmio_core::platform::{DatabaseError, DatabaseErrorKind};
use tokio::sync::oneshot;

use super::asker::Asker;
use super::connection::Connection;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Threads, one for each connection, that take jobs from one queue.
pub(super) struct Worker {
    /// `None` only while dropping.
    jobs: Option<mpsc::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Worker {
    pub(super) fn start(name: &str, connections: Vec<Connection>) -> Result<Self, DatabaseError> {
        let (sender, receiver) = mpsc::channel::<Job>();
        let receiver = Arc::new(Mutex::new(receiver));
        let mut threads = Vec::with_capacity(connections.len());
        for mut connection in connections {
            let receiver = Arc::clone(&receiver);
            let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
                while let Some(job) = next(&receiver) {
                    if catch_unwind(AssertUnwindSafe(|| job(&mut connection))).is_err() {
                        tracing::error!("a database statement panicked; its transaction is rolled back");
                    }
                    connection.leave_clean();
                }
            });
            threads.push(thread.map_err(|cause| {
                DatabaseError::new(DatabaseErrorKind::Other, format!("cannot start a database thread: {cause}"))
            })?);
        }
        Ok(Self { jobs: Some(sender), threads })
    }

    /// As [`Self::run`], of what only reads: when the future is dropped it ends, at the latest with the statement that follows.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, DatabaseError> + Send + 'static,
    ) -> Result<T, DatabaseError> {
        let asker = Asker::default();
        let asked = asker.asked();
        self.run(move |connection| match asked.begin(connection.interrupt()) {
            Some(_running) => job(connection),
            None => Err(DatabaseError::new(DatabaseErrorKind::Other, "nobody waits for the answer any more")),
        })
        .await
    }

    /// Runs `job` on the next free connection. Once started it runs to its end, even when the future is dropped.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, DatabaseError> + Send + 'static,
    ) -> Result<T, DatabaseError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // The asker may be gone; the work is done all the same.
            let _ = answer.send(job(connection));
        });
        if let Some(jobs) = &self.jobs {
            // A send fails only when every thread has ended; then `answered` fails, too.
            let _ = jobs.send(job);
        }
        answered
            .await
            .unwrap_or_else(|_| Err(DatabaseError::new(DatabaseErrorKind::Other, "the database thread failed")))
    }
}

fn next(receiver: &Mutex<mpsc::Receiver<Job>>) -> Option<Job> {
    receiver.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Worker({} threads)", self.threads.len())
    }
}
