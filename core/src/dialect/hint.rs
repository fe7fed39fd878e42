//! When to ask again, as the body of an error says it.

use serde_json::Value;

use super::provider_error::details;
use crate::wire::{RetryHint, leading_duration, seconds};

/// Google's `RetryInfo`, `{"retryDelay": "34.4s"}`; seconds in `retry_after` and `resets_in_seconds`; a time in
/// `resets_at`, as limits of Codex' subscriptions name it.
pub(super) fn hint(error: &Value) -> Option<RetryHint> {
    let parse =
        |value: &Value| value.as_f64().map_or_else(|| RetryHint::parse(value.as_str()?), RetryHint::from_number);
    let metadata = error.get("metadata");
    details(error)
        .find_map(|detail| parse(detail.get("retryDelay")?))
        .or_else(|| parse(error.get("retry_after").or_else(|| metadata?.get("retry_after"))?))
        .or_else(|| seconds(error.get("resets_in_seconds")?.as_f64()?).map(RetryHint::In))
        .or_else(|| parse(error.get("resets_at").or_else(|| error.get("reset_at"))?))
        .or_else(|| parse(metadata?.get("headers")?.get("X-RateLimit-Reset")?))
}

/// `Please try again in 1.2s.`, `Please retry after 7 seconds`.
pub(super) fn hint_in_text(message: &str) -> Option<RetryHint> {
    let lower = message.to_ascii_lowercase();
    ["try again in ", "try again after ", "retry in ", "retry after "].iter().find_map(|phrase| {
        let behind = lower.get(lower.find(phrase)? + phrase.len()..)?;
        leading_duration(behind).map(|(delay, _)| RetryHint::In(delay))
    })
}
