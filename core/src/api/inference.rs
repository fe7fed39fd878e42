//! Inference and token counting: from a client's request to the pipeline.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, Response, header};

use super::auth::Caller;
use super::routes::GeminiCall;
use super::upload::Announced;
use super::{content_length, decode, query, upload, waits_to_send};
use crate::balance::conversation;
use crate::config::snapshot::{BEHIND_ALL, Candidate, Route, Snapshot};
use crate::config::{Capabilities, ClientKey, Redactor, StreamMode};
use crate::dialect::{Dialect, ErrorKind, GatewayError, RequestHead, inspect};
use crate::pipeline::Answer;
use crate::pipeline::{self, Call, Directions, Ending, Facts, Journal, wants_strict};
use crate::platform::Body;
use crate::platform::RequestContext;
use crate::record::limits::body_text;
use crate::record::{Operation, Outcome, TraceId};
use crate::room::Reserved;
use crate::shared::Shared;
use crate::wire::json::Edits;

/// What a path asked for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) dialect: Dialect,
    pub(super) operation: Operation,
    pub(super) gemini: Option<GeminiCall>,
}

pub(super) async fn answer(
    shared: &Arc<Shared>,
    asked: Asked,
    parts: Parts,
    body: Body,
    (caller, directions): (Caller, Directions),
    context: RequestContext,
    trace: TraceId,
) -> Result<Response<Answer>, GatewayError> {
    let facts = Facts {
        trace,
        received_at: shared.now(),
        ends_at: context.ends_at,
        dialect: asked.dialect,
        operation: asked.operation,
        stream: asked.gemini.as_ref().is_some_and(|gemini| gemini.stream),
        model: asked.gemini.as_ref().map(|gemini| gemini.model.clone()).unwrap_or_default(),
        route: None,
        key: caller.key().cloned(),
        directions,
        remote_addr: context.remote_addr,
        user_agent: header_text(&parts.headers, header::USER_AGENT.as_str()),
        session_id: session_id(&parts.headers),
        request_bytes: 0,
        request: String::new(),
        request_truncated: false,
    };
    let mut room = shared.room.reserve();
    let mut journal = Journal::new(Arc::clone(shared), context.background, facts);
    match prepare(shared, asked, parts, body, journal.facts_mut(), &mut room).await {
        // On the heap, because it is larger than all that leads to it.
        Ok((call, route)) => Box::pin(pipeline::run(shared, &call, &route, journal)).await,
        Err(error) => {
            let (outcome, status) = match error.code {
                Some(upload::ABORTED) => (Outcome::Cancelled, 499),
                _ => (Outcome::GatewayError, error.kind.status()),
            };
            let error_text = Some(error.message.clone());
            journal.finish(Ending { outcome: Some(outcome), status, error: error_text, ..Ending::default() });
            Err(error)
        }
    }
}

/// Reads the request and finds who may answer it, noting in `facts` what becomes known on the way.
async fn prepare(
    shared: &Arc<Shared>,
    asked: Asked,
    parts: Parts,
    body: Body,
    facts: &mut Facts,
    room: &mut Reserved,
) -> Result<(Call, Arc<Route>), GatewayError> {
    let limit = shared.options.limits.body_bytes;
    let announced = Announced { length: content_length(&parts), waits: waits_to_send(&parts) };
    let raw = upload::read(shared, body, limit, announced, room).await?;
    let body = decode::decode(&*shared.platform.clock, &parts.headers, raw, limit, room).await?;
    facts.request_bytes = body.len();
    if facts.keeps_bodies() {
        (facts.request, facts.request_truncated) = body_text(&body, body.len());
    }

    let mut head = inspect(asked.dialect, &body).map_err(|error| {
        let invalid = GatewayError::new(ErrorKind::InvalidRequest, error.message);
        if let Some(param) = error.param { invalid.param(param) } else { invalid }
    })?;
    if asked.operation == Operation::CountTokens {
        head.needs = Capabilities::default();
    }
    let (model, stream) = match asked.gemini {
        Some(gemini) => (gemini.model, gemini.stream),
        None => (named(&head)?, head.stream && asked.operation == Operation::Generate),
    };
    facts.model.clone_from(&model);
    facts.stream = stream;
    let names_conversation = facts.session_id.is_some() || head.names_conversation;
    if facts.session_id.is_none() {
        facts.session_id.clone_from(&head.session_id);
    }
    allowed(facts.key.as_deref(), &model)?;
    let snapshot = shared.snapshot();
    let route = found_route(&snapshot, &model)?;
    facts.route = Some(route.name.clone());
    let route = match asked.operation {
        Operation::Generate => Arc::clone(route),
        Operation::CountTokens => counting_route(&snapshot, route),
    };
    let conversation = if route.keeps_conversations() {
        let key_id = facts.key.as_ref().map_or("", |key| &key.id);
        conversation(facts.session_id.as_deref(), names_conversation, key_id, || head.beginning.hash(&body))
    } else {
        None
    };
    let (query, form) = query::for_provider(&parts.uri, asked.dialect, stream);
    let (dialect, operation) = (asked.dialect, asked.operation);
    let is_wanted = route.strict || facts.key.as_ref().is_some_and(|key| key.strict);
    // A number loses nothing.
    let strict = (wants_strict(&parts.headers)? || is_wanted) && operation == Operation::Generate;
    let call = Call {
        dialect,
        operation,
        headers: parts.headers,
        query,
        body,
        head,
        model,
        stream,
        form,
        strict,
        conversation,
    };
    Ok((call, route))
}

/// Whether a client may ask for `model`; without a key it is the operator.
pub(super) fn allowed(key: Option<&ClientKey>, model: &str) -> Result<(), GatewayError> {
    if key.is_none_or(|key| key.allows(model)) {
        return Ok(());
    }
    let message = format!("this API key may not use the model `{model}`");
    Err(GatewayError::new(ErrorKind::Forbidden, message).code("model_not_allowed").param("model"))
}

/// What answers to `model`.
pub(super) fn found_route<'a>(snapshot: &'a Snapshot, model: &str) -> Result<&'a Arc<Route>, GatewayError> {
    let route = snapshot.route(model).ok_or_else(|| {
        let message = format!("the model `{model}` does not exist here; GET the model list for those that do");
        GatewayError::new(ErrorKind::NotFound, message).code("model_not_found").param("model")
    })?;
    if !route.enabled {
        let message = format!("the model `{model}` is switched off on this gateway; ask its operator, or use another");
        return Err(GatewayError::new(ErrorKind::NotFound, message).code("model_disabled").param("model"));
    }
    Ok(route)
}

fn named(head: &RequestHead) -> Result<String, GatewayError> {
    head.model.clone().filter(|model| !model.is_empty()).ok_or_else(|| {
        GatewayError::new(ErrorKind::InvalidRequest, "the body names no `model`").code("missing_model").param("model")
    })
}

/// Who counts tokens for a model: its own providers that can, and after them the configured counting provider. When all fail,
/// or there is none, the number is estimated.
fn counting_route(snapshot: &Snapshot, route: &Arc<Route>) -> Arc<Route> {
    let Some(upstream) = snapshot.counting() else {
        return Arc::clone(route);
    };
    let candidate = Candidate {
        association_id: format!("counting/{}", upstream.name),
        upstream: Arc::clone(upstream),
        provider_model: None,
        weight: 1,
        priority: BEHIND_ALL,
        capabilities: Capabilities::ALL,
        relay_only: false,
        context_window: None,
        stream: StreamMode::Auto,
        with_header: false,
        headers: Vec::new(),
        extra_body: Edits::default(),
        prices: None,
        redactor: Redactor::new([upstream.api_key.reveal()]),
    };
    let candidates = route.candidates.iter().cloned().chain([Arc::new(candidate)]).collect();
    Arc::new(Route { candidates, ..Route::clone(route) })
}

/// The session that a client names in a header: ours, Claude Code's, Codex's, opencode's.
fn session_id(headers: &HeaderMap) -> Option<String> {
    ["x-session-id", "x-claude-code-session-id", "session-id", "session_id", "x-session-affinity"]
        .into_iter()
        .find_map(|name| header_text(headers, name))
}

fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(headers.get(name)?.as_bytes()).chars().take(512).collect::<String>();
    (!text.is_empty()).then_some(text)
}
