use crate::dialect::Usage;
use crate::wire::json::Writer;

/// `usage`: the input excludes what the cache gave or took, the output includes reasoning.
pub(super) fn write(out: &mut Writer, usage: &Usage) {
    let short = usage.cache_write_5m.unwrap_or(0);
    let long = usage.cache_write_1h.unwrap_or(0);
    out.key("usage").object(|it| {
        it.number_member("input_tokens", usage.input.unwrap_or(0));
        it.number_member("cache_creation_input_tokens", short.saturating_add(long));
        it.number_member("cache_read_input_tokens", usage.cache_read.unwrap_or(0));
        it.key("cache_creation").object(|it| {
            it.number_member("ephemeral_5m_input_tokens", short);
            it.number_member("ephemeral_1h_input_tokens", long);
        });
        let reasoning = usage.reasoning.unwrap_or(0);
        it.number_member("output_tokens", usage.output.unwrap_or(0).saturating_add(reasoning));
        if reasoning > 0 {
            it.key("output_tokens_details").object(|it| it.number_member("thinking_tokens", reasoning));
        }
    });
}
