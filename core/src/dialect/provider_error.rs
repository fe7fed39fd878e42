use http::StatusCode;
use serde_json::Value;

use super::hint::{hint, hint_in_text};
use super::trouble::{Trouble, trouble};
use super::what_came::what_came;
use crate::platform::Timestamp;
use crate::wire::{BYTE_ORDER_MARK, RetryHint};

/// So many characters of a provider's own words are kept.
const MESSAGE_LIMIT: usize = 500;
const WORD_LIMIT: usize = 128;
/// Of a list of complaints so many are told.
const COMPLAINTS: usize = 5;
/// A larger error body is not read as JSON.
const BODY_LIMIT: usize = 1 << 20;

/// What a provider said went wrong, in an error body or in an event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderError {
    /// In the provider's words, where it wrote an error message; any other text of an answer is only named. Never empty.
    pub message: String,
    /// OpenAI's `code`, Google's numeric code is in `status` instead.
    pub code: Option<String>,
    /// OpenAI's and Anthropic's `type`, Google's `status`.
    pub kind: Option<String>,
    /// The request's member at fault.
    pub param: Option<String>,
    /// An HTTP status that the error itself names.
    pub status: Option<u16>,
    pub trouble: Option<Trouble>,
    /// When to ask again, where the error itself says so.
    pub retry: Option<RetryHint>,
}

/// Reads a provider's error body: OpenAI's, Anthropic's, Google's and their relatives. Of plain text or a page of HTML
/// it only says what it is.
pub fn classify_error(status: StatusCode, body: &[u8]) -> ProviderError {
    let mut error = ProviderError::read(body).unwrap_or_else(|| {
        let came = what_came(body, body.len() as u64);
        let message = match status.canonical_reason() {
            Some(reason) => format!("{} {reason} with {came}", status.as_u16()),
            None => format!("{} with {came}", status.as_u16()),
        };
        ProviderError { message, ..ProviderError::default() }
    });
    if status == StatusCode::PAYMENT_REQUIRED {
        error.trouble = Some(Trouble::Billing);
    } else if status.is_server_error() {
        // Its words say nothing about us then.
        error.trouble = None;
    }
    error
}

impl ProviderError {
    /// How long to wait, where the error itself says so.
    pub fn retry_after(&self, now: Timestamp) -> Option<core::time::Duration> {
        self.retry.map(|hint| hint.delay(now))
    }

    /// Whether the error is about the request's member `param`.
    pub fn refuses(&self, param: &str) -> bool {
        let is_within =
            |named: &str| named.strip_prefix(param).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        self.param.as_deref().is_some_and(is_within) || self.message.contains(param)
    }

    /// Reads JSON that is an error: `{"error": …}`, an array of one such object, or a bare error object. `None` when it
    /// is not JSON, or nothing in it says that it is an error.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        if body.len() > BODY_LIMIT {
            return None;
        }
        let value: Value = serde_json::from_slice(body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body)).ok()?;
        Self::from_answer(value.as_array().and_then(|all| all.first()).unwrap_or(&value))
    }

    /// Reads an object that is an error, or has one in `error`.
    pub(super) fn from_answer(value: &Value) -> Option<Self> {
        match value.get("error") {
            // `{"error": true, "message": …}` and the like.
            Some(error) if holds_something(error) => {
                Some(if message_of(error).is_some() { Self::from_value(error) } else { Self::from_value(value) })
            }
            _ if ["message", "detail", "msg", "errors"]
                .iter()
                .any(|name| value.get(name).is_some_and(holds_something)) =>
            {
                Some(Self::from_value(value))
            }
            _ => None,
        }
    }

    /// Reads an error object, or an error that is only a text.
    pub(super) fn from_value(error: &Value) -> Self {
        let nested = error.get("error").filter(|inner| inner.is_object()).unwrap_or(error);
        let text = |name: &str| first_text(nested, &[name]).map(|text| cut(text, WORD_LIMIT));
        let code = text("code");
        // The type `error` says only that it is one.
        let kind = text("type").filter(|kind| kind != "error").or_else(|| text("status"));
        let message = message_of(nested).or_else(|| code.clone()).or_else(|| kind.clone());
        let message = message.unwrap_or_else(|| "an error without a message".to_owned());
        let reasons = details(nested).filter_map(|detail| detail.get("reason")?.as_str());
        let words = [code.as_deref(), kind.as_deref()].into_iter().flatten().chain(reasons);
        let trouble = trouble(words, &message).or_else(|| is_daily_quota(nested).then_some(Trouble::Billing));
        Self {
            retry: hint(nested).or_else(|| hint_in_text(&message)),
            message: cut(message, MESSAGE_LIMIT),
            status: nested.get("code").and_then(as_status).or_else(|| nested.get("status").and_then(as_status)),
            param: text("param"),
            code,
            kind,
            trouble,
        }
    }
}

/// The words for people in an error: a text, one in an object's usual members, or those of a list.
fn message_of(error: &Value) -> Option<String> {
    match error {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Array(list) => {
            let all: Vec<String> = list.iter().filter_map(message_of).take(COMPLAINTS).collect();
            (!all.is_empty()).then(|| all.join("; "))
        }
        Value::Object(members) => {
            let names = ["message", "detail", "msg", "error_description", "error", "errors"];
            let message = names.iter().find_map(|name| message_of(members.get(*name)?))?;
            // FastAPI's complaints name the place.
            let place = members.get("loc").and_then(Value::as_array);
            let place = place.map(|steps| steps.iter().map(step_of).collect::<Vec<_>>().join("."));
            Some(place.map_or_else(|| message.clone(), |place| format!("{place}: {message}")))
        }
        _ => None,
    }
}

fn step_of(step: &Value) -> String {
    step.as_str().map_or_else(|| step.to_string(), str::to_owned)
}

pub(super) fn details(error: &Value) -> impl Iterator<Item = &Value> {
    error.get("details").and_then(Value::as_array).into_iter().flatten()
}

/// Google's quotas name their period in their id; one per day cannot be waited for.
fn is_daily_quota(error: &Value) -> bool {
    let violations = details(error).filter_map(|detail| detail.get("violations")?.as_array()).flatten();
    violations.filter_map(|violation| violation.get("quotaId")?.as_str()).any(|id| id.contains("PerDay"))
}

/// Whether the value of an `error` member is one: some providers send an empty one with every answer.
pub(super) fn says_something(raw: &[u8]) -> bool {
    serde_json::from_slice(raw).is_ok_and(|value| holds_something(&value))
}

fn holds_something(error: &Value) -> bool {
    match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    }
}

fn as_status(value: &Value) -> Option<u16> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    u16::try_from(number).ok().filter(|number| (400..600).contains(number))
}

fn first_text(value: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| value.get(name)?.as_str()).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// At most `limit` characters, the last of which tells of more.
fn cut(mut text: String, limit: usize) -> String {
    if text.chars().count() > limit {
        let end = text.char_indices().nth(limit.saturating_sub(1)).map_or(0, |(at, _)| at);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    #[test]
    fn error_bodies_of_every_shape() {
        // Status, body, then: message, code, kind, whether it is about billing, retry after in milliseconds.
        type Row<'a> = (u16, &'a str, &'a str, Option<&'a str>, Option<&'a str>, bool, Option<u64>);
        let rows: &[Row<'_>] = &[
            (
                400,
                r#"{"error":{"message":"no max_tokens","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}"#,
                "no max_tokens",
                Some("unsupported_parameter"),
                Some("invalid_request_error"),
                false,
                None,
            ),
            (
                429,
                r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#,
                "You exceeded your current quota",
                Some("insufficient_quota"),
                Some("insufficient_quota"),
                true,
                None,
            ),
            (
                429,
                r#"{"error":{"message":"Rate limit reached for gpt-5","type":"tokens","code":"rate_limit_exceeded"}}"#,
                "Rate limit reached for gpt-5",
                Some("rate_limit_exceeded"),
                Some("tokens"),
                false,
                None,
            ),
            (
                429,
                r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"},"request_id":"req_1"}"#,
                "slow down",
                None,
                Some("rate_limit_error"),
                false,
                None,
            ),
            (
                429,
                r#"{"type":"error","error":{"type":"rate_limit_error","message":"x","code":"enforced_spend_limit_reached"}}"#,
                "x",
                Some("enforced_spend_limit_reached"),
                Some("rate_limit_error"),
                true,
                None,
            ),
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access"}}"#,
                "Your credit balance is too low to access",
                None,
                Some("invalid_request_error"),
                true,
                None,
            ),
            (
                529,
                r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                "Overloaded",
                None,
                Some("overloaded_error"),
                false,
                None,
            ),
            (
                429,
                r#"{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.4s"}]}}"#,
                "You exceeded your current quota, please check your plan and billing details.",
                None,
                Some("RESOURCE_EXHAUSTED"),
                false,
                Some(34_400),
            ),
            (
                429,
                r#"[{"error":{"code":429,"message":"q","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProject"}]}]}}]"#,
                "q",
                None,
                Some("RESOURCE_EXHAUSTED"),
                true,
                None,
            ),
            (
                401,
                r#"{"statusCode":401,"message":"Access denied due to invalid subscription key"}"#,
                "Access denied due to invalid subscription key",
                None,
                None,
                false,
                None,
            ),
            (404, r#"{"error":"model 'x' not found"}"#, "model 'x' not found", None, None, false, None),
            (
                422,
                r#"{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted","input":{"secret":1}}]}"#,
                "body.stream_options: Extra inputs are not permitted",
                None,
                None,
                false,
                None,
            ),
            (
                400,
                r#"{"object":"error","message":"too long","type":"BadRequestError","code":400}"#,
                "too long",
                None,
                Some("BadRequestError"),
                false,
                None,
            ),
            (
                402,
                r#"{"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}}"#,
                "Insufficient Balance",
                Some("invalid_request_error"),
                Some("unknown_error"),
                true,
                None,
            ),
            (
                502,
                "<html>\n<head><TITLE>502 Bad Gateway</TITLE></head></html>",
                "502 Bad Gateway with a web page of 57 bytes",
                None,
                None,
                false,
                None,
            ),
            (
                503,
                "upstream connect error\n",
                "503 Service Unavailable with plain text of 23 bytes",
                None,
                None,
                false,
                None,
            ),
            (500, "", "500 Internal Server Error with an empty body", None, None, false, None),
            (599, "{}", "599 with a JSON object of 2 bytes", None, None, false, None),
            (500, r#"{"error":{"code":"internal"}}"#, "internal", Some("internal"), None, false, None),
            (500, r#"{"error":{"x":1}}"#, "an error without a message", None, None, false, None),
            (400, r#"{"errors":[{"message":"a"},{"message":"b"}]}"#, "a; b", None, None, false, None),
            (
                429,
                r#"{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","resets_at":1767225700,"resets_in_seconds":90}}"#,
                "The usage limit has been reached",
                None,
                Some("usage_limit_reached"),
                false,
                Some(90_000),
            ),
            (429, r#"{"error":{"message":"x","resets_at":1767225700}}"#, "x", None, None, false, Some(100_000)),
            (
                429,
                r#"{"error":{"message":"x","resets_at":"2026-01-01T00:00:07Z"}}"#,
                "x",
                None,
                None,
                false,
                Some(7_000),
            ),
            (
                429,
                r#"{"error":{"message":"x","metadata":{"headers":{"X-RateLimit-Reset":"1767225603000"}}}}"#,
                "x",
                None,
                None,
                false,
                Some(3_000),
            ),
            (
                429,
                r#"{"error":{"message":"Limit. Please try again in 1.2s. Visit"}}"#,
                "Limit. Please try again in 1.2s. Visit",
                None,
                None,
                false,
                Some(1_200),
            ),
            (
                429,
                r#"{"message":"Please retry after 7 seconds."}"#,
                "Please retry after 7 seconds.",
                None,
                None,
                false,
                Some(7_000),
            ),
            (
                429,
                r#"{"message":"Please try again in 6m0s"}"#,
                "Please try again in 6m0s",
                None,
                None,
                false,
                Some(360_000),
            ),
            (
                429,
                r#"{"message":"Please try again in a while"}"#,
                "Please try again in a while",
                None,
                None,
                false,
                None,
            ),
            (
                500,
                r#"{"error":{"message":"check your plan and billing"}}"#,
                "check your plan and billing",
                None,
                None,
                false,
                None,
            ),
        ];
        for (status, body, message, code, kind, is_billing, retry_after) in rows {
            let error = classify_error(StatusCode::from_u16(*status).unwrap(), body.as_bytes());
            assert_eq!(error.message, *message, "{body}");
            assert_eq!(error.code.as_deref(), *code, "{body}");
            assert_eq!(error.kind.as_deref(), *kind, "{body}");
            assert_eq!(error.trouble == Some(Trouble::Billing), *is_billing, "{body}");
            let delay = error.retry_after(Timestamp::from_secs(1_767_225_600));
            assert_eq!(delay, retry_after.map(Duration::from_millis), "{body}");
        }
    }

    #[test]
    fn long_messages_are_cut() {
        let body = format!("{{\"error\":{{\"message\":\"{}\"}}}}", "é".repeat(5000));
        assert!(classify_error(StatusCode::BAD_GATEWAY, body.as_bytes()).message.chars().count() <= MESSAGE_LIMIT);
    }

    #[test]
    fn an_answer_is_no_error() {
        for body in ["{\"id\":\"x\",\"error\":null}", "{}", "[]", "12", "{\"choices\":[]}", "nonsense"] {
            assert_eq!(ProviderError::read(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn which_member_is_refused() {
        for (body, refuses) in [
            (r#"{"error":{"message":"Unknown parameter: 'stream_options'.","param":"stream_options"}}"#, true),
            (r#"{"error":{"message":"Unknown parameter","param":"stream_options.include_usage"}}"#, true),
            (r#"{"error":{"message":"stream_options is not supported"}}"#, true),
            (r#"{"detail":[{"loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}"#, true),
            (r#"{"error":{"message":"Unknown parameter: 'stream'.","param":"stream"}}"#, false),
            (r#"{"error":{"message":"no","param":"stream_options_x"}}"#, false),
        ] {
            assert_eq!(
                classify_error(StatusCode::BAD_REQUEST, body.as_bytes()).refuses("stream_options"),
                refuses,
                "{body}"
            );
        }
    }
}
