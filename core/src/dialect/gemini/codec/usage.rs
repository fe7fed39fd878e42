use super::members::{get, word};
use crate::dialect::Usage;
use crate::dialect::hub::Ledger;
use crate::wire::json::{Value, Writer};

/// The tier of service that a report of usage names, in OpenAI's words.
pub(super) fn tier(answer: &Value<'_>) -> Option<&'static str> {
    tier_of(word(get(answer, "usageMetadata")?, "serviceTier")?)
}

/// A tier of this dialect's in OpenAI's words.
pub(super) fn tier_of(name: &str) -> Option<&'static str> {
    match name {
        "standard" => Some("default"),
        "flex" => Some("flex"),
        "priority" => Some("priority"),
        _ => None,
    }
}

/// The same in this dialect's words.
pub(super) fn tier_name(tier: &str, ledger: &mut Ledger) -> Option<&'static str> {
    match tier {
        "default" => Some("standard"),
        "flex" => Some("flex"),
        "priority" | "fast" => Some("priority"),
        "auto" => None,
        _ => {
            ledger.dropped("service_tier");
            None
        }
    }
}

/// `usageMetadata`: the prompt includes what the cache gave or took, and thoughts stand beside the candidates.
pub(super) fn write(out: &mut Writer, usage: &Usage, tier: Option<&str>) {
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
        if let Some(tier) = tier {
            it.text_member("serviceTier", tier);
        }
    });
}
