//! An answer on its way to the client: its bytes pass unchanged while they are watched.

use core::time::Duration;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{FutureExt, Stream, StreamExt};

use super::attempt::Meter;
use super::journal::{Ending, Journal};
use crate::balance::{Report, Verdict, verdict_in_answer};
use crate::config::snapshot::Candidate;
use crate::dialect::{ChatUsageFilter, ErrorKind, GatewayError, Phase, stream_error};
use crate::gateway::{Answer, Shared};
use crate::platform::{Body, BodyError, BoxFuture, Timestamp};
use crate::record::limits::MAX_BODY_BYTES;
use crate::record::{Operation, Outcome};

const TIME_IS_UP: &str = "the time that a request may take here ran out before the answer was complete";

/// An answer whose rest is still to come.
///
/// A home may send it as a stream, which pulls each chunk through core, or take it apart with [`Relay::into_parts`],
/// send the provider's body by its own means and show the bytes to the guide.
#[derive(Debug)]
pub struct Relay {
    held: VecDeque<Bytes>,
    rest: Option<Body>,
    guide: Guide,
    idle: Duration,
    timer: Option<IdleTimer>,
    end: Option<EndTimer>,
}

/// What an answer's bytes are shown to on their way. Dropping it before [`Guide::end`] says that the client left.
#[derive(Debug)]
pub struct Guide {
    shared: Arc<Shared>,
    journal: Option<Journal>,
    candidate: Arc<Candidate>,
    meter: Meter,
    filter: Option<ChatUsageFilter>,
    status: u16,
    bytes: u64,
    kept: Vec<u8>,
}

/// How the provider's body ended.
#[derive(Debug)]
pub enum End {
    Clean,
    Broken(String),
    /// Nothing came for the model's idle time.
    Stalled,
    /// The home ends the request; see [`crate::RequestContext::ends_at`].
    TimeIsUp,
}

impl Relay {
    pub(super) fn new(
        held: Vec<Bytes>,
        rest: Option<Body>,
        guide: Guide,
        idle: Duration,
        ends_at: Option<Timestamp>,
    ) -> Self {
        let timer = rest.is_some().then(|| IdleTimer::new(&guide.shared, idle));
        let end = ends_at.filter(|_| rest.is_some()).map(|end| EndTimer::new(&guide.shared, end));
        Self { held: held.into(), rest, guide, idle, timer, end }
    }

    /// How long the provider may be silent; a home that takes the relay apart watches over it, and over the end that it
    /// set itself.
    pub fn idle(&self) -> Duration {
        self.idle
    }

    /// The chunks that were held back (already seen by the guide), the provider's rest, and the guide.
    pub fn into_parts(self) -> (VecDeque<Bytes>, Option<Body>, Guide) {
        (self.held, self.rest, self.guide)
    }

    /// An answer that is whole already is given whole; its journal ends here.
    pub(super) fn into_answer(mut self) -> Answer {
        if self.rest.is_some() || self.guide.is_stream() {
            return Answer::Relay(Box::new(self));
        }
        self.guide.end(&End::Clean);
        Answer::Body(self.held.pop_front().unwrap_or_default().into())
    }

    fn ended(&mut self, end: &End) -> Poll<Option<Result<Bytes, BodyError>>> {
        self.rest = None;
        self.timer = None;
        self.end = None;
        let broken = match end {
            End::Broken(cause) if !self.guide.is_stream() => Some(BodyError::Broken(cause.clone())),
            End::Stalled if !self.guide.is_stream() => Some(BodyError::Broken("the provider fell silent".to_owned())),
            End::TimeIsUp if !self.guide.is_stream() => Some(BodyError::Broken(TIME_IS_UP.to_owned())),
            _ => None,
        };
        let last = self.guide.end(end);
        match (broken, last) {
            (Some(error), _) => Poll::Ready(Some(Err(error))),
            (None, Some(last)) => Poll::Ready(Some(Ok(last))),
            (None, None) => Poll::Ready(None),
        }
    }
}

impl Stream for Relay {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(chunk) = this.held.pop_front() {
                let chunk = this.guide.forward(chunk);
                if chunk.is_empty() {
                    continue;
                }
                return Poll::Ready(Some(Ok(chunk)));
            }
            if this.end.as_mut().is_some_and(|end| end.0.poll_unpin(cx).is_ready()) {
                return this.ended(&End::TimeIsUp);
            }
            let Some(rest) = &mut this.rest else {
                return if this.guide.is_open() { this.ended(&End::Clean) } else { Poll::Ready(None) };
            };
            match rest.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(chunk))) => {
                    this.guide.observe(&chunk);
                    if let Some(timer) = &mut this.timer {
                        timer.touch();
                    }
                    this.held.push_back(chunk);
                }
                Poll::Ready(Some(Err(error))) => return this.ended(&End::Broken(error.to_string())),
                Poll::Ready(None) => return this.ended(&End::Clean),
                Poll::Pending => {
                    return match this.timer.as_mut().map(|timer| timer.poll(cx)) {
                        Some(Poll::Ready(())) => this.ended(&End::Stalled),
                        _ => Poll::Pending,
                    };
                }
            }
        }
    }
}

impl Guide {
    pub(super) fn new(
        shared: Arc<Shared>,
        journal: Journal,
        candidate: Arc<Candidate>,
        meter: Meter,
        filter: Option<ChatUsageFilter>,
        status: u16,
        held: &[Bytes],
    ) -> Self {
        let mut guide =
            Self { shared, journal: Some(journal), candidate, meter, filter, status, bytes: 0, kept: Vec::new() };
        for chunk in held {
            guide.keep(chunk);
        }
        guide
    }

    /// Shows a chunk of the provider's body, in order. Chunks that were held back have been seen.
    pub fn observe(&mut self, chunk: &[u8]) {
        match &mut self.meter {
            Meter::Stream(meter) => meter.push(chunk),
            Meter::Answer(meter) => meter.push(chunk),
            Meter::Opaque => {}
        }
        self.keep(chunk);
    }

    /// Whether the answer must be rewritten on its way, chunk by chunk with [`Guide::forward`].
    pub fn rewrites(&self) -> bool {
        self.filter.is_some()
    }

    /// What the client gets of a chunk; may be empty.
    pub fn forward(&mut self, chunk: Bytes) -> Bytes {
        match &mut self.filter {
            Some(filter) => filter.push(chunk),
            None => chunk,
        }
    }

    /// The body ended. What is returned goes to the client before its own end: the rest of a rewritten answer, or the
    /// error event that ends a broken stream.
    pub fn end(&mut self, end: &End) -> Option<Bytes> {
        let journal = self.journal.take()?;
        let mut last = Vec::new();
        if let Some(filter) = &mut self.filter {
            last.extend_from_slice(&filter.finish());
        }
        let (outcome, error) = self.judge(end);
        if let (Some(error), Meter::Stream(meter)) = (&error, &self.meter)
            && (meter.phase() != Phase::Failed || meter.failed_unheard())
        {
            let (kind, message) = match outcome {
                Outcome::Timeout => (ErrorKind::Timeout, error.as_str()),
                Outcome::ConnectError => (ErrorKind::BadGateway, "the provider's answer broke off"),
                _ => (ErrorKind::BadGateway, error.as_str()),
            };
            let event = GatewayError::new(kind, message).code("provider_error");
            last.extend_from_slice(&stream_error(meter, &event, &journal.facts().trace.to_string(), true));
        }
        self.close(journal, Some(end), outcome, error);
        (!last.is_empty()).then(|| last.into())
    }

    fn judge(&mut self, end: &End) -> (Outcome, Option<String>) {
        let phase = match &mut self.meter {
            Meter::Stream(meter) => {
                meter.finish();
                Some(meter.phase())
            }
            Meter::Answer(_) | Meter::Opaque => None,
        };
        match (phase, end) {
            (Some(Phase::Complete), _) | (None, End::Clean) => (Outcome::Success, None),
            (Some(Phase::Failed), _) => {
                let failure = match &self.meter {
                    Meter::Stream(meter) => meter.failure(),
                    _ => None,
                };
                let outcome = match failure.map(verdict_in_answer) {
                    Some(Verdict::ClientError | Verdict::OtherState) => Outcome::ClientError,
                    Some(Verdict::RateLimited | Verdict::Billing) => Outcome::RateLimited,
                    _ => Outcome::ProviderError,
                };
                let message = failure.map(|failure| failure.message.clone());
                (outcome, Some(message.unwrap_or_else(|| "the provider ended the stream with an error".to_owned())))
            }
            (_, End::TimeIsUp) => (Outcome::Timeout, Some(TIME_IS_UP.to_owned())),
            (_, End::Stalled) => (Outcome::Timeout, Some("the provider fell silent in mid-answer".to_owned())),
            (_, End::Broken(cause)) => {
                (Outcome::ConnectError, Some(format!("the provider's answer broke off: {cause}")))
            }
            (_, End::Clean) => {
                (Outcome::ProviderError, Some("the provider ended the stream without completing its answer".to_owned()))
            }
        }
    }

    fn close(&mut self, mut journal: Journal, end: Option<&End>, outcome: Outcome, error: Option<String>) {
        let report = match outcome {
            Outcome::Success | Outcome::Cancelled => Report::Success,
            Outcome::ClientError => Report::Neutral,
            // The provider was answering.
            Outcome::Timeout if matches!(end, Some(End::TimeIsUp)) => Report::Neutral,
            _ if journal.facts().operation == Operation::CountTokens => Report::Neutral,
            _ => Report::Failure,
        };
        self.shared.balancer.report(&self.candidate.association_id, report, self.shared.now());
        let (usage, finish_reason) = match &mut self.meter {
            Meter::Stream(meter) => (meter.usage(), meter.finish_reason().map(str::to_owned)),
            Meter::Answer(meter) => {
                let summary = meter.summary();
                (summary.usage, summary.finish_reason)
            }
            Meter::Opaque => Default::default(),
        };
        journal.finish(Ending {
            outcome: Some(outcome),
            status: if outcome == Outcome::Cancelled { 499 } else { self.status },
            error,
            usage,
            finish_reason,
            response_bytes: self.bytes,
            response: std::mem::take(&mut self.kept),
        });
    }

    fn keep(&mut self, chunk: &[u8]) {
        self.bytes += chunk.len() as u64;
        if self.journal.as_ref().is_some_and(Journal::keeps_bodies) {
            let room = MAX_BODY_BYTES.saturating_sub(self.kept.len()).min(chunk.len());
            self.kept.extend_from_slice(chunk.get(..room).unwrap_or_default());
        }
    }

    fn is_stream(&self) -> bool {
        matches!(self.meter, Meter::Stream(_))
    }

    fn is_open(&self) -> bool {
        self.journal.is_some()
    }
}

/// The client left in mid-answer: what was used until then is recorded all the same.
impl Drop for Guide {
    fn drop(&mut self) {
        if let Some(journal) = self.journal.take() {
            let done = matches!(&self.meter, Meter::Stream(meter) if meter.phase() == Phase::Complete);
            if done {
                // Codex, for one, hangs up on the terminal event without waiting for the end.
                self.close(journal, None, Outcome::Success, None);
            } else {
                self.close(
                    journal,
                    None,
                    Outcome::Cancelled,
                    Some("the client left before the end of the answer".to_owned()),
                );
            }
        }
    }
}

/// Ready when the home ends the request.
struct EndTimer(BoxFuture<'static, ()>);

impl EndTimer {
    fn new(shared: &Shared, end: Timestamp) -> Self {
        Self(shared.platform.clock.sleep(end.since(shared.now())))
    }
}

impl std::fmt::Debug for EndTimer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EndTimer")
    }
}

/// One timer for a whole stream: it is not set anew for each chunk, but looks at the time when it fires. Only time spent
/// waiting for the provider counts, not the time in which the client takes nothing.
struct IdleTimer {
    shared: Arc<Shared>,
    idle: Duration,
    waiting_since: Option<Timestamp>,
    sleep: BoxFuture<'static, ()>,
}

impl IdleTimer {
    fn new(shared: &Arc<Shared>, idle: Duration) -> Self {
        Self { shared: Arc::clone(shared), idle, waiting_since: None, sleep: shared.platform.clock.sleep(idle) }
    }

    fn touch(&mut self) {
        self.waiting_since = None;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let waiting_since = *self.waiting_since.get_or_insert_with(|| self.shared.now());
        while self.sleep.poll_unpin(cx).is_ready() {
            let silent = self.shared.now().since(waiting_since);
            if silent >= self.idle {
                return Poll::Ready(());
            }
            self.sleep = self.shared.platform.clock.sleep(self.idle.saturating_sub(silent));
        }
        Poll::Pending
    }
}

impl std::fmt::Debug for IdleTimer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdleTimer").field("idle", &self.idle).finish_non_exhaustive()
    }
}
