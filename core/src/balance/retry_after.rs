//! How long a provider asks us to stay away, read from its headers.

use core::time::Duration;

use http::HeaderMap;
use jiff::fmt::rfc2822;

use crate::platform::Timestamp;
use crate::wire::{RetryHint, seconds};

/// The delay named by `retry-after-ms`, `x-ms-retry-after-ms`, `retry-after` (seconds or a date), or of an answer that is
/// `over_limit` by a reset header. How long is too long is for others to say.
pub fn retry_after(headers: &HeaderMap, over_limit: bool, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| text(headers, name);
    let millis = ["retry-after-ms", "x-ms-retry-after-ms"]
        .into_iter()
        .find_map(|name| text(name)?.parse::<f64>().ok())
        .and_then(|millis| seconds(millis / 1000.0));
    let named = millis.or_else(|| {
        text("retry-after").and_then(|value| match value.parse() {
            Ok(number) => seconds(number),
            Err(_) => until_date(value, now),
        })
    });
    if over_limit { named.or_else(|| reset(headers, now)) } else { named }
}

/// Reset headers only count when they say that nothing remains, or nothing about it: providers send them with every
/// answer, also while requests remain, and with failures that no limit has caused.
fn reset(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| text(headers, name);
    let delay = |name: &str| RetryHint::parse(text(name)?).map(|hint| hint.delay(now));
    let used_up = |remaining: &str| text(remaining).is_none_or(|left| left == "0");
    let rejected = |status: &str| text(status) == Some("rejected");
    let resets = RESETS.iter().filter(|(_, remaining)| used_up(remaining)).map(|(reset, _)| reset);
    let windows = WINDOWS.iter().filter(|(_, status)| rejected(status)).map(|(reset, _)| reset);
    resets.chain(windows).filter_map(|name| delay(name)).max().or_else(|| {
        match text("anthropic-ratelimit-unified-status") {
            None | Some("rejected") => delay("anthropic-ratelimit-unified-reset"),
            Some(_) => None,
        }
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// Reset headers with the header that tells what remains of the same limit.
/// Sources: OpenAI and Anthropic rate limit guides; Cerebras' and OpenRouter's headers.
const RESETS: [(&str, &str); 9] = [
    ("x-ratelimit-reset", "x-ratelimit-remaining"),
    ("x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"),
    ("x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"),
    ("x-ratelimit-reset-requests-day", "x-ratelimit-remaining-requests-day"),
    ("x-ratelimit-reset-tokens-minute", "x-ratelimit-remaining-tokens-minute"),
    ("anthropic-ratelimit-requests-reset", "anthropic-ratelimit-requests-remaining"),
    ("anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-tokens-remaining"),
    ("anthropic-ratelimit-input-tokens-reset", "anthropic-ratelimit-input-tokens-remaining"),
    ("anthropic-ratelimit-output-tokens-reset", "anthropic-ratelimit-output-tokens-remaining"),
];

/// The windows of an Anthropic subscription, with the header that tells which of them is used up.
const WINDOWS: [(&str, &str); 2] = [
    ("anthropic-ratelimit-unified-5h-reset", "anthropic-ratelimit-unified-5h-status"),
    ("anthropic-ratelimit-unified-7d-reset", "anthropic-ratelimit-unified-7d-status"),
];

fn until_date(value: &str, now: Timestamp) -> Option<Duration> {
    let date = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Timestamp::from_secs(date.as_second()).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    #[test]
    fn headers() {
        // Thu, 01 Jan 2026 00:00:00 GMT
        let now = Timestamp::from_secs(1_767_225_600);
        for (headers, millis) in [
            ("", None),
            ("retry-after: 3", Some(3_000)),
            ("retry-after: 0.5", Some(500)),
            ("retry-after-ms: 250\nretry-after: 3", Some(250)),
            ("x-ms-retry-after-ms: 40", Some(40)),
            ("retry-after: Thu, 01 Jan 2026 00:01:00 GMT", Some(60_000)),
            ("retry-after: Wed, 31 Dec 2025 23:59:00 GMT", Some(0)),
            ("retry-after: soon", None),
            ("retry-after: -1", None),
            ("retry-after: 99999999999999999999999", Some(1_000_000_000_000)),
            ("x-ratelimit-reset: 17", Some(17_000)),
            ("x-ratelimit-reset: 1767225605", Some(5_000)),
            ("x-ratelimit-reset: 1767225606000", Some(6_000)),
            ("x-ratelimit-reset-requests: 6m0s\nx-ratelimit-remaining-requests: 0", Some(360_000)),
            ("x-ratelimit-reset-requests: 6m0s\nx-ratelimit-remaining-requests: 12", None),
            ("x-ratelimit-reset-tokens: 120ms", Some(120)),
            ("x-ratelimit-reset-tokens: 1h0m1.5s", Some(3_601_500)),
            (
                "anthropic-ratelimit-tokens-reset: 2026-01-01T00:00:09Z\nanthropic-ratelimit-tokens-remaining: 0",
                Some(9_000),
            ),
            ("anthropic-ratelimit-tokens-reset: tomorrow", None),
            ("x-ratelimit-reset: 17\nx-ratelimit-remaining: 3", None),
            ("anthropic-ratelimit-unified-reset: 1767225660", Some(60_000)),
            (
                "anthropic-ratelimit-unified-reset: 1767225660\nanthropic-ratelimit-unified-status: rejected",
                Some(60_000),
            ),
            (
                "anthropic-ratelimit-unified-reset: 1767225660\nanthropic-ratelimit-unified-status: allowed_warning",
                None,
            ),
            (
                "anthropic-ratelimit-unified-5h-reset: 1767225670\nanthropic-ratelimit-unified-5h-status: rejected\n\
                 anthropic-ratelimit-unified-7d-reset: 1767299999\nanthropic-ratelimit-unified-7d-status: allowed",
                Some(70_000),
            ),
        ] {
            let map: HeaderMap = headers
                .lines()
                .map(|line| {
                    let (name, value) = line.split_once(": ").unwrap();
                    (HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap())
                })
                .collect();
            assert_eq!(retry_after(&map, true, now), millis.map(Duration::from_millis), "{headers:?}");
            let named = millis.filter(|_| headers.contains("retry-after"));
            assert_eq!(retry_after(&map, false, now), named.map(Duration::from_millis), "{headers:?}");
        }
    }
}
