//! Who can answer a call at all, and what its client is told when nobody can.

use std::sync::Arc;

use super::call::Call;
use crate::config::snapshot::{Candidate, Route};
use crate::dialect::{Dialect, ErrorKind, GatewayError};
use crate::record::{Excluded, Operation};
use crate::refusals::Refused;
use crate::shared::Shared;

/// Whether it comes before others of its tier: with `prefer_same_dialect` whose provider speaks the client's. Who counts without
/// translation counts better.
pub(super) fn is_preferred(call: &Call, route: &Route, candidate: &Candidate) -> bool {
    let prefers = route.prefer_same_dialect || call.operation == Operation::CountTokens;
    !prefers || candidate.relays(call.dialect)
}

/// Whether its answer can be the client's, in its own dialect or translated.
pub(super) fn speaks(call: &Call, candidate: &Candidate) -> bool {
    match call.operation {
        Operation::Generate => candidate.reaches(call.dialect),
        Operation::CountTokens => candidate.counter(call.dialect).is_some(),
    }
}

/// Whether the call is to count, and would have to be translated for it.
pub(super) fn counts_translated(call: &Call, candidate: &Candidate) -> bool {
    call.operation == Operation::CountTokens && !candidate.relays(call.dialect)
}

/// Why `candidate` cannot answer the call, whatever its health.
pub(super) fn unfit(shared: &Shared, call: &Call, candidate: &Candidate, pin: Option<&str>) -> Option<Excluded> {
    if pin.is_some_and(|pin| candidate.association_id != pin) {
        return Some(Excluded::Pin);
    }
    if !speaks(call, candidate) {
        return Some(Excluded::Dialect);
    }
    if pin.is_some() {
        return None;
    }
    if counts_translated(call, candidate) && shared.refusals.contains(&candidate.association_id, Refused::Count) {
        return Some(Excluded::Dialect);
    }
    let (has, needs) = (candidate.capabilities, call.head.needs);
    let lacks = [
        (needs.tool_call && !has.tool_call, Excluded::ToolCall),
        (needs.structured_output && !has.structured_output, Excluded::StructuredOutput),
        (needs.image && !has.image, Excluded::Image),
    ];
    lacks.into_iter().find(|(lacks, _)| *lacks).map(|(_, excluded)| excluded)
}

pub(super) fn not_associated(call: &Call, pin: &str) -> GatewayError {
    let message = format!("the model `{}` has no association `{pin}` that is switched on", call.model);
    GatewayError::new(ErrorKind::NotFound, message).code("association_not_found")
}

pub(super) fn not_served(call: &Call, route: &Route) -> GatewayError {
    let message = if route.candidates.is_empty() {
        format!("the model `{}` has no provider that is switched on; add an association or enable one", call.model)
    } else {
        let mut dialects: Vec<_> =
            route.candidates.iter().flat_map(|it| it.upstream.dialects()).map(Dialect::as_str).collect();
        dialects.sort_unstable();
        dialects.dedup();
        format!(
            "the model `{}` has no provider that speaks {}; ask for it by the endpoint for {}, or add a provider",
            call.model,
            call.dialect,
            dialects.join(" or ")
        )
    };
    GatewayError::new(ErrorKind::NotFound, message).code("model_not_found").param("model")
}

/// Names what is missing: a capability that no provider has, or the whole set when only their combination is missing.
pub(super) fn not_capable(call: &Call, speaking: &[&Arc<Candidate>]) -> GatewayError {
    let needs = call.head.needs;
    let needed = [
        (needs.tool_call, "tool calls", speaking.iter().any(|it| it.capabilities.tool_call)),
        (needs.structured_output, "structured output", speaking.iter().any(|it| it.capabilities.structured_output)),
        (needs.image, "image input", speaking.iter().any(|it| it.capabilities.image)),
    ];
    let mut missing: Vec<_> =
        needed.iter().filter(|(needed, _, has)| *needed && !has).map(|(_, name, _)| *name).collect();
    let mut together = "";
    if missing.is_empty() {
        missing = needed.iter().filter(|(needed, ..)| *needed).map(|(_, name, _)| *name).collect();
        together = " together";
    }
    let message = format!(
        "no provider of the model `{}` has the capability for {}{together}, which this request needs",
        call.model,
        missing.join(" and ")
    );
    GatewayError::new(ErrorKind::InvalidRequest, message).code("missing_capability").param("model")
}
