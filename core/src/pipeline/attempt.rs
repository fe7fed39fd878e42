//! One exchange with one association, up to the moment when its answer is certain enough to be shown.

use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use http::{StatusCode, header};

use super::call::Call;
use super::failure::{Failure, ProviderAnswer};
use super::journal::Journal;
use super::request;
use crate::balance::{Verdict, retry_after, verdict, verdict_in_answer};
use crate::config::snapshot::{Candidate, Route};
use crate::dialect::{AnswerMeter, Phase, StreamMeter, classify_error};
use crate::gateway::Shared;
use crate::platform::{Body, BodyError, BoxFuture, HttpResponse, SendOptions, Timestamp};

/// An answer without streaming is read to its end before it is shown, so that a broken one can be replaced, but only
/// up to this size: what is larger is shown as it comes.
const HELD_ANSWER: usize = 4 << 20;
/// A stream is shown after this much even if nothing meaningful was seen in it.
const HELD_PREAMBLE: usize = 1 << 20;
/// A provider's error is kept up to this size.
const HELD_ERROR: usize = 1 << 20;
/// How long the body of a provider's error may take.
const ERROR_BODY: Duration = Duration::from_secs(10);

/// An answer that the client will get, as far as it has come.
#[derive(Debug)]
pub(super) struct Committed {
    pub(super) head: http::response::Parts,
    pub(super) held: Vec<Bytes>,
    /// `None` when `held` is all of it.
    pub(super) rest: Option<Body>,
    pub(super) meter: Meter,
}

/// Watches an answer without touching it.
#[derive(Debug)]
pub(super) enum Meter {
    Stream(Box<StreamMeter>),
    Answer(Box<AnswerMeter>),
    /// Compressed by the provider against our asking: it passes, but nobody can read it.
    Opaque,
}

pub(super) async fn attempt(
    shared: &Arc<Shared>,
    call: &Call,
    route: &Route,
    candidate: &Candidate,
    provider_model: &str,
    journal: &mut Journal,
    deadline: Timestamp,
) -> Result<Committed, Failure> {
    let request = request::build(call, candidate, provider_model).map_err(|error| Failure::unsendable(&error))?;
    let started_at = shared.now();
    let options = SendOptions {
        header_timeout: Some(route.timeouts.header(call.stream).min(deadline.since(started_at))),
        proxy: candidate.upstream.proxy.as_ref().map(|proxy| proxy.reveal().to_owned()),
    };
    let response = shared.platform.http.send(request, options).await.map_err(|error| Failure::from_http(&error))?;
    journal.head();

    if !response.status().is_success() {
        return Err(refused(shared, response, deadline).await);
    }
    if response.status() == StatusCode::NO_CONTENT {
        return Err(Failure::unusable(response.status(), "the provider answered without content"));
    }
    let answer = Reading::new(shared, response, deadline, route.timeouts.idle());
    if is_compressed(&answer.head.headers) {
        let (head, held, rest) = answer.into_parts();
        return Ok(Committed { head, held, rest, meter: Meter::Opaque });
    }
    if call.stream {
        // What a stream may take to its first meaningful event bounds its silence until then, too.
        let limit = started_at.plus(route.timeouts.first_token()).min(deadline);
        stream(call, candidate, Reading { limit, silence: Duration::MAX, ..answer }, journal).await
    } else {
        whole(call, candidate, answer).await
    }
}

/// An answer's body being read against the clock.
struct Reading {
    head: http::response::Parts,
    body: Option<Body>,
    held: Vec<Bytes>,
    held_bytes: usize,
    shared: Arc<Shared>,
    limit: Timestamp,
    /// How long it may be silent before `limit`.
    silence: Duration,
    timer: Option<BoxFuture<'static, ()>>,
}

/// What came next.
enum Event {
    /// Appended to `held`.
    Chunk,
    End,
    Broken(BodyError),
    TimeOut,
}

impl Reading {
    fn new(shared: &Arc<Shared>, response: HttpResponse, limit: Timestamp, silence: Duration) -> Self {
        let (head, body) = response.into_parts();
        let shared = Arc::clone(shared);
        Self { head, body: Some(body), held: Vec::new(), held_bytes: 0, shared, limit, silence, timer: None }
    }

    async fn next(&mut self) -> Event {
        let Some(body) = &mut self.body else {
            return Event::End;
        };
        let left = self.limit.since(self.shared.now());
        if self.silence < left {
            self.timer = None;
        }
        let clock = &self.shared.platform.clock;
        let timer = self.timer.get_or_insert_with(|| clock.sleep(left.min(self.silence)));
        match select(body.next(), timer).await {
            Either::Left((Some(Ok(chunk)), _)) => {
                self.held_bytes += chunk.len();
                self.held.push(chunk);
                Event::Chunk
            }
            Either::Left((Some(Err(error)), _)) => {
                self.body = None;
                Event::Broken(error)
            }
            Either::Left((None, _)) => {
                self.body = None;
                Event::End
            }
            Either::Right(((), _)) => Event::TimeOut,
        }
    }

    fn status(&self) -> StatusCode {
        self.head.status
    }

    fn newest(&self) -> &[u8] {
        self.held.last().map_or(&[], |chunk| chunk)
    }

    fn text(&self) -> Bytes {
        joined(&self.held)
    }

    fn into_parts(self) -> (http::response::Parts, Vec<Bytes>, Option<Body>) {
        (self.head, self.held, self.body)
    }
}

/// Holds a stream back until its first meaningful event.
async fn stream(
    call: &Call,
    candidate: &Candidate,
    mut answer: Reading,
    journal: &mut Journal,
) -> Result<Committed, Failure> {
    let status = answer.status();
    let mut meter = Box::new(StreamMeter::new(call.dialect, call.form));
    loop {
        let event = answer.next().await;
        match event {
            Event::Chunk => meter.push(answer.newest()),
            Event::End => meter.finish(),
            Event::Broken(error) => return Err(Failure::cut(status, error.to_string())),
            Event::TimeOut => return Err(Failure::timeout(status, "the provider sent nothing meaningful in time")),
        }
        journal.used(meter.usage());
        match meter.phase() {
            Phase::Output | Phase::Complete => break,
            Phase::Preamble if matches!(event, Event::End) => {
                return Err(Failure::unusable(status, "the provider ended the stream before it had said anything"));
            }
            Phase::Preamble if answer.held_bytes > HELD_PREAMBLE => break,
            Phase::Preamble => {}
            // The output and the failure came together.
            Phase::Failed if meter.failed_after_output() => break,
            Phase::Failed if is_clients_error(&meter) => break,
            Phase::Failed => return Err(failed_stream(candidate, &meter, &mut answer).await),
        }
    }
    let (head, held, rest) = answer.into_parts();
    Ok(Committed { head, held, rest, meter: Meter::Stream(meter) })
}

/// An error event before any output, or something that is no stream: an error object or a page.
async fn failed_stream(candidate: &Candidate, meter: &StreamMeter, answer: &mut Reading) -> Failure {
    let status = answer.status();
    let is_events = content_type(&answer.head.headers).is_some_and(|it| it.starts_with("text/event-stream"));
    if !is_events {
        while answer.held_bytes < HELD_ERROR {
            let Event::Chunk = answer.next().await else { break };
        }
        let text = answer.text();
        if let Some(sample) = candidate.upstream.matching_error(&text) {
            return Failure::error_in_answer(
                status,
                format!("the answer matches the provider's error_matcher `{sample}`"),
            );
        }
        let error = classify_error(status, &text);
        return Failure::unusable(
            status,
            format!("the provider answered a streaming request without a stream: {}", error.message),
        );
    }
    match meter.failure() {
        Some(error) => Failure::from_error(status, verdict_in_answer(error), error, answer.shared.now()),
        None => Failure::unusable(status, "the provider's stream is unreadable"),
    }
}

/// An error event that says what the client did wrong is the client's to see, word for word: agents act on it.
fn is_clients_error(meter: &StreamMeter) -> bool {
    meter.failure().is_some_and(|error| verdict_in_answer(error) == Verdict::ClientError)
}

/// Reads an answer to its end.
async fn whole(call: &Call, candidate: &Candidate, mut answer: Reading) -> Result<Committed, Failure> {
    let status = answer.status();
    let mut meter = Box::new(AnswerMeter::new(call.dialect, call.operation));
    loop {
        match answer.next().await {
            Event::Chunk => meter.push(answer.newest()),
            Event::End => break,
            Event::Broken(error) => return Err(Failure::cut(status, error.to_string())),
            Event::TimeOut => return Err(Failure::timeout(status, "the provider's answer was not complete in time")),
        }
        if answer.held_bytes > HELD_ANSWER {
            let (head, held, rest) = answer.into_parts();
            return Ok(Committed { head, held, rest, meter: Meter::Answer(meter) });
        }
    }
    let summary = meter.summary();
    if let Some(error) = &summary.error {
        return Err(Failure::from_error(status, verdict_in_answer(error), error, answer.shared.now()));
    }
    if !candidate.upstream.error_samples.is_empty()
        && let Some(sample) = candidate.upstream.matching_error(&answer.text())
    {
        return Err(Failure::error_in_answer(
            status,
            format!("the answer matches the provider's error_matcher `{sample}`"),
        ));
    }
    if let Some(problem) = summary.problem {
        return Err(Failure::unusable(status, format!("the provider answered with {problem}")));
    }
    let (head, held, _) = answer.into_parts();
    Ok(Committed { head, held: vec![joined(&held)], rest: None, meter: Meter::Answer(meter) })
}

/// Reads an error status with its body.
async fn refused(shared: &Arc<Shared>, response: HttpResponse, deadline: Timestamp) -> Failure {
    let now = shared.now();
    let limit = deadline.min(now.plus(ERROR_BODY));
    let mut answer = Reading::new(shared, response, limit, Duration::MAX);
    while answer.held_bytes < HELD_ERROR {
        let Event::Chunk = answer.next().await else { break };
    }
    let body = answer.text();
    let status = answer.status();
    if status.as_u16() < 400 {
        // Nobody follows a redirect: neither we, nor the client with its key.
        return Failure::unusable(status, format!("the provider answered {status}; check its base_url"));
    }
    let error = classify_error(status, &body);
    let delay = retry_after(&answer.head.headers, now).or(error.retry_after(now));
    let provider_answer = ProviderAnswer { status, headers: answer.head.headers, body };
    Failure::from_status(provider_answer, verdict(status, &error), delay, error.message)
}

fn joined(chunks: &[Bytes]) -> Bytes {
    match chunks {
        [] => Bytes::new(),
        [only] => only.clone(),
        many => many.concat().into(),
    }
}

fn is_compressed(headers: &http::HeaderMap) -> bool {
    headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity")
}

fn content_type(headers: &http::HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()
}
