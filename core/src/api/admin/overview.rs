//! How all associations and providers do, at a glance.

use http::header::{ETAG, IF_NONE_MATCH};
use http::{HeaderValue, Method, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Admin, AdminCall, AdminError, AdminRoute, Reply};
use crate::platform::Timestamp;
use crate::record::Outcome;
use crate::storage::recents::recents;

/// More associations than these are shown without what they answered of late.
const MAX_RECENTS: usize = 500;

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(
            Method::GET,
            "/api/health",
            "getHealth",
            "How all associations and providers do; with `If-None-Match` 304 while nothing has changed",
            |a, c| Box::pin(get(a, c)),
        )
        .answers::<Overview>(200),
    ]
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Health")]
pub struct Overview {
    /// Whose knowledge this is: each process or isolate has its own of who rests.
    pub(in crate::api) instance: String,
    /// `server`, `worker` or `lambda`.
    pub(in crate::api) home: &'static str,
    pub(in crate::api) scope: Scope,
    pub(in crate::api) now: Timestamp,
    /// All there are, in the order of the models.
    pub(in crate::api) associations: Vec<AssociationOverview>,
    pub(in crate::api) providers: Vec<ProviderOverview>,
    pub(in crate::api) records: RecordsState,
    pub(in crate::api) config: ConfigState,
}

/// Of what all is told.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "HealthScope")]
pub(in crate::api) enum Scope {
    /// Of the one that answers, but for what the log says.
    Instance,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HealthAssociation")]
pub(in crate::api) struct AssociationOverview {
    pub(in crate::api) id: String,
    pub(in crate::api) model_id: String,
    pub(in crate::api) provider_id: String,
    /// It is switched on, and so are its provider and its model.
    pub(in crate::api) enabled: bool,
    /// Under a pattern only what concerns all of its models.
    pub(in crate::api) state: State,
    /// Why it rests.
    pub(in crate::api) reason: Option<Reason>,
    /// Until when it rests.
    pub(in crate::api) until: Option<Timestamp>,
    /// In a row.
    pub(in crate::api) failures: u32,
    /// So many failures in a row open the breaker; null where the model has none.
    pub(in crate::api) opens_at: Option<u32>,
    pub(in crate::api) latency_ms: LatencyView,
    pub(in crate::api) weight: u32,
    /// Which part of the requests in its own dialect that need no capability it would get if nobody rested, from 0 to 1.
    pub(in crate::api) nominal_share: f64,
    /// As `nominal_share`, now.
    pub(in crate::api) share: f64,
    /// How its last attempts ended, at most 30, the newest last: `s`uccess, `c`lient's error, provider's `e`rror, `r`ate
    /// limit, `t`ime-out, `x` without connection, the client `l`eft, the `g`ateway refused. Operators' own requests are no
    /// part of it.
    pub(in crate::api) recent: String,
    /// Of those attempts.
    pub(in crate::api) last_error: Option<LastError>,
    pub(in crate::api) last_success_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "HealthAssociationState")]
pub(in crate::api) enum State {
    Ready,
    /// It is not asked until `until`.
    Resting,
    /// One request at a time finds out whether it works again.
    Probing,
    /// It, its provider or its model is switched off.
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "HealthReason")]
pub(in crate::api) enum Reason {
    Breaker,
    RateLimit,
}

/// Decaying averages; null where nothing was measured.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HealthLatency")]
pub(in crate::api) struct LatencyView {
    /// To the first token of a stream.
    pub(in crate::api) stream: Option<f64>,
    /// To the end of another answer.
    pub(in crate::api) whole: Option<f64>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HealthLastError")]
pub(in crate::api) struct LastError {
    at: Timestamp,
    status: u16,
    outcome: Outcome,
    /// At most 300 characters.
    message: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HealthProvider")]
pub(in crate::api) struct ProviderOverview {
    pub(in crate::api) id: String,
    pub(in crate::api) state: ProviderState,
    /// How many of its associations are ready, and how many are switched on.
    pub(in crate::api) ready: usize,
    pub(in crate::api) total: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "HealthProviderState")]
pub(in crate::api) enum ProviderState {
    Ok,
    Degraded,
    Down,
    /// No association of it is switched on, and it does not count tokens.
    Unused,
    Off,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "HealthStatus")]
pub(in crate::api) enum Status {
    Ok,
    /// The log cannot be written; its entries wait in memory.
    Degraded,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HealthRecords")]
pub(in crate::api) struct RecordsState {
    pub(in crate::api) status: Status,
    pub(in crate::api) queued: u64,
    pub(in crate::api) dropped: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HealthConfig")]
pub(in crate::api) struct ConfigState {
    pub(in crate::api) version: i64,
    /// The stored configuration could not be read of late.
    pub(in crate::api) stale: bool,
}

async fn get(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let mut overview = admin.instance.overview();
    let asked: Vec<_> = overview.associations.iter().map(|it| it.id.as_str()).take(MAX_RECENTS).collect();
    let attempts = recents(&*admin.platform.database, &asked).await?;
    for attempt in attempts {
        let Some(association) = overview.associations.iter_mut().find(|it| it.id == attempt.association_id) else {
            continue;
        };
        association.recent.push(code(attempt.outcome));
        if attempt.outcome == Outcome::Success {
            association.last_success_at = Some(attempt.created_at);
        } else if attempt.outcome.is_providers_failure() {
            association.last_error = Some(LastError {
                at: attempt.created_at,
                status: attempt.status,
                outcome: attempt.outcome,
                message: attempt.error,
            });
        }
    }
    let now = std::mem::take(&mut overview.now);
    let tag = tag(&overview);
    let etag = HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""));
    let known = call.headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    if known.flat_map(|tags| tags.split(',')).any(|known| known.trim().trim_start_matches("W/") == tag) {
        let unchanged = Reply::with_body(StatusCode::NOT_MODIFIED, "application/json", bytes::Bytes::new());
        return Ok(unchanged.header(ETAG, etag));
    }
    overview.now = now;
    Ok(Reply::ok(&overview)?.header(ETAG, etag))
}

/// Of all but the time.
fn tag(overview: &Overview) -> String {
    let text = serde_json::to_vec(overview).unwrap_or_default();
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(text));
    format!("\"{:016x}\"", u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

const fn code(outcome: Outcome) -> char {
    match outcome {
        Outcome::Success => 's',
        Outcome::ClientError => 'c',
        Outcome::ProviderError => 'e',
        Outcome::RateLimited => 'r',
        Outcome::Timeout => 't',
        Outcome::ConnectError => 'x',
        Outcome::Cancelled => 'l',
        Outcome::GatewayError => 'g',
    }
}
