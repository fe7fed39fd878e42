use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::Context;

use futures_util::task::AtomicWaker;
use http::Version;
use llmio_core::pipeline::Doubt;

use super::threads::{Burden, Load};

/// The exchanges on a connection, for whoever watches over it.
#[derive(Clone, Debug)]
pub(super) struct Exchanges {
    counts: Arc<Counts>,
    doubt: Doubt,
    /// Of the thread that serves the connection.
    load: Load,
}

/// The exchanges on a connection that may have ended.
#[derive(Debug)]
pub(super) struct Watched(Weak<Counts>);

#[derive(Debug, Default)]
struct Counts {
    begun: AtomicUsize,
    running: AtomicUsize,
    /// The number of the newest exchange of HTTP/1.1, which has one at a time, times four, plus its stage.
    newest: AtomicU64,
    /// Who waits for a request to be read to its end.
    asked: AtomicWaker,
}

/// Nothing is asked.
const IDLE: u64 = 0;
/// The request is not read to its end, which may have arrived all the same.
const ASKING: u64 = 1;
/// The whole request is here, and nothing of its answer.
const WAITING: u64 = 2;
const ANSWERING: u64 = 3;

/// What the client of HTTP/1.1 is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owed {
    Nothing,
    /// All of an answer, if its request has been said to the end.
    Perhaps,
    /// All of an answer.
    Answer,
    /// The rest of one.
    Rest,
}

/// One exchange, until it is dropped.
#[derive(Debug)]
pub(super) struct Exchange {
    stage: Stage,
    _burden: Burden,
}

/// How far an exchange has come. It may end after the next one has begun, and then changes nothing.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    counts: Arc<Counts>,
    /// `None` for other versions: an older one knows no interim answers, a newer one ends streams, not connections.
    number: Option<u64>,
}

impl Exchanges {
    pub(super) fn new(load: &Load) -> Self {
        Self { counts: Arc::default(), doubt: Doubt::default(), load: load.clone() }
    }

    pub(super) fn begin(&self, version: Version) -> Exchange {
        let counts = Arc::clone(&self.counts);
        counts.begun.fetch_add(1, Ordering::Relaxed);
        counts.running.fetch_add(1, Ordering::Relaxed);
        let number = (version == Version::HTTP_11).then(|| {
            let number = (counts.newest.load(Ordering::Acquire) >> 2) + 1;
            counts.newest.store((number << 2) | ASKING, Ordering::Release);
            number
        });
        Exchange { stage: Stage { counts, number }, _burden: self.load.one_more() }
    }

    pub(super) fn owed(&self) -> Owed {
        match self.counts.newest.load(Ordering::Acquire) & 3 {
            IDLE => Owed::Nothing,
            ASKING => Owed::Perhaps,
            WAITING => Owed::Answer,
            _ => Owed::Rest,
        }
    }

    /// Wakes the task when the newest request has been read to its end.
    pub(super) fn wake_when_asked(&self, cx: &Context<'_>) {
        self.counts.asked.register(cx.waker());
    }

    /// How many have begun, once none is running.
    pub(super) fn idle(&self) -> Option<usize> {
        self.counts.idle()
    }

    /// For who watches from elsewhere.
    pub(super) fn watched(&self) -> Watched {
        Watched(Arc::downgrade(&self.counts))
    }

    /// Raised when the client has sent its end before it has its answer.
    pub(super) fn doubt(&self) -> &Doubt {
        &self.doubt
    }
}

impl Watched {
    pub(super) fn is_open(&self) -> bool {
        self.0.strong_count() > 0
    }

    /// How many have begun, once none is running.
    pub(super) fn idle(&self) -> Option<usize> {
        self.0.upgrade()?.idle()
    }
}

impl Counts {
    fn idle(&self) -> Option<usize> {
        let is_idle = self.running.load(Ordering::Relaxed) == 0;
        is_idle.then(|| self.begun.load(Ordering::Relaxed))
    }
}

impl Exchange {
    pub(super) fn stage(&self) -> &Stage {
        &self.stage
    }

    /// The head of the answer is there. A client that is answered before it has said everything is owed nothing more.
    pub(super) fn answering(&self) {
        self.stage.go_on(WAITING, ANSWERING);
    }
}

impl Stage {
    /// The request has arrived to its end.
    pub(super) fn asked(&self) {
        self.go_on(ASKING, WAITING);
        self.counts.asked.wake();
    }

    fn go_on(&self, from: u64, to: u64) {
        let Some(number) = self.number else { return };
        let [from, to] = [from, to].map(|stage| (number << 2) | stage);
        let _ = self.counts.newest.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        [ASKING, WAITING, ANSWERING].into_iter().for_each(|stage| self.stage.go_on(stage, IDLE));
        self.stage.counts.running.fetch_sub(1, Ordering::Relaxed);
    }
}
