use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a client may have left without a word. A home raises it when it cannot tell that from a client which has only
/// said everything; whatever is written to the client next tells.
#[derive(Clone, Debug, Default)]
pub struct Doubt(Arc<AtomicBool>);

impl Doubt {
    /// The home polls the answer once more after this.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was raised since the last time.
    pub fn settle(&self) -> bool {
        self.0.load(Ordering::Acquire) && self.0.swap(false, Ordering::AcqRel)
    }
}
