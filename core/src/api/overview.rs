//! What an instance knows of its associations and of itself, for the console.

use super::admin::overview::{
    AssociationOverview, ConfigState, LatencyView, Overview, ProviderOverview, ProviderState, Reason, RecordsState,
    Scope, State, Status,
};
use crate::balance::{Breaker, Cause, Pair};
use crate::config::Pattern;
use crate::config::roster::ListedAssociation;
use crate::pipeline::{Shares, shares};
use crate::platform::Timestamp;
use crate::shared::Shared;

pub(super) fn overview(shared: &Shared) -> Overview {
    let now = shared.now();
    let snapshot = shared.snapshot();
    let shares: Vec<_> = snapshot.models().iter().flat_map(|route| shares(shared, route)).collect();
    let associations: Vec<_> =
        snapshot.roster.associations.iter().map(|listed| association(shared, listed, &shares, now)).collect();
    let counting = snapshot.counting().map(|upstream| upstream.name.as_str());
    let providers = snapshot.roster.providers.iter().map(|provider| {
        let mine = associations.iter().filter(|it| it.provider_id == provider.id && it.enabled);
        let (mut total, mut ready) = (0, 0);
        for association in mine {
            total += 1;
            ready += usize::from(association.state == State::Ready);
        }
        let state = match (total, ready) {
            _ if !provider.enabled => ProviderState::Off,
            // Counting tokens is a use, too.
            (0, _) if counting == Some(provider.name.as_str()) => ProviderState::Ok,
            (0, _) => ProviderState::Unused,
            (_, 0) => ProviderState::Down,
            (total, ready) if ready < total => ProviderState::Degraded,
            _ => ProviderState::Ok,
        };
        ProviderOverview { id: provider.id.clone(), state, ready, total }
    });
    let log = shared.recorder.status();
    Overview {
        instance: shared.instance.clone(),
        home: shared.options.home,
        scope: Scope::Instance,
        now,
        providers: providers.collect(),
        associations,
        records: RecordsState {
            status: if log.degraded.is_some() { Status::Degraded } else { Status::Ok },
            queued: log.queued as u64,
            dropped: log.dropped,
        },
        config: ConfigState { version: snapshot.version, stale: shared.is_stale() },
    }
}

fn association(shared: &Shared, listed: &ListedAssociation, shares: &[Shares], now: Timestamp) -> AssociationOverview {
    let balancer = &shared.balancer;
    let provider_model = match (listed.provider_model.as_str(), listed.model.as_str()) {
        // Of a pattern's models only what concerns them all: there is one answer for each of the others.
        ("*", model) if Pattern::is_pattern(model) => "",
        ("*", model) => model,
        (named, _) => named,
    };
    let pair = Pair { association: &listed.id, provider_model };
    let health = balancer.health(&listed.id, now);
    let of_model = health.models.iter().find(|(name, _)| name == provider_model).map(|(_, health)| health);
    let known = of_model.unwrap_or(&health.whole);
    let resting = balancer.resting(pair, listed.breaker, now).filter(|_| listed.enabled);
    let is_probed = listed.breaker && matches!(known.breaker, Breaker::HalfOpen { .. });
    let share = shares.iter().find(|share| share.association_id == listed.id);
    let latency = |stream| match balancer.standing(pair, stream, now).latency {
        0.0 => None,
        seconds => Some((seconds * 1e3).round()),
    };
    AssociationOverview {
        id: listed.id.clone(),
        model_id: listed.model_id.clone(),
        provider_id: listed.provider_id.clone(),
        enabled: listed.enabled,
        state: match resting {
            _ if !listed.enabled => State::Off,
            _ if is_probed => State::Probing,
            Some(_) => State::Resting,
            None => State::Ready,
        },
        reason: resting.map(|resting| match resting.cause {
            Cause::RateLimit => Reason::RateLimit,
            Cause::Failure => Reason::Breaker,
        }),
        until: resting.map(|resting| resting.until),
        failures: match known.breaker {
            Breaker::Closed { failures } => failures,
            Breaker::Open { .. } | Breaker::HalfOpen { .. } => Breaker::FAILURES_TO_OPEN,
        },
        opens_at: listed.breaker.then_some(Breaker::FAILURES_TO_OPEN),
        latency_ms: LatencyView { stream: latency(true), whole: latency(false) },
        weight: listed.weight,
        nominal_share: share.map_or(0.0, |share| rounded(share.nominal)),
        share: share.map_or(0.0, |share| rounded(share.now)),
        recent: String::new(),
        last_error: None,
        last_success_at: None,
    }
}

/// To a hundredth of a per cent.
fn rounded(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}
