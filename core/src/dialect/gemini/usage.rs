use serde::Deserialize;

use crate::dialect::counters::{Count, Counters};

/// `usageMetadata`: total = prompt + candidates + tool use + thoughts, and the prompt includes what was cached.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Report {
    prompt_token_count: Count,
    cached_content_token_count: Count,
    candidates_token_count: Count,
    thoughts_token_count: Count,
    tool_use_prompt_token_count: Count,
    total_token_count: Count,
}

/// Reads a usage object; anything else reports nothing.
pub(in crate::dialect) fn read(raw: &[u8]) -> Counters {
    let report: Report = serde_json::from_slice::<Option<_>>(raw).ok().flatten().unwrap_or_default();
    Counters {
        input: report.prompt_token_count.get(),
        more_input: report.tool_use_prompt_token_count.get(),
        cache_read: report.cached_content_token_count.get(),
        output: report.candidates_token_count.get(),
        reasoning: report.thoughts_token_count.get(),
        total: report.total_token_count.get(),
        ..Counters::default()
    }
}
