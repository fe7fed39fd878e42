use serde::Deserialize;

use crate::dialect::counters::{Count, Counters};

/// `usage` of a message. The input count excludes what the cache gave or took. Work of earlier iterations of one message
/// (`iterations`: compaction, a fallback model, an advisor) is not in these counts, and is not metered.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Report {
    input_tokens: Count,
    output_tokens: Count,
    cache_read_input_tokens: Count,
    cache_creation_input_tokens: Count,
    cache_creation: Option<CacheCreation>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Count,
    ephemeral_1h_input_tokens: Count,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    thinking_tokens: Count,
}

/// Reads a usage object; anything else reports nothing.
pub(in crate::dialect) fn read(raw: &[u8]) -> Counters {
    let report: Report = serde_json::from_slice::<Option<_>>(raw).ok().flatten().unwrap_or_default();
    let (write_5m, write_1h) = report
        .cache_creation
        .map_or((None, None), |it| (it.ephemeral_5m_input_tokens.get(), it.ephemeral_1h_input_tokens.get()));
    let by_lifetime = match (write_5m, write_1h) {
        (None, None) => None,
        (short, long) => Some(short.unwrap_or(0).saturating_add(long.unwrap_or(0))),
    };
    Counters {
        input: report.input_tokens.get(),
        cache_read: report.cache_read_input_tokens.get(),
        cache_write: report.cache_creation_input_tokens.get().max(by_lifetime),
        cache_write_1h: write_1h,
        output: report.output_tokens.get(),
        reasoning: report.output_tokens_details.and_then(|it| it.thinking_tokens.get()),
        ..Counters::default()
    }
}
