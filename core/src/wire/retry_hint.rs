use core::time::Duration;

use crate::platform::Timestamp;

/// When a provider wants to be asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryHint {
    In(Duration),
    At(Timestamp),
}

/// A longer time is no time; it is cut so that it stays a number.
const FOREVER_SECS: f64 = 1e9;

impl RetryHint {
    pub fn delay(self, now: Timestamp) -> Duration {
        match self {
            Self::In(delay) => delay,
            Self::At(time) => time.since(now),
        }
    }

    /// `17` (seconds), `1767225600` or `1767225600000` (epoch), `6m0s`, `1.5s`, `120ms`, or an RFC 3339 date.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse() {
            return Self::from_number(number);
        }
        if let Some(date) = Timestamp::parse_rfc3339(text) {
            return Some(Self::At(date));
        }
        let (duration, rest) = leading_duration(text)?;
        rest.is_empty().then_some(Self::In(duration))
    }

    /// Seconds, or a time since the epoch in seconds or milliseconds.
    #[expect(clippy::cast_possible_truncation, reason = "an epoch fits")]
    pub fn from_number(number: f64) -> Option<Self> {
        match number {
            n if n > 1e12 => Some(Self::At(Timestamp::from_millis(n as i64))),
            n if n > 1e9 => Some(Self::At(Timestamp::from_secs(n as i64))),
            n => seconds(n).map(Self::In),
        }
    }
}

/// A number of seconds that is none when it is negative or no number.
pub fn seconds(number: f64) -> Option<Duration> {
    if number.is_nan() {
        return None;
    }
    Duration::try_from_secs_f64(number.min(FOREVER_SECS)).ok()
}

/// A duration at the beginning of a text, and what follows it: `1h2m3.5s` as Go prints it, `20s`, `7 seconds`.
pub fn leading_duration(text: &str) -> Option<(Duration, &str)> {
    let mut total = None;
    let mut rest = text;
    loop {
        let number = rest.trim_start_matches(' ');
        let digits = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
        let (number, after) = number.split_at(digits);
        let unit = after.trim_start_matches(' ');
        let letters = unit.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit.len());
        let (unit, after) = unit.split_at(letters);
        let Some(step) = number.parse::<f64>().ok().zip(unit_seconds(unit)).map(|(number, unit)| number * unit) else {
            break;
        };
        total = Some(total.unwrap_or(0.0) + step);
        rest = after;
    }
    Some((seconds(total?)?, rest))
}

fn unit_seconds(unit: &str) -> Option<f64> {
    match unit {
        "ms" | "millisecond" | "milliseconds" => Some(1e-3),
        "s" | "sec" | "secs" | "second" | "seconds" => Some(1.0),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(60.0),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some(3600.0),
        "d" | "day" | "days" => Some(86_400.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        let within = |millis| Some(RetryHint::In(Duration::from_millis(millis)));
        for (text, expected) in [
            ("17", within(17_000)),
            ("0.25", within(250)),
            ("-1", None),
            ("NaN", None),
            ("1e300", Some(RetryHint::At(Timestamp::from_millis(i64::MAX)))),
            ("1767225600", Some(RetryHint::At(Timestamp::from_secs(1_767_225_600)))),
            ("1767225600500", Some(RetryHint::At(Timestamp::from_millis(1_767_225_600_500)))),
            ("2026-01-01T00:00:00Z", Some(RetryHint::At(Timestamp::from_secs(1_767_225_600)))),
            ("6m0s", within(360_000)),
            ("1h0m1.5s", within(3_601_500)),
            ("120ms", within(120)),
            ("7 seconds", within(7_000)),
            ("1 minute 5 seconds", within(65_000)),
            ("9999999999999d", within(1_000_000_000_000)),
            ("1.2.3s", None),
            ("5s later", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(RetryHint::parse(text), expected, "{text}");
        }
        assert_eq!(leading_duration("1.2s. Visit"), Some((Duration::from_millis(1200), ". Visit")));
        assert_eq!(leading_duration("a moment"), None);
    }
}
