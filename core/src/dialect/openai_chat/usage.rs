use crate::dialect::counters::Counters;
use crate::dialect::figures::Figures;

/// Reads the `usage` of a chat completion. Vendors disagree on where cached tokens are counted.
pub(in crate::dialect) fn read(raw: &[u8]) -> Counters {
    let mut figures = Figures::read(raw);
    Counters {
        input: figures.get("prompt_tokens"),
        cache_read: figures.first([
            "prompt_tokens_details.cached_tokens",
            // Mistral.
            "prompt_token_details.cached_tokens",
            "num_cached_tokens",
            // Moonshot.
            "cached_tokens",
            // DeepSeek.
            "prompt_cache_hit_tokens",
            // Gateways in front of Anthropic.
            "cache_read_input_tokens",
        ]),
        cache_write: figures.first(["prompt_tokens_details.cache_write_tokens", "cache_creation_input_tokens"]),
        output: figures.get("completion_tokens"),
        reasoning: figures.get("completion_tokens_details.reasoning_tokens"),
        total: figures.get("total_tokens"),
        met_absurd: figures.met_absurd(),
        ..Counters::default()
    }
}
