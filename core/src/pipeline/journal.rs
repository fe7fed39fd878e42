use core::time::Duration;
use std::sync::Arc;

use http::{HeaderMap, Response};

use super::answer::Answer;
use super::ask::address;
use super::attempt::Witness;
use super::choice::Choice;
use super::directions::{Directions, tell};
use crate::activity::Live;
use crate::balance::{Pair, Report};
use crate::config::snapshot::Candidate;
use crate::config::{ClientKey, RecordDecisions};
use crate::dialect::{Dialect, GatewayError, Usage, error_response};
use crate::platform::{Background, Timestamp};
use crate::record::limits::body_text;
use crate::record::{Bodies, CostParts, InFlight, LogEntry, Operation, Outcome, TraceId, Translated};
use crate::shared::Shared;
use crate::upkeep;

/// What is known of a request before anybody is asked.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) trace: TraceId,
    pub(crate) received_at: Timestamp,
    /// When the home ends the request.
    pub(crate) ends_at: Option<Timestamp>,
    pub(crate) dialect: Dialect,
    pub(crate) operation: Operation,
    pub(crate) stream: bool,
    pub(crate) model: String,
    /// The configured name or pattern that answers for `model`.
    pub(crate) route: Option<String>,
    pub(crate) key: Option<Arc<ClientKey>>,
    pub(crate) directions: Directions,
    pub(crate) remote_addr: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) request_bytes: usize,
    /// Kept only where the key asks for bodies, and no more than the log takes.
    pub(crate) request: String,
    pub(crate) request_truncated: bool,
}

impl Facts {
    pub(crate) fn keeps_bodies(&self) -> bool {
        self.directions.records_bodies || self.key.as_ref().is_some_and(|key| key.log_io)
    }
}

/// How an attempt, or a whole request, ended.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    pub(crate) outcome: Option<Outcome>,
    pub(crate) status: u16,
    pub(crate) error: Option<String>,
    pub(crate) usage: Usage,
    pub(crate) finish_reason: Option<String>,
    /// What the answer calls the model.
    pub(crate) answered_model: Option<String>,
    pub(crate) response_bytes: u64,
    pub(crate) response: Vec<u8>,
}

/// Writes a request's rows: one for each attempt, the last of them final.
///
/// It travels with the request, from the first attempt into the answer's body. Whatever ends the request also drops
/// the journal, so that no way out leaves a request unrecorded: a client that goes away drops it in mid-attempt.
pub(crate) struct Journal {
    shared: Arc<Shared>,
    background: Arc<dyn Background>,
    facts: Facts,
    attempts: u32,
    /// How the first candidate was chosen.
    choice: Option<Choice>,
    is_done: bool,
    /// The last failed attempt; final unless another one follows. On the heap, for the many requests that have none.
    failed: Option<Box<LogEntry>>,
    current: Option<Current>,
    live: Arc<Live>,
    /// Of `live` among all requests on their way.
    number: u64,
    _in_flight: InFlight,
}

struct Current {
    candidate: Arc<Candidate>,
    provider_model: String,
    started_at: Timestamp,
    head_at: Option<Timestamp>,
    first_token_at: Option<Timestamp>,
    /// What the provider has reported so far.
    used: Usage,
    /// What was lost between two dialects.
    translation: Vec<Translated>,
}

impl Journal {
    pub(crate) fn new(shared: Arc<Shared>, background: Arc<dyn Background>, facts: Facts) -> Self {
        let in_flight = shared.metrics.in_flight();
        let origin = facts.directions.origin;
        let live = Live::new(facts.trace, facts.received_at, facts.dialect, origin, facts.key.clone());
        let (number, live) = shared.activity.begin(live);
        Self {
            shared,
            background,
            facts,
            attempts: 0,
            choice: None,
            is_done: false,
            failed: None,
            current: None,
            live,
            number,
            _in_flight: in_flight,
        }
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(crate) fn facts_mut(&mut self) -> &mut Facts {
        &mut self.facts
    }

    pub(crate) fn background(&self) -> Arc<dyn Background> {
        Arc::clone(&self.background)
    }

    /// Whether the bodies are to be recorded.
    pub(crate) fn keeps_bodies(&self) -> bool {
        self.facts.keeps_bodies()
    }

    /// What the request asks for is known.
    pub(super) fn known(&self) {
        self.live.asks_for(&self.facts.model, self.facts.stream);
    }

    /// The client was given so many bytes of its answer.
    pub(super) fn passed(&self, bytes: u64) {
        self.live.answered(bytes);
    }

    pub(super) fn chosen(&mut self, choice: Choice) {
        self.choice = Some(choice);
    }

    pub(crate) fn begin(&mut self, candidate: Arc<Candidate>, provider_model: String) {
        if let Some(entry) = self.failed.take() {
            self.submit(*entry);
        }
        self.attempts += 1;
        if let Some(choice) = &mut self.choice {
            choice.asked(&candidate, self.attempts);
        }
        self.live.attempt(self.attempts, Some((Arc::clone(&candidate), provider_model.clone())));
        let started_at = self.shared.now();
        self.current = Some(Current {
            candidate,
            provider_model,
            started_at,
            head_at: None,
            first_token_at: None,
            used: Usage::default(),
            translation: Vec::new(),
        });
    }

    /// Notes what the current attempt has lost between two dialects.
    pub(super) fn translated(&mut self, lost: impl IntoIterator<Item = Translated>) {
        if let Some(current) = &mut self.current {
            current.translation.extend(lost);
        }
    }

    /// The first meaningful output has arrived; how long the attempt took to it.
    pub(crate) fn first_token(&mut self) -> Duration {
        let now = self.shared.now();
        let since_arrival = now.since(self.facts.received_at).as_micros();
        self.live.first_token(i64::try_from(since_arrival).unwrap_or(i64::MAX));
        self.current.as_mut().map_or(Duration::ZERO, |current| {
            current.first_token_at = Some(now);
            now.since(current.started_at)
        })
    }

    /// Says in an answer who gives it, where that is the asker's business.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        if !self.facts.directions.tells_provider {
            return;
        }
        let (current, failed) = (self.current.as_ref().map(|it| &it.candidate), self.failed.as_ref());
        let provider = current.map(|it| it.upstream.name.as_str());
        let provider = provider.or_else(|| failed?.provider.as_deref());
        let association = current.map(|it| it.association_id.as_str());
        let association = association.or_else(|| failed?.association_id.as_deref());
        tell(headers, provider, association, self.attempts);
    }

    /// As [`Self::tell`], for an answer that the gateway may give in its own words.
    pub(super) fn told(
        &self,
        dialect: Dialect,
        answer: Result<Response<Answer>, GatewayError>,
    ) -> Result<Response<Answer>, GatewayError> {
        if !self.facts.directions.tells_provider {
            return answer;
        }
        let own = |error| error_response(dialect, &error, &self.facts.trace.to_string()).map(Answer::Body);
        let mut response = answer.unwrap_or_else(own);
        self.tell(response.headers_mut());
        Ok(response)
    }

    /// The current attempt failed; another may follow.
    pub(crate) fn failed(&mut self, mut ending: Ending) {
        ending.usage = self.current.as_ref().map(|current| current.used).unwrap_or_default();
        let entry = self.entry(ending);
        self.current = None;
        self.live.attempt(self.attempts, None);
        self.failed = Some(Box::new(entry));
    }

    /// No other attempt follows the failed one: the client was answered with `status`.
    pub(crate) fn answered(&mut self, status: u16) {
        if let Some(mut entry) = self.failed.take() {
            entry.status = status;
            self.submit_last(*entry);
        }
    }

    /// The request ended with the current attempt, or without any.
    pub(crate) fn finish(&mut self, ending: Ending) {
        let entry = self.entry(ending);
        self.current = None;
        self.failed = None;
        self.submit_last(entry);
    }

    /// The gateway answered by itself, after all attempts.
    pub(super) fn finish_by_oneself(&mut self, ending: Ending) {
        if let Some(entry) = self.failed.take() {
            self.submit(*entry);
            self.attempts += 1;
        }
        self.finish(ending);
    }

    fn entry(&self, ending: Ending) -> LogEntry {
        let facts = &self.facts;
        let now = self.shared.now();
        let current = self.current.as_ref();
        let micros = |from: Timestamp, to: Timestamp| i64::try_from(to.since(from).as_micros()).unwrap_or(i64::MAX);
        let prices = current.and_then(|current| current.candidate.prices.as_ref());
        let cost = prices.and_then(|prices| CostParts::of(prices, &ending.usage)).map(|parts| parts.sum());
        let keeps_bodies = self.keeps_bodies();
        let (response, response_truncated) = if keeps_bodies {
            body_text(&ending.response, usize::try_from(ending.response_bytes).unwrap_or(usize::MAX))
        } else {
            Default::default()
        };
        LogEntry {
            id: facts.trace.entry_id(self.attempts.max(1)),
            trace_id: facts.trace.to_string(),
            created_at: facts.received_at,
            attempt: self.attempts.max(1),
            is_final: false,
            dialect: facts.dialect,
            operation: facts.operation,
            stream: facts.stream,
            origin: facts.directions.origin,
            replay_of: facts.directions.replay_of.clone(),
            model: facts.model.clone(),
            provider: current.map(|current| current.candidate.upstream.name.clone()),
            provider_type: current.map(|it| address(&it.candidate, facts.dialect, facts.operation).kind),
            provider_model: current.map(|current| current.provider_model.clone()),
            answered_model: ending.answered_model,
            association_id: current.map(|current| current.candidate.association_id.clone()),
            key_id: facts.key.as_ref().map(|key| key.id.clone()),
            key_name: facts.key.as_ref().map(|key| key.name.clone()),
            status: ending.status,
            outcome: ending.outcome.unwrap_or(Outcome::Success),
            error: ending.error.map(|error| self.redacted(error)),
            remote_addr: facts.remote_addr.clone(),
            user_agent: facts.user_agent.clone(),
            session_id: facts.session_id.clone(),
            finish_reason: ending.finish_reason,
            started_offset_us: current.map(|it| micros(facts.received_at, it.started_at)),
            proxy_us: current.and_then(|it| it.head_at.map(|head| micros(it.started_at, head))),
            first_token_us: current.and_then(|it| it.first_token_at.map(|first| micros(facts.received_at, first))),
            total_us: micros(facts.received_at, now),
            request_bytes: facts.request_bytes as u64,
            response_bytes: ending.response_bytes,
            usage: ending.usage,
            cost,
            currency: cost.and(prices).map(|prices| prices.currency.clone()),
            prices: prices.cloned(),
            bodies: keeps_bodies.then(|| Bodies { request: facts.request.clone(), response: self.redacted(response) }),
            request_truncated: facts.request_truncated,
            response_truncated,
            decision: None,
            translation: current.map(|it| it.translation.clone()).unwrap_or_default(),
        }
    }

    /// Free of what only the provider and the operator may know.
    fn redacted(&self, text: String) -> String {
        match &self.current {
            Some(current) => current.candidate.redactor.text(text),
            None => text,
        }
    }

    /// The entry that stands for the request.
    fn submit_last(&mut self, mut entry: LogEntry) {
        entry.is_final = true;
        entry.decision = self.decision(&entry);
        self.submit(entry);
        self.is_done = true;
    }

    fn decision(&self, last: &LogEntry) -> Option<String> {
        let choice = self.choice.as_ref()?;
        let is_plain = self.attempts < 2 && last.outcome == Outcome::Success;
        if is_plain && self.shared.snapshot().settings.record_decisions == RecordDecisions::Failed {
            return None;
        }
        choice.decision(&self.facts.model).pack()
    }

    fn submit(&self, entry: LogEntry) {
        upkeep::record(&self.shared, entry, self.facts.route.as_deref(), &*self.background);
    }
}

impl Witness for Journal {
    fn head(&mut self) {
        let now = self.shared.now();
        if let Some(current) = &mut self.current {
            current.head_at = Some(now);
        }
    }

    /// It counts even if the attempt comes to nothing.
    fn used(&mut self, usage: Usage) {
        if let Some(current) = &mut self.current {
            current.used = usage;
        }
    }
}

/// The client left.
impl Drop for Journal {
    fn drop(&mut self) {
        self.shared.activity.end(self.number);
        if self.is_done {
            return;
        }
        if self.failed.is_some() {
            return self.answered(499);
        }
        let mut usage = Usage::default();
        if let Some(current) = &self.current {
            usage = current.used;
            if self.facts.operation == Operation::Generate && self.facts.directions.pin.is_none() {
                let (association, provider_model) = (&current.candidate.association_id, &current.provider_model);
                let pair = Pair { association, provider_model };
                self.shared.balancer.report(pair, Report::Neutral, self.shared.now());
            }
        }
        self.finish(Ending {
            outcome: Some(Outcome::Cancelled),
            status: 499,
            error: Some("the client left before the answer began".to_owned()),
            usage,
            ..Ending::default()
        });
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("trace", &self.facts.trace)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
