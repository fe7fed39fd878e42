//! One request from start to end: choose candidates, attempt them in turn, show the first answer that holds.

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

use attempt::{Committed, attempt};
pub(crate) use call::Call;
use failure::{Failure, Next};
pub(crate) use journal::{Ending, Facts, Journal};
use plan::Plan;
pub use relay::{End, Guide, Relay};
pub(crate) use request::build as build_request;

use crate::config::snapshot::{Candidate, Route};
use crate::dialect::{ChatUsageFilter, GatewayError};
use crate::gateway::{Answer, Shared};
use crate::record::Outcome;

/// The first pause before the same rate-limited association is asked again; it doubles each time.
const BACKOFF: Duration = Duration::from_millis(250);

/// Answers one call. An `Err` is the gateway's own answer; a provider's error is an `Ok`.
pub(crate) async fn run(
    shared: &Arc<Shared>,
    call: &Call,
    route: &Route,
    mut journal: Journal,
) -> Result<Response<Answer>, GatewayError> {
    let deadline = journal.facts().received_at.plus(route.timeouts.total());
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
        pause(shared, &candidate, &mut rate_limited).await;
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
        let now = shared.now();
        shared.balancer.report(&candidate.association_id, failure.report, now);
        journal.failed(Ending {
            outcome: Some(failure.outcome),
            status: failure.status,
            error: Some(failure.message.clone()),
            response_bytes: failure.answer.as_ref().map_or(0, |answer| answer.body.len() as u64),
            response: failure.answer.as_ref().map(|answer| answer.body.to_vec()).unwrap_or_default(),
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
        Some(failure) => failure.into_answer().map(|response| response.map(Answer::Body)),
        None => {
            let error = plan.unavailable(shared);
            refuse(journal, &error);
            Err(error)
        }
    }
}

/// Waits before asking again the very association that has just refused for its rate limit.
async fn pause(shared: &Shared, candidate: &Arc<Candidate>, rate_limited: &mut Option<(Arc<Candidate>, u32)>) {
    let Some((refused, times)) = rate_limited else { return };
    if Arc::ptr_eq(refused, candidate) {
        let backoff = BACKOFF * 2_u32.saturating_pow(times.saturating_sub(1)).min(64);
        shared.platform.clock.sleep(backoff.mul_f64(0.5 + shared.random() / 2.0)).await;
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
    shared.balancer.record_latency(&candidate.association_id, waited, shared.now());
    headers::for_client(&mut head.headers);
    let filter = request::injects_usage(call).then(ChatUsageFilter::default);
    let status = head.status.as_u16();
    let guide = Guide::new(Arc::clone(shared), journal, candidate, meter, filter, status, &held);
    let relay = Relay::new(held, rest, guide, route.timeouts.idle());
    Response::from_parts(head, relay.into_answer())
}
