use std::sync::OnceLock;

use super::counters::Counters;
use super::provider_error::{ProviderError, says_something};
use super::what_came::what_came;
use super::{Dialect, Usage};
use crate::record::Operation;
use crate::wire::BYTE_ORDER_MARK;
use crate::wire::json::{Capture, Kind, Path};

/// A longer usage report or error object is not read.
const VALUE_LIMIT: usize = 64 * 1024;
/// So much of an answer tells what it is, where it is no JSON.
const START_LIMIT: usize = 256;

const ERROR: Path = &["error"];
/// What errors consist of that came bare into a 200.
const BARE_ERROR: [Path; 9] = [
    &["message"],
    &["msg"],
    &["detail"],
    &["errors"],
    &["error_description"],
    &["code"],
    &["type"],
    &["status"],
    &["param"],
];

/// Watches an answer that is not streamed, without keeping it.
#[derive(Debug)]
pub struct AnswerMeter {
    dialect: Dialect,
    operation: Operation,
    capture: Capture,
    start: Vec<u8>,
    length: u64,
    /// So much of a byte order mark has come, and nothing else.
    mark: usize,
    /// Of what has come so far.
    summary: OnceLock<AnswerSummary>,
}

/// What an answer told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerSummary {
    /// One whole JSON object came that is an answer of its dialect, and nothing behind it.
    pub is_answer: bool,
    /// What came instead, unless it was an error: without a word of it, fit for the log.
    pub problem: Option<String>,
    pub usage: Usage,
    /// In the dialect's own words.
    pub finish_reason: Option<String>,
    /// The answer is an error object, whatever its status says.
    pub error: Option<ProviderError>,
    /// What the record should say of an answer beside its outcome.
    pub note: Option<String>,
}

impl AnswerMeter {
    pub fn new(dialect: Dialect, operation: Operation) -> Self {
        let row = dialect.row();
        let kept = [ERROR, row.answer.usage].into_iter().chain(row.answer.reasons.iter().copied()).chain(BARE_ERROR);
        let kept = kept.chain(row.answer.id).chain([row.answer.model]);
        let marks = row.answer.marks.iter().copied().chain([row.count]);
        let capture = Capture::new(kept, VALUE_LIMIT).marking(marks);
        Self { dialect, operation, capture, start: Vec::new(), length: 0, mark: 0, summary: OnceLock::new() }
    }

    /// Sees the next bytes of the body, in order. What is no JSON shows in the summary.
    pub fn push(&mut self, chunk: &[u8]) {
        self.summary.take();
        let room = START_LIMIT.saturating_sub(self.start.len()).min(chunk.len());
        self.start.extend_from_slice(chunk.get(..room).unwrap_or_default());
        let chunk_behind_mark = self.behind_mark(chunk);
        self.length += chunk.len() as u64;
        if self.capture.push(chunk_behind_mark).is_err() {
            // The capture remembers it.
        }
    }

    /// The chunk without its part of the mark that some write before UTF-8. Half a mark is no JSON.
    fn behind_mark<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let rest = BYTE_ORDER_MARK.get(self.mark..).filter(|_| self.length == self.mark as u64).unwrap_or_default();
        let came = rest.iter().zip(chunk).take_while(|(mark, byte)| mark == byte).count();
        self.mark += came;
        let chunk = chunk.get(came..).unwrap_or_default();
        let is_half = (1..BYTE_ORDER_MARK.len()).contains(&self.mark);
        if is_half && !chunk.is_empty() && self.capture.push(BYTE_ORDER_MARK).is_err() {
            // The capture remembers it.
        }
        chunk
    }

    /// What was told so far; final once the body has ended.
    pub fn summary(&self) -> &AnswerSummary {
        self.summary.get_or_init(|| self.read())
    }

    fn read(&self) -> AnswerSummary {
        let (row, capture) = (self.dialect.row(), &self.capture);
        let is_answer = capture.is_complete_object() && self.has_what_was_asked();
        let error = self.error(is_answer);
        let counters = self.counters();
        AnswerSummary {
            is_answer: is_answer && error.is_none(),
            problem: (!is_answer && error.is_none()).then(|| self.problem()),
            usage: counters.usage(row.convention),
            finish_reason: row.answer.reasons.iter().filter_map(|path| capture.text(path)).find(|it| !it.is_empty()),
            error,
            note: counters.note(),
        }
    }

    fn counters(&self) -> Counters {
        let form = &self.dialect.row().answer;
        self.capture.get(form.usage).map(form.read_usage).unwrap_or_default()
    }

    /// By which clients can go on from the answer.
    pub fn response_id(&self) -> Option<String> {
        self.capture.text(self.dialect.row().answer.id?)
    }

    /// What the answer calls the model.
    pub fn answered_model(&self) -> Option<String> {
        self.capture.text(self.dialect.row().answer.model).filter(|model| !model.is_empty())
    }

    fn has_what_was_asked(&self) -> bool {
        let row = self.dialect.row();
        match self.operation {
            Operation::Generate => (row.answer.is_answer)(&self.capture),
            Operation::CountTokens => self.capture.kind(row.count) == Some(Kind::Number),
        }
    }

    /// Beside an answer only `error` is one: its other members may be called as they like.
    fn error(&self, is_answer: bool) -> Option<ProviderError> {
        let named = self.capture.get(ERROR).is_some_and(says_something);
        if !named && (is_answer || !self.capture.is_complete_object()) {
            return None;
        }
        ProviderError::from_answer(&self.capture.extract())
    }

    fn problem(&self) -> String {
        let came = what_came(&self.start, self.length);
        if self.capture.is_complete_object() {
            let row = self.dialect.row();
            let wanted = match self.operation {
                Operation::Generate => row.answer.holds,
                Operation::CountTokens => "a number of tokens",
            };
            format!("{came} without {wanted}")
        } else if came.starts_with("a JSON object") {
            format!("{came} that is malformed or broke off")
        } else {
            came
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Dialect::{Anthropic, Gemini, OpenAiChat, OpenAiResponses};

    fn usage(input: u64, cache_read: Option<u64>, output: u64, reasoning: Option<u64>) -> Usage {
        Usage { input: Some(input), cache_read, output: Some(output), reasoning, ..Usage::default() }
    }

    fn summary(dialect: Dialect, operation: Operation, body: &str, step: usize) -> AnswerSummary {
        let mut meter = AnswerMeter::new(dialect, operation);
        body.as_bytes().chunks(step).for_each(|chunk| meter.push(chunk));
        meter.summary().clone()
    }

    #[test]
    fn answers_however_they_are_cut() {
        let rows = [
            (
                OpenAiChat,
                r#"{"choices":[{"message":{"content":"\"usage\":{}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}}"#,
                Some("stop"),
                usage(6, Some(4), 3, Some(2)),
            ),
            (
                OpenAiResponses,
                r#"{"status":"incomplete","error":null,"output":[],"incomplete_details":{"reason":"max_output_tokens"},"usage":{"input_tokens":3,"output_tokens":4}}"#,
                Some("max_output_tokens"),
                usage(3, None, 4, None),
            ),
            (
                Anthropic,
                r#"{"content":[],"stop_reason":"end_turn","usage":{"input_tokens":7,"cache_read_input_tokens":3,"output_tokens":2}}"#,
                Some("end_turn"),
                usage(7, Some(3), 2, None),
            ),
            (
                Gemini,
                r#"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":5,"thoughtsTokenCount":8}}"#,
                Some("STOP"),
                usage(9, None, 5, Some(8)),
            ),
            (Gemini, r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#, Some("SAFETY"), Usage::default()),
            (OpenAiChat, r#"{"error":{},"code":0,"message":"ok","choices":[{}]}"#, None, Usage::default()),
            (OpenAiResponses, r#"{"status":"queued","output":[]}"#, Some("queued"), Usage::default()),
            (OpenAiResponses, r#"{"object":"response.compaction","output":[{}]}"#, None, Usage::default()),
            (Anthropic, r#"{"type":"message","content":[{"type":"text"}]}"#, None, Usage::default()),
            (
                OpenAiChat,
                r#"{"choices":[{"finish_reason":""}],"usage":{"prompt_tokens":10,"completion_tokens":2,"prompt_token_details":{"cached_tokens":4},"num_cached_tokens":4}}"#,
                None,
                usage(6, Some(4), 2, None),
            ),
            (
                OpenAiChat,
                r#"{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":2,"prompt_tokens_details":"none","num_cached_tokens":3,"completion_tokens_details":{"reasoning_tokens":1},"total_tokens":13}}"#,
                Some("stop"),
                usage(7, Some(3), 2, Some(1)),
            ),
            (
                OpenAiResponses,
                r#"{"status":"completed","output":[],"incomplete_details":{"reason":""},"usage":{"input_tokens":3,"output_tokens":4,"output_tokens_details":7}}"#,
                Some("completed"),
                usage(3, None, 4, None),
            ),
            (
                Anthropic,
                r#"{"content":[{}],"stop_reason":"","usage":{"input_tokens":7,"output_tokens":2,"iterations":[{"input_tokens":9,"output_tokens":1},{"input_tokens":7,"output_tokens":2}]}}"#,
                None,
                usage(16, None, 3, None),
            ),
            (
                Gemini,
                r#"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":20,"candidatesTokenCount":198,"totalTokenCount":623}}"#,
                Some("STOP"),
                usage(20, None, 198, Some(405)),
            ),
        ];
        for (dialect, body, finish_reason, usage) in rows {
            let marked = format!("\u{feff}{body}");
            for (step, body) in [1, 2, 3, 1000].into_iter().flat_map(|step| [(step, body), (step, &marked)]) {
                let summary = summary(dialect, Operation::Generate, body, step);
                assert!(summary.is_answer, "{body}: {summary:?}");
                assert_eq!((&summary.problem, &summary.error), (&None, &None), "{body}");
                assert_eq!(summary.finish_reason.as_deref(), finish_reason, "{body}");
                assert_eq!(summary.usage, usage, "{body}");
            }
        }
    }

    #[test]
    fn half_a_mark_is_no_json() {
        for bytes in [
            &b"\xef{\"choices\":[{}]}"[..],
            b"\xef\xbb{\"choices\":[{}]}",
            b"\xef\xbb\xbf\xef\xbb\xbf{\"choices\":[{}]}",
        ] {
            for step in [1, 2, 1000] {
                let mut meter = AnswerMeter::new(OpenAiChat, Operation::Generate);
                bytes.chunks(step).for_each(|chunk| meter.push(chunk));
                assert!(!meter.summary().is_answer, "{bytes:?}");
            }
        }
    }

    /// A row ends with what came: an error in the provider's words, or ours for anything else.
    #[test]
    fn what_is_no_answer() {
        let rows: &[(Dialect, &str, Result<&str, &str>)] = &[
            (OpenAiChat, r#"{"error":{"message":"no","code":"x"}}"#, Ok("no")),
            (OpenAiChat, r#"{"code":500,"message":"down"}"#, Ok("down")),
            (OpenAiChat, r#"{"choices":null,"msg":"busy"}"#, Ok("busy")),
            (OpenAiChat, r#"{"error":true,"message":"wait","choices":[{}]}"#, Ok("wait")),
            (Anthropic, r#"{"type":"error","error":{"type":"overloaded_error","message":"no"}}"#, Ok("no")),
            (OpenAiResponses, r#"{"status":"failed","error":{"code":"x","message":"no"},"output":[]}"#, Ok("no")),
            (Gemini, r#"{"error":{"code":503,"message":"no"}"#, Ok("no")),
            (OpenAiChat, "{}", Err("a JSON object of 2 bytes without a choice in `choices`")),
            (OpenAiChat, r#"{"choices":null}"#, Err("a JSON object of 16 bytes without a choice in `choices`")),
            (OpenAiChat, r#"{"choices":[]}"#, Err("a JSON object of 14 bytes without a choice in `choices`")),
            (
                OpenAiChat,
                r#"{"error":null,"choices":[1]}"#,
                Err("a JSON object of 28 bytes without a choice in `choices`"),
            ),
            (
                OpenAiResponses,
                r#"{"status":"completed"}"#,
                Err("a JSON object of 22 bytes without an `output` that has not failed"),
            ),
            (
                OpenAiResponses,
                r#"{"status":"failed","output":[]}"#,
                Err("a JSON object of 31 bytes without an `output` that has not failed"),
            ),
            (
                Anthropic,
                r#"{"content":[],"stop_reason":null}"#,
                Err("a JSON object of 33 bytes without `content` and a `stop_reason`"),
            ),
            (Gemini, r#"{"candidates":[]}"#, Err("a JSON object of 17 bytes without a candidate in `candidates`")),
            (OpenAiChat, r#"{"choices":[{}"#, Err("a JSON object of 14 bytes that is malformed or broke off")),
            (OpenAiChat, r#"{"choices":[{}]} {}"#, Err("a JSON object of 19 bytes that is malformed or broke off")),
            (OpenAiChat, "<html>", Err("a web page of 6 bytes")),
            (Anthropic, "[]", Err("a JSON array of 2 bytes")),
            (OpenAiChat, "data: {}", Err("a stream of events of 8 bytes")),
            (OpenAiChat, "", Err("an empty body")),
        ];
        for (dialect, body, expected) in rows {
            for step in [1, 3, 1000] {
                let summary = summary(*dialect, Operation::Generate, body, step);
                assert!(!summary.is_answer, "{body}");
                let error = summary.error.as_ref().map(|error| error.message.as_str());
                assert_eq!((error, summary.problem.as_deref()), (expected.ok(), expected.err()), "{body}");
            }
        }
    }

    #[test]
    fn an_absurd_count_is_noted() {
        for (dialect, count, note) in [
            (OpenAiChat, "1000000000", None),
            (OpenAiChat, "9223372036854775807", Some("a count of over 1000000000 tokens was taken for none")),
        ] {
            let body = format!(r#"{{"choices":[{{}}],"usage":{{"prompt_tokens":{count},"completion_tokens":5}}}}"#);
            let mut meter = AnswerMeter::new(dialect, Operation::Generate);
            meter.push(body.as_bytes());
            let AnswerSummary { usage, note: told, .. } = meter.summary();
            assert_eq!(told.as_deref(), note, "{body}");
            assert_eq!((usage.input.is_none(), usage.output), (note.is_some(), Some(5)), "{body}");
        }
    }

    #[test]
    fn counts() {
        for (dialect, body, is_answer) in [
            (Anthropic, r#"{"input_tokens":12}"#, true),
            (Anthropic, r#"{"content":[{}],"stop_reason":"end_turn"}"#, false),
            (Gemini, r#"{"totalTokens":12,"promptTokensDetails":[]}"#, true),
            (Gemini, r#"{"candidates":[{}]}"#, false),
            (Gemini, r#"{"totalTokens":"12"}"#, false),
        ] {
            for step in [1, 1000] {
                let summary = summary(dialect, Operation::CountTokens, body, step);
                assert_eq!((summary.is_answer, summary.problem.is_none()), (is_answer, is_answer), "{body}");
            }
        }
    }
}
