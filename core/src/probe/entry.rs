use crate::config::snapshot::Candidate;
use crate::pipeline::{Call, Seen};
use crate::platform::Timestamp;
use crate::record::{CostParts, LogEntry, Origin, TraceId};

/// What an exchange of a test was about.
pub(super) struct Asked<'a> {
    pub(super) call: &'a Call,
    pub(super) candidate: &'a Candidate,
    pub(super) provider_model: &'a str,
}

/// The row that an exchange of a test has in the log.
pub(super) fn entry(asked: &Asked<'_>, seen: &Seen, trace: TraceId, started_at: Timestamp, now: Timestamp) -> LogEntry {
    let Asked { call, candidate, provider_model } = *asked;
    let micros = |at: Timestamp| i64::try_from(at.since(started_at).as_micros()).unwrap_or(i64::MAX);
    let prices = candidate.prices.as_ref();
    let cost = prices.and_then(|prices| CostParts::of(prices, &seen.usage)).map(|parts| parts.sum());
    LogEntry {
        id: trace.entry_id(1),
        trace_id: trace.to_string(),
        created_at: started_at,
        attempt: 1,
        is_final: true,
        dialect: call.dialect,
        operation: call.operation,
        stream: call.stream,
        origin: Origin::Test,
        replay_of: None,
        model: call.model.clone(),
        provider: Some(candidate.upstream.name.clone()),
        provider_type: Some(candidate.upstream.kind),
        provider_model: Some(provider_model.to_owned()),
        answered_model: None,
        association_id: Some(candidate.association_id.clone()),
        key_id: None,
        key_name: None,
        status: seen.status,
        outcome: seen.outcome,
        error: seen.error.clone().map(|error| candidate.redactor.text(error)),
        remote_addr: None,
        user_agent: None,
        session_id: None,
        finish_reason: seen.finish_reason.clone(),
        started_offset_us: Some(0),
        proxy_us: None,
        first_token_us: seen.first_token_at.map(micros),
        total_us: micros(now),
        request_bytes: call.body.len() as u64,
        response_bytes: seen.body.len() as u64,
        usage: seen.usage,
        cost,
        currency: cost.and(prices).map(|prices| prices.currency.clone()),
        prices: prices.cloned(),
        bodies: None,
        request_truncated: false,
        response_truncated: false,
        decision: None,
        translation: Vec::new(),
    }
}
