use crate::dialect::Usage;
use crate::dialect::hub::{Ledger, text};
use crate::wire::json::{Value, Writer};

/// The tier of service that a report of usage names, in OpenAI's words.
pub(super) fn tier<'a>(usage: Option<&'a Value<'a>>, ledger: &mut Ledger) -> Option<&'a str> {
    match text(usage?, "service_tier")? {
        "standard" => Some("default"),
        "priority" => Some("priority"),
        _ => {
            ledger.dropped("service_tier");
            None
        }
    }
}

/// The same in this dialect's words.
pub(super) fn tier_name(tier: &str, ledger: &mut Ledger) -> Option<&'static str> {
    match tier {
        "default" => Some("standard"),
        "priority" | "fast" => Some("priority"),
        "auto" => None,
        _ => {
            ledger.dropped("service_tier");
            None
        }
    }
}

/// `usage`: the input excludes what the cache gave or took, the output includes reasoning.
pub(super) fn write(out: &mut Writer, usage: &Usage, tier: Option<&str>) {
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
        if let Some(tier) = tier {
            it.text_member("service_tier", tier);
        }
        let reasoning = usage.reasoning.unwrap_or(0);
        it.number_member("output_tokens", usage.output.unwrap_or(0).saturating_add(reasoning));
        if reasoning > 0 {
            it.key("output_tokens_details").object(|it| it.number_member("thinking_tokens", reasoning));
        }
    });
}
