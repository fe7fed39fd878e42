use std::sync::atomic::{AtomicU64, Ordering};

use crate::platform::Entropy;

/// Reproducible bytes, different on every call: a counter run through a mixing function (splitmix64).
#[derive(Debug, Default)]
pub struct FixedEntropy {
    counter: AtomicU64,
}

impl FixedEntropy {
    pub fn new(seed: u64) -> Self {
        Self { counter: AtomicU64::new(seed) }
    }
}

impl Entropy for FixedEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut word = self.counter.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(word ^ (word >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}
