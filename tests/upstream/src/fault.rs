use core::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answer::{self, Asked, Event, Part};
use crate::play::STALL;
use crate::{Dialect, Play, ProviderError, Step};

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// How an exchange fails. Faults of a stream's events have their likeness in a whole answer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Fault {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)+
        }

        impl Fault {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

faults! {
    /// Accepts the request and never answers.
    HeaderStall = "header-stall",
    /// Closes the connection without an answer.
    NoAnswer = "no-answer",
    RateLimited = "429",
    RateLimitedSeconds = "429-seconds",
    RateLimitedDate = "429-date",
    RateLimitedMs = "429-ms",
    RateLimitedReset = "429-reset",
    Billing = "429-billing",
    Unauthorized = "401",
    Forbidden = "403",
    NotFound = "404",
    ContextLength = "400-context",
    Internal = "500",
    BadGatewayPage = "502-html",
    Unavailable = "503",
    Overloaded = "529",
    /// A 200 whose body is an error.
    ErrorBody = "200-error-body",
    HtmlPage = "200-html",
    /// A 200 without a single byte of body.
    Empty = "empty",
    MalformedFirst = "malformed-first",
    MalformedLater = "malformed-later",
    ErrorFirst = "error-first",
    /// Events that say nothing yet, then the error.
    ErrorAfterPreamble = "error-after-preamble",
    ErrorLater = "error-later",
    StallBeforeToken = "stall-before-token",
    StallAfterToken = "stall-after-token",
    CutBeforeToken = "cut-before-token",
    CutAfterToken = "cut-after-token",
    /// All of the output and a clean end, but no event that says so.
    NoTerminal = "no-terminal",
}

impl Fault {
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| fault.as_str() == name)
    }

    /// The answer of a provider that fails so. `sse` tells Gemini's two stream forms apart.
    pub(crate) fn play(self, asked: Asked<'_>, stream: bool, sse: bool) -> Play {
        let dialect = asked.dialect;
        if let Some(error) = self.error(dialect) {
            let mut play = error.play(dialect);
            if self == Self::Billing && dialect == Dialect::Gemini {
                play = gemini_daily_quota(&error);
            }
            return self.reset_headers(play, asked.behaviour.retry_after.as_deref());
        }
        match self {
            Self::HeaderStall => Play { head_delay: Some(STALL), ..Play::whole(504, "text/plain", "".into()) },
            Self::NoAnswer => Play { no_answer: true, ..Play::whole(504, "text/plain", "".into()) },
            Self::BadGatewayPage => Play::whole(502, "text/html", PAGE.into()),
            Self::HtmlPage => Play::whole(200, "text/html", PAGE.into()),
            Self::ErrorBody => {
                let body = overloaded(dialect).body(dialect).to_string();
                Play::whole(200, "application/json", body.into())
            }
            _ if stream => self.play_stream(asked, sse),
            _ => self.play_whole(asked),
        }
    }

    fn error(self, dialect: Dialect) -> Option<ProviderError> {
        let error = match self {
            Self::RateLimited
            | Self::RateLimitedSeconds
            | Self::RateLimitedDate
            | Self::RateLimitedMs
            | Self::RateLimitedReset => {
                let error = ProviderError::new(429, "Rate limit reached. Please try again later.");
                if dialect == Dialect::Gemini { error } else { error.code("rate_limit_exceeded") }
            }
            Self::Billing => match dialect {
                Dialect::Chat | Dialect::Responses => ProviderError::new(
                    429,
                    "You exceeded your current quota, please check your plan and billing details.",
                )
                .code("insufficient_quota")
                .kind("insufficient_quota"),
                Dialect::Anthropic => {
                    ProviderError::new(429, "enforced_spend_limit_reached: the organization's spend limit is reached.")
                        .kind("billing_error")
                }
                Dialect::Gemini => ProviderError::new(
                    429,
                    "You exceeded your current quota, please check your plan and billing details.",
                ),
            },
            Self::Unauthorized => ProviderError::new(401, "The credential was revoked.").code("invalid_api_key"),
            Self::Forbidden => ProviderError::new(403, "Your account may not use this model."),
            Self::NotFound => ProviderError::new(404, format!("The model does not exist ({}).", dialect.as_str()))
                .code("model_not_found"),
            Self::ContextLength => ProviderError::new(400, "prompt is too long: 210000 tokens > 200000 maximum")
                .code("context_length_exceeded")
                .param("messages"),
            Self::Internal => ProviderError::new(500, "The server had an error while processing your request."),
            Self::Unavailable => ProviderError::new(503, "The service is temporarily unavailable."),
            Self::Overloaded => ProviderError { status: 529, ..overloaded(dialect) },
            _ => return None,
        };
        Some(error)
    }

    fn reset_headers(self, play: Play, value: Option<&str>) -> Play {
        match self {
            Self::RateLimitedSeconds => play.header("retry-after", value.unwrap_or("7")),
            // Far enough to be in the future whenever a test runs.
            Self::RateLimitedDate => play.header("retry-after", value.unwrap_or("Fri, 31 Dec 2094 23:59:59 GMT")),
            Self::RateLimitedMs => play.header("retry-after-ms", value.unwrap_or("7000")),
            Self::RateLimitedReset => play
                .header("x-ratelimit-remaining-requests", "0")
                .header("x-ratelimit-reset-requests", value.unwrap_or("7s")),
            _ => play,
        }
    }

    fn play_stream(self, asked: Asked<'_>, sse: bool) -> Play {
        let dialect = asked.dialect;
        let mut events = answer::stream(asked);
        if dialect == Dialect::Gemini && self.wants_preamble() {
            events.insert(0, answer::gemini::preamble(asked));
        }
        let first_output = events.iter().position(|event| event.part == Part::Output).unwrap_or(events.len());
        let after_first = (first_output + 1).min(events.len());
        let broken = Event { bytes: broken_event(dialect), part: Part::Output };
        let end = match self {
            Self::StallBeforeToken | Self::StallAfterToken => Some(Step::Stall),
            Self::CutBeforeToken | Self::CutAfterToken => Some(Step::Cut),
            _ => None,
        };
        match self {
            Self::Empty => events.clear(),
            Self::MalformedFirst => events = vec![broken],
            Self::MalformedLater => {
                events.truncate(after_first);
                events.push(broken);
            }
            Self::ErrorFirst => events = vec![error_event(dialect, 0)],
            Self::ErrorAfterPreamble => {
                events.truncate(first_output);
                events.push(error_event(dialect, first_output));
            }
            Self::ErrorLater => {
                events.truncate(after_first);
                events.push(error_event(dialect, after_first));
            }
            Self::StallBeforeToken | Self::CutBeforeToken => events.truncate(first_output),
            Self::StallAfterToken | Self::CutAfterToken => events.truncate(after_first),
            Self::NoTerminal => events.retain(|event| event.part != Part::Terminal),
            _ => {}
        }
        let array = dialect == Dialect::Gemini && !sse;
        if array {
            events = answer::json_array(events);
            // A broken array has no end, and its end is the array's own mark of completeness.
            let unfinished = end.is_some() || self == Self::NoTerminal;
            if let (true, Some(last)) = (unfinished, events.last_mut())
                && last.bytes.ends_with(b"]")
            {
                last.bytes.truncate(last.bytes.len() - 1);
            }
        }
        let mut steps: Vec<Step> =
            events.into_iter().flat_map(|event| [Step::Send(event.bytes), Step::Flush]).collect();
        if matches!(self, Self::ErrorLater | Self::MalformedLater) {
            steps.insert(steps.len() - 2, Step::Wait(NOTICED));
        }
        if let Some(end) = end {
            steps.extend([Step::Wait(NOTICED), end]);
        }
        Play::stream(200, if array { "application/json" } else { "text/event-stream" }, steps)
    }

    fn play_whole(self, asked: Asked<'_>) -> Play {
        let body = answer::whole(asked).to_string();
        let half = body.len() / 2;
        let end = match self {
            Self::StallBeforeToken | Self::StallAfterToken => Step::Stall,
            Self::CutBeforeToken | Self::CutAfterToken => Step::Cut,
            Self::Empty => return Play::whole(200, "application/json", "".into()),
            Self::ErrorFirst | Self::ErrorAfterPreamble | Self::ErrorLater => {
                let dialect = asked.dialect;
                let body = overloaded(dialect).body(dialect).to_string();
                return Play::whole(200, "application/json", body.into());
            }
            // Broken JSON of the announced length.
            _ => return Play::whole(200, "application/json", body[..half].to_owned().into()),
        };
        let steps = vec![Step::Send(body[..half].to_owned().into()), Step::Flush, Step::Wait(NOTICED), end];
        Play::stream(200, "application/json", steps)
    }

    fn wants_preamble(self) -> bool {
        matches!(self, Self::ErrorAfterPreamble | Self::StallBeforeToken | Self::CutBeforeToken)
    }
}

/// Long enough for a caller to read what was sent before the break, and to act on it.
pub(crate) const NOTICED: Duration = Duration::from_millis(100);

const PAGE: &str =
    "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body><h1>Bad gateway</h1></body></html>\n";

fn overloaded(dialect: Dialect) -> ProviderError {
    match dialect {
        Dialect::Chat | Dialect::Responses => {
            ProviderError::new(503, "Our servers are currently overloaded. Please try again later.")
                .code("server_is_overloaded")
                .kind("service_unavailable_error")
        }
        Dialect::Anthropic => ProviderError::new(529, "Overloaded"),
        Dialect::Gemini => ProviderError::new(503, "The model is overloaded. Please try again later."),
    }
}

/// Inside a stream each dialect has its own form; Gemini's stands bare, without `data:`.
fn error_event(dialect: Dialect, sequence: usize) -> Event {
    let error = overloaded(dialect);
    let bytes = match dialect {
        Dialect::Chat => format!("data: {}\n\n", error.body(dialect)),
        Dialect::Responses => {
            let payload = json!({
                "type": "error",
                "code": error.code,
                "message": error.message,
                "param": null,
                "sequence_number": sequence
            });
            format!("event: error\ndata: {payload}\n\n")
        }
        Dialect::Anthropic => format!("event: error\ndata: {}\n\n", error.body(dialect)),
        Dialect::Gemini => error.body(dialect).to_string(),
    };
    Event { bytes: bytes.into(), part: Part::Output }
}

fn broken_event(dialect: Dialect) -> bytes::Bytes {
    match dialect {
        Dialect::Chat => "data: {\"id\":\"chatcmpl-upstream\",\"choices\":[{\"index\":0,\"del\n\n",
        Dialect::Responses => {
            "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\n\n"
        }
        Dialect::Anthropic => {
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\n\n"
        }
        Dialect::Gemini => "data: {\"candidates\":[{\"content\":{\"parts\":[\r\n\r\n",
    }
    .into()
}

fn gemini_daily_quota(error: &ProviderError) -> Play {
    let mut body = error.body(Dialect::Gemini);
    body["error"]["details"] = json!([{
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]
    }]);
    Play::whole(429, "application/json", body.to_string().into())
}
