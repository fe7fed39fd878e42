//! What this instance is doing, for the console.

use super::admin::activity::{Happening, InFlightFilter, InFlightView, Phase, RateCost, RatesView};
use super::admin::log_view::millis;
use crate::activity::{Live, Second};
use crate::shared::Shared;
use crate::storage::log_filter::LogField;

const MINUTES_PER_HOUR: f64 = 60.0;

pub(super) fn happening(shared: &Shared, wanted: &InFlightFilter) -> Happening {
    let in_flight = shared.activity.newest(wanted.limit, |live| is_wanted(live, wanted));
    Happening {
        in_flight: in_flight.iter().map(|live| view(live)).collect(),
        rates: rates(shared.activity.last_minute(shared.now())),
        partial: shared.options.home != "server",
    }
}

/// By what is known of a request that has not ended; filters by anything else are those of what has.
fn is_wanted(live: &Live, wanted: &InFlightFilter) -> bool {
    let step = live.step();
    let asked = step.asked.as_ref();
    wanted.filter.fields.iter().all(|choice| {
        let value = match choice.field {
            LogField::Model => Some(step.model.as_str()),
            LogField::Key => live.key.as_ref().map(|key| key.id.as_str()),
            LogField::Dialect => Some(live.dialect.as_str()),
            LogField::Origin => Some(live.origin.as_str()),
            LogField::Provider => asked.map(|(asked, _)| asked.upstream.name.as_str()),
            LogField::ProviderType => asked.map(|(asked, _)| asked.address(live.dialect).kind.as_str()),
            LogField::ProviderModel => asked.map(|(_, model)| model.as_str()),
            LogField::Association => asked.map(|(asked, _)| asked.association_id.as_str()),
            _ => return true,
        };
        choice.takes(value)
    }) && wanted.filter.stream.is_none_or(|stream| stream == step.stream)
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
