//! The gateway in one execution environment.

use std::sync::Arc;
use std::time::Duration;

use http::Response;
use lambda_http::lambda_runtime::Diagnostic;
use llmio_core::api::admin::Environment;
use llmio_core::dialect::{Dialect, ErrorKind, GatewayError, error_response};
use llmio_core::record::retention::Cleanup;
use llmio_core::{Answer, Gateway, GatewayOptions, Limits, RequestContext, Upkeep};
use llmio_native::{Home, TaskBackground};
use serde_json::Value;

use crate::event::HttpEvent;
use crate::settings::{self, Settings};

#[derive(Debug)]
pub(crate) struct Function {
    gateway: Gateway,
}

impl Function {
    pub(crate) async fn start(settings: &Settings) -> Result<Self, String> {
        let home = Home::open(&settings.home).map_err(|error| error.to_string())?;
        home.migrate().await.map_err(|error| error.to_string())?;
        let options = GatewayOptions {
            admin_token: Some(settings.token.clone()),
            limits: Limits { body_bytes: settings.max_body_bytes, ..Limits::default() },
            // A client waits for the end of its answer until the log is written.
            upkeep: Upkeep::WithRequests { linger: Duration::ZERO },
            environment: Environment::new(settings::variable),
        };
        let gateway = Gateway::open(home.platform, home.sealer, options).await.map_err(|error| error.to_string())?;
        if settings.is_trial {
            tracing::warn!(
                "the database is {}, which each execution environment has for itself and loses with its end: for trials \
                 only. Set LLMIO_DATABASE_URL to a libSQL database",
                home.database_place
            );
        }
        Ok(Self { gateway })
    }

    /// Answers one request. What it leaves to do is in `background`.
    pub(crate) async fn answer(&self, event: HttpEvent, background: &TaskBackground) -> Response<Answer> {
        let context = RequestContext { remote_addr: event.source_ip, background: Arc::new(background.clone()) };
        match event.request {
            Ok(request) => self.gateway.handle(request, context).await,
            Err(problem) => {
                let message = format!("Lambda handed over a request that is none: {problem}");
                let error = GatewayError::new(ErrorKind::InvalidRequest, message);
                error_response(Dialect::OpenAiChat, &error, "").map(Answer::Body)
            }
        }
    }

    /// Takes an event that is no HTTP request.
    pub(crate) async fn attend(&self, event: &Value) -> Result<(), Diagnostic> {
        if event["source"] != "aws.events" && event["detail-type"] != "Scheduled Event" {
            return Err(Diagnostic {
                error_type: "UnknownEvent".to_owned(),
                error_message:
                    "this event is neither an HTTP request in the payload format 2.0 (of a function URL, or of \
                                an HTTP API of API Gateway) nor a schedule of EventBridge"
                        .to_owned(),
            });
        }
        match self.gateway.clean_up().await {
            Ok(None | Some(Cleanup { error: None, deleted: 0, .. })) => Ok(()),
            Ok(Some(Cleanup { error: None, deleted, .. })) => {
                tracing::info!(deleted, "old log entries were deleted");
                Ok(())
            }
            Ok(Some(Cleanup { error: Some(error), .. })) => Err(failed(&error)),
            Err(error) => Err(failed(&error)),
        }
    }
}

fn failed(cause: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic {
        error_type: "CleanUpFailed".to_owned(),
        error_message: format!("the clean-up of the log failed: {cause}"),
    }
}
