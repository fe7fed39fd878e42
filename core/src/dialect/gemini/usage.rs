use crate::dialect::counters::Counters;
use crate::dialect::figures::Figures;

/// Reads `usageMetadata`: total = prompt + candidates + tool use + thoughts, and the prompt includes what was cached.
pub(in crate::dialect) fn read(raw: &[u8]) -> Counters {
    let mut figures = Figures::read(raw);
    Counters {
        input: figures.get("promptTokenCount"),
        more_input: figures.get("toolUsePromptTokenCount"),
        cache_read: figures.get("cachedContentTokenCount"),
        output: figures.get("candidatesTokenCount"),
        reasoning: figures.get("thoughtsTokenCount"),
        total: figures.get("totalTokenCount"),
        met_absurd: figures.met_absurd(),
        ..Counters::default()
    }
}
