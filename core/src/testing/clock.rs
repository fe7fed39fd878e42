use core::time::Duration;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use crate::platform::{BoxFuture, Clock, Timestamp};

/// A clock that moves only when the test says so.
#[derive(Clone, Debug)]
pub struct ManualClock {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    now: Timestamp,
    sleepers: Vec<Waker>,
}

impl ManualClock {
    pub fn at(now: Timestamp) -> Self {
        Self { state: Arc::new(Mutex::new(State { now, sleepers: vec![] })) }
    }

    /// Moves time on and wakes every sleeper, so that those whose time has come end.
    pub fn advance(&self, duration: Duration) {
        let sleepers = {
            let mut state = self.state.lock().unwrap();
            state.now = state.now.plus(duration);
            std::mem::take(&mut state.sleepers)
        };
        sleepers.into_iter().for_each(Waker::wake);
    }
}

impl Default for ManualClock {
    /// Starts on 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self::at(Timestamp::from_secs(1_767_225_600))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.state.lock().unwrap().now
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let state = Arc::clone(&self.state);
        let mut until = None;
        Box::pin(poll_fn(move |context| {
            let mut state = state.lock().unwrap();
            let until = *until.get_or_insert(state.now.plus(duration));
            if state.now >= until {
                return Poll::Ready(());
            }
            state.sleepers.push(context.waker().clone());
            Poll::Pending
        }))
    }
}
