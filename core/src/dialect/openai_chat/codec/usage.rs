use crate::dialect::Usage;
use crate::wire::json::Writer;

/// `usage`: the input includes what the cache gave or took, the output includes reasoning.
pub(super) fn write(out: &mut Writer, usage: &Usage) {
    let count = |figure: Option<u64>| figure.unwrap_or(0);
    let written = count(usage.cache_write_5m).saturating_add(count(usage.cache_write_1h));
    let read = count(usage.cache_read);
    let prompt = count(usage.input).saturating_add(read).saturating_add(written);
    let completion = count(usage.output).saturating_add(count(usage.reasoning));
    out.key("usage").object(|it| {
        it.number_member("prompt_tokens", prompt);
        it.number_member("completion_tokens", completion);
        it.number_member("total_tokens", prompt.saturating_add(completion));
        it.key("prompt_tokens_details").object(|it| {
            it.number_member("cached_tokens", read);
            if written > 0 {
                it.number_member("cache_write_tokens", written);
            }
        });
        it.key("completion_tokens_details").object(|it| it.number_member("reasoning_tokens", count(usage.reasoning)));
    });
}
