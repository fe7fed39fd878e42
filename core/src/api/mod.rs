//! What clients and admins see.

pub mod admin;
mod auth;
mod cors;
pub(crate) mod decode;
mod dry_run;
mod happening;
mod health;
mod inference;
mod models;
mod overview;
mod query;
mod routes;
mod upload;

use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};

use admin::{About, Admin, AdminError, Instance, Reply};
use auth::Caller;

use crate::balance::AssociationHealth;

use crate::config::Config;
use crate::dialect::{Dialect, ErrorKind, GatewayError, error_response};
use crate::pipeline::{Answer, Directions};
use crate::platform::RequestContext;
use crate::platform::{Body, BoxFuture, DatabaseError};
use crate::record::{LogEntry, Operation, TraceId};
use crate::shared::Shared;
use crate::upkeep;
use routes::Endpoint;

const TRACE_ID: HeaderName = HeaderName::from_static("x-llmio-trace-id");
const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");

impl Instance for Shared {
    fn about(&self) -> About {
        About {
            home: self.options.home,
            instance: self.instance.clone(),
            started_at: self.started_at,
            has_token: self.options.admin_token.is_some(),
            body_bytes: self.options.limits.body_bytes,
        }
    }

    fn overview(&self) -> admin::Overview {
        overview::overview(self)
    }

    fn happening(&self, wanted: &admin::InFlightFilter) -> admin::Happening {
        happening::happening(self, wanted)
    }

    fn plan(&self, question: &admin::PlanQuestion) -> Result<admin::PlanAnswer, admin::AdminError> {
        dry_run::plan(self, question)
    }

    fn config_changed(&self, config: &Config) {
        self.adopt(config.clone());
    }

    fn health(&self, association: &str) -> AssociationHealth {
        self.balancer.health(association, self.now())
    }

    fn reset<'a>(&'a self, association: &'a str) -> BoxFuture<'a, Result<(), DatabaseError>> {
        Box::pin(self.reset(association))
    }

    fn record(&self, entries: Vec<LogEntry>) -> BoxFuture<'_, ()> {
        entries.into_iter().for_each(|entry| self.recorder.submit(entry));
        // Whoever sees the test's end finds it in the log.
        Box::pin(self.flush())
    }
}

/// Answers one request, whatever it is.
pub(crate) async fn handle(shared: &Arc<Shared>, request: Request<Body>, context: RequestContext) -> Response<Answer> {
    let trace = TraceId::new(shared.now(), &*shared.platform.entropy);
    let (parts, body) = request.into_parts();
    let is_anthropic = parts.headers.contains_key(ANTHROPIC_VERSION);
    let endpoint = Endpoint::of(&parts.method, parts.uri.path(), is_anthropic);
    let dialect = endpoint.dialect();
    let mut response = if parts.method == Method::OPTIONS {
        cors::preflight(&parts.headers).map(Answer::Body)
    } else {
        match dispatch(shared, endpoint, parts, body, context, trace).await {
            Ok(response) => response,
            Err(error) => error_response(dialect, &error, &trace.to_string()).map(Answer::Body),
        }
    };
    if let Ok(value) = HeaderValue::from_str(&trace.to_string()) {
        response.headers_mut().insert(TRACE_ID, value);
    }
    cors::allow(response.headers_mut());
    response
}

/// What a home answers that has no gateway to ask: the error, in the form of whoever's endpoint was called. Liveness
/// does not depend on a gateway.
pub fn refuse(method: &Method, path: &str, headers: &HeaderMap, error: &GatewayError) -> Response<Body> {
    let endpoint = Endpoint::of(method, path, headers.contains_key(ANTHROPIC_VERSION));
    let mut response = match endpoint {
        _ if *method == Method::OPTIONS => cors::preflight(headers),
        Endpoint::Alive => health::alive(),
        Endpoint::Admin => admin_error(error),
        _ => error_response(endpoint.dialect(), error, ""),
    };
    cors::allow(response.headers_mut());
    response
}

async fn dispatch(
    shared: &Arc<Shared>,
    endpoint: Endpoint,
    parts: Parts,
    body: Body,
    context: RequestContext,
    trace: TraceId,
) -> Result<Response<Answer>, GatewayError> {
    let plain = |response: Response<Body>| Ok(response.map(Answer::Body));
    if !matches!(endpoint, Endpoint::Alive) {
        upkeep::before(shared, &*context.background).await;
    }
    match endpoint {
        Endpoint::Alive => plain(health::alive()),
        Endpoint::Ready => plain(health::ready(shared)),
        Endpoint::Welcome => plain(health::welcome()),
        Endpoint::Discard => plain(json(StatusCode::OK, "{}".to_owned())),
        Endpoint::Metrics => {
            auth::admin(shared, &parts)?;
            plain(health::metrics(shared))
        }
        // Not every proxy passes `Upgrade` on.
        Endpoint::Socket => {
            let message = "this gateway answers the Responses API over HTTP; send a POST";
            Err(GatewayError::new(ErrorKind::UpgradeRequired, message).code("websocket_not_supported"))
        }
        Endpoint::WrongMethod(_) => Err(wrong_method(&parts)),
        Endpoint::Unknown(_) => {
            let message =
                format!("there is no {} {} here; see GET / for what there is", parts.method, parts.uri.path());
            Err(GatewayError::new(ErrorKind::NotFound, message).code("unknown_url"))
        }
        Endpoint::Models(dialect) => {
            let caller = auth::client(shared, &parts)?;
            plain(models::list(shared, dialect, &parts, caller.key().map(|key| &**key)))
        }
        Endpoint::Model(dialect, id) => {
            let caller = auth::client(shared, &parts)?;
            models::one(shared, dialect, caller.key().map(|key| &**key), &id).map(|response| response.map(Answer::Body))
        }
        Endpoint::Generate(dialect, gemini) => {
            let (caller, directions, body) = let_in(shared, &parts, body).await?;
            let asked = inference::Asked { dialect, operation: Operation::Generate, gemini };
            inference::answer(shared, asked, parts, body, (caller, directions), context, trace).await
        }
        Endpoint::CountTokens(dialect, model) => {
            let (caller, directions, body) = let_in(shared, &parts, body).await?;
            let gemini = model.map(|model| routes::GeminiCall { model, stream: false });
            let asked = inference::Asked { dialect, operation: Operation::CountTokens, gemini };
            inference::answer(shared, asked, parts, body, (caller, directions), context, trace).await
        }
        Endpoint::Admin => plain(administer(shared, parts, body).await),
    }
}

/// Checks the key, and what an operator directs, before a request's body is read.
async fn let_in(shared: &Arc<Shared>, parts: &Parts, body: Body) -> Result<(Caller, Directions, Body), GatewayError> {
    let let_in = auth::client(shared, parts).and_then(|caller| {
        let directions = Directions::read(&parts.headers, caller.asker())?;
        Ok((caller, directions))
    });
    match let_in {
        Ok((caller, directions)) => Ok((caller, directions, body)),
        Err(error) => {
            if !waits_to_send(parts) {
                upload::drain(shared, body).await;
            }
            Err(error)
        }
    }
}

/// Whether the client sends its body only when it is told to. To read is to tell it.
fn waits_to_send(parts: &Parts) -> bool {
    parts.headers.get(header::EXPECT).is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

async fn administer(shared: &Arc<Shared>, parts: Parts, body: Body) -> Response<Body> {
    let admin = Admin {
        platform: shared.platform.clone(),
        store: shared.store.clone(),
        instance: Arc::clone(shared) as Arc<dyn Instance>,
        environment: shared.options.environment.clone(),
    };
    let body = match auth::admin(shared, &parts) {
        Ok(()) => body.read(admin::MAX_BODY, content_length(&parts)).await.map_err(|error| unreadable(&error)),
        Err(error) => Err(error),
    };
    match body {
        Ok(body) => admin::handle(&admin, Request::from_parts(parts, body)).await,
        Err(error) => admin_error(&error),
    }
}

fn admin_error(error: &GatewayError) -> Response<Body> {
    let status = StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = error.code.unwrap_or("bad_request");
    Reply::from(&AdminError::new(status, code, error.message.clone())).into_response()
}

fn wrong_method(parts: &Parts) -> GatewayError {
    let message = format!("{} does not take {}", parts.uri.path(), parts.method);
    GatewayError::new(ErrorKind::MethodNotAllowed, message).code("method_not_allowed")
}

fn too_large(limit: usize) -> GatewayError {
    let message = format!("the request's body is larger than {limit} bytes, the limit of this gateway");
    GatewayError::new(ErrorKind::TooLarge, message).code("request_too_large")
}

fn unreadable(error: &crate::platform::BodyError) -> GatewayError {
    match error {
        crate::platform::BodyError::TooLarge { limit } => too_large(*limit),
        crate::platform::BodyError::Broken(cause) => {
            GatewayError::new(ErrorKind::InvalidRequest, format!("the request's body could not be read: {cause}"))
                .code(upload::ABORTED)
        }
    }
}

fn content_length(parts: &Parts) -> usize {
    let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.unwrap_or(0)
}

fn json(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The name of a dialect's client-facing prefix, for messages.
const fn prefix(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::OpenAiChat | Dialect::OpenAiResponses => "/openai/v1",
        Dialect::Anthropic => "/anthropic/v1",
        Dialect::Gemini => "/gemini/v1beta",
    }
}
