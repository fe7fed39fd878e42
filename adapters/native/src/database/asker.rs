//! Who waits for the answer of a job that only reads.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::connection::Interrupt;

#[derive(Default)]
enum Stage {
    #[default]
    Queued,
    Running(Interrupt),
    Over,
}

/// Dropped, it leaves out a job that has not begun, and interrupts one that runs.
#[derive(Default)]
pub(super) struct Asker(Arc<Mutex<Stage>>);

/// The job's side.
pub(super) struct Asked(Arc<Mutex<Stage>>);

/// Until it is dropped the job may be interrupted.
pub(super) struct Running(Arc<Mutex<Stage>>);

impl Asker {
    pub(super) fn asked(&self) -> Asked {
        Asked(Arc::clone(&self.0))
    }
}

impl Asked {
    /// `None` when nobody waits any more.
    pub(super) fn begin(self, interrupt: Interrupt) -> Option<Running> {
        let mut stage = lock(&self.0);
        match *stage {
            Stage::Queued => *stage = Stage::Running(interrupt),
            Stage::Running(_) | Stage::Over => return None,
        }
        drop(stage);
        Some(Running(self.0))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        *lock(&self.0) = Stage::Over;
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        let mut stage = lock(&self.0);
        // While this is locked the job cannot end, and its connection gets no other.
        if let Stage::Running(interrupt) = &*stage {
            interrupt.now();
        }
        *stage = Stage::Over;
    }
}

fn lock(stage: &Mutex<Stage>) -> MutexGuard<'_, Stage> {
    stage.lock().unwrap_or_else(PoisonError::into_inner)
}
