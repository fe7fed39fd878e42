use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::TestKind;
use crate::dialect::Usage;

/// How a test of an association went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct TestReport {
    pub ok: bool,
    /// The provider's own name for the model, as it was asked for.
    pub provider_model: String,
    /// What the provider answered with; null when no answer came.
    pub status: Option<u16>,
    /// Milliseconds until the first output; only of a stream.
    pub first_token_ms: Option<f64>,
    /// Milliseconds until the end.
    pub total_ms: f64,
    /// Why it is not ok, in words.
    pub error: Option<String>,
    /// The beginning of the last answer as it came.
    pub excerpt: Option<String>,
    pub kind: TestKind,
    /// What was looked at.
    pub verdicts: Vec<Verdict>,
    /// Tokens of all exchanges; null is not reported.
    pub usage: Usage,
    /// Of the exchanges in the log, in their order; none of a draft.
    pub trace_ids: Vec<String>,
    /// What was sent and what came; only where that was asked for.
    pub exchanges: Vec<Exchange>,
}

/// One thing that a test looks at.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "TestVerdict")]
pub struct Verdict {
    /// `answered`, `streamed`, `tool_call`, `structured_output`, `image`, `count_tokens`, `two_calls`, `in_order`, `steps`.
    pub check: &'static str,
    pub ok: bool,
    pub detail: String,
}

/// One request of a test and its answer, free of secrets.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "TestExchange")]
pub struct Exchange {
    pub title: String,
    /// The body as it was sent; at most 64 KiB of it.
    pub sent: String,
    /// Null when no answer came.
    pub status: Option<u16>,
    /// The body as it came; at most 64 KiB of it.
    pub received: String,
    /// Whether `sent` or `received` is only the beginning.
    pub truncated: bool,
    pub first_token_ms: Option<f64>,
    pub total_ms: f64,
    /// Of a stream.
    pub events: Option<usize>,
}

/// What happens in a test, as it happens. The last one is the report.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TestEvent {
    /// What the model is asked.
    Question {
        kind: TestKind,
        provider_model: String,
        text: String,
    },
    /// The model calls a tool.
    Call {
        step: u32,
        name: String,
        arguments: Value,
    },
    /// What the tool gives back.
    Result {
        step: u32,
        name: String,
        content: String,
    },
    /// What the model answers in the end.
    Answer {
        text: String,
    },
    /// What was sent and what came; only where that was asked for.
    Exchange {
        exchange: Exchange,
    },
    Report {
        report: TestReport,
    },
}
