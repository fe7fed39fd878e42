use super::provider_error::ProviderError;
use super::{Dialect, Usage};
use crate::wire::json::{Capture, Path};

/// A longer usage report or error object is not read.
const VALUE_LIMIT: usize = 64 * 1024;

const ERROR: Path = &["error"];

/// Watches an answer that is not streamed, without keeping it.
#[derive(Debug)]
pub struct AnswerMeter {
    dialect: Dialect,
    capture: Capture,
}

/// What an answer told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerSummary {
    /// One whole JSON object came, and nothing behind it.
    pub complete: bool,
    pub usage: Usage,
    /// In the dialect's own words.
    pub finish_reason: Option<String>,
    /// The answer is an error object, whatever its status says.
    pub error: Option<ProviderError>,
}

impl AnswerMeter {
    pub fn new(dialect: Dialect) -> Self {
        let answer = &dialect.row().answer;
        let paths = [ERROR, answer.usage].into_iter().chain(answer.reasons.iter().copied());
        Self { dialect, capture: Capture::new(paths, VALUE_LIMIT) }
    }

    /// Sees the next bytes of the body, in order. What is no JSON shows as `complete: false`.
    pub fn push(&mut self, chunk: &[u8]) {
        if self.capture.push(chunk).is_err() {
            // The capture remembers it.
        }
    }

    /// What was told so far; final once the body has ended.
    pub fn summary(&self) -> AnswerSummary {
        let capture = &self.capture;
        let row = self.dialect.row();
        let usage = capture.get(row.answer.usage).map(row.answer.read_usage);
        let error = capture.get(ERROR).and_then(|raw| serde_json::from_slice(raw).ok());
        AnswerSummary {
            complete: capture.is_complete_object(),
            usage: usage.unwrap_or_default().usage(row.convention),
            finish_reason: row.answer.reasons.iter().find_map(|path| capture.text(path)),
            error: error.filter(|error: &serde_json::Value| !error.is_null()).map(|it| ProviderError::from_value(&it)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(input: u64, cache_read: Option<u64>, output: u64, reasoning: Option<u64>) -> Usage {
        Usage { input: Some(input), cache_read, output: Some(output), reasoning, ..Usage::default() }
    }

    #[test]
    fn answers_however_they_are_cut() {
        use Dialect::{Anthropic, Gemini, OpenAiChat, OpenAiResponses};
        let rows = [
            (
                OpenAiChat,
                r#"{"choices":[{"message":{"content":"\"usage\":{}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}}"#,
                true,
                Some("stop"),
                usage(6, Some(4), 3, Some(2)),
                None,
            ),
            (
                OpenAiResponses,
                r#"{"status":"incomplete","error":null,"incomplete_details":{"reason":"max_output_tokens"},"usage":{"input_tokens":3,"output_tokens":4}}"#,
                true,
                Some("max_output_tokens"),
                usage(3, None, 4, None),
                None,
            ),
            (
                Anthropic,
                r#"{"content":[],"stop_reason":"end_turn","usage":{"input_tokens":7,"cache_read_input_tokens":3,"output_tokens":2}}"#,
                true,
                Some("end_turn"),
                usage(7, Some(3), 2, None),
                None,
            ),
            (
                Gemini,
                r#"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":5,"thoughtsTokenCount":8}}"#,
                true,
                Some("STOP"),
                usage(9, None, 5, Some(8)),
                None,
            ),
            (Gemini, r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#, true, Some("SAFETY"), Usage::default(), None),
            (OpenAiChat, r#"{"error":{"message":"no","code":"x"}}"#, true, None, Usage::default(), Some("no")),
            (OpenAiChat, r#"{"error":null,"choices":[]}"#, true, None, Usage::default(), None),
            (OpenAiChat, r#"{"error":"#, false, None, Usage::default(), None),
            (OpenAiChat, "<html>", false, None, Usage::default(), None),
            (Anthropic, "[]", false, None, Usage::default(), None),
        ];
        for (dialect, body, complete, finish_reason, usage, error) in rows {
            for step in [1, 3, 1000] {
                let mut meter = AnswerMeter::new(dialect);
                body.as_bytes().chunks(step).for_each(|chunk| meter.push(chunk));
                let summary = meter.summary();
                assert_eq!(summary.complete, complete, "{body}");
                assert_eq!(summary.finish_reason.as_deref(), finish_reason, "{body}");
                assert_eq!(summary.usage, usage, "{body}");
                assert_eq!(summary.error.map(|error| error.message).as_deref(), error, "{body}");
            }
        }
    }
}
