//! The admin API under `/api/`: one table of routes, from which both dispatch and the OpenAPI document are made.
//!
//! Whoever calls [`handle`] has checked the admin token.

pub(super) mod activity;
mod associations;
mod batch;
mod call;
mod cleanups;
mod config;
mod csv;
mod error;
mod expected;
mod health_view;
mod keys;
mod log_counts;
mod log_detail;
mod log_export;
mod log_params;
pub(super) mod log_view;
mod logs;
mod metrics;
mod metrics_view;
mod models;
mod none;
mod openapi;
pub(super) mod overview;
mod period;
pub(super) mod plan;
mod probe;
mod providers;
mod route;
mod settings;
mod storage;
mod usage;
mod version;

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::header::ALLOW;
use http::{HeaderValue, Request, Response, StatusCode};

use expected::Expected;

use crate::balance::AssociationHealth;
use crate::config::Config;
use crate::config::file::Environment;
use crate::platform::{Body, BoxFuture, DatabaseError, Platform};
use crate::record::LogEntry;
use crate::storage::{ConfigStore, Edited};

pub use activity::{Happening, InFlightFilter};
pub use call::{AdminCall, List, Reply};
pub use error::AdminError;
pub use overview::Overview;
pub use plan::{PlanAnswer, PlanQuestion};
pub use route::AdminRoute;
pub use version::About;

/// Larger bodies are refused.
pub const MAX_BODY: usize = 4 * 1024 * 1024;

/// What the operations work with.
#[derive(Clone, Debug)]
pub struct Admin {
    pub platform: Platform,
    pub store: ConfigStore,
    pub instance: Arc<dyn Instance>,
    pub environment: Environment,
}

/// The running gateway behind the API.
pub trait Instance: fmt::Debug + Send + Sync + 'static {
    fn about(&self) -> About;
    /// How its associations do, without what the log says of them.
    fn overview(&self) -> Overview;
    /// What it is doing.
    fn happening(&self, wanted: &InFlightFilter) -> Happening;
    /// Who would be asked for a request.
    fn plan(&self, question: &PlanQuestion) -> Result<PlanAnswer, AdminError>;
    /// The configuration was changed here, and written.
    fn config_changed(&self, config: &Config);
    /// What is known of an association's health.
    fn health(&self, association: &str) -> AssociationHealth;
    /// Lifts every rest of an association, in other instances, too.
    fn reset<'a>(&'a self, association: &'a str) -> BoxFuture<'a, Result<(), DatabaseError>>;
    /// Writes what was asked on an operator's behalf to the log.
    fn record(&self, entries: Vec<LogEntry>) -> BoxFuture<'_, ()>;
}

impl Admin {
    /// [`ConfigStore::edit`] on the version that the call expects, announced.
    pub async fn edit<T, F>(&self, call: &AdminCall, change: F) -> Result<Edited<T>, AdminError>
    where
        F: Fn(&mut Config) -> Result<T, AdminError>,
    {
        let expected = Expected::of(&call.headers)?;
        let change = |config: &mut Config| expected.check(config.version).and_then(|()| change(config));
        let edited = self.store.edit(change).await?;
        if edited.changed() {
            self.instance.config_changed(&edited.after);
        }
        Ok(edited)
    }

    /// What [`Self::edit`] would do now.
    async fn dry_run<T, F>(&self, call: &AdminCall, change: F) -> Result<Edited<T>, AdminError>
    where
        F: Fn(&mut Config) -> Result<T, AdminError>,
    {
        let expected = Expected::of(&call.headers)?;
        self.store.dry_run(|config| expected.check(config.version).and_then(|()| change(config))).await
    }

    /// Lifts every rest of an association. A failing database hides it from other instances only.
    async fn reset(&self, association: &str) {
        if let Err(error) = self.instance.reset(association).await {
            tracing::warn!(%error, "other instances cannot be told that an association was reset");
        }
    }
}

/// Every operation, in the order of the document.
fn routes() -> &'static [AdminRoute] {
    static ROUTES: OnceLock<Vec<AdminRoute>> = OnceLock::new();
    ROUTES.get_or_init(|| {
        [
            providers::routes(),
            models::routes(),
            associations::routes(),
            keys::routes(),
            log_counts::routes(),
            probe::routes(),
            overview::routes(),
            plan::routes(),
            activity::routes(),
            logs::routes(),
            log_detail::routes(),
            cleanups::routes(),
            storage::routes(),
            metrics::routes(),
            usage::routes(),
            settings::routes(),
            config::routes(),
            batch::routes(),
            version::routes(),
            openapi::routes(),
        ]
        .into_iter()
        .flatten()
        .collect()
    })
}

/// Answers one request below `/api/`.
pub async fn handle(admin: &Admin, request: Request<Bytes>) -> Response<Body> {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let reply = dispatch(admin, request).await.unwrap_or_else(|error| {
        if error.status.is_server_error() {
            tracing::warn!(%method, path, status = error.status.as_u16(), "{error}");
        }
        Reply::from(&error)
    });
    reply.into_response()
}

async fn dispatch(admin: &Admin, request: Request<Bytes>) -> Result<Reply, AdminError> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let mut allowed = Vec::new();
    for route in routes() {
        let Some(parameters) = route.matches(path) else { continue };
        if route.method != parts.method {
            allowed.push(route.method.as_str());
            continue;
        }
        if body.len() > MAX_BODY {
            return Err(AdminError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                format!("the body must be at most {MAX_BODY} bytes"),
            ));
        }
        let query = parts.uri.query().unwrap_or_default().to_owned();
        return (route.handler)(admin, AdminCall { parameters, query, headers: parts.headers, body }).await;
    }
    if allowed.is_empty() {
        return Err(AdminError::not_found("operation", path));
    }
    let error = AdminError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!("{path} takes {}, not {}", allowed.join(", "), parts.method),
    );
    let allow = HeaderValue::from_str(&allowed.join(", ")).unwrap_or(HeaderValue::from_static("GET"));
    Ok(Reply::from(&error).header(ALLOW, allow))
}
