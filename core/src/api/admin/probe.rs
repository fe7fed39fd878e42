//! Asks providers something on an operator's behalf: tests, and drafts that are not saved yet.

use std::collections::VecDeque;

use bytes::Bytes;
use futures_util::stream::unfold;
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::providers::ProviderFields;
use super::{Admin, AdminCall, AdminError, AdminRoute, List, Reply};
use crate::config::{Association, Config, Invalid, Model, Provider, Strategy, StreamMode, Timeouts, validate};
use crate::platform::{Body, Timestamp};
use crate::probe::{ListedModel, Test, TestEvent, TestKind, TestOptions, TestReport, list_models, milliseconds};

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(
            Method::POST,
            "/api/associations/{id}/test",
            "testAssociation",
            "Ask the provider now, as a client's request would; by events where `Accept` asks for them",
            |a, c| Box::pin(test_association(a, c)),
        )
        .body::<TestRequest>()
        .answers::<TestReport>(200)
        .or_events::<TestTold>(),
        AdminRoute::new(
            Method::POST,
            "/api/models/{id}/test",
            "testModel",
            "Test all associations of a model that are switched on, one after the other; by events where `Accept` asks for them",
            |a, c| Box::pin(test_model(a, c)),
        )
        .body::<TestRequest>()
        .answers::<List<AssociationTest>>(200)
        .or_events::<TestTold>(),
        AdminRoute::new(
            Method::POST,
            "/api/probe/models",
            "probeModels",
            "The models of a provider that is not saved yet",
            |a, c| Box::pin(probe_models(a, c)),
        )
        .body::<Draft>()
        .answers::<ProbedModels>(200),
        AdminRoute::new(
            Method::POST,
            "/api/probe/test",
            "probeTest",
            "Test a provider that is not saved yet; by events where `Accept` asks for them",
            |a, c| Box::pin(probe_test(a, c)),
        )
        .body::<TestDraft>()
        .answers::<TestReport>(200)
        .or_events::<TestTold>(),
    ]
}

/// Characters of the name that a test asks for.
const MAX_MODEL: usize = 200;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TestRequest {
    #[serde(default)]
    kind: TestKind,
    /// The name a client would ask for. Needed only where the model is a pattern and the association passes its name
    /// on.
    #[serde(default)]
    #[schemars(length(max = 200))]
    model: Option<String>,
    /// Whether the answer holds what was sent and what came.
    #[serde(default)]
    transcript: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ProviderDraft")]
struct Draft {
    provider: ProviderFields,
    /// A saved provider: a key that is left out, and masks, are its.
    #[serde(default)]
    id: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TestDraft {
    provider: ProviderFields,
    /// A saved provider: a key that is left out, and masks, are its.
    #[serde(default)]
    id: Option<String>,
    /// The provider's own name for the model.
    #[schemars(length(min = 1, max = 200))]
    provider_model: String,
    #[serde(default)]
    kind: TestKind,
    #[serde(default)]
    transcript: bool,
}

/// What a provider answered when it was asked for its models.
#[derive(Serialize, JsonSchema)]
struct ProbedModels {
    /// By name; none where the list did not come.
    models: Vec<ListedModel>,
    reach: Reach,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProviderReach")]
struct Reach {
    /// What the provider answered with; null when no answer came.
    status: Option<u16>,
    total_ms: f64,
    /// Why there is no list, in words.
    error: Option<String>,
}

/// A test of one of several associations.
#[derive(Serialize, JsonSchema)]
struct AssociationTest {
    association_id: String,
    /// The provider's name.
    provider: String,
    report: TestReport,
}

/// One event of a test.
#[derive(Serialize, JsonSchema)]
struct TestTold {
    /// The association that is tested; null for a draft.
    association_id: Option<String>,
    #[serde(flatten)]
    event: TestEvent,
}

async fn test_association(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let asked = TestRequest::read(&call)?;
    let config = admin.store.load().await?;
    let id = call.parameter("id");
    let (model, association) = config.association(id).ok_or_else(|| AdminError::not_found("association", id))?;
    let tests = Tests::of(vec![asked.test(admin, &config, model, association)?]);
    match Form::of(&call) {
        Some(form) => Ok(form.reply(admin.clone(), tests)),
        None => one(admin, tests).await,
    }
}

async fn test_model(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let asked = TestRequest::read(&call)?;
    let config = admin.store.load().await?;
    let id = call.parameter("id");
    let model = config.model(id).ok_or_else(|| AdminError::not_found("model", id))?;
    let enabled = model.associations.iter().filter(|association| association.enabled);
    let tests =
        enabled.map(|association| asked.test(admin, &config, model, association)).collect::<Result<Vec<_>, _>>()?;
    let mut tests = Tests::of(tests);
    if let Some(form) = Form::of(&call) {
        return Ok(form.reply(admin.clone(), tests));
    }
    let mut reports = Vec::new();
    while let Some((tested, event)) = tests.next(admin).await {
        if let (Some((association_id, provider)), TestEvent::Report { report }) = (tested, event) {
            reports.push(AssociationTest { association_id, provider, report });
        }
    }
    Reply::list(reports)
}

async fn probe_models(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let draft: Draft = call.json()?;
    let provider = drafted(admin, draft.provider, draft.id.as_deref()).await?;
    let started_at = admin.platform.clock.now();
    let listed = list_models(&*admin.platform.http, &*admin.platform.clock, &provider).await;
    let total_ms = milliseconds(admin.platform.clock.now().since(started_at));
    Reply::ok(&match listed {
        Ok(models) => ProbedModels { models, reach: Reach { status: Some(200), total_ms, error: None } },
        Err(unlisted) => {
            let reach = Reach { status: unlisted.status, total_ms, error: Some(unlisted.message) };
            ProbedModels { models: Vec::new(), reach }
        }
    })
}

async fn probe_test(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let draft: TestDraft = call.json()?;
    let provider = drafted(admin, draft.provider, draft.id.as_deref()).await?;
    let association = draft_association(&provider, draft.provider_model.trim());
    validate::association(&association)?;
    let model = draft_model(association.provider_model.clone());
    let options = TestOptions { kind: draft.kind, model: None, transcript: draft.transcript, recorded: false };
    let test = Test::new(&admin.platform, &provider, &model, &association, options)?;
    let tests = Tests::of(vec![(None, test)]);
    match Form::of(&call) {
        Some(form) => Ok(form.reply(admin.clone(), tests)),
        None => one(admin, tests).await,
    }
}

/// A draft by the rules of a saved provider.
async fn drafted(admin: &Admin, fields: ProviderFields, id: Option<&str>) -> Result<Provider, AdminError> {
    let in_draft = |error: AdminError| error.within("provider");
    let config = admin.store.load().await?;
    let stored = match id {
        None => None,
        Some(id) => Some(config.provider(id).ok_or_else(|| AdminError::not_found("provider", id).field("id"))?),
    };
    let provider = fields.with_key_of(stored).into_record("draft".to_owned(), stored).map_err(in_draft)?;
    validate::provider(&provider).map_err(|invalid| in_draft(invalid.into()))?;
    Ok(provider)
}

fn draft_association(provider: &Provider, provider_model: &str) -> Association {
    Association {
        id: String::new(),
        provider_id: provider.id.clone(),
        provider_model: provider_model.to_owned(),
        weight: 1,
        priority: 0,
        tool_call: true,
        structured_output: true,
        image: true,
        relay_only: false,
        context_window: None,
        stream: StreamMode::Auto,
        with_header: false,
        headers: Vec::new(),
        extra_body: serde_json::Map::new(),
        prices: None,
        note: String::new(),
        enabled: true,
    }
}

fn draft_model(name: String) -> Model {
    Model {
        id: String::new(),
        name,
        strategy: Strategy::default(),
        max_retry: 0,
        timeouts: Timeouts::default(),
        breaker: false,
        affinity: false,
        prefer_same_dialect: true,
        strict: false,
        note: String::new(),
        enabled: true,
        created_at: Timestamp::default(),
        associations: Vec::new(),
    }
}

impl TestRequest {
    fn read(call: &AdminCall) -> Result<Self, AdminError> {
        let asked: Self = call.json()?;
        if asked.model.as_ref().is_some_and(|model| model.chars().count() > MAX_MODEL) {
            return Err(Invalid::new("model", format!("must be at most {MAX_MODEL} characters")).into());
        }
        Ok(asked)
    }

    fn test(
        &self,
        admin: &Admin,
        config: &Config,
        model: &Model,
        association: &Association,
    ) -> Result<(Tested, Test), AdminError> {
        let provider = config
            .provider(&association.provider_id)
            .ok_or_else(|| AdminError::not_found("provider", &association.provider_id))?;
        let asked = self.model.as_deref();
        let options = TestOptions { kind: self.kind, model: asked, transcript: self.transcript, recorded: true };
        let test = Test::new(&admin.platform, provider, model, association, options)?;
        Ok((Some((association.id.clone(), provider.name.clone())), test))
    }
}

/// An association's id and its provider's name; `None` for a draft.
type Tested = Option<(String, String)>;

/// Tests, one after the other.
struct Tests {
    waiting: VecDeque<(Tested, Test)>,
}

impl Tests {
    fn of(tests: Vec<(Tested, Test)>) -> Self {
        Self { waiting: tests.into() }
    }

    /// What happens next. A good test lifts its association's rests, and every exchange with a saved provider is logged.
    async fn next(&mut self, admin: &Admin) -> Option<(Tested, TestEvent)> {
        loop {
            let (tested, test) = self.waiting.front_mut()?;
            let Some(event) = test.next().await else {
                self.waiting.pop_front();
                continue;
            };
            let entries = test.take_entries();
            let tested = tested.clone();
            if let Some((association, _)) = &tested {
                if !entries.is_empty() {
                    admin.instance.record(entries).await;
                }
                if matches!(&event, TestEvent::Report { report } if report.ok) {
                    admin.reset(association).await;
                }
            }
            return Some((tested, event));
        }
    }
}

/// The report of the only test.
async fn one(admin: &Admin, mut tests: Tests) -> Result<Reply, AdminError> {
    let mut report = TestReport::default();
    while let Some((_, event)) = tests.next(admin).await {
        if let TestEvent::Report { report: last } = event {
            report = last;
        }
    }
    Reply::ok(&report)
}

/// How events are sent.
#[derive(Clone, Copy)]
enum Form {
    Sse,
    Lines,
}

impl Form {
    /// What `Accept` asks for; `None` for a whole answer.
    fn of(call: &AdminCall) -> Option<Self> {
        if call.accepts("text/event-stream") {
            Some(Self::Sse)
        } else if call.accepts("application/x-ndjson") {
            Some(Self::Lines)
        } else {
            None
        }
    }

    /// Whoever no longer listens ends the test.
    fn reply(self, admin: Admin, tests: Tests) -> Reply {
        let content_type = match self {
            Self::Sse => "text/event-stream",
            Self::Lines => "application/x-ndjson",
        };
        let events = unfold((admin, tests), move |(admin, mut tests)| async move {
            let (tested, event) = tests.next(&admin).await?;
            let told = TestTold { association_id: tested.map(|(id, _)| id), event };
            let text = serde_json::to_string(&told).unwrap_or_default();
            let chunk = match self {
                Self::Sse => format!("data: {text}\n\n"),
                Self::Lines => format!("{text}\n"),
            };
            Some((Ok(Bytes::from(chunk)), (admin, tests)))
        });
        Reply::streamed(content_type, Body::stream(events))
    }
}
