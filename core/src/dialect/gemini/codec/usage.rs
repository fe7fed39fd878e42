use crate::dialect::Usage;
use crate::wire::json::Writer;

/// `usageMetadata`: the prompt includes what the cache gave or took, and thoughts stand beside the candidates.
pub(super) fn write(out: &mut Writer, usage: &Usage) {
    let count = |figure: Option<u64>| figure.unwrap_or(0);
    let read = count(usage.cache_read);
    let written = count(usage.cache_write_5m).saturating_add(count(usage.cache_write_1h));
    let prompt = count(usage.input).saturating_add(read).saturating_add(written);
    let (output, thoughts) = (count(usage.output), count(usage.reasoning));
    out.key("usageMetadata").object(|it| {
        it.number_member("promptTokenCount", prompt);
        it.number_member("candidatesTokenCount", output);
        it.number_member("totalTokenCount", prompt.saturating_add(output).saturating_add(thoughts));
        if read > 0 {
            it.number_member("cachedContentTokenCount", read);
        }
        if thoughts > 0 {
            it.number_member("thoughtsTokenCount", thoughts);
        }
    });
}
