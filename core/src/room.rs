use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What an unpacker may take beside the body that it unpacks: the largest window of brotli, and what belongs to it.
const UNPACKER: usize = 48 << 20;

/// Room for the bodies of all requests in flight together.
#[derive(Debug)]
pub(crate) struct Room {
    limit: usize,
    taken: AtomicUsize,
    /// How many bodies are being unpacked.
    unpacking: AtomicUsize,
}

/// The right to unpack a body, given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    room: Arc<Room>,
}

/// Room for one body, given back when dropped.
#[derive(Debug)]
pub(crate) struct Reserved {
    room: Arc<Room>,
    bytes: usize,
}

impl Room {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, taken: AtomicUsize::new(0), unpacking: AtomicUsize::new(0) })
    }

    /// To begin with nothing.
    pub(crate) fn reserve(self: &Arc<Self>) -> Reserved {
        Reserved { room: Arc::clone(self), bytes: 0 }
    }
}

impl Reserved {
    /// `None` while as many bodies are being unpacked as there is room for.
    pub(crate) fn turn(&self) -> Option<Turn> {
        let turns = (self.room.limit / UNPACKER).max(1);
        let taken = |unpacking| (unpacking < turns).then_some(unpacking + 1);
        let got = self.room.unpacking.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken);
        got.is_ok().then(|| Turn { room: Arc::clone(&self.room) })
    }

    /// Takes more; `false` when all bodies in flight together would take too much. One alone always has room.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let others = self.room.taken.fetch_add(bytes, Ordering::Relaxed) - self.bytes;
        self.bytes += bytes;
        others == 0 || others + self.bytes <= self.room.limit
    }

    /// Gives so much back.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.room.taken.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Gives everything back.
    pub(crate) fn release(&mut self) {
        self.shrink(self.bytes);
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.release();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.room.unpacking.fetch_sub(1, Ordering::Relaxed);
    }
}
