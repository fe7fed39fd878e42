use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake};

use futures_util::task::AtomicWaker;

/// Between a connection and the task that reads an answer from it: a connection is driven when it has asked for that, and not
/// whenever the task is woken, most often for its client's sake.
#[derive(Debug)]
pub(super) struct Alarm {
    rings: AtomicBool,
    sleeper: AtomicWaker,
}

impl Alarm {
    /// It rings for a first look.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { rings: AtomicBool::new(true), sleeper: AtomicWaker::new() })
    }

    /// Whether it rings. If not, the task is woken when it does.
    pub(super) fn rings(&self, cx: &Context<'_>) -> bool {
        self.sleeper.register(cx.waker());
        self.rings.load(Ordering::Acquire)
    }

    /// From here on it wakes nobody: the task is awake.
    pub(super) fn mute(&self) {
        drop(self.sleeper.take());
    }

    /// Whether it rang. It does not any more.
    pub(super) fn stop(&self) -> bool {
        self.rings.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rings.store(true, Ordering::Release);
        self.sleeper.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Sleeper(AtomicUsize);

    impl Wake for Sleeper {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn it_wakes_who_sleeps_and_nobody_else() {
        let (alarm, sleeper) = (Alarm::new(), Arc::new(Sleeper::default()));
        let woken = || sleeper.0.load(Ordering::Relaxed);
        let waker = Arc::clone(&sleeper).into();
        let cx = Context::from_waker(&waker);
        assert!(alarm.rings(&cx), "for a first look");
        alarm.mute();
        assert!(alarm.stop() && !alarm.stop());
        alarm.wake_by_ref();
        assert_eq!(woken(), 0, "who is awake");
        assert!(alarm.rings(&cx) && alarm.stop(), "and yet it is told");
        assert!(!alarm.rings(&cx), "nothing has happened since");
        alarm.wake_by_ref();
        assert_eq!(woken(), 1);
        assert!(alarm.rings(&cx));
    }
}
