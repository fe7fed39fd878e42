//! How long a provider asks us to stay away, read from its headers.

use core::time::Duration;

use http::HeaderMap;
use jiff::fmt::rfc2822;

use crate::platform::Timestamp;

/// Nobody is kept away for longer than this on the word of one header.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The delay named by `retry-after-ms`, `x-ms-retry-after-ms`, `retry-after` (seconds or a date), or with `over_limit` by a
/// reset header.
///
/// Reset headers only count when they say that nothing remains, or nothing about it: providers send them with every
/// answer, also while requests remain, and they tell nothing about other failures.
pub fn retry_after(headers: &HeaderMap, over_limit: bool, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let millis = ["retry-after-ms", "x-ms-retry-after-ms"]
        .into_iter()
        .find_map(|name| text(name)?.parse::<f64>().ok())
        .and_then(|millis| seconds(millis / 1000.0));
    let delay = millis
        .or_else(|| {
            text("retry-after").and_then(|value| match value.parse() {
                Ok(number) => seconds(number),
                Err(_) => until_date(value, now),
            })
        })
        .or_else(|| {
            let is_used_up = |left: &str| left == "0" || left == "rejected";
            RESETS
                .iter()
                .filter(|_| over_limit)
                .filter(|(_, remaining)| remaining.is_none_or(|name| text(name).is_none_or(is_used_up)))
                .filter_map(|(reset, _)| reset_delay(text(reset)?, now))
                .max()
        })?;
    Some(delay.min(LONGEST))
}

/// Reset headers with the header that tells what remains of the same limit.
/// Sources: OpenAI and Anthropic rate limit guides; Cerebras' and OpenRouter's headers.
const RESETS: [(&str, Option<&str>); 10] = [
    ("x-ratelimit-reset", None),
    ("x-ratelimit-reset-requests", Some("x-ratelimit-remaining-requests")),
    ("x-ratelimit-reset-tokens", Some("x-ratelimit-remaining-tokens")),
    ("x-ratelimit-reset-requests-day", Some("x-ratelimit-remaining-requests-day")),
    ("x-ratelimit-reset-tokens-minute", Some("x-ratelimit-remaining-tokens-minute")),
    ("anthropic-ratelimit-unified-reset", Some("anthropic-ratelimit-unified-status")),
    ("anthropic-ratelimit-requests-reset", Some("anthropic-ratelimit-requests-remaining")),
    ("anthropic-ratelimit-tokens-reset", Some("anthropic-ratelimit-tokens-remaining")),
    ("anthropic-ratelimit-input-tokens-reset", Some("anthropic-ratelimit-input-tokens-remaining")),
    ("anthropic-ratelimit-output-tokens-reset", Some("anthropic-ratelimit-output-tokens-remaining")),
];

fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number.min(LONGEST.as_secs_f64())).ok()
}

fn until_date(value: &str, now: Timestamp) -> Option<Duration> {
    let date = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Timestamp::from_secs(date.as_second()).since(now))
}

/// `17` (seconds), `1767225600` or `1767225600000` (epoch), `6m0s`, `1.5s`, `120ms`, or an RFC 3339 date.
fn reset_delay(value: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(number) = value.parse::<f64>() {
        #[expect(clippy::cast_possible_truncation, reason = "an epoch fits")]
        return match number {
            n if n > 1e12 => Some(Timestamp::from_millis(n as i64).since(now)),
            n if n > 1e9 => Some(Timestamp::from_secs(n as i64).since(now)),
            n => seconds(n),
        };
    }
    if let Ok(date) = value.parse::<jiff::Timestamp>() {
        return Some(Timestamp::from_micros(date.as_microsecond()).since(now));
    }
    go_duration(value)
}

/// `1h2m3.5s` as Go prints durations, which is what OpenAI sends.
fn go_duration(value: &str) -> Option<Duration> {
    let mut total = 0.0;
    let mut rest = value;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.')?);
        let unit = after.split(|c: char| c.is_ascii_digit()).next()?;
        total += number.parse::<f64>().ok()?
            * match unit {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                _ => return None,
            };
        rest = after.get(unit.len()..)?;
    }
    seconds(total)
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
            ("retry-after: 99999999999999999999999", Some(86_400_000)),
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
            (
                "anthropic-ratelimit-unified-reset: 1767225690\nanthropic-ratelimit-unified-status: rejected",
                Some(90_000),
            ),
            ("anthropic-ratelimit-unified-reset: 1767225690\nanthropic-ratelimit-unified-status: allowed", None),
        ] {
            let map: HeaderMap = headers
                .lines()
                .map(|line| {
                    let (name, value) = line.split_once(": ").unwrap();
                    (HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap())
                })
                .collect();
            assert_eq!(retry_after(&map, true, now), millis.map(Duration::from_millis), "{headers:?}");
            let millis = millis.filter(|_| headers.contains("retry-after"));
            assert_eq!(retry_after(&map, false, now), millis.map(Duration::from_millis), "{headers:?}");
        }
    }
}
