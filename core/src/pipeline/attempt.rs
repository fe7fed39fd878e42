//! One exchange with one candidate, up to the moment when its answer is certain enough to be shown.

use core::time::Duration;

use bytes::Bytes;
use http::{StatusCode, header};

use super::ask::{Ask, STREAM_OPTIONS};
use super::call::Call;
use super::failed::Failed;
use super::judgement::Judgement;
use super::meter::{Meter, joined};
use super::other_form::{comes_as_stream, gathered, spread_out};
use super::reading::{Arrival, Reading};
use crate::balance::{Verdict, verdict_in_answer};
use crate::config::Timeouts;
use crate::config::snapshot::Upstream;
use crate::dialect::hub::Ledger;
use crate::dialect::{AnswerMeter, ErrorKind, GatewayError, Phase, ProviderError, StreamMeter, Usage, classify_error};
use crate::platform::{Body, HttpResponse, Platform, SendOptions, Timestamp};

/// An answer without streaming is read to its end before it is shown, so that a broken one can be replaced, but only
/// up to this size: what is larger is shown as it comes.
const HELD_ANSWER: usize = 4 << 20;
/// A longer answer cannot be translated. It may hold images.
pub(super) const TRANSLATED_ANSWER: usize = 32 << 20;
/// A stream is shown after this much even if nothing meaningful was seen in it.
const HELD_PREAMBLE: usize = 1 << 20;
/// A provider's error is kept up to this size.
const HELD_ERROR: usize = 1 << 20;
/// How long the body of a provider's error may take.
const ERROR_BODY: Duration = Duration::from_secs(10);
/// How providers are told how much to think.
const REASONING: [&str; 5] = ["reasoning", "include", "thinking", "Thinking", "output_config"];
/// How long connecting may take, so that a dead host is passed over in seconds.
const CONNECT: Duration = Duration::from_secs(10);

/// An answer that the client will get, as far as it has come.
#[derive(Debug)]
pub(crate) struct Committed {
    pub(super) head: http::response::Parts,
    pub(super) held: Vec<Bytes>,
    /// `None` when `held` is all of it.
    pub(super) rest: Option<Body>,
    pub(super) meter: Meter,
    /// What a translated answer lost; of a stream that is known only later.
    pub(super) lost: Ledger,
    /// It came whole and is streamed, or the other way round.
    pub(super) is_turned: bool,
}

/// How long an attempt may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience<'a> {
    pub(crate) timeouts: &'a Timeouts,
    /// By when the answer must have begun, over all attempts.
    pub(crate) deadline: Timestamp,
    /// Whether somebody else could still be asked.
    pub(crate) others_left: bool,
    /// Whether somebody could still be asked who takes more.
    pub(crate) roomier_left: bool,
}

/// Who is told how an attempt goes while it does. It may be given up at any moment.
pub(crate) trait Witness: Send {
    /// The head of the answer has arrived.
    fn head(&mut self);
    /// What the provider has reported so far.
    fn used(&mut self, usage: Usage);
}

pub(crate) async fn attempt(
    platform: &Platform,
    call: &Call,
    ask: &Ask,
    patience: Patience<'_>,
    witness: &mut dyn Witness,
) -> Result<Committed, Failed> {
    let answered = exchange(platform, call, ask, patience, witness).await;
    answered.map_err(|mut failed| {
        failed.redact(&ask.candidate.redactor);
        failed
    })
}

async fn exchange(
    platform: &Platform,
    call: &Call,
    ask: &Ask,
    patience: Patience<'_>,
    witness: &mut dyn Witness,
) -> Result<Committed, Failed> {
    let Patience { timeouts, deadline, others_left, roomier_left } = patience;
    let upstream = ask.upstream();
    let request = ask.request(call).map_err(|error| Failed::new(error.kind.status(), Judgement::unsendable(&error)))?;
    let started_at = platform.clock.now();
    let options = SendOptions {
        header_timeout: Some(timeouts.header(ask.stream, others_left).min(deadline.since(started_at))),
        connect_timeout: Some(CONNECT),
        resend: true,
        proxy: upstream.proxy.as_ref().map(|proxy| proxy.reveal().to_owned()),
    };
    let response = platform.http.send(request, options).await;
    let response = response.map_err(|error| Failed::new(0, Judgement::no_answer(&error)))?;
    witness.head();

    let status = response.status();
    if !status.is_success() {
        return Err(refused(platform, call, ask, response, deadline).await);
    }
    if status == StatusCode::NO_CONTENT {
        return Err(unusable(status, "the provider answered without content"));
    }
    let head_at = platform.clock.now();
    let (limit, silence) = if ask.stream {
        (timeouts.first_token_by(started_at, head_at).min(deadline), timeouts.first_silence(others_left))
    } else {
        (deadline, timeouts.idle())
    };
    let mut answer = Reading::new(&platform.clock, response, limit, silence);
    if is_compressed(&answer.head.headers) {
        if ask.translates {
            return Err(unusable(
                status,
                "the provider compressed its answer against our asking, so it cannot be translated",
            ));
        }
        let (head, held, rest) = answer.into_parts();
        return Ok(Committed { head, held, rest, meter: Meter::Opaque, lost: Ledger::default(), is_turned: false });
    }
    let comes_as_stream = comes_as_stream(ask, &mut answer).await;
    if !(call.stream && comes_as_stream) {
        // Nothing of it is shown before all of it is there.
        answer.wait(deadline, timeouts.idle());
    }
    match (call.stream, comes_as_stream) {
        (true, true) => stream(ask, answer, roomier_left, witness).await,
        (false, false) => whole(ask, answer).await,
        (false, true) => gathered(ask, answer, witness).await,
        (true, false) => spread_out(call, ask, answer).await,
    }
}

/// Holds a stream back until its first meaningful event.
async fn stream(
    ask: &Ask,
    mut answer: Reading,
    roomier_left: bool,
    witness: &mut dyn Witness,
) -> Result<Committed, Failed> {
    let mut meter = Meter::stream(ask);
    match until_output(ask, &mut answer, &mut meter, roomier_left, witness).await {
        None => {
            let (head, held, rest) = answer.into_parts();
            Ok(Committed { head, held, rest, meter: Meter::Stream(meter), lost: Ledger::default(), is_turned: false })
        }
        Some(judgement) => Err(Failed::new(answer.status().as_u16(), judgement).with_body(answer.text())),
    }
}

/// Why the stream gives the client nothing; `None` as soon as it does.
async fn until_output(
    ask: &Ask,
    answer: &mut Reading,
    meter: &mut StreamMeter,
    roomier_left: bool,
    witness: &mut dyn Witness,
) -> Option<Judgement> {
    let upstream = ask.upstream();
    loop {
        let arrival = answer.next().await;
        match arrival {
            Arrival::Chunk => meter.push(answer.newest()),
            Arrival::End => meter.finish(),
            Arrival::Broken(error) => return Some(Judgement::cut(&error.to_string())),
            Arrival::TimeOut => return Some(Judgement::timeout("the provider sent nothing meaningful in time")),
        }
        witness.used(meter.usage());
        match meter.phase() {
            Phase::Output | Phase::Complete => return matching_error(upstream, answer).map(Judgement::matched),
            Phase::Preamble if matches!(arrival, Arrival::End) => {
                return Some(Judgement::unusable("the provider ended the stream before it had said anything"));
            }
            Phase::Preamble if answer.held_bytes > HELD_PREAMBLE => return None,
            Phase::Preamble => {}
            // The output and the failure came together.
            Phase::Failed if meter.failed_after_output() => return None,
            // An error event that says what the client did wrong is its to see, word for word: agents act on it.
            Phase::Failed if is_event(answer, meter) && is_clients_error(meter, roomier_left) => return None,
            Phase::Failed => return Some(failed_stream(upstream, meter, answer).await),
        }
    }
}

/// An error event before any output, or something that is no stream: an error object or a page.
async fn failed_stream(upstream: &Upstream, meter: &StreamMeter, answer: &mut Reading) -> Judgement {
    if is_event(answer, meter) {
        return match meter.failure() {
            Some(error) => Judgement::of_error(error, answer.now()),
            None => Judgement::unusable("the provider's stream is unreadable"),
        };
    }
    answer.rest(HELD_ERROR).await;
    match matching_error(upstream, answer) {
        Some(sample) => Judgement::matched(sample),
        None => {
            let error = classify_error(answer.status(), &answer.text());
            error_in_200(&error, answer.now(), "the provider answered a streaming request without a stream")
        }
    }
}

/// An error that came as a 200, and as no event of a stream, would be no error to a client: whoever made it, it is the
/// provider's failure to answer.
pub(super) fn error_in_200(error: &ProviderError, now: Timestamp, what: &str) -> Judgement {
    match verdict_in_answer(error) {
        Verdict::ClientError | Verdict::Failover => Judgement::unusable(&format!("{what}: {}", error.message)),
        _ => Judgement::of_error(error, now),
    }
}

fn is_clients_error(meter: &StreamMeter, roomier_left: bool) -> bool {
    meter.failure().is_some_and(|error| match verdict_in_answer(error) {
        Verdict::ClientError => true,
        Verdict::TooLong => !roomier_left,
        _ => false,
    })
}

/// Reads an answer to its end.
async fn whole(ask: &Ask, mut answer: Reading) -> Result<Committed, Failed> {
    let mut meter = Box::new(AnswerMeter::new(ask.dialect, ask.operation));
    if let Some(judgement) = until_end(ask, &mut answer, &mut meter).await {
        return Err(Failed::new(answer.status().as_u16(), judgement).with_body(answer.text()));
    }
    let mut lost = Ledger::default();
    let translated = ask.translation.as_ref().map(|it| it.answer(&answer.text(), &meter.summary().usage, &mut lost));
    if let Some(Err(error)) = &translated {
        let judgement = Judgement::unusable(error);
        return Err(Failed::new(answer.status().as_u16(), judgement).with_body(answer.text()));
    }
    let (head, held, rest) = answer.into_parts();
    let held = match translated {
        Some(Ok(answer)) => vec![answer],
        _ if rest.is_none() => vec![joined(&held)],
        _ => held,
    };
    Ok(Committed { head, held, rest, meter: Meter::Answer(meter), lost, is_turned: false })
}

/// Why the answer gives the client nothing; `None` when it does, or is too large to be held to its end.
async fn until_end(ask: &Ask, answer: &mut Reading, meter: &mut AnswerMeter) -> Option<Judgement> {
    loop {
        match answer.next().await {
            Arrival::Chunk => meter.push(answer.newest()),
            Arrival::End => break,
            Arrival::Broken(error) => return Some(Judgement::cut(&error.to_string())),
            Arrival::TimeOut => return Some(Judgement::timeout("the provider's answer was not complete in time")),
        }
        if ask.translates && answer.held_bytes > TRANSLATED_ANSWER {
            return Some(Judgement::unusable("the provider's answer is too long to be translated"));
        }
        if !ask.translates && answer.held_bytes > HELD_ANSWER {
            return None;
        }
    }
    if let Some(sample) = matching_error(ask.upstream(), answer) {
        return Some(Judgement::matched(sample));
    }
    let summary = meter.summary();
    match (&summary.error, &summary.problem) {
        (Some(error), _) => Some(error_in_200(error, answer.now(), "the provider answered 200 with an error")),
        (None, Some(problem)) => Some(Judgement::unusable(&format!("the provider answered with {problem}"))),
        (None, None) => None,
    }
}

/// Reads an error status with its body.
async fn refused(platform: &Platform, call: &Call, ask: &Ask, response: HttpResponse, deadline: Timestamp) -> Failed {
    let now = platform.clock.now();
    let mut answer = Reading::new(&platform.clock, response, deadline.min(now.plus(ERROR_BODY)), Duration::MAX);
    answer.rest(HELD_ERROR).await;
    let body = answer.text();
    let status = answer.status();
    if status.as_u16() < 400 {
        // Nobody follows a redirect: neither we, nor the client with its key.
        return unusable(status, &format!("the provider answered {status}; check its base_url")).with_body(body);
    }
    let error = classify_error(status, &body);
    let mut judgement = Judgement::of_status(status, &answer.head.headers, &error, now);
    if status == StatusCode::NOT_FOUND
        && let (Some(message), Some(hint)) = (&mut judgement.message, ask.upstream().hint_at_not_found())
    {
        *message = format!("{message}; {hint}");
    }
    let is_refusal = matches!(status.as_u16(), 400 | 422);
    // An error in another dialect's form would be none to the client; its words are what agents read.
    let own = ask.translates.then(|| {
        let error_kind = ErrorKind::of_status(status.as_u16());
        let told = GatewayError::new(error_kind, error.message.clone()).code("provider_error");
        Box::new(if let Some(param) = &error.param { told.param(param.clone()) } else { told })
    });
    Failed {
        refuses_reasoning: ask.translation.as_ref().is_some_and(|it| it.asks_reasoning)
            && is_refusal
            && REASONING.iter().any(|member| error.refuses(member)),
        own,
        refuses_form: is_refusal && ask.may_turn(call) && is_about_form(&error),
        refuses_addition: ask.adds_usage && is_refusal && error.refuses(STREAM_OPTIONS),
        head: Some(answer.head),
        body,
        ..Failed::new(status.as_u16(), judgement)
    }
}

/// Whether an error is about streaming: `stream` is what it names, or a word of its sentence.
fn is_about_form(error: &ProviderError) -> bool {
    let is_word = |word: &str| matches!(word, "stream" | "Stream" | "streaming" | "Streaming");
    error.param.as_deref() == Some("stream")
        || error.message.split(|c: char| !c.is_alphanumeric() && c != '_').any(is_word)
}

pub(super) fn matching_error<'a>(upstream: &'a Upstream, answer: &Reading) -> Option<&'a str> {
    if upstream.error_samples.is_empty() { None } else { upstream.matching_error(&answer.text()) }
}

fn unusable(status: StatusCode, message: &str) -> Failed {
    Failed::new(status.as_u16(), Judgement::unusable(message))
}

fn is_compressed(headers: &http::HeaderMap) -> bool {
    let encoding = headers.get(header::CONTENT_ENCODING).map(|encoding| encoding.as_bytes().trim_ascii());
    encoding.is_some_and(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity"))
}

/// Whether a stream's failure came as an event of it.
fn is_event(answer: &Reading, meter: &StreamMeter) -> bool {
    let kind = answer.head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/event-stream")) && !meter.failed_foreign()
}
