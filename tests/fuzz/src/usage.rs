use llmio_core::config::Prices;
use llmio_core::dialect::{AnswerMeter, Dialect, StreamForm, StreamMeter, Usage};
use llmio_core::record::{CostParts, Operation};
use serde::de::IgnoredAny;

use crate::cuts::cuttings;

/// A usage report is read the same in an answer and in a stream, once or repeated, and nothing is counted twice.
pub fn usage(data: &[u8]) {
    let most = sum_of_numbers(data);
    for dialect in Dialect::ALL {
        let (answer, event) = around(dialect);
        let body = fill(answer, data);
        let seen = answered(dialect, &[&body]);
        for chunks in cuttings(&body) {
            assert_eq!(answered(dialect, &chunks), seen, "{dialect}");
        }
        check_sums(&seen, most);

        let is_json = serde_json::from_slice::<IgnoredAny>(data).is_ok();
        // A longer report is not read in an answer.
        if is_json && data.len() < 60_000 {
            let event = fill(event, data).escape_lines();
            let stream = [b"data: ", event.as_slice(), b"\n\n"].concat();
            assert_eq!(streamed(dialect, &[&stream]), seen, "{dialect}");
            assert_eq!(streamed(dialect, &[&stream, &stream]), seen, "{dialect}, reported twice");
        }
    }
}

/// An answer and an event with a place for a usage report.
const fn around(dialect: Dialect) -> (&'static str, &'static str) {
    match dialect {
        Dialect::OpenAiChat => (r#"{"choices":[{}],"usage":@}"#, r#"{"choices":[{}],"usage":@}"#),
        Dialect::OpenAiResponses => {
            (r#"{"output":[],"usage":@}"#, r#"{"type":"response.completed","response":{"usage":@}}"#)
        }
        Dialect::Anthropic => (r#"{"content":[{}],"usage":@}"#, r#"{"type":"message_start","message":{"usage":@}}"#),
        Dialect::Gemini => (r#"{"candidates":[{}],"usageMetadata":@}"#, r#"{"candidates":[{}],"usageMetadata":@}"#),
    }
}

fn fill(text: &str, report: &[u8]) -> Vec<u8> {
    let (before, behind) = text.split_once('@').unwrap_or((text, ""));
    [before.as_bytes(), report, behind.as_bytes()].concat()
}

trait Lines {
    fn escape_lines(self) -> Self;
}

impl Lines for Vec<u8> {
    /// JSON on one line: line breaks stand only between its tokens.
    fn escape_lines(mut self) -> Self {
        self.iter_mut().filter(|byte| matches!(**byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
        self
    }
}

fn answered(dialect: Dialect, chunks: &[&[u8]]) -> Usage {
    let mut meter = AnswerMeter::new(dialect, Operation::Generate);
    chunks.iter().for_each(|chunk| meter.push(chunk));
    meter.summary().usage
}

fn streamed(dialect: Dialect, chunks: &[&[u8]]) -> Usage {
    let mut meter = StreamMeter::new(dialect, StreamForm::Sse);
    chunks.iter().for_each(|chunk| meter.push(chunk));
    meter.usage()
}

/// The buckets exclude each other, so together they hold no more than was reported.
fn check_sums(usage: &Usage, most: u128) {
    let sum = |buckets: &[Option<u64>]| buckets.iter().flatten().map(|count| u128::from(*count)).sum::<u128>();
    let input = sum(&[usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h]);
    let output = sum(&[usage.output, usage.reasoning]);
    assert!(input <= most && output <= most && input + output <= most, "{usage:?} of {most}");
    let prices = Prices {
        input: 3.0,
        output: 15.0,
        cache_read: 0.3,
        cache_write: 3.75,
        cache_write_1h: Some(6.0),
        currency: "USD".to_owned(),
    };
    assert!(CostParts::of(&prices, usage).map(|parts| parts.sum()).is_none_or(|cost| cost.is_finite() && cost >= 0.0));
}

fn sum_of_numbers(data: &[u8]) -> u128 {
    data.split(|byte| !byte.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(|digits| std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(u128::MAX))
        .fold(0, u128::saturating_add)
}
