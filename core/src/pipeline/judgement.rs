//! What follows from how an exchange ended: the one place where a provider's answer is judged, before the client sees
//! anything of it as well as after.

use core::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::balance::{Report, Verdict, retry_after, verdict, verdict_in_answer};
use crate::dialect::{ErrorKind, GatewayError, ProviderError};
use crate::platform::{HttpError, HttpErrorKind, Timestamp};
use crate::record::{Operation, Outcome};

#[derive(Clone, Debug)]
pub(crate) struct Judgement {
    pub(super) outcome: Outcome,
    /// In words, for an operator; `None` for an answer as it should be.
    pub(super) message: Option<String>,
    report: Report,
    pub(super) next: Next,
    pub(super) telling: Telling,
    /// How long the provider asks us to stay away, wherever it said so.
    pub(super) pause: Option<Duration>,
}

/// What becomes of the candidate for the rest of this request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The client's own mistake: nobody else is asked.
    Stop,
    Remove,
    /// Removed, but asked again after a pause when nobody else is left.
    Retry,
    /// It may be asked again, after others.
    Demote,
    /// Removed, with all that have no more room.
    Roomier,
}

/// How much a failure tells the client, least first. Of several failures the client gets the most telling one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Telling {
    /// The request cannot be told to it.
    Untold,
    /// The gateway could not even ask.
    NoAnswer,
    Timeout,
    /// The gateway's own account at the provider, which is no business of the client's.
    Account,
    /// It does not have what was named.
    NotHere,
    /// An answer that was no answer: HTML, an empty stream, a cut.
    Unusable,
    ProviderError,
    Overloaded,
    /// The client can act on it: wait.
    RateLimit,
    ClientError,
}

impl Judgement {
    /// The answer came, whole.
    pub(super) fn complete() -> Self {
        let report = Report::Success;
        Self { message: None, report, ..Self::new(Outcome::Success, "", Telling::ClientError) }
    }

    /// The client left while the provider was answering.
    pub(super) fn left() -> Self {
        let message = "the client left before the end of the answer";
        Self { report: Report::Success, ..Self::new(Outcome::Cancelled, message, Telling::NoAnswer) }
    }

    /// The provider answered with an error status.
    pub(super) fn of_status(status: StatusCode, headers: &HeaderMap, error: &ProviderError, now: Timestamp) -> Self {
        let verdict = verdict(status, error);
        let over_limit = status == StatusCode::TOO_MANY_REQUESTS;
        let pause = retry_after(headers, over_limit, now).or_else(|| error.retry_after(now));
        Self::of_verdict(verdict, Some(status.as_u16()), pause, &error.message)
    }

    /// The provider put an error into a 200: an event of a stream, an object in an answer.
    pub(super) fn of_error(error: &ProviderError, now: Timestamp) -> Self {
        let message = match error.message.as_str() {
            "" => "the provider ended the stream with an error",
            message => message,
        };
        Self::of_verdict(verdict_in_answer(error), error.status, error.retry_after(now), message)
    }

    /// `status` is that of the answer, or what an error in a 200 says it is.
    fn of_verdict(verdict: Verdict, status: Option<u16>, pause: Option<Duration>, message: &str) -> Self {
        let failed = Report::Failed { pause };
        let may_pass = status.is_none_or(|status| matches!(status, 500 | 502 | 503 | 529));
        let after_failure = if may_pass { Next::Retry } else { Next::Remove };
        let (outcome, next, report, telling) = match verdict {
            Verdict::ClientError => (Outcome::ClientError, Next::Stop, Report::Neutral, Telling::ClientError),
            Verdict::OtherState => (Outcome::ClientError, Next::Remove, Report::Neutral, Telling::ClientError),
            Verdict::TooLong => (Outcome::ClientError, Next::Roomier, Report::Neutral, Telling::ClientError),
            Verdict::RateLimited => {
                (Outcome::RateLimited, Next::Demote, Report::RateLimited { pause }, Telling::RateLimit)
            }
            Verdict::Billing => (Outcome::RateLimited, Next::Remove, Report::Refused { pause }, Telling::Account),
            Verdict::Overloaded => (Outcome::ProviderError, after_failure, failed, Telling::Overloaded),
            Verdict::Refused => (Outcome::ProviderError, Next::Remove, Report::Refused { pause }, Telling::Account),
            Verdict::NotHere => (Outcome::ProviderError, Next::Remove, Report::Neutral, Telling::NotHere),
            Verdict::Forbidden => (Outcome::ProviderError, Next::Remove, Report::Neutral, Telling::Account),
            Verdict::Failover => (Outcome::ProviderError, after_failure, failed, Telling::ProviderError),
        };
        Self { next, report, pause, ..Self::new(outcome, message, telling) }
    }

    /// No answer came.
    pub(super) fn no_answer(error: &HttpError) -> Self {
        let failed = |outcome, telling| Self::new(outcome, &error.message, telling);
        match error.kind {
            HttpErrorKind::Timeout => failed(Outcome::Timeout, Telling::Timeout),
            HttpErrorKind::Broken => Self { next: Next::Retry, ..failed(Outcome::ConnectError, Telling::NoAnswer) },
            // Our own fault says nothing about the provider.
            HttpErrorKind::Local => {
                Self { report: Report::Neutral, ..failed(Outcome::GatewayError, Telling::NoAnswer) }
            }
            _ => failed(Outcome::ConnectError, Telling::NoAnswer),
        }
    }

    /// The time for the first meaningful event, or for the whole answer, ran out; or it fell silent.
    pub(super) fn timeout(message: &str) -> Self {
        Self::new(Outcome::Timeout, message, Telling::Timeout)
    }

    /// The home ended the request while the provider was answering.
    pub(super) fn time_is_up(message: &str) -> Self {
        Self { report: Report::Neutral, ..Self::timeout(message) }
    }

    /// The connection broke in the answer.
    pub(super) fn cut(message: &str) -> Self {
        Self { next: Next::Retry, ..Self::new(Outcome::ConnectError, message, Telling::Unusable) }
    }

    /// A 200 that holds what the operator says is an error.
    pub(super) fn matched(sample: &str) -> Self {
        let message = format!("the answer matches the provider's error_matcher `{sample}`");
        Self::new(Outcome::ProviderError, &message, Telling::ProviderError)
    }

    /// A 200 that is no answer of the dialect.
    pub(super) fn unusable(message: &str) -> Self {
        Self::new(Outcome::ProviderError, message, Telling::Unusable)
    }

    /// The request could not be built for this candidate.
    pub(super) fn unsendable(error: &GatewayError) -> Self {
        let failed =
            Self { report: Report::Neutral, ..Self::new(Outcome::GatewayError, &error.message, Telling::NoAnswer) };
        if error.kind == ErrorKind::InvalidRequest {
            return Self { next: Next::Stop, telling: Telling::ClientError, ..failed };
        }
        failed
    }

    /// The request has something that cannot be told in this candidate's dialect; others may take it.
    pub(super) fn untranslatable(error: &GatewayError) -> Self {
        let refused = Self::new(Outcome::GatewayError, &error.message, Telling::Untold);
        Self { report: Report::Neutral, ..refused }
    }

    fn new(outcome: Outcome, message: &str, telling: Telling) -> Self {
        Self {
            outcome,
            message: Some(message.to_owned()),
            report: Report::Failed { pause: None },
            next: Next::Remove,
            telling,
            pause: None,
        }
    }

    /// What the provider's health learns. Of counting tokens nothing: some providers do not count, but answer well.
    pub(super) fn report(&self, operation: Operation) -> Option<Report> {
        (operation == Operation::Generate).then_some(self.report)
    }
}
