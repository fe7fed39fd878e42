use std::fmt;

use super::BoxFuture;

/// Runs work that outlives the answer.
///
/// Contract:
/// - A spawned task runs to its end after the answer was sent, or after the client left, within the limits of the
///   home: Workers' `waitUntil`, the rest of a Lambda invocation, a server's graceful shutdown.
/// - `spawn` returns at once; the task may start at once or later, on any thread.
/// - A task that panics takes down neither the home nor another task.
pub trait Background: fmt::Debug + Send + Sync + 'static {
    fn spawn(&self, task: BoxFuture<'static, ()>);
}
