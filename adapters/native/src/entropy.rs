use llmio_core::platform::Entropy;
use rand::{Rng, TryRng};

/// A cryptographically strong generator (`ChaCha`) per thread, seeded and reseeded by the operating system.
#[derive(Clone, Copy, Debug)]
pub struct OsEntropy(());

impl OsEntropy {
    /// Fails when the operating system has no randomness to give; the program must not start then.
    pub fn new() -> std::io::Result<Self> {
        rand::rngs::SysRng.try_next_u64().map_err(std::io::Error::other)?;
        Ok(Self(()))
    }
}

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}
