//! What this isolate keeps between requests, and what it is made from.

use core::time::Duration;
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use http::Response;
use http::request::Parts;
use js_sys::Reflect;
use llmio_core::api;
use llmio_core::config::file::Environment;
use llmio_core::config::{Sealer, Secret};
use llmio_core::dialect::{ErrorKind, GatewayError};
use llmio_core::platform::{Body, Database, DatabaseError, Platform};
use llmio_core::storage::{self, HranaDatabase};
use llmio_core::{Gateway, GatewayOptions, Limits, Upkeep};
use wasm_bindgen::JsValue;
use worker::send::SendWrapper;

use crate::clock::JsClock;
use crate::d1::D1Database;
use crate::entropy::JsEntropy;
use crate::http_client::FetchClient;

/// An isolate has 128 MiB for everything, and a request is in it twice while it is sent on.
const LIMITS: Limits = Limits { body_bytes: 24 << 20, buffered_bytes: 32 << 20 };

/// Rows of the log that are written together cost one transaction.
const LINGER: Duration = Duration::from_millis(250);

/// Steps of folding to a scheduled call. Each asks the database up to ten times, and on the free plan of Workers a call may
/// do so fifty times.
const FOLDS: usize = 2;

thread_local! {
    static GATEWAY: RefCell<Option<Gateway>> = const { RefCell::new(None) };
}

/// The gateway of this isolate, opened by the first request. Two requests at once may both open it, because none may
/// wait for another one's I/O; one of the two stays.
pub(crate) async fn gateway(env: &JsValue) -> Result<Gateway, Unready> {
    if let Some(gateway) = GATEWAY.with_borrow(Clone::clone) {
        return Ok(gateway);
    }
    let gateway = open(env).await?;
    Ok(GATEWAY.with_borrow_mut(|kept| kept.get_or_insert(gateway).clone()))
}

/// What is done on the schedule: the clean-up of the log, and the folding of its rollups.
pub(crate) async fn clean_up(env: &JsValue) {
    let cleaned = match gateway(env).await {
        Ok(gateway) => match gateway.clean_up().await {
            Ok(()) => fold(&gateway).await,
            failed => failed,
        }
        .map_err(|error| error.to_string()),
        Err(unready) => Err(unready.to_string()),
    };
    if let Err(cause) = cleaned {
        tracing::error!(cause, "the clean-up of the log failed");
    }
}

async fn fold(gateway: &Gateway) -> Result<(), DatabaseError> {
    for _ in 0..FOLDS {
        if !gateway.fold().await? {
            break;
        }
    }
    Ok(())
}

async fn open(env: &JsValue) -> Result<Gateway, Unready> {
    let token = setting(env, "TOKEN").ok_or_else(|| {
        Unready::setting(
            "TOKEN is not set: run scripts/deploy-worker, which makes one, or choose one by `npx wrangler secret put TOKEN \
             --config wrangler.deploy.toml` (under `wrangler dev`: a line in .dev.vars)",
        )
    })?;
    let key = setting(env, "LLMIO_SECRET_KEY").ok_or_else(|| {
        Unready::setting(
            "LLMIO_SECRET_KEY is not set: it seals the providers' keys in the database; give it what \
             `openssl rand -hex 32` prints by `npx wrangler secret put LLMIO_SECRET_KEY --config wrangler.deploy.toml` (under \
             `wrangler dev`: a line in .dev.vars)",
        )
    })?;
    let sealer = Sealer::from_text(&key).map_err(|error| Unready::setting(format!("LLMIO_SECRET_KEY: {error}")))?;
    let platform = platform(env)?;
    let pending = storage::pending(&*platform.database).await;
    if let Some(step) = pending.map_err(|error| Unready::database(error.to_string()))?.first() {
        return Err(Unready::database(format!(
            "the database is not migrated (it lacks `{step}`): run scripts/deploy-worker, or `npx wrangler d1 \
             migrations apply DB --remote --config wrangler.deploy.toml` (a local one: `npx wrangler d1 migrations apply DB \
             --local`; a remote libSQL database: `llmio migrate`)"
        )));
    }
    let lookup = SendWrapper::new(env.clone());
    let options = GatewayOptions {
        home: "worker",
        admin_token: Some(Secret::new(token)),
        limits: limits(env)?,
        upkeep: Upkeep::WithRequests { linger: LINGER },
        environment: Environment::new(move |name| setting(&lookup, name)),
    };
    Gateway::open(platform, sealer, options).await.map_err(|error| Unready::database(error.to_string()))
}

fn limits(env: &JsValue) -> Result<Limits, Unready> {
    let Some(text) = setting(env, "LLMIO_MAX_BODY_BYTES") else { return Ok(LIMITS) };
    let body_bytes =
        text.parse().map_err(|_| Unready::setting(format!("LLMIO_MAX_BODY_BYTES: {text} is no number")))?;
    Ok(Limits { body_bytes, ..LIMITS })
}

pub(crate) fn platform(env: &JsValue) -> Result<Platform, Unready> {
    let http = Arc::new(FetchClient);
    let clock = Arc::new(JsClock);
    let database: Arc<dyn Database> = match setting(env, "LLMIO_DATABASE_URL") {
        Some(url) => {
            let token = setting(env, "LLMIO_DATABASE_TOKEN").map(Secret::new);
            let database = HranaDatabase::new(http.clone(), clock.clone(), &url, token.as_ref());
            Arc::new(database.map_err(|error| Unready::setting(format!("LLMIO_DATABASE_URL: {error}")))?)
        }
        None => match Reflect::get(env, &"DB".into()) {
            Ok(binding) if binding.is_object() => Arc::new(D1Database::new(binding)),
            _ => {
                return Err(Unready::setting(
                    "there is no database: bind a D1 database as DB in wrangler.toml, or set LLMIO_DATABASE_URL",
                ));
            }
        },
    };
    Ok(Platform { http, database, clock, entropy: Arc::new(JsEntropy) })
}

/// A variable or secret; an empty one counts as absent.
pub(crate) fn setting(env: &JsValue, name: &str) -> Option<String> {
    let text = Reflect::get(env, &name.into()).ok()?.as_string()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Why there is no gateway yet. Never kept: the next request tries again.
#[derive(Debug)]
pub(crate) struct Unready {
    code: &'static str,
    message: String,
}

impl Unready {
    fn setting(message: impl Into<String>) -> Self {
        Self { code: "not_configured", message: message.into() }
    }

    fn database(message: impl Into<String>) -> Self {
        Self { code: "database_unavailable", message: message.into() }
    }
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The answer to a request while there is no gateway.
pub(crate) fn refuse(request: &Parts, unready: &Unready) -> Response<Body> {
    tracing::error!("{unready}");
    let error = GatewayError::new(ErrorKind::Unavailable, unready.to_string()).code(unready.code);
    api::refuse(&request.method, request.uri.path(), &request.headers, &error)
}

/// The answer to a request whose handling ended with a panic; what the panic said is in the log only.
pub(crate) fn crashed(request: &Parts) -> Response<Body> {
    let message = "the gateway failed at this request; its log says why";
    let error = GatewayError::new(ErrorKind::Internal, message).code("internal_error");
    api::refuse(&request.method, request.uri.path(), &request.headers, &error)
}
