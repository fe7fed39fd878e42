use std::time::{Duration, SystemTime};

use llmio_core::platform::Timestamp;
use llmio_native::TaskBackground;

/// What is kept back of an invocation's time: an answer that is not complete by then ends with an error, and what it
/// leaves to do is done. A short invocation keeps a quarter of its time.
const RESERVE: Duration = Duration::from_secs(5);
/// What is kept back of that to hand the end of the answer over.
const LAST_RESERVE: Duration = Duration::from_millis(200);

/// The longest that Lambda lets an invocation last.
const LONGEST: Duration = Duration::from_secs(900);

/// When Lambda ends an invocation by killing this process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: SystemTime,
    answer_until: SystemTime,
}

impl Deadline {
    pub(crate) fn new(at: SystemTime) -> Self {
        // `cargo lambda watch` names a duration in place of a time, which lies in the past then.
        let now = SystemTime::now();
        let at = if at > now { at } else { now + LONGEST };
        let reserve = RESERVE.min(remaining(at) / 4);
        Self { at, answer_until: at.checked_sub(reserve).unwrap_or(at) }
    }

    /// When the answer must be complete.
    pub(crate) fn answer_until(self) -> Timestamp {
        let since_epoch = self.answer_until.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp::default().plus(since_epoch)
    }

    /// Waits for an invocation's background work as long as there is time.
    pub(crate) async fn finish(self, background: &TaskBackground) {
        let limit = remaining(self.at).saturating_sub(LAST_RESERVE);
        if !background.finish(limit).await {
            tracing::error!(
                tasks = background.pending(),
                "the invocation's time ran out before its work was done; give the function a longer timeout"
            );
        }
    }
}

fn remaining(at: SystemTime) -> Duration {
    at.duration_since(SystemTime::now()).unwrap_or_default()
}
