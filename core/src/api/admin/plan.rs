//! Who would be asked, and how often.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::logs::invalid;
use super::{Admin, AdminCall, AdminError, AdminRoute, Reply};
use crate::dialect::Dialect;
use crate::record::Decision;

const MAX_DRAWS: u32 = 10_000;
const MAX_NAME: usize = 256;
/// There are no more.
const MAX_NEEDS: usize = 3;

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(
            Method::POST,
            "/api/plan",
            "planRequest",
            "Who would be asked for a request, and how often of many; nobody is, and nothing changes",
            |a, c| Box::pin(plan(a, c)),
        )
        .body::<PlanQuestion>()
        .answers::<PlanAnswer>(200),
    ]
}

/// A request that nobody has sent.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanQuestion {
    pub(in crate::api) dialect: Dialect,
    /// As a client would ask for it; at most 256 characters.
    #[schemars(length(min = 1, max = 256))]
    pub(in crate::api) model: String,
    #[serde(default)]
    pub(in crate::api) stream: bool,
    /// What the request needs; nothing by default.
    #[serde(default)]
    #[schemars(length(max = 3))]
    pub(in crate::api) needs: Vec<Need>,
    /// The key that would ask; without one it may ask for every model.
    #[serde(default)]
    pub(in crate::api) key_id: Option<String>,
    /// So many such requests are drawn, each of a conversation of its own; none by default.
    #[serde(default)]
    #[schemars(range(max = 10_000))]
    pub(in crate::api) draws: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "PlanNeed")]
pub(in crate::api) enum Need {
    ToolCall,
    StructuredOutput,
    Image,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Plan")]
pub struct PlanAnswer {
    /// The configured name or pattern that answers; null when there is none.
    pub(in crate::api) model: Option<String>,
    /// How all stand now, also those that are switched off.
    pub(in crate::api) decision: Option<Decision>,
    /// How many requests were drawn: as many as were asked for, or none when nobody could be asked.
    pub(in crate::api) draws: u32,
    /// Whom they would go to first; those that can be asked at all, in the model's order. Empty without draws.
    pub(in crate::api) drawn: Vec<Drawn>,
    /// What the client would be told instead of an answer.
    pub(in crate::api) refusal: Option<PlanRefusal>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PlanShare")]
pub(in crate::api) struct Drawn {
    pub(in crate::api) association_id: String,
    pub(in crate::api) count: u32,
    /// Of all that were drawn.
    pub(in crate::api) share: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::api) struct PlanRefusal {
    pub(in crate::api) status: u16,
    pub(in crate::api) code: Option<&'static str>,
    pub(in crate::api) message: String,
}

async fn plan(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let question: PlanQuestion = call.json()?;
    if !(1..=MAX_NAME).contains(&question.model.chars().count()) {
        return Err(invalid("model", format!("must have 1 to {MAX_NAME} characters")));
    }
    if question.needs.len() > MAX_NEEDS {
        return Err(invalid("needs", format!("must name at most {MAX_NEEDS} capabilities")));
    }
    if question.draws.is_some_and(|draws| draws > MAX_DRAWS) {
        return Err(invalid("draws", format!("must be at most {MAX_DRAWS}")));
    }
    Reply::ok(&admin.instance.plan(&question)?)
}
