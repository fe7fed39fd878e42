use std::sync::Arc;

use super::plan::Plan;
use super::shares::plain_call;
use crate::config::Capabilities;
use crate::config::snapshot::Route;
use crate::dialect::{Dialect, GatewayError};
use crate::record::Decision;
use crate::shared::Shared;

/// A request that nobody has sent.
#[derive(Clone, Debug)]
pub(crate) struct Imagined {
    pub(crate) dialect: Dialect,
    pub(crate) model: String,
    pub(crate) stream: bool,
    pub(crate) needs: Capabilities,
}

/// What would become of it.
#[derive(Debug)]
pub(crate) struct DryRun {
    pub(crate) decision: Decision,
    /// How many of the drawn requests each association would be given that could be given any.
    pub(crate) drawn: Vec<(String, u32)>,
    /// Why nobody would be asked.
    pub(crate) refusal: Option<GatewayError>,
}

/// Plans `imagined` as a client's request is planned, and draws so many of its like. No turn is taken, no probe begun: nothing
/// changes.
pub(crate) fn dry_run(shared: &Shared, route: &Arc<Route>, imagined: Imagined, draws: u32) -> DryRun {
    let mut call = plain_call(imagined.dialect, imagined.model, imagined.stream);
    call.head.needs = imagined.needs;
    let plan = Plan::new(shared, &call, route, None);
    let decision = plan.weigh_now(shared).decision(&call.model);
    let nobody_is_awake = decision.candidates.iter().all(|it| it.excluded.is_some());
    let refusal = plan.refusal().or_else(|| nobody_is_awake.then(|| plan.unavailable(shared)));
    let drawn = plan.draws(shared, draws).into_iter().map(|(it, times)| (it.association_id.clone(), times)).collect();
    DryRun { decision, drawn, refusal }
}
