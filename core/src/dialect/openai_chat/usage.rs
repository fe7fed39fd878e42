use serde::Deserialize;

use crate::dialect::counters::{Count, Counters};

/// `usage` of a chat completion. Vendors disagree on where cached tokens are counted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Report {
    prompt_tokens: Count,
    completion_tokens: Count,
    total_tokens: Count,
    prompt_tokens_details: Option<InputDetails>,
    completion_tokens_details: Option<OutputDetails>,
    /// Moonshot.
    cached_tokens: Count,
    /// DeepSeek.
    prompt_cache_hit_tokens: Count,
    /// Gateways in front of Anthropic.
    cache_read_input_tokens: Count,
    cache_creation_input_tokens: Count,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InputDetails {
    cached_tokens: Count,
    cache_write_tokens: Count,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    reasoning_tokens: Count,
}

/// Reads a usage object; anything else reports nothing.
pub(in crate::dialect) fn read(raw: &[u8]) -> Counters {
    let report: Report = serde_json::from_slice::<Option<_>>(raw).ok().flatten().unwrap_or_default();
    let input = report.prompt_tokens_details.unwrap_or_default();
    let output = report.completion_tokens_details.unwrap_or_default();
    let cached =
        [input.cached_tokens, report.cached_tokens, report.prompt_cache_hit_tokens, report.cache_read_input_tokens];
    Counters {
        input: report.prompt_tokens.get(),
        cache_read: cached.into_iter().find_map(Count::get),
        cache_write: input.cache_write_tokens.get().or(report.cache_creation_input_tokens.get()),
        output: report.completion_tokens.get(),
        reasoning: output.reasoning_tokens.get(),
        total: report.total_tokens.get(),
        ..Counters::default()
    }
}
