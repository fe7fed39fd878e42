//! Failed attempts, and which of them the client is told about.

use core::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};

use super::headers;
use crate::balance::{Report, Verdict};
use crate::dialect::{ErrorKind, GatewayError, ProviderError};
use crate::platform::{Body, HttpError, HttpErrorKind, Timestamp};
use crate::record::Outcome;

/// An attempt that gave the client nothing.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) outcome: Outcome,
    /// For the log: the provider's status, or 0 when no answer came.
    pub(super) status: u16,
    /// In words, for the log and for a client that gets no answer of the provider's own.
    pub(super) message: String,
    pub(super) next: Next,
    pub(super) report: Report,
    /// What the provider answered, when it was an answer of its dialect.
    pub(super) answer: Option<ProviderAnswer>,
    /// How long the provider asks us to stay away, wherever it said so.
    delay: Option<Duration>,
    telling: Telling,
}

/// A provider's error answer, kept whole.
#[derive(Debug)]
pub(super) struct ProviderAnswer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What becomes of the association for the rest of this request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The client's own mistake: nobody else is asked.
    Stop,
    Remove,
    /// It may be asked again, after others.
    Demote,
}

/// How much an error tells the client, least first. Of several failures the client gets the most telling one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Telling {
    /// The gateway could not even ask.
    NoAnswer,
    Timeout,
    /// The operator's account or settings at the provider.
    Account,
    /// An answer that was no answer: HTML, an empty stream, a cut.
    Unusable,
    ProviderError,
    Overloaded,
    /// The client can act on it: wait.
    RateLimit,
    ClientError,
}

impl Failure {
    /// The provider answered with an error status.
    pub(super) fn from_status(
        answer: ProviderAnswer,
        verdict: Verdict,
        delay: Option<Duration>,
        message: String,
    ) -> Self {
        let status = answer.status.as_u16();
        let mut failure = Self::judged(verdict, delay, status, message);
        failure.answer = Some(answer);
        failure
    }

    /// The provider put an error into a 200 before there was any output.
    pub(super) fn from_error(status: StatusCode, verdict: Verdict, error: &ProviderError, now: Timestamp) -> Self {
        Self::judged(verdict, error.retry_after(now), status.as_u16(), error.message.clone())
    }

    fn judged(verdict: Verdict, delay: Option<Duration>, status: u16, message: String) -> Self {
        let (outcome, next, report, telling) = match verdict {
            Verdict::ClientError => (Outcome::ClientError, Next::Stop, Report::Neutral, Telling::ClientError),
            Verdict::OtherState => (Outcome::ClientError, Next::Remove, Report::Neutral, Telling::ClientError),
            Verdict::RateLimited => {
                (Outcome::RateLimited, Next::Demote, Report::RateLimited(delay), Telling::RateLimit)
            }
            Verdict::Billing => (Outcome::RateLimited, Next::Remove, Report::RateLimited(delay), Telling::Account),
            Verdict::Overloaded => (Outcome::ProviderError, Next::Remove, Report::Failure, Telling::Overloaded),
            Verdict::Refused => (Outcome::ProviderError, Next::Remove, Report::Failure, Telling::Account),
            Verdict::NotHere => (Outcome::ProviderError, Next::Remove, Report::Neutral, Telling::Account),
            Verdict::Failover => (Outcome::ProviderError, Next::Remove, Report::Failure, Telling::ProviderError),
        };
        Self { outcome, status, message, next, report, answer: None, delay, telling }
    }

    /// No answer came.
    pub(super) fn from_http(error: &HttpError) -> Self {
        let (outcome, telling) = match error.kind {
            HttpErrorKind::Timeout => (Outcome::Timeout, Telling::Timeout),
            _ => (Outcome::ConnectError, Telling::NoAnswer),
        };
        Self::new(outcome, 0, error.message.clone(), telling)
    }

    /// The time for the first meaningful event, or for the whole answer, ran out.
    pub(super) fn timeout(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(Outcome::Timeout, status.as_u16(), message, Telling::Timeout)
    }

    /// The connection broke before there was any output.
    pub(super) fn cut(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(Outcome::ConnectError, status.as_u16(), message, Telling::Unusable)
    }

    /// A 200 that holds an error: an error event, an error object, a configured sample.
    pub(super) fn error_in_answer(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(Outcome::ProviderError, status.as_u16(), message, Telling::ProviderError)
    }

    /// A 200 that is no answer of the dialect.
    pub(super) fn unusable(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(Outcome::ProviderError, status.as_u16(), message, Telling::Unusable)
    }

    /// The request could not be built for this association.
    pub(super) fn unsendable(error: &GatewayError) -> Self {
        let is_clients = error.kind == ErrorKind::InvalidRequest;
        let mut failure =
            Self::new(Outcome::GatewayError, error.kind.status(), error.message.clone(), Telling::NoAnswer);
        failure.report = Report::Neutral;
        if is_clients {
            failure.next = Next::Stop;
            failure.telling = Telling::ClientError;
        }
        failure
    }

    fn new(outcome: Outcome, status: u16, message: impl Into<String>, telling: Telling) -> Self {
        let message = message.into();
        Self {
            outcome,
            status,
            message,
            next: Next::Remove,
            report: Report::Failure,
            answer: None,
            delay: None,
            telling,
        }
    }

    /// The more telling of two; the earlier one between equals.
    pub(super) fn or(self, earlier: Option<Self>) -> Self {
        match earlier {
            Some(earlier) if earlier.telling >= self.telling => earlier,
            _ => self,
        }
    }

    /// The provider's own answer, unchanged, where there is one; with `Retry-After` where the delay is known otherwise.
    pub(super) fn into_answer(self) -> Result<Response<Body>, GatewayError> {
        if let Some(answer) = self.answer {
            let mut response = Response::new(Body::from(answer.body));
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            headers::for_client(response.headers_mut());
            if let Some(delay) = self.delay {
                let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
                response.headers_mut().entry(header::RETRY_AFTER).or_insert(seconds.into());
            }
            return Ok(response);
        }
        let kind = match (self.next, self.outcome) {
            (Next::Stop, _) => ErrorKind::InvalidRequest,
            (_, Outcome::Timeout) => ErrorKind::Timeout,
            (_, Outcome::RateLimited) => ErrorKind::RateLimited,
            (_, Outcome::GatewayError) => ErrorKind::Internal,
            _ => ErrorKind::BadGateway,
        };
        // Where and how a connection failed is the operator's business, and in the log.
        let message = match (self.next, self.outcome) {
            (Next::Stop, _) => self.message,
            (_, Outcome::ConnectError) => "the model's provider could not be reached, or broke off".to_owned(),
            (_, Outcome::Timeout) => "the model's provider did not answer in time".to_owned(),
            (_, Outcome::GatewayError) => "the model's provider is not usable as configured".to_owned(),
            _ => self.message,
        };
        Err(GatewayError::new(kind, message).code("provider_error").retry_after(self.delay))
    }
}
