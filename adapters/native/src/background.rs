use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use llmio_core::platform::{Background, BoxFuture};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// Background work on the tokio runtime that somebody waits for: a server's shutdown for that of the whole process, a
/// Lambda invocation for its own.
///
/// Clones share the same tasks. `spawn` must be called inside a tokio runtime.
#[derive(Clone, Debug, Default)]
pub struct TaskBackground {
    tasks: TaskTracker,
}

impl TaskBackground {
    /// How many tasks have not ended.
    pub fn pending(&self) -> usize {
        self.tasks.len()
    }

    /// Something that is not done before it is dropped, and that may still spawn tasks.
    pub fn hold(&self) -> Hold {
        Hold { _token: self.tasks.token() }
    }

    /// Waits until every task has ended, at most for `limit`; false when time ran out. Tasks may still be spawned
    /// meanwhile and are waited for, too.
    pub async fn finish(&self, limit: Duration) -> bool {
        self.tasks.close();
        tokio::time::timeout(limit, self.tasks.wait()).await.is_ok()
    }
}

/// Counts as a task until it is dropped.
#[derive(Debug)]
pub struct Hold {
    _token: TaskTrackerToken,
}

impl Background for TaskBackground {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.tasks.spawn(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                tracing::error!("a background task panicked");
            }
        });
    }
}
