use core::time::Duration;

use bytes::Bytes;
use http::{Response, header};

use super::headers;
use super::judgement::{Judgement, Telling};
use crate::config::Redactor;
use crate::dialect::hub::Refusal;
use crate::dialect::{ErrorKind, GatewayError};
use crate::platform::Body;
use crate::record::Outcome;

/// Less is no reason to change what a provider said.
const A_SECOND: Duration = Duration::from_secs(1);

/// An attempt that gave the client nothing.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) judgement: Judgement,
    /// For the log: the provider's status, or 0 when no answer came.
    pub(super) status: u16,
    /// The head of an error that the provider answered with.
    pub(super) head: Option<http::response::Parts>,
    /// What came of a body.
    pub(super) body: Bytes,
    /// It refuses what the gateway added of its own, and nothing else.
    pub(super) refuses_addition: bool,
    /// The request could not be put into the provider's words: nobody was asked.
    pub(super) is_untold: bool,
    /// It refuses to stream, or to answer whole.
    pub(super) refuses_form: bool,
    /// It refuses to be told how much to think.
    pub(super) refuses_reasoning: bool,
    /// The provider's error in the words of a client of another dialect, or the gateway's own.
    pub(super) own: Option<Box<GatewayError>>,
}

impl Failed {
    pub(super) fn new(status: u16, judgement: Judgement) -> Self {
        Self {
            judgement,
            status,
            head: None,
            body: Bytes::new(),
            refuses_addition: false,
            is_untold: false,
            refuses_form: false,
            refuses_reasoning: false,
            own: None,
        }
    }

    /// The request cannot be told to this provider.
    pub(super) fn untranslatable(refusal: Refusal) -> Self {
        let error = GatewayError::from(refusal);
        let own = Some(Box::new(error.clone()));
        Self { own, is_untold: true, ..Self::new(error.kind.status(), Judgement::untranslatable(&error)) }
    }

    /// Asked for a count, the provider has no such endpoint.
    pub(super) fn cannot_count(&self) -> bool {
        matches!(self.status, 404 | 405 | 501)
    }

    /// With what had come by then.
    pub(super) fn with_body(self, body: Bytes) -> Self {
        Self { body, ..self }
    }

    /// The more telling of two; the earlier one between equals.
    pub(super) fn or(self, earlier: Option<Self>) -> Self {
        match earlier {
            Some(earlier) if earlier.judgement.telling >= self.judgement.telling => earlier,
            _ => self,
        }
    }

    /// Takes out what only the provider and the operator may know.
    pub(super) fn redact(&mut self, redactor: &Redactor) {
        if let Some(message) = &mut self.judgement.message {
            *message = redactor.text(std::mem::take(message));
        }
        if let Some(own) = &mut self.own {
            own.message = redactor.text(std::mem::take(&mut own.message));
        }
        self.body = redactor.bytes(std::mem::take(&mut self.body));
        if let Some(head) = &mut self.head {
            redactor.headers(&mut head.headers);
        }
    }

    /// The provider's own answer, unchanged, where there is one that is the client's business; but `Retry-After` says when
    /// somebody can be asked: after the pause, or before it after `wait`.
    pub(super) fn into_answer(self, wait: Option<Duration>) -> Result<Response<Body>, GatewayError> {
        let Self { mut judgement, head, body, own, .. } = self;
        let is_busy = matches!(judgement.telling, Telling::RateLimit | Telling::Overloaded);
        let sooner = wait.filter(|wait| is_busy && judgement.pause.is_none_or(|pause| *wait + A_SECOND < pause));
        judgement.pause = sooner.or(judgement.pause);
        if let Some(own) = own.filter(|_| judgement.telling != Telling::Account) {
            return Err(own.retry_after(judgement.pause));
        }
        match head {
            Some(head) if judgement.telling != Telling::Account => {
                let mut response = Response::from_parts(head, Body::from(body));
                headers::for_client(response.headers_mut());
                if sooner.is_some() {
                    for name in ["retry-after", "retry-after-ms", "x-ms-retry-after-ms"] {
                        response.headers_mut().remove(name);
                    }
                }
                if let Some(pause) = judgement.pause {
                    let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
                    response.headers_mut().entry(header::RETRY_AFTER).or_insert(seconds.into());
                }
                Ok(response)
            }
            _ => Err(error(judgement)),
        }
    }
}

/// What the gateway answers in its own words.
fn error(judgement: Judgement) -> GatewayError {
    let kind = match (judgement.telling, judgement.outcome) {
        (Telling::ClientError, _) => ErrorKind::InvalidRequest,
        (Telling::Account, _) => ErrorKind::BadGateway,
        (_, Outcome::Timeout) => ErrorKind::Timeout,
        (_, Outcome::RateLimited) => ErrorKind::RateLimited,
        (_, Outcome::GatewayError) => ErrorKind::Internal,
        _ => ErrorKind::BadGateway,
    };
    // Where and how a connection failed, and how the gateway stands with a provider, is the operator's business, and in
    // the log.
    let message = match (judgement.telling, judgement.outcome) {
        (Telling::ClientError, _) => None,
        (Telling::Account, _) => {
            Some("the model's provider refuses this gateway's account; its operator finds the cause in the log")
        }
        (_, Outcome::ConnectError) => Some("the model's provider could not be reached, or broke off"),
        (_, Outcome::Timeout) => Some("the model's provider did not answer in time"),
        (_, Outcome::GatewayError) => {
            Some("the gateway could not ask the model's provider; its operator finds the cause in the log")
        }
        _ => None,
    };
    let message = message.map_or_else(|| judgement.message.unwrap_or_default(), str::to_owned);
    let error = GatewayError::new(kind, message).code("provider_error");
    // Asking again helps only when the operator has done something, and clients would ask their user to log in again.
    if judgement.telling == Telling::Account { error.final_answer() } else { error.retry_after(judgement.pause) }
}
