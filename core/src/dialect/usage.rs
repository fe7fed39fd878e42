use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tokens of one answer in mutually exclusive buckets: their sum is everything that was processed.
///
/// `None` is "not reported", `Some(0)` is "reported as zero".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TokenUsage")]
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

impl Usage {
    /// Of all kinds.
    pub fn tokens(self) -> u64 {
        let Self { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning } = self;
        let counts = [input, cache_read, cache_write_5m, cache_write_1h, output, reasoning];
        counts.into_iter().flatten().fold(0, u64::saturating_add)
    }

    /// Of both; what neither reports stays unreported.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let sum = |one: Option<u64>, two: Option<u64>| match (one, two) {
            (None, None) => None,
            _ => Some(one.unwrap_or(0).saturating_add(two.unwrap_or(0))),
        };
        Self {
            input: sum(self.input, other.input),
            cache_read: sum(self.cache_read, other.cache_read),
            cache_write_5m: sum(self.cache_write_5m, other.cache_write_5m),
            cache_write_1h: sum(self.cache_write_1h, other.cache_write_1h),
            output: sum(self.output, other.output),
            reasoning: sum(self.reasoning, other.reasoning),
        }
    }
}
