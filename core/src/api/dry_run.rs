//! What would become of a request, for the console.

use super::admin::AdminError;
use super::admin::plan::{Drawn, Need, PlanAnswer, PlanQuestion, PlanRefusal};
use super::auth::usable;
use super::inference::{allowed, found_route};
use crate::config::Capabilities;
use crate::config::snapshot::{Route, Snapshot};
use crate::dialect::GatewayError;
use crate::pipeline::{Imagined, dry_run};
use crate::record::{Considered, Decision, Excluded};
use crate::shared::Shared;

pub(super) fn plan(shared: &Shared, question: &PlanQuestion) -> Result<PlanAnswer, AdminError> {
    let snapshot = shared.snapshot();
    let key = match question.key_id.as_deref() {
        None => None,
        Some(id) => {
            let found = snapshot.key_of_id(id);
            Some(found.ok_or_else(|| AdminError::not_found("key", id).field("key_id"))?)
        }
    };
    let key_refuses =
        key.and_then(|key| usable(shared, key).and_then(|key| allowed(Some(&key), &question.model)).err());
    let model_refuses = found_route(&snapshot, &question.model).err();
    let Some(route) = snapshot.route(&question.model) else {
        let refusal = key_refuses.or(model_refuses);
        return Ok(PlanAnswer { refusal: refusal.as_ref().map(PlanRefusal::from), ..PlanAnswer::default() });
    };
    let needs = |need| question.needs.contains(&need);
    let imagined = Imagined {
        dialect: question.dialect,
        model: question.model.clone(),
        stream: question.stream,
        needs: Capabilities {
            tool_call: needs(Need::ToolCall),
            structured_output: needs(Need::StructuredOutput),
            image: needs(Need::Image),
        },
    };
    let is_refused = key_refuses.is_some() || model_refuses.is_some();
    let draws = if is_refused { 0 } else { question.draws.unwrap_or(0) };
    let run = dry_run(shared, route, imagined, draws);
    let mut decision = run.decision;
    if key_refuses.is_some() {
        exclude_all(&mut decision, Excluded::KeyScope);
    }
    if model_refuses.is_some() {
        exclude_all(&mut decision, Excluded::Disabled);
    }
    decision.candidates.extend(switched_off(&snapshot, route, &question.model));
    let total = run.drawn.iter().map(|(_, count)| count).sum();
    let drawn = run.drawn.into_iter().map(|(association_id, count)| Drawn {
        association_id,
        count,
        share: if total > 0 { f64::from(count) / f64::from(total) } else { 0.0 },
    });
    Ok(PlanAnswer {
        model: Some(route.name.clone()),
        decision: Some(decision),
        draws: total,
        drawn: if total > 0 { drawn.collect() } else { Vec::new() },
        refusal: key_refuses.or(model_refuses).or(run.refusal).as_ref().map(PlanRefusal::from),
    })
}

/// Those that no request considers.
fn switched_off<'a>(
    snapshot: &'a Snapshot,
    route: &'a Route,
    model: &'a str,
) -> impl Iterator<Item = Considered> + use<'a> {
    let roster = &snapshot.roster;
    let others = roster.associations.iter().filter(move |it| {
        it.model == route.name && !route.candidates.iter().any(|candidate| candidate.association_id == it.id)
    });
    others.map(move |it| Considered {
        association_id: it.id.clone(),
        provider: roster
            .providers
            .iter()
            .find(|other| other.id == it.provider_id)
            .map(|it| it.name.clone())
            .unwrap_or_default(),
        provider_model: if it.provider_model == "*" { model } else { &it.provider_model }.to_owned(),
        weight: it.weight,
        priority: it.priority,
        share: 0.0,
        excluded: Some(Excluded::Disabled),
        chosen_at_attempt: None,
    })
}

fn exclude_all(decision: &mut Decision, excluded: Excluded) {
    for candidate in &mut decision.candidates {
        candidate.share = 0.0;
        candidate.excluded = Some(excluded);
    }
}

impl From<&GatewayError> for PlanRefusal {
    fn from(error: &GatewayError) -> Self {
        Self { status: error.kind.status(), code: error.code, message: error.message.clone() }
    }
}
