use crate::dialect::counters::Counters;
use crate::dialect::figures::Figures;

/// Reads the `usage` of a response.
pub(in crate::dialect) fn read(raw: &[u8]) -> Counters {
    let mut figures = Figures::read(raw);
    Counters {
        input: figures.get("input_tokens"),
        cache_read: figures.get("input_tokens_details.cached_tokens"),
        cache_write: figures.get("input_tokens_details.cache_write_tokens"),
        output: figures.get("output_tokens"),
        reasoning: figures.get("output_tokens_details.reasoning_tokens"),
        total: figures.get("total_tokens"),
        met_absurd: figures.met_absurd(),
        ..Counters::default()
    }
}
