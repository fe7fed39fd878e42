use serde::{Deserialize, Serialize};

/// Tokens of one answer in mutually exclusive buckets: their sum is everything that was processed.
///
/// `None` is "not reported", `Some(0)` is "reported as zero".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Input that came from no cache and was not written to one.
    pub input: Option<u64>,
    pub cache_read: Option<u64>,
    /// Input written to the provider's prompt cache for five minutes, or for an unstated time.
    pub cache_write_5m: Option<u64>,
    pub cache_write_1h: Option<u64>,
    /// Output without reasoning.
    pub output: Option<u64>,
    pub reasoning: Option<u64>,
}
