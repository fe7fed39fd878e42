//! One request from start to end: choose candidates, attempt them in turn, show the first answer that holds.

mod answer;
mod attempt;
mod call;
mod failure;
mod headers;
mod journal;
mod plan;
mod relay;
mod request;

use core::time::Duration;
use std::sync::Arc;

use http::Response;

pub use answer::Answer;
use attempt::{Committed, Meter, attempt};
pub(crate) use call::Call;
use failure::{Failure, Next};
pub(crate) use journal::{Ending, Facts, Journal};
use plan::Plan;
pub use relay::{End, Guide, Relay};
pub(crate) use request::build as build_request;

use crate::balance::Report;
use crate::config::snapshot::{Candidate, Route};
use crate::dialect::{ChatUsageFilter, GatewayError};
use crate::platform::Timestamp;
use crate::record::{Operation, Outcome};
use crate::shared::Shared;

/// The first pause before the same rate-limited association is asked again; it doubles each time.
const BACKOFF: Duration = Duration::from_millis(250);

/// Answers one call. An `Err` is the gateway's own answer; a provider's error is an `Ok`.
pub(crate) async fn run(
    shared: &Arc<Shared>,
    call: &Call,
    route: &Route,
    mut journal: Journal,
) -> Result<Response<Answer>, GatewayError> {
    // The client's own upload does not count.
    let budget = shared.now().plus(route.timeouts.total());
    let deadline = journal.facts().ends_at.map_or(budget, |end| end.min(budget));
    let mut plan = match Plan::new(shared, call, route) {
        Ok(plan) => plan,
        Err(error) => {
            refuse(journal, &error);
            return Err(error);
        }
    };
    let mut telling: Option<Failure> = None;
    let mut rate_limited: Option<(Arc<Candidate>, u32)> = None;
    while let Some(candidate) = plan.next(shared) {
        pause(shared, &candidate, &rate_limited, deadline).await;
        if shared.now() >= deadline {
            break;
        }
        if !plan.start(shared, &candidate) {
            continue;
        }
        let provider_model = candidate.provider_model.clone().unwrap_or_else(|| call.model.clone());
        journal.begin(Arc::clone(&candidate), provider_model.clone());
        let failure = match attempt(shared, call, route, &candidate, &provider_model, &mut journal, deadline).await {
            Ok(committed) => return Ok(show(shared, call, route, candidate, committed, journal)),
            Err(failure) => failure,
        };
        let report = health_report(call, failure.report);
        shared.balancer.report(&candidate.association_id, report, shared.now());
        let body = failure.answer.as_ref().map(|answer| &answer.body);
        journal.failed(Ending {
            outcome: Some(failure.outcome),
            status: failure.status,
            error: Some(failure.message.clone()),
            response_bytes: body.map_or(0, |body| body.len() as u64),
            response: body.filter(|_| journal.keeps_bodies()).map(|body| body.to_vec()).unwrap_or_default(),
            ..Ending::default()
        });
        let next = failure.next;
        telling = Some(failure.or(telling));
        match next {
            Next::Stop => break,
            Next::Remove => plan.remove(&candidate),
            Next::Demote => {
                plan.demote(&candidate);
                let times = rate_limited.filter(|(it, _)| Arc::ptr_eq(it, &candidate)).map_or(0, |(_, times)| times);
                rate_limited = Some((candidate, times + 1));
            }
        }
        if journal.attempts() > route.max_retry || shared.now() >= deadline {
            break;
        }
    }
    match telling {
        Some(failure) => {
            let answer = failure.into_answer().map(|response| response.map(Answer::Body));
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

/// Waits before asking again the very association that has just refused for its rate limit.
async fn pause(
    shared: &Shared,
    candidate: &Arc<Candidate>,
    rate_limited: &Option<(Arc<Candidate>, u32)>,
    deadline: Timestamp,
) {
    let Some((refused, times)) = rate_limited else { return };
    if Arc::ptr_eq(refused, candidate) {
        let backoff = BACKOFF * 2_u32.saturating_pow(times.saturating_sub(1)).min(64);
        let backoff = backoff.mul_f64(0.5 + shared.platform.random() / 2.0).min(deadline.since(shared.now()));
        shared.platform.clock.sleep(backoff).await;
    }
}

/// What counting tokens says of a provider's health: nothing. Some providers do not count, but answer well.
fn health_report(call: &Call, report: Report) -> Report {
    match (call.operation, report) {
        (Operation::CountTokens, Report::Failure) => Report::Neutral,
        _ => report,
    }
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
    candidate: Arc<Candidate>,
    committed: Committed,
    mut journal: Journal,
) -> Response<Answer> {
    let Committed { mut head, held, rest, meter } = committed;
    let waited = journal.first_token();
    let association = &candidate.association_id;
    shared.balancer.report(association, Report::Answering, shared.now());
    if call.operation == Operation::Generate {
        shared.balancer.record_latency(association, call.stream, waited, shared.now());
    }
    headers::for_client(&mut head.headers);
    let is_readable = matches!(meter, Meter::Stream(_));
    let filter = (is_readable && request::injects_usage(call)).then(ChatUsageFilter::default);
    let status = head.status.as_u16();
    let ends_at = journal.facts().ends_at;
    let guide = Guide::new(Arc::clone(shared), journal, candidate, meter, filter, status, &held);
    let relay = Relay::new(held, rest, guide, route.timeouts.idle(), ends_at);
    Response::from_parts(head, relay.into_answer())
}
