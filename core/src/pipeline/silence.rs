use core::time::Duration;
use std::task::{Context, Poll};

use futures_util::FutureExt;

use crate::platform::{BoxFuture, Clock, Timestamp};

/// Measures how long nothing has come, with one timer for a whole stream: it is not set anew for each chunk, but looks at
/// the time when it fires. Only time spent waiting for the provider counts, not that in which the client takes nothing.
#[derive(Default)]
pub(super) struct Silence {
    since: Option<Timestamp>,
    timer: Option<(Timestamp, BoxFuture<'static, ()>)>,
}

impl Silence {
    /// Something has come.
    pub(super) fn broken(&mut self) {
        self.since = None;
    }

    /// Ready when nothing has come for `limit`, with the time that nothing has come. Each call may name another limit.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, clock: &dyn Clock, limit: Duration) -> Poll<Duration> {
        // A timer that was set for an earlier silence may fire first, and costs a look.
        let since = match self.since {
            Some(since) => since,
            None => *self.since.insert(clock.now()),
        };
        let due = since.plus(limit);
        loop {
            let (at, sleep) = match &mut self.timer {
                Some(timer) if timer.0 <= due => timer,
                _ => self.timer.insert((due, clock.sleep(due.since(clock.now())))),
            };
            let at = *at;
            if sleep.poll_unpin(cx).is_pending() {
                return Poll::Pending;
            }
            self.timer = None;
            let silent = clock.now().since(since);
            if silent >= limit || at >= due {
                return Poll::Ready(silent.max(limit));
            }
        }
    }
}

impl std::fmt::Debug for Silence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Silence").field("since", &self.since).finish_non_exhaustive()
    }
}
