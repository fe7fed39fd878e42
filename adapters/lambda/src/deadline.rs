use std::time::{Duration, SystemTime};

use llmio_native::TaskBackground;

/// What is kept back of an invocation's time to hand the end of its answer over.
const RESERVE: Duration = Duration::from_millis(200);

/// When Lambda ends an invocation by killing this process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(SystemTime);

impl Deadline {
    pub(crate) const fn new(at: SystemTime) -> Self {
        Self(at)
    }

    /// The time that may still be used.
    pub(crate) fn remaining(self) -> Duration {
        self.0.duration_since(SystemTime::now()).unwrap_or_default().saturating_sub(RESERVE)
    }

    /// Waits for an invocation's background work as long as there is time.
    pub(crate) async fn finish(self, background: &TaskBackground) {
        if !background.finish(self.remaining()).await {
            tracing::error!(
                tasks = background.pending(),
                "the invocation's time ran out before its work was done; give the function a longer timeout"
            );
        }
    }
}
