//! What this instance is doing, for the console.

use super::admin::activity::{Happening, InFlightFilter, InFlightView, Phase, RateCost, RatesView};
use super::admin::log_view::millis;
use crate::activity::{Live, Second};
use crate::shared::Shared;

const MINUTES_PER_HOUR: f64 = 60.0;

pub(super) fn happening(shared: &Shared, wanted: &InFlightFilter) -> Happening {
    let in_flight = shared.activity.newest(wanted.limit, |live| is_wanted(live, wanted));
    Happening {
        in_flight: in_flight.iter().map(|live| view(live)).collect(),
        rates: rates(shared.activity.last_minute(shared.now())),
        partial: shared.options.home != "server",
    }
}

fn is_wanted(live: &Live, wanted: &InFlightFilter) -> bool {
    let is = |wanted: &Option<String>, value: Option<&str>| wanted.as_deref().is_none_or(|it| Some(it) == value);
    if !is(&wanted.key_id, live.key.as_ref().map(|key| key.id.as_str())) {
        return false;
    }
    let step = live.step();
    is(&wanted.model, Some(&step.model))
        && is(&wanted.provider, step.asked.as_ref().map(|(asked, _)| asked.upstream.name.as_str()))
}

fn view(live: &Live) -> InFlightView {
    let step = live.step();
    let first_token_us = live.first_token_us();
    let phase = match (&step.asked, first_token_us) {
        (None, _) => Phase::Choosing,
        (Some(_), None) => Phase::Waiting,
        (Some(_), Some(_)) => Phase::Streaming,
    };
    InFlightView {
        trace_id: live.trace.to_string(),
        started_at: live.received_at,
        key_name: live.key.as_ref().map(|key| key.name.clone()),
        origin: live.origin,
        model: step.model,
        dialect: live.dialect,
        stream: step.stream,
        attempt: step.attempt,
        provider: step.asked.as_ref().map(|(asked, _)| asked.upstream.name.clone()),
        provider_model: step.asked.map(|(_, model)| model),
        phase,
        first_token_ms: first_token_us.map(millis),
        response_bytes: live.response_bytes(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate needs no 53 bits")]
fn rates(minute: Second) -> RatesView {
    let stayed = minute.requests.saturating_sub(minute.left);
    let costs = minute.costs.into_iter();
    RatesView {
        rpm: minute.requests,
        tpm: minute.tokens,
        cost_per_hour: costs.map(|(currency, cost)| RateCost { currency, amount: cost * MINUTES_PER_HOUR }).collect(),
        error_rate: (stayed > 0).then(|| minute.errors as f64 / stayed as f64),
    }
}
