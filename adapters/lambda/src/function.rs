//! The gateway in one execution environment.

use std::cell::RefCell;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use http::{Request, Response};
use lambda_http::lambda_runtime::Diagnostic;
use llmio_core::api::refuse;
use llmio_core::config::file::Environment;
use llmio_core::dialect::{ErrorKind, GatewayError};
use llmio_core::platform::Body;
use llmio_core::{Answer, Gateway, GatewayOptions, Limits, RequestContext, Upkeep};
use llmio_native::{Home, TaskBackground};
use serde_json::Value;

use crate::deadline::Deadline;
use crate::event::HttpEvent;
use crate::settings::{self, Settings};

/// Steps of folding rollups to a scheduled event: seconds on a big database.
const FOLDS: usize = 50;

/// The function, as far as it could be made ready. What could not is tried again with every event.
#[derive(Debug, Default)]
pub(crate) struct Function {
    gateway: RefCell<Option<Gateway>>,
}

/// Why there is no gateway.
#[derive(Debug)]
struct Unready {
    code: &'static str,
    message: String,
}

impl Function {
    /// Makes everything ready while Lambda still waits for the function to start.
    pub(crate) async fn start() -> Self {
        let function = Self::default();
        // The error is in the log, and in the answer to every request.
        let _ = function.gateway().await;
        function
    }

    /// Answers one request. What it leaves to do is in `background`.
    pub(crate) async fn answer(
        &self,
        event: HttpEvent,
        background: &TaskBackground,
        deadline: Deadline,
    ) -> Response<Answer> {
        let request = match event.request {
            Ok(request) => request,
            Err(problem) => {
                let message = format!("Lambda handed over what is no HTTP request: {problem}");
                return refused(&Request::default(), ErrorKind::InvalidRequest, "invalid_event", message);
            }
        };
        match self.gateway().await {
            Ok(gateway) => {
                let context = RequestContext {
                    remote_addr: event.source_ip,
                    ends_at: Some(deadline.answer_until()),
                    background: Arc::new(background.clone()),
                };
                // A panic must not take the process along, and with it what other requests left in its memory.
                let answer = AssertUnwindSafe(gateway.handle(request, context)).catch_unwind().await;
                answer.unwrap_or_else(|_| {
                    let message = "the gateway failed; its log has the cause".to_owned();
                    refused(&Request::default(), ErrorKind::Internal, "internal_error", message)
                })
            }
            Err(unready) => refused(&request, ErrorKind::Unavailable, unready.code, unready.message),
        }
    }

    /// Takes an event that is no HTTP request: EventBridge's, on whose schedule the log is cleaned up.
    pub(crate) async fn attend(&self, event: &Value) -> Result<(), Diagnostic> {
        if event["detail-type"] != "Scheduled Event" {
            return Err(failed(
                "UnknownEvent",
                "this event is neither an HTTP request in the payload format 2.0 (of a function URL, or of an HTTP API \
                 of API Gateway) nor a scheduled event of EventBridge",
            ));
        }
        let gateway = self.gateway().await.map_err(|unready| failed("NotReady", unready))?;
        gateway.clean_up().await.map_err(|error| failed("CleanUpFailed", error))?;
        for _ in 0..FOLDS {
            if !gateway.fold().await.map_err(|error| failed("FoldFailed", error))? {
                break;
            }
        }
        Ok(())
    }

    async fn gateway(&self) -> Result<Gateway, Unready> {
        let kept = self.gateway.borrow().clone();
        if let Some(gateway) = kept {
            return Ok(gateway);
        }
        match open().await {
            Ok(gateway) => {
                *self.gateway.borrow_mut() = Some(gateway.clone());
                Ok(gateway)
            }
            Err(unready) => {
                tracing::error!("not ready: {unready}");
                Err(unready)
            }
        }
    }
}

async fn open() -> Result<Gateway, Unready> {
    let settings = Settings::read(settings::variable).map_err(|error| Unready::setting(&error))?;
    let home = Home::open(&settings.home).map_err(|error| Unready::setting(&error))?;
    home.migrate().await.map_err(|error| Unready::database(&error))?;
    if settings.is_trial {
        tracing::warn!(
            "the database is {}, which each execution environment has for itself and loses with its end: for trials \
             only. Set LLMIO_DATABASE_URL to a libSQL database",
            home.database_place
        );
    }
    let options = GatewayOptions {
        home: "lambda",
        admin_token: Some(settings.token),
        limits: Limits { body_bytes: settings.max_body_bytes, ..Limits::default() },
        // A client waits for the end of its answer until the log is written.
        upkeep: Upkeep::WithRequests { linger: Duration::ZERO },
        environment: Environment::new(settings::variable),
    };
    Gateway::open(home.platform, home.sealer, options).await.map_err(|error| Unready::database(&error))
}

fn refused(request: &Request<Body>, kind: ErrorKind, code: &'static str, message: String) -> Response<Answer> {
    let error = GatewayError::new(kind, message).code(code);
    refuse(request.method(), request.uri().path(), request.headers(), &error).map(Answer::Body)
}

fn failed(error_type: &str, message: impl fmt::Display) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: message.to_string() }
}

impl Unready {
    fn setting(error: &dyn fmt::Display) -> Self {
        Self { code: "not_configured", message: error.to_string() }
    }

    fn database(error: &dyn fmt::Display) -> Self {
        Self { code: "database_unavailable", message: error.to_string() }
    }
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
