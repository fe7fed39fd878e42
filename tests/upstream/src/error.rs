use bytes::Bytes;
use serde_json::{Value, json};

use crate::{Dialect, Play};

/// An error as a provider says it: the status, and words that each dialect puts in its own body.
#[derive(Clone, Debug)]
pub struct ProviderError {
    pub status: u16,
    /// OpenAI's `code`; `None` is null.
    pub code: Option<&'static str>,
    pub param: Option<String>,
    pub message: String,
    /// Replaces the type that the status implies.
    pub kind: Option<&'static str>,
}

impl ProviderError {
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, code: None, param: None, message: message.into(), kind: None }
    }

    pub(crate) fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    pub(crate) fn kind(mut self, kind: &'static str) -> Self {
        self.kind = Some(kind);
        self
    }

    pub(crate) fn param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The body that the dialect's provider sends.
    pub fn body(&self, dialect: Dialect) -> Value {
        let kind = self.kind.unwrap_or_else(|| kind_of(dialect, self.status));
        match dialect {
            Dialect::Chat | Dialect::Responses => json!({
                "error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}
            }),
            Dialect::Anthropic => json!({
                "type": "error",
                "error": {"type": kind, "message": self.message},
                "request_id": "req_011upstream"
            }),
            Dialect::Gemini => json!({
                "error": {"code": self.status, "message": self.message, "status": kind}
            }),
        }
    }

    pub fn play(&self, dialect: Dialect) -> Play {
        let play = Play::whole(self.status, "application/json", Bytes::from(self.body(dialect).to_string()));
        match dialect {
            Dialect::Chat | Dialect::Responses => play.header("x-request-id", "req_upstream"),
            Dialect::Anthropic => play.header("request-id", "req_011upstream"),
            Dialect::Gemini => play,
        }
    }
}

fn kind_of(dialect: Dialect, status: u16) -> &'static str {
    match dialect {
        Dialect::Chat | Dialect::Responses => match status {
            429 => "rate_limit_exceeded",
            500.. => "server_error",
            _ => "invalid_request_error",
        },
        Dialect::Anthropic => match status {
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            529 => "overloaded_error",
            500.. => "api_error",
            _ => "invalid_request_error",
        },
        Dialect::Gemini => match status {
            401 => "UNAUTHENTICATED",
            403 => "PERMISSION_DENIED",
            404 => "NOT_FOUND",
            429 => "RESOURCE_EXHAUSTED",
            500 | 502 => "INTERNAL",
            501 => "UNIMPLEMENTED",
            504 => "DEADLINE_EXCEEDED",
            503.. => "UNAVAILABLE",
            _ => "INVALID_ARGUMENT",
        },
    }
}
