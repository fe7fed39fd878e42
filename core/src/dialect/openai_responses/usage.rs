use serde::Deserialize;

use crate::dialect::counters::{Count, Counters};

/// `usage` of a response.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Report {
    input_tokens: Count,
    output_tokens: Count,
    total_tokens: Count,
    input_tokens_details: Option<InputDetails>,
    output_tokens_details: Option<OutputDetails>,
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
    let input = report.input_tokens_details.unwrap_or_default();
    let output = report.output_tokens_details.unwrap_or_default();
    Counters {
        input: report.input_tokens.get(),
        cache_read: input.cached_tokens.get(),
        cache_write: input.cache_write_tokens.get(),
        output: report.output_tokens.get(),
        reasoning: output.reasoning_tokens.get(),
        total: report.total_tokens.get(),
        ..Counters::default()
    }
}
