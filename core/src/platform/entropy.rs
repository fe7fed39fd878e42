use std::fmt;

/// Randomness.
///
/// Contract: `fill` writes cryptographically strong bytes (ids, nonces, new keys come from here). It never fails; a
/// home without a working source must not start.
pub trait Entropy: fmt::Debug + Send + Sync + 'static {
    fn fill(&self, bytes: &mut [u8]);

    /// A uniformly random `u64`.
    fn next_u64(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}
