use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Room for the bodies of all requests in flight together.
#[derive(Debug)]
pub(crate) struct Room {
    limit: usize,
    taken: AtomicUsize,
}

/// Room for one body, given back when dropped.
#[derive(Debug)]
pub(crate) struct Reserved {
    room: Arc<Room>,
    bytes: usize,
}

impl Room {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, taken: AtomicUsize::new(0) })
    }

    /// To begin with nothing.
    pub(crate) fn reserve(self: &Arc<Self>) -> Reserved {
        Reserved { room: Arc::clone(self), bytes: 0 }
    }
}

impl Reserved {
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
