use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use llmio_core::pipeline::Doubt;

/// What a client is owed by the newest exchange on its connection, for whoever sees it send its end. HTTP/1.1 has one
/// exchange at a time; those of other versions are not counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Exchanges {
    /// The number of the newest exchange, times four, plus its stage.
    newest: Arc<AtomicU64>,
    doubt: Doubt,
}

/// One of them. An older one may end after the next has begun, and then changes nothing.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    all: Exchanges,
    number: u64,
}

/// Nothing is asked, or not all of it.
const ASKING: u64 = 0;
/// The whole request is here, and nothing of its answer.
const WAITING: u64 = 1;
const ANSWERING: u64 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owed {
    Nothing,
    /// All of an answer.
    Answer,
    /// The rest of one.
    Rest,
}

impl Exchanges {
    pub(super) fn begin(&self) -> Exchange {
        let number = (self.newest.load(Ordering::Acquire) >> 2) + 1;
        self.newest.store((number << 2) | ASKING, Ordering::Release);
        Exchange { all: self.clone(), number }
    }

    pub(super) fn owed(&self) -> Owed {
        match self.newest.load(Ordering::Acquire) & 3 {
            ASKING => Owed::Nothing,
            WAITING => Owed::Answer,
            _ => Owed::Rest,
        }
    }

    /// Raised when the client has sent its end before it has its answer.
    pub(super) fn doubt(&self) -> &Doubt {
        &self.doubt
    }
}

impl Exchange {
    /// The request has arrived to its end.
    pub(super) fn asked(&self) {
        self.go_on(ASKING, WAITING);
    }

    /// The head of the answer is there. A client that is answered before it has said everything is owed nothing more.
    pub(super) fn answering(&self) {
        self.go_on(WAITING, ANSWERING);
    }

    /// The answer has ended.
    pub(super) fn over(&self) {
        self.go_on(ANSWERING, ASKING);
    }

    fn go_on(&self, from: u64, to: u64) {
        let [from, to] = [from, to].map(|stage| (self.number << 2) | stage);
        let _ = self.all.newest.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
    }
}
