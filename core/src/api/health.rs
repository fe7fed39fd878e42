//! For those who run the gateway, and for clients' preflights.

use http::{HeaderValue, Response, StatusCode, header};

use super::json;
use crate::balance::{Breaker, Health};
use crate::platform::Body;
use crate::record::metrics;
use crate::shared::Shared;

pub(super) fn alive() -> Response<Body> {
    json(StatusCode::OK, r#"{"status":"ok"}"#.to_owned())
}

/// A gateway that has lost its database still serves, so that it is ready but degraded.
pub(super) fn ready(shared: &Shared) -> Response<Body> {
    let log = shared.recorder.status();
    let configuration = if shared.is_stale() { "stale" } else { "ok" };
    let records = if log.degraded.is_some() { "degraded" } else { "ok" };
    let is_ok = configuration == "ok" && records == "ok";
    let body = serde_json::json!({
        "name": "llmio",
        "status": if is_ok { "ok" } else { "degraded" },
        "config_version": shared.snapshot().version,
        "configuration": configuration,
        "records": {
            "status": records,
            "queued": log.queued,
            "dropped": log.dropped,
            "dropped_bodies": log.dropped_bodies,
        },
    });
    json(StatusCode::OK, body.to_string())
}

pub(super) fn metrics(shared: &Shared) -> Response<Body> {
    shared.metrics.set_recorder(&shared.recorder.status());
    shared.metrics.clear_breakers();
    let now = shared.now();
    for route in shared.snapshot().models().iter().filter(|route| route.breaker) {
        for candidate in &route.candidates {
            let health = shared.balancer.health(&candidate.association_id, now);
            let set = |provider_model: &str, health: &Health| {
                shared.metrics.set_breaker(&route.name, &candidate.upstream.name, provider_model, &health.breaker);
            };
            let all = candidate.provider_model.as_deref().unwrap_or("*");
            set(all, &health.whole);
            // One model's own state only where it differs from that of all.
            for (provider_model, of_model) in &health.models {
                if of_model.breaker != Breaker::default()
                    && (all != provider_model || health.whole.breaker == Breaker::default())
                {
                    set(provider_model, of_model);
                }
            }
        }
    }
    let mut response = Response::new(Body::from(shared.metrics.render()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE));
    response
}

/// What a person sees who opens the address in a browser.
pub(super) fn welcome() -> Response<Body> {
    let mut response = Response::new(Body::from(WELCOME.to_owned()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

const WELCOME: &str = concat!(
    "LLMIO ",
    env!("CARGO_PKG_VERSION"),
    "

Base URLs for clients
  OpenAI SDKs, Codex           /openai/v1
  Anthropic SDKs, Claude Code  /anthropic
  Google Gen AI SDKs           /gemini
  anything compatible          /v1

Administration
  admin API      /api
  its OpenAPI    /api/openapi.json
  health         /healthz, /readyz
  Prometheus     /metrics
"
);
