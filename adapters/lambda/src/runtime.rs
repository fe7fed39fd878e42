//! Invocations of the function.
//!
//! `lambda_runtime` fetches them and answers those that are no HTTP. HTTP is answered here, because its own streaming
//! notices a connection that is gone only with the next chunk, and writes the error of an answer that broke off into
//! the body instead of telling Lambda.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use http::{HeaderMap, Method, Request, header};
use lambda_http::Error;
use lambda_http::lambda_runtime::{self, LambdaEvent, LambdaInvocation, Runtime};
use lambda_http::tower::layer::layer_fn;
use lambda_http::tower::{Service, service_fn};
use lambda_runtime_api_client::body::Body as ApiBody;
use lambda_runtime_api_client::{Client, build_request};
use llmio_native::TaskBackground;
use serde_json::Value;

use crate::answer::{ERROR_BODY, ERROR_TYPE, STREAMED, StreamedAnswer, whole_answer};
use crate::deadline::Deadline;
use crate::event::{HttpEvent, Reply};
use crate::function::Function;
use crate::settings;

/// Names this very invocation; Lambda wants it back so that it never takes a late answer for another's.
const INVOCATION_ID: &str = "lambda-runtime-invocation-id";

/// What Lambda sets.
const VARIABLES: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
];

/// Takes invocations one after the other, until Lambda ends this process.
pub(crate) async fn run() -> Result<(), String> {
    if let Some(missing) = VARIABLES.into_iter().find(|name| settings::variable(name).is_none()) {
        return Err(format!(
            "{missing} is not set, so this was not started by AWS Lambda. To try the function on this computer use \
             `cargo lambda watch`; to run LLMIO on this computer use `llmio`"
        ));
    }
    let function = Rc::new(Function::start().await);
    let client = Client::builder().build().map_err(|error| error.to_string())?;
    let http = Rc::new(Http { function: Rc::clone(&function), client });
    let others = service_fn(move |event: LambdaEvent<Value>| {
        let function = Rc::clone(&function);
        async move { function.attend(&event.payload).await }
    });
    let layer = layer_fn(move |others| Invocations { http: Rc::clone(&http), others });
    Runtime::new(others).layer(layer).run().await.map_err(|error| error.to_string())
}

/// HTTP requests, and others.
struct Invocations<S> {
    http: Rc<Http>,
    others: S,
}

struct Http {
    function: Rc<Function>,
    client: Client,
}

impl<S> Service<LambdaInvocation> for Invocations<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error>,
    S::Future: 'static,
{
    type Response = ();
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.others.poll_ready(cx)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        match HttpEvent::read(&invocation.body) {
            Some(event) => {
                let http = Rc::clone(&self.http);
                let LambdaInvocation { parts, context, .. } = invocation;
                Box::pin(async move { http.answer(event, &parts.headers, &context).await })
            }
            None => Box::pin(self.others.call(invocation)),
        }
    }
}

impl Http {
    /// Resolves when the answer was taken, or its receiver is gone, and nothing is left to do.
    async fn answer(
        &self,
        event: HttpEvent,
        invocation: &HeaderMap,
        context: &lambda_runtime::Context,
    ) -> Result<(), Error> {
        let deadline = Deadline::new(context.deadline());
        let background = TaskBackground::default();
        let reply = event.reply;
        let answer = self.function.answer(event, &background, deadline).await;
        let request = build_request()
            .method(Method::POST)
            .uri(format!("/2018-06-01/runtime/invocation/{}/response", context.request_id));
        let mut request = match reply {
            Reply::Streamed => request
                .header("lambda-runtime-function-response-mode", "streaming")
                .header(header::CONTENT_TYPE, STREAMED)
                .header(header::TRAILER, ERROR_TYPE)
                .header(header::TRAILER, ERROR_BODY)
                .body(ApiBody::new(StreamedAnswer::new(answer, background.clone(), deadline)))?,
            Reply::Whole => request
                .header(header::CONTENT_TYPE, "application/json")
                .body(ApiBody::from(whole_answer(answer).await))?,
        };
        if let Some(id) = invocation.get(INVOCATION_ID) {
            request.headers_mut().insert(INVOCATION_ID, id.clone());
        }
        self.send(request).await;
        deadline.finish(&background).await;
        Ok(())
    }

    async fn send(&self, request: Request<ApiBody>) {
        match self.client.call(request).await {
            Ok(taken) if taken.status().is_success() => {}
            Ok(refused) => tracing::error!(status = refused.status().as_u16(), "Lambda refused the answer"),
            Err(error) => tracing::warn!(%error, "Lambda did not take the answer to its end"),
        }
    }
}
