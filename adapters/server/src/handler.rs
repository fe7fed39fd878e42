//! The gateway and the console as the HTTP server's handler.

use std::sync::Arc;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{Request, Response};
use llmio_core::platform::{Background, Body};
use llmio_core::{Answer, Gateway, RequestContext};
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

use crate::console;
use crate::http::{Client, Handler};

/// What is longer takes some 10 ms to be understood. What is shorter is not worth the way to another thread, which costs more
/// than half of what a body of megabytes does.
const LARGE: u64 = 8 << 20;

#[derive(Debug)]
pub(crate) struct GatewayHandler {
    gateway: Gateway,
    background: Arc<dyn Background>,
    /// Where is answered what may keep a thread busy, so that it keeps none of those that serve.
    aside: Handle,
}

impl GatewayHandler {
    pub(crate) fn new(gateway: Gateway, background: Arc<dyn Background>, aside: Handle) -> Self {
        Self { gateway, background, aside }
    }
}

impl Handler for GatewayHandler {
    async fn handle(&self, request: Request<Body>, client: Client) -> Response<Body> {
        if let Some(file) = console::answer(&request) {
            return file;
        }
        let is_long = may_take_long(&request);
        let Client { address, doubt } = client;
        let background = Arc::clone(&self.background);
        let context = RequestContext { remote_addr: Some(address), ends_at: None, background };
        let answer = if is_long {
            let gateway = self.gateway.clone();
            let answering = self.aside.spawn(async move { gateway.handle(request, context).await });
            match AbortOnDropHandle::new(answering).await {
                Ok(answer) => answer,
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            }
        } else {
            self.gateway.handle(request, context).await
        };
        answer.map(|mut answer| {
            if let Answer::Relay(relay) = &mut answer {
                relay.watch(doubt);
            }
            answer.into_body()
        })
    }
}

/// Whether there may be much to compute without a pause: for what an administrator asks of a big log, for a body that is
/// large, or of which nobody says that it is not, or compressed.
fn may_take_long(request: &Request<Body>) -> bool {
    let path = request.uri().path();
    if path == "/metrics" || path.strip_prefix("/api").is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return true;
    }
    if matches!(request.body(), Body::Whole(bytes) if bytes.is_empty()) {
        return false;
    }
    let headers = request.headers();
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    headers.contains_key(CONTENT_ENCODING) || length.is_none_or(|length| length > LARGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_take_long_is_answered_aside() {
        let rows = [
            ("/v1/models", None, None, false),
            ("/api", None, None, true),
            ("/api/logs", None, None, true),
            ("/apis", None, None, false),
            ("/metrics", None, None, true),
            ("/v1/chat/completions", Some("2"), None, false),
            ("/v1/chat/completions", Some("8388608"), None, false),
            ("/v1/chat/completions", Some("8388609"), None, true),
            ("/v1/chat/completions", Some("2"), Some("zstd"), true),
            ("/v1/chat/completions", Some(""), None, true),
        ];
        for (path, length, coding, expected) in rows {
            let mut request = Request::post(path);
            if let Some(length) = length.filter(|length| !length.is_empty()) {
                request = request.header(CONTENT_LENGTH, length);
            }
            if let Some(coding) = coding {
                request = request.header(CONTENT_ENCODING, coding);
            }
            let body = if length.is_some() { Body::from("{}".to_owned()) } else { Body::empty() };
            assert_eq!(may_take_long(&request.body(body).unwrap()), expected, "{path} {length:?} {coding:?}");
        }
    }
}
