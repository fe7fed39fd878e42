//! One request from start to end: choose candidates, attempt them in turn, show the first answer that holds.
//!
//! A request has two sides: the client's, [`Call`], and for each attempt the provider's, [`Ask`]. What came of an
//! attempt is judged in one place, by the provider's bytes alone.

mod able;
mod answer;
mod ask;
mod attempt;
mod call;
mod choice;
mod directions;
mod doubt;
mod dry_run;
mod end;
mod estimate;
mod failed;
mod follow;
mod guide;
mod headers;
mod journal;
mod judgement;
mod length;
mod meter;
mod other_form;
mod plan;
mod reading;
mod relay;
mod shares;
mod silence;
mod translation;

use core::time::Duration;
use std::sync::Arc;

use http::{HeaderValue, Response, header};

pub use answer::Answer;
pub(crate) use ask::Ask;
pub(crate) use attempt::Patience;
use attempt::{Committed, attempt};
pub(crate) use call::Call;
pub(crate) use directions::{Asker, Directions, wants_strict};
pub use doubt::Doubt;
pub(crate) use dry_run::{Imagined, dry_run};
pub use end::End;
use failed::Failed;
pub(crate) use follow::{Seen, follow};
pub use guide::{Guide, Last};
pub(crate) use journal::{Ending, Facts, Journal};
use judgement::Next;
use plan::Plan;
pub use relay::{Pace, Relay};
pub(crate) use shares::{Shares, shares};
use translation::{recorded, recorded_refusal};

use crate::balance::Report;
use crate::config::snapshot::{Candidate, Route};
use crate::dialect::{GatewayError, StreamForm};
use crate::platform::Body;
use crate::record::{Operation, Outcome};
use crate::refusals::Refused;
use crate::shared::Shared;

/// Answers one call. An `Err` is the gateway's own answer; a provider's error is an `Ok`.
pub(crate) async fn run(
    shared: &Arc<Shared>,
    call: &Call,
    route: &Arc<Route>,
    mut journal: Journal,
) -> Result<Response<Answer>, GatewayError> {
    // The client's own upload does not count.
    let budget = shared.now().plus(route.timeouts.total());
    let deadline = journal.facts().ends_at.map_or(budget, |end| end.min(budget));
    journal.known();
    let pin = journal.facts().directions.pin.clone();
    let mut plan = Plan::new(shared, call, route, pin.as_deref());
    if let Some(error) = plan.refusal() {
        let estimated = if route.candidates.is_empty() || pin.is_some() { None } else { estimate::estimated(call) };
        let error = match estimated {
            Some(Ok(answer)) => return Ok(estimated_instead(answer, journal)),
            Some(Err(invalid)) => invalid,
            None => error,
        };
        journal.chosen(plan.weigh(&[]));
        refuse(journal, &error);
        return Err(error);
    }
    let mut telling: Option<Failed> = None;
    // An operator who names one wants to see what that one answers.
    let mut attempts_left = if pin.is_some() { 1 } else { route.max_retry.saturating_add(1) };
    while attempts_left > 0 {
        let turn = plan.next(shared);
        if let Some(choice) = plan.take_choice() {
            journal.chosen(choice);
        }
        let Some(turn) = turn else { break };
        if let Some(pause) = turn.pause {
            if shared.now().plus(pause) >= deadline {
                break;
            }
            shared.platform.clock.sleep(pause).await;
        }
        if shared.now() >= deadline {
            break;
        }
        if !plan.start(shared, &turn) {
            continue;
        }
        let patience = Patience {
            timeouts: &route.timeouts,
            deadline,
            others_left: call.stream && plan.others_left(shared, &turn),
            roomier_left: call.stream && attempts_left > 1 && plan.roomier_left(shared, &turn),
        };
        let failed = match ask_one(shared, call, &turn.candidate, plan.brings_envelopes, patience, &mut journal).await {
            Ok((ask, committed)) => return Ok(show(shared, call, route, ask, committed, journal)),
            Err(failed) => failed,
        };
        // Who could not even be told the request was not asked.
        attempts_left -= u32::from(!failed.is_untold);
        let is_first = plan.failed(&turn, failed.judgement.next);
        if pin.is_none() && failed.cannot_count() && able::counts_translated(call, &turn.candidate) {
            shared.refusals.insert(&turn.candidate.association_id, Refused::Count);
        }
        let pair = plan::pair(call, &turn.candidate);
        if pin.is_none()
            && let Some(report) = failed.judgement.report(call.operation)
        {
            let report = if is_first { report } else { report.repeated() };
            shared.balancer.report(pair, report, shared.now());
        }
        note(&mut journal, &failed);
        let is_over = failed.judgement.next == Next::Stop;
        telling = Some(failed.or(telling));
        if is_over {
            break;
        }
    }
    // Those of the model's own that count in the client's dialect have the last word, unless that is that they cannot.
    let is_theirs = route.candidates.iter().any(|it| it.is_own() && it.relays(call.dialect))
        && !telling.as_ref().is_some_and(Failed::cannot_count);
    if pin.is_none()
        && !is_theirs
        && let Some(Ok(answer)) = estimate::estimated(call)
    {
        return Ok(estimated_instead(answer, journal));
    }
    match telling {
        // Who rests might take what cannot be told to the others.
        Some(failed) if failed.is_untold && plan.is_somebody_left() => {
            let error = plan.unavailable(shared);
            refuse(journal, &error);
            Err(error)
        }
        Some(failed) => {
            let answer = failed.into_answer(plan.wait(shared)).map(|response| response.map(Answer::Body));
            let answer = journal.told(call.dialect, answer);
            journal.answered(match &answer {
                Ok(response) => response.status().as_u16(),
                Err(error) => error.kind.status(),
            });
            answer
        }
        None => {
            let error = plan.unavailable(shared);
            refuse(journal, &error);
            Err(error)
        }
    }
}

/// The gateway's own answer to a counting request, whoever was asked before.
fn estimated_instead(answer: Response<Body>, mut journal: Journal) -> Response<Answer> {
    let status = answer.status().as_u16();
    journal.finish_by_oneself(Ending { outcome: Some(Outcome::Success), status, ..Ending::default() });
    answer.map(Answer::Body)
}

/// One attempt. A provider that refuses what the gateway adds of its own is asked once more without it, and if it answers
/// then, from then on always.
async fn ask_one(
    shared: &Shared,
    call: &Call,
    candidate: &Arc<Candidate>,
    brings_envelopes: bool,
    patience: Patience<'_>,
    journal: &mut Journal,
) -> Result<(Ask, Committed), Failed> {
    let mut ask = Ask::new(call, Arc::clone(candidate));
    let refuses = |what| shared.refusals.contains(&candidate.association_id, what);
    let own_form = if call.stream { Refused::Stream } else { Refused::Whole };
    if ask.may_turn(call) && refuses(own_form) {
        ask = ask.streaming(call, !call.stream);
    }
    if ask.adds_usage && refuses(Refused::Usage) {
        ask = ask.bare();
    }
    ask.without_reasoning = ask.translates && refuses(Refused::Reasoning);
    let mut refused = Vec::new();
    loop {
        journal.begin(Arc::clone(candidate), ask.provider_model.clone());
        let told = ask.translate(call, shared, journal.facts().trace, brings_envelopes);
        if let Err(refusal) = told.and_then(|()| ask.loses_nothing_against(call)) {
            journal.translated([recorded_refusal(&refusal)]);
            return Err(Failed::untranslatable(refusal));
        }
        journal.translated(recorded(&ask.lost()));
        match attempt(&shared.platform, call, &ask, patience, journal).await {
            Ok(committed) => {
                if committed.is_turned && ask.stream == call.stream {
                    refused.push(own_form);
                }
                refused.into_iter().for_each(|it| shared.refusals.insert(&candidate.association_id, it));
                return Ok((ask, committed));
            }
            Err(failed) if failed.refuses_addition => {
                note(journal, &failed);
                refused.push(Refused::Usage);
                ask = ask.bare();
            }
            Err(failed) if failed.refuses_form => {
                note(journal, &failed);
                refused.push(own_form);
                let is_bare = refused.contains(&Refused::Usage);
                ask = ask.streaming(call, !call.stream);
                if is_bare {
                    ask = ask.bare();
                }
            }
            Err(failed) if failed.refuses_reasoning => {
                note(journal, &failed);
                refused.push(Refused::Reasoning);
                ask.without_reasoning = true;
            }
            Err(failed) => return Err(failed),
        }
    }
}

/// Writes down a failed attempt.
fn note(journal: &mut Journal, failed: &Failed) {
    journal.failed(Ending {
        outcome: Some(failed.judgement.outcome),
        status: failed.status,
        error: failed.judgement.message.clone(),
        response_bytes: failed.body.len() as u64,
        response: if journal.keeps_bodies() { failed.body.to_vec() } else { Vec::new() },
        ..Ending::default()
    });
}

/// Records a request that reached no provider.
fn refuse(mut journal: Journal, error: &GatewayError) {
    journal.finish(Ending {
        outcome: Some(Outcome::GatewayError),
        status: error.kind.status(),
        error: Some(error.message.clone()),
        ..Ending::default()
    });
}

/// From here on the client sees this answer.
fn show(
    shared: &Arc<Shared>,
    call: &Call,
    route: &Route,
    ask: Ask,
    committed: Committed,
    mut journal: Journal,
) -> Response<Answer> {
    let Committed { mut head, held, rest, meter, lost, is_turned } = committed;
    let waited = journal.first_token();
    if call.operation == Operation::Generate && journal.facts().directions.pin.is_none() {
        let now = shared.now();
        shared.balancer.report(ask.pair(), Report::Answering, now);
        shared.balancer.record_latency(ask.pair(), call.stream, waited, now);
    }
    headers::for_client(&mut head.headers);
    ask.candidate.redactor.headers(&mut head.headers);
    if ask.translates || is_turned {
        let is_events = call.stream && call.form == StreamForm::Sse;
        let kind = if is_events { "text/event-stream" } else { "application/json" };
        head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        journal.translated(recorded(&lost));
    }
    if let Some(value) = ask.translation_header(&lost) {
        head.headers.insert(translation::HEADER, value);
    }
    journal.tell(&mut head.headers);
    let status = head.status.as_u16();
    let ends_at = journal.facts().ends_at;
    let background = journal.background();
    let keep_alive = shared.snapshot().settings.keep_alive;
    let keep_alive = (keep_alive > 0).then(|| Duration::from_secs(keep_alive.into()));
    let pace = Pace { idle: route.timeouts.idle(), keep_alive };
    let guide = Guide::new(Arc::clone(shared), journal, ask, meter, status);
    let relay = Relay::new(held, rest, guide, pace, ends_at, &shared.platform.clock, background);
    Response::from_parts(head, relay.into_answer())
}
