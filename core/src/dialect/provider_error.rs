use core::time::Duration;
use std::borrow::Cow;

use http::StatusCode;
use serde_json::Value;

/// So much of a provider's own words is kept.
const MESSAGE_LIMIT: usize = 2000;
const WORD_LIMIT: usize = 128;
/// A larger error body is not read as JSON.
const BODY_LIMIT: usize = 1 << 20;

/// What a provider said went wrong, in an error body or in an event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderError {
    /// In the provider's words; never empty.
    pub message: String,
    /// OpenAI's `code`, Google's numeric code is in `status` instead.
    pub code: Option<String>,
    /// OpenAI's and Anthropic's `type`, Google's `status`.
    pub kind: Option<String>,
    /// An HTTP status that the error itself names.
    pub status: Option<u16>,
    /// The account is out of money or at a limit that only its owner can raise: asking again is useless.
    pub is_billing: bool,
    /// How long to wait, where the error itself says so.
    pub retry_after: Option<Duration>,
}

/// Reads a provider's error body: OpenAI's, Anthropic's, Google's and their relatives, plain text, a page of HTML.
pub fn classify_error(status: StatusCode, body: &[u8]) -> ProviderError {
    let mut error = ProviderError::read(body).unwrap_or_else(|| from_text(body));
    if error.message.is_empty() {
        error.message = match status.canonical_reason() {
            Some(reason) => format!("{} {reason}", status.as_u16()),
            None => status.as_u16().to_string(),
        };
    }
    // A word about billing in a message counts only where a refusal for it is possible.
    if !matches!(status.as_u16(), 200..=299 | 400 | 402 | 403 | 429) {
        error.is_billing = false;
    }
    if status == StatusCode::PAYMENT_REQUIRED {
        error.is_billing = true;
    }
    error
}

impl ProviderError {
    pub fn refuses(&self, param: &str) -> bool {
        self.message.contains(param)
    }

    /// Reads JSON that is an error: `{"error": …}`, an array of one such object, or a bare error object. `None` when it
    /// is not JSON, or nothing in it says that it is an error.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        if body.len() > BODY_LIMIT {
            return None;
        }
        let value: Value = serde_json::from_slice(body).ok()?;
        Self::from_answer(value.as_array().and_then(|all| all.first()).unwrap_or(&value))
    }

    /// Reads an object that is an error, or has one in `error`.
    pub(super) fn from_answer(value: &Value) -> Option<Self> {
        match value.get("error") {
            Some(error) if holds_something(error) => {
                let mut found = Self::from_value(error);
                if found.message.is_empty() {
                    // `{"error": true, "message": …}` and the like.
                    found.message = first_text(value, &["message", "detail", "error_description"]).unwrap_or_default();
                }
                Some(found)
            }
            _ if first_text(value, &["message", "detail", "msg"]).is_some() || value.get("errors").is_some() => {
                Some(Self::from_value(value))
            }
            // FastAPI's list of complaints.
            _ if value.get("detail").is_some() => Some(Self::from_value(value)),
            _ => None,
        }
    }

    /// Reads an error object, or an error that is only a text.
    pub(super) fn from_value(error: &Value) -> Self {
        let nested = error.get("error").filter(|inner| inner.is_object()).unwrap_or(error);
        let message = match error {
            Value::String(text) => Some(text.clone()),
            _ => first_text(nested, &["message", "detail", "msg", "error_description", "error"]),
        };
        let message = message.or_else(|| {
            let rest = nested.get("errors").or_else(|| nested.get("detail")).or(nested.as_object().map(|_| nested))?;
            Some(rest.to_string())
        });
        let code = nested.get("code");
        let numeric = code.and_then(as_status).or_else(|| nested.get("status").and_then(as_status));
        let mut found = Self {
            message: cut(message.unwrap_or_default(), MESSAGE_LIMIT),
            code: code.and_then(Value::as_str).map(|code| cut(code.to_owned(), WORD_LIMIT)),
            // The type `error` says only that it is one.
            kind: first_text(nested, &["type", "status"])
                .filter(|kind| kind != "error")
                .map(|kind| cut(kind, WORD_LIMIT)),
            status: numeric,
            is_billing: false,
            retry_after: retry_delay(nested),
        };
        found.is_billing = found.names_billing() || is_daily_quota(nested);
        found
    }

    /// The provider's words for "pay first", as far as they are public: OpenAI's codes, Anthropic's spend limits and
    /// credit balance, and what relatives use.
    fn names_billing(&self) -> bool {
        const WORDS: [&str; 12] = [
            "insufficient_quota",
            "billing_hard_limit_reached",
            "billing_not_active",
            "billing_error",
            "access_terminated",
            "spend_limit",
            "spending_limit",
            "enforced_spend_limit_reached",
            "insufficient_balance",
            "insufficient_credits",
            "credit_balance_too_low",
            "account_deactivated",
        ];
        const PHRASES: [&str; 8] = [
            "credit balance is too low",
            "insufficient balance",
            "insufficient credits",
            "check your plan and billing",
            "billing hard limit",
            "enforced spend limit",
            "spending limit",
            "account is not active",
        ];
        let word = |text: &Option<String>| {
            text.as_deref().is_some_and(|text| {
                let text = text.to_ascii_lowercase();
                WORDS.iter().any(|word| text.contains(word))
            })
        };
        // Google says "check your plan and billing" of every quota, also of those per minute.
        let is_google = self.kind.as_deref() == Some("RESOURCE_EXHAUSTED");
        let message = self.message.to_ascii_lowercase();
        word(&self.code) || word(&self.kind) || !is_google && PHRASES.iter().any(|phrase| message.contains(phrase))
    }
}

/// Google's quotas name their period in their id; one per day cannot be waited for.
fn is_daily_quota(error: &Value) -> bool {
    let details = error.get("details").and_then(Value::as_array);
    let violations = details.into_iter().flatten().filter_map(|detail| detail.get("violations")?.as_array()).flatten();
    violations.filter_map(|violation| violation.get("quotaId")?.as_str()).any(|id| id.contains("PerDay"))
}

/// Google's `RetryInfo`, `{"retryDelay": "34.4s"}`, or a number of seconds in `retry_after`.
fn retry_delay(error: &Value) -> Option<Duration> {
    let details = error.get("details").and_then(Value::as_array);
    let delay = details.into_iter().flatten().find_map(|detail| detail.get("retryDelay")?.as_str());
    let seconds = match delay {
        Some(delay) => delay.strip_suffix('s')?.parse().ok()?,
        None => error.get("retry_after").or_else(|| error.get("metadata")?.get("retry_after"))?.as_f64()?,
    };
    Duration::try_from_secs_f64(seconds).ok()
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

/// A page's title, or the text itself.
fn from_text(body: &[u8]) -> ProviderError {
    let head = body.get(..body.len().min(16 * 1024)).unwrap_or_default();
    let text = String::from_utf8_lossy(head);
    let trimmed = text.trim();
    let message = if trimmed.starts_with('<') { page_title(trimmed) } else { Cow::Borrowed(trimmed) };
    ProviderError { message: cut(message.into_owned(), MESSAGE_LIMIT), ..ProviderError::default() }
}

fn page_title(page: &str) -> Cow<'_, str> {
    let lower = page.to_ascii_lowercase();
    for (open, close) in [("<title>", "</title>"), ("<h1>", "</h1>")] {
        let title = lower.find(open).map(|at| at + open.len()).and_then(|start| {
            let end = lower.get(start..)?.find(close)? + start;
            page.get(start..end)
        });
        if let Some(title) = title.map(str::trim).filter(|title| !title.is_empty()) {
            return Cow::Owned(format!("a web page: {title}"));
        }
    }
    Cow::Borrowed("a web page without a title")
}

fn cut(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_bodies_of_every_shape() {
        // Status, body, then: message, code, kind, billing, retry after in milliseconds.
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
                r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#,
                r#"[{"loc":["body"],"msg":"field required"}]"#,
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
                "a web page: 502 Bad Gateway",
                None,
                None,
                false,
                None,
            ),
            (503, "upstream connect error\n", "upstream connect error", None, None, false, None),
            (500, "", "500 Internal Server Error", None, None, false, None),
            (599, "{}", "{}", None, None, false, None),
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
            assert_eq!(error.is_billing, *is_billing, "{body}");
            assert_eq!(error.retry_after, retry_after.map(Duration::from_millis), "{body}");
        }
    }

    #[test]
    fn long_messages_are_cut() {
        let body = format!("{{\"error\":{{\"message\":\"{}\"}}}}", "é".repeat(5000));
        assert!(
            classify_error(StatusCode::BAD_GATEWAY, body.as_bytes()).message.len() <= MESSAGE_LIMIT + '…'.len_utf8()
        );
    }

    #[test]
    fn an_answer_is_no_error() {
        for body in ["{\"id\":\"x\",\"error\":null}", "{}", "[]", "12", "{\"choices\":[]}", "nonsense"] {
            assert_eq!(ProviderError::read(body.as_bytes()), None, "{body}");
        }
    }
}
