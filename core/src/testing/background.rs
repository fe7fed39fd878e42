use std::fmt;
use std::sync::Mutex;

use crate::platform::{Background, BoxFuture};

/// Holds spawned tasks until the test runs them.
#[derive(Default)]
pub struct HeldBackground {
    tasks: Mutex<Vec<BoxFuture<'static, ()>>>,
}

impl HeldBackground {
    pub fn len(&self) -> usize {
        self.tasks.lock().unwrap().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Runs what was spawned, and what those tasks spawn, in order.
    pub async fn run_all(&self) {
        loop {
            let tasks = std::mem::take(&mut *self.tasks.lock().unwrap());
            if tasks.is_empty() {
                return;
            }
            for task in tasks {
                task.await;
            }
        }
    }
}

impl Background for HeldBackground {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.tasks.lock().unwrap().push(task);
    }
}

impl fmt::Debug for HeldBackground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeldBackground({} tasks)", self.len())
    }
}
