use std::time::{Duration, Instant};

use llmio_core::import::Progress;

/// How often it is told how far an imported history is.
const PAUSE: Duration = Duration::from_secs(5);

/// Tells now and then how far an imported history is, and when it has come to its end.
#[derive(Debug, Default)]
pub(crate) struct Teller {
    last: Option<Instant>,
}

impl Teller {
    pub(crate) fn tell(&mut self, progress: &Progress) -> Option<String> {
        let is_due = self.last.is_none_or(|last| last.elapsed() >= PAUSE);
        if !is_due && !progress.is_done {
            return None;
        }
        self.last = Some(Instant::now());
        let Progress { entries, bodies, share, is_done } = progress;
        let written = format!("{entries} log entries and the bodies of {bodies}");
        Some(if *is_done {
            format!("all of it is here, {written}")
        } else {
            format!("{:.0} % is here, {written}", (share * 100.0).floor())
        })
    }
}
